"""Commands that search, answer and judge: one question from the arguments, or many from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ragkit.cli import batch, render
from ragkit.cli.output import visible
from ragkit.cli.session import Session, command
from ragkit.records import Mode, StreamEvent

app = typer.Typer()

Filter = Annotated[str | None, typer.Option("--filter", metavar="EXPR", help="Only documents whose metadata pass this expression.")]
As = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="PRINCIPAL", help="See only what this principal may see; repeated or P1,P2 for a person and groups."),
]


@command(app, "search")
def search(
    session: Session,
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help='What to look for. "an exact phrase", +required and -excluded are operators.'),
    ] = None,
    k: Annotated[int | None, typer.Option("-k", min=1, help="Most passages (default: the setting retrieval.k).")] = None,
    filter: Filter = None,
    principal: As = None,
    rerank: Annotated[bool, typer.Option("--rerank/--no-rerank", help="Order the best by late interaction as well.")] = True,
    operators: Annotated[
        bool | None, typer.Option("--operators/--no-operators", help="Read operators in queries (default: in QUERY, not in --queries).")
    ] = None,
    collapse: Annotated[
        bool | None, typer.Option("--collapse/--no-collapse", help="Leave out what repeats a better passage (default: the setting).")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Every candidate's ranks and scores, and why it went no further.")] = False,
    queries: Annotated[Path | None, typer.Option(metavar="FILE", help='JSON lines {"_id","text"}, "-" for standard input.')] = None,
) -> None:
    """Find passages."""
    _one_of("QUERY", query, "--queries", queries)
    limits: dict[str, Any] = {"filter": filter, "principal": _principals(principal)}
    limits["operators"] = queries is None if operators is None else operators
    if queries is not None:
        with session.open() as kit:
            batch.run(session.out, queries, ("text",), lambda line: {"hits": [
                hit.to_dict() for hit in kit.search(line["text"], k, rerank=rerank, collapse=collapse, **limits)
            ]})  # fmt: skip
        return
    with session.open() as kit, session.out.busy("searching"):
        spelled = kit.spelled(query or "", **limits)
        expanded = kit.expanded(query or "", filter=filter, principal=limits["principal"])
        if explain:
            candidates = kit.explain(query or "", **limits)
        else:
            hits = kit.search(query or "", k, rerank=rerank, collapse=collapse, **limits)
    for one in spelled:
        session.out.note(f"note: searched for '{visible(one.word)}' instead of '{visible(one.typed)}'")
    for form in expanded:
        session.out.note(f"note: searched for '{visible(form.meant)}' as well as '{visible(form.typed)}'")
    if explain:
        found = {"candidates": [candidate.to_dict() for candidate in candidates]}
        session.out.value(found) if session.json else session.out.show(render.candidates(candidates))
    else:
        session.out.value({"hits": [hit.to_dict() for hit in hits]}) if session.json else session.out.show(*render.hits(hits))


@command(app, "ask")
def ask(
    session: Session,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="What to answer.")] = None,
    mode: Annotated[Mode | None, typer.Option(help="The documents' words, the model's where they pass the check, or both.")] = None,
    filter: Filter = None,
    principal: As = None,
    chat: Annotated[
        str | None, typer.Option(metavar="CHAT", help="The chat session that keeps the question; a new name begins one.")
    ] = None,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help='JSON lines {"_id","text"}, "-" for standard input.')] = None,
) -> None:
    """Answer a question with citations, or say why the documents do not."""
    _one_of("QUESTION", question, "--questions", questions)
    limits: dict[str, Any] = {"mode": mode, "filter": filter, "principal": _principals(principal), "chat": chat}
    with session.open() as kit:
        if questions is not None:
            batch.run(session.out, questions, ("text", "question"), lambda line: kit.ask(_text(line), **limits).to_dict())
        elif session.json:
            with session.out.busy("reading"):
                answer = kit.ask(question or "", **limits)
            session.out.value(answer.to_dict())
        else:
            render.streamed(session.out, kit.stream(question or "", **limits))


@command(app, "summarize")
def summarize(
    session: Session,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What the summary is about.")],
    documents: Annotated[int, typer.Option(min=1, help="Most documents.")] = 10,
    sentences: Annotated[int, typer.Option(min=1, help="Most sentences.")] = 8,
    mode: Annotated[Mode | None, typer.Option(help="The documents' words, the model's where they pass the check, or both.")] = None,
    filter: Filter = None,
    principal: As = None,
) -> None:
    """Say what several documents have to say on a topic, each sentence with its citation."""
    limits: dict[str, Any] = {"mode": mode, "filter": filter, "principal": _principals(principal)}
    with session.open() as kit, session.out.busy("reading"):
        answer = kit.summarize(topic, documents=documents, sentences=sentences, **limits)
    if session.json:
        session.out.value(answer.to_dict())
    else:
        render.streamed(session.out, [StreamEvent(kind="answer", answer=answer)])


@command(app, "judge")
def judge(
    session: Session,
    claim: Annotated[str | None, typer.Argument(metavar="CLAIM", help="One claim; its evidence follows as --evidence.")] = None,
    evidence: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="A sentence or passage; may be repeated.")] = None,
    claims: Annotated[Path | None, typer.Option(metavar="FILE", help='JSON lines {"_id","claim","evidence"}, "-": standard input.')] = None,
) -> None:
    """Say how far evidence supports a claim: the check of every answer, by itself. Needs no store."""
    from ragkit import Ragkit

    _one_of("CLAIM", claim, "--claims", claims)
    with Ragkit.in_memory(settings=session.settings()) as kit:
        if claims is not None:
            batch.run(session.out, claims, ("claim",), lambda line: kit.judge(line["claim"], _evidence(line)).to_dict())
            return
        verdict = kit.judge(claim or "", evidence or ())
    session.out.value(verdict.to_dict()) if session.json else session.out.show(render.verdict(claim or "", verdict))


def _one_of(argument: str, one: object, option: str, other: object) -> None:
    if (one is None) == (other is None):
        raise typer.BadParameter(f"give either {argument} or {option}", param_hint=option)


def _principals(given: list[str] | None) -> list[str] | None:
    """The names of all ``--as``; ``None`` when there was none. ``--as ""`` names nobody, and sees what everybody may see."""
    return None if given is None else [name for part in given for name in map(str.strip, part.split(",")) if name]


def _text(line: dict[str, Any]) -> str:
    return str(line["text"] if "text" in line else line["question"])


def _evidence(line: dict[str, Any]) -> list[str]:
    """The line's evidence, a list; one string stands for a list of one."""
    evidence = line.get("evidence", [])
    if isinstance(evidence, str):
        return [evidence]
    if not isinstance(evidence, list) or not all(isinstance(passage, str) for passage in evidence):
        raise batch.BadLine('"evidence" is not a list of strings')
    return evidence
