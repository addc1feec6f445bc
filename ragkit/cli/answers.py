"""Commands about answers that were given: looked up, checked, asked again, passed on, and what people said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ragkit.cli.codes import FAILED
from ragkit.cli.output import Output, visible
from ragkit.cli.session import Session, command
from ragkit.errors import StoreNotFound

if TYPE_CHECKING:
    from ragkit.answer.recheck import CitationNow, Verification

app = typer.Typer()

Format = Literal["json", "markdown", "html"]
Record = Annotated[str, typer.Argument(metavar="ID", help="An answer's record_id; `ragkit answers` lists them.")]
#: The form of a file by the end of its name.
_BY_SUFFIX: dict[str, Format] = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}


@command(app, "answers")
def answers(
    session: Session,
    record_id: Annotated[str | None, typer.Argument(metavar="ID", help="The record to show; without it all are listed.")] = None,
) -> None:
    """List the answers that are on record, or show one with all that led to it."""
    with session.open() as kit:
        if record_id is None:
            found = [info.to_dict() for info in kit.answers()]
        else:
            kept = kit.answer_record(record_id)
    if record_id is not None:
        session.out.value(kept) if session.json else _shown(session.out, kept)
    elif session.json:
        session.out.value(found)
    else:
        rows = [(a["record_id"], a["created_at"], "no" if a["abstained"] else "yes", " ".join(a["question"].split())) for a in found]
        session.out.show(*(visible("  ".join(row)) for row in [("record", "given", "answered", "question"), *rows]))


def _shown(out: Output, kept: dict[str, Any]) -> None:
    out.show(visible(f"{kept['question']}\n"))
    for sentence in kept["sentences"]:
        out.show(visible(f"{sentence['text']}  ({sentence['status']}, support {sentence['support']:.2f})"))
        for c in sentence["citations"]:
            place = f"{c['uri']}, version {c['document_version']}, {c['start_char_index']}:{c['end_char_index']}"
            out.show(visible(f"    {place}\n    “{' '.join(c['cited_text'].split())}”"))
    if kept["abstained"]:
        out.show(visible(f"abstained: {kept['reason']}"))
    prompt = ("prompt_version", "prompt_sha256")
    for name in ("mode", "filter", "principal", "generation", "created_at", "answerable", *prompt, "settings_sha256"):
        if kept.get(name) is not None:
            out.show(visible(f"{name.replace('_', ' ')}: {kept[name]}"))
    for part, model in kept["models"].items():
        out.show(visible(f"{part}: {model.get('id')}"))
    out.show(
        f"{len(kept['candidates'])} candidates, {len(kept['evidence'])} pieces of evidence, {len(kept['rejected'])} sentences rejected"
    )


@command(app, "verify")
def verify(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="A record_id, or a file that `ragkit export-answer` has written.")],
) -> None:
    """Check every citation, hash and verdict of an answer, without the model that wrote it; exit 1 when something is wrong."""
    from ragkit.api import Ragkit

    file = Path(what).is_file()
    try:
        opened, alone = session.open(), False
    except StoreNotFound:
        if not file:
            raise
        opened, alone = Ragkit.in_memory(settings=session.settings()), True
    with opened as kit, session.out.busy("checking"):
        found = kit.verify_export(what, alone=alone) if file else kit.verify_answer(what)
    session.out.value(found.to_dict()) if session.json else _told(session.out, found)
    if not found.sound:
        raise typer.Exit(FAILED)


def _told(out: Output, found: Verification) -> None:
    for sentence in found.sentences:
        out.show(visible(f"{sentence.text}\n  {sentence.status}, support {sentence.support:.2f}: {sentence.fault or 'as recorded'}"))
        out.show(*(visible(f"  {_standing(c)}") for c in found.citations if c.sentence == sentence.sentence))
    out.show(*(visible(f"fault: {fault}") for fault in found.faults))
    for note in found.notes:
        out.note(f"note: {visible(note)}")
    out.show("Every citation and verdict holds." if found.sound else "Something is wrong with this answer.")


def _standing(citation: CitationNow) -> str:
    at = "" if citation.start_char_index is None else f" {citation.start_char_index}:{citation.end_char_index}"
    version = "" if citation.document_version is None else f", version {citation.document_version}"
    return f"{citation.standing}: {citation.uri}{version}{at}"


@command(app, "replay")
def replay(session: Session, record_id: Record) -> None:
    """Ask a recorded question again, in its mode, with its filter and as its principal, and say what differs."""
    with session.open() as kit, session.out.busy("asking again"):
        found = kit.replay(record_id)
    if session.json:
        session.out.value(found.to_dict())
        return
    for difference in found.differences:
        session.out.show(visible(f"{difference.part}: {difference.what}"))
        session.out.show(*(visible(f"    {name} {_short(value)}") for name, value in (("was", difference.before), ("is ", difference.now))))
    session.out.show("Nothing differs." if found.same else f"{len(found.differences)} differences.")
    session.out.note(f"record {found.answer.record_id}")


def _short(value: Any) -> str:
    return "not there" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@command(app, "export-answer")
def export_answer(
    session: Session,
    record_id: Record,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; without it, standard output.")] = None,
    format: Annotated[Format | None, typer.Option(help="Without it by the file's name: .md and .html, else JSON.")] = None,
) -> None:
    """Write an answer with its whole record to a file that `ragkit verify` can check."""
    chosen = format or _BY_SUFFIX.get(output.suffix.lower() if output else "", "json")
    with session.open() as kit:
        text = kit.export_answer(record_id, chosen)
    if output is None:
        session.out.value({"record_id": record_id, "format": chosen, "text": text}) if session.json else session.out.raw(text)
        return
    output.write_bytes(text.encode("utf-8"))
    done = {"record_id": record_id, "format": chosen, "file": str(output), "bytes": len(text.encode("utf-8"))}
    session.out.value(done) if session.json else session.out.show(visible(f"{output}: {done['bytes']:,} bytes of {chosen}"))


@command(app, "chats")
def chats(
    session: Session,
    chat: Annotated[str | None, typer.Argument(metavar="CHAT", help="The chat to show; without it all are listed.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the chat; its answer records stay.")] = False,
) -> None:
    """List the chat sessions that `ragkit ask --chat` keeps, or show the questions of one."""
    if delete and chat is None:
        raise typer.BadParameter("say which chat", param_hint="--delete")
    with session.open() as kit:
        known = {one.id: one for one in kit.chats()}
        if chat is not None and chat not in known:
            raise typer.BadParameter(f"there is no chat {chat!r}", param_hint="CHAT")
        if chat is not None and not delete:
            known[chat] = kit.chat(chat, principal=known[chat].principal)
        elif chat is not None:
            kit.drop_chat(chat)
    if session.json:
        session.out.value([one.to_dict() for one in known.values()] if chat is None else known[chat].to_dict() | {"deleted": delete})
    elif chat is None:
        session.out.show(*(visible(f"{one.id}  {one.created_at}  {', '.join(one.principal or ())}") for one in known.values()))
    elif delete:
        session.out.show(visible(f"deleted {chat}"))
    else:
        session.out.show(*(visible(f"{turn.number}. {turn.question}  ({turn.record_id})") for turn in known[chat].turns))


@command(app, "feedback")
def feedback(
    session: Session,
    record_id: Record,
    up: Annotated[bool | None, typer.Option("--up/--down", help="The answer was right, or it was not.")] = None,
    comment: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    answer: Annotated[
        str | None, typer.Option(metavar="TEXT", help='What the answer should have been; "" when the documents do not answer.')
    ] = None,
) -> None:
    """Say whether an answer was right, in place of what was said of it before."""
    if up is None:
        raise typer.BadParameter("give either --up or --down", param_hint="--up")
    with session.open() as kit:
        given = kit.feedback(record_id, "up" if up else "down", comment=comment, answer=answer)
    session.out.value(given.to_dict()) if session.json else session.out.show(visible(f"{given.verdict}: {record_id}"))


@command(app, "cases")
def cases(
    session: Session,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The question file to write.")],
) -> None:
    """Write the feedback that was given as a question file for `ragkit eval`."""
    with session.open() as kit:
        made, wanting = kit.cases()
    output.write_text("".join(json.dumps(case.to_line(), ensure_ascii=False) + "\n" for case in made), encoding="utf-8")
    if session.json:
        session.out.value({"file": str(output), "cases": len(made), "wanting": wanting})
        return
    session.out.show(visible(f"{output}: {len(made)} cases"))
    for record_id in wanting:
        session.out.note(f"no right answer is known: {record_id}; ragkit feedback {record_id} --down --answer TEXT gives one")
