"""What the page of evaluations shows, worked out without Streamlit: the runs that there are, rows of tables, passages with marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ragkit.eval import kept
from ragkit.eval.compare import Difference
from ragkit.eval.places import beside
from ragkit.eval.reports.faults import ABOUT
from ragkit.eval.reports.marks import Piece
from ragkit.eval.reports.model import Asked, Page
from ragkit.eval.reports.sides import CitedText, Retrieved, Side
from ragkit.eval.stored import runs_in
from ragkit.records import record
from ragkit.ui.escaping import escape

ALL, WRONG = "all questions", "what went wrong"


@record
class Choice:
    """A run that can be looked at: its folder, and what its line in a list says. ``stamp`` changes with what the folder holds."""

    folder: Path
    label: str
    stamp: tuple[int, int]


def runs_of(store: Path) -> list[Choice]:
    """The runs that are kept beside the store, the newest first.

    Raises:
        NoRun: one cannot be read.
    """
    found = []
    for folder, info in runs_in(beside(store)):
        outcomes = folder / kept.OUTCOMES
        stamp = (outcomes.stat().st_size, outcomes.stat().st_mtime_ns) if outcomes.exists() else (0, 0)
        when = info.created[:16].replace("T", " ")
        found.append(Choice(folder=folder, label=f"{info.name or info.id}, {when}, {info.system}", stamp=stamp))
    return found


def measure_rows(page: Page) -> list[dict[str, Any]]:
    """The table of measures: for each run the value, its interval, and how many questions it is over."""
    rows = []
    for group, measures in page.groups.items():
        for results in measures:
            first = next(result for result in results if result is not None)
            row: dict[str, Any] = {"Group": group, "Measure": first.name}
            for run, result in zip(page.runs, results, strict=True):
                name = f"{run.name}: " if len(page.runs) > 1 else ""
                span = result.interval if result else None
                row[f"{name}value"] = result.value if result else None
                row[f"{name}95 % interval"] = "" if span is None else f"{span[0]:.3f} to {span[1]:.3f}"
                row[f"{name}questions"] = result.questions if result else 0
            rows.append({**row, "What it is": first.about["description"]})
    return rows


def difference_rows(page: Page) -> list[dict[str, Any]]:
    """The table of differences between two runs."""
    return [
        {
            "Measure": one.measure, page.runs[0].name: one.a, page.runs[1].name: one.b, "Difference": one.difference,
            "95 % interval": "" if one.interval is None else f"{one.interval[0]:+.3f} to {one.interval[1]:+.3f}",
            "p": one.corrected_p, "Questions": one.questions, "": _better(one),
        }
        for one in page.differences
        if one.difference is not None
    ]  # fmt: skip


def _better(one: Difference) -> str:
    if not one.difference:
        return ""
    return "better" if (one.difference > 0) == one.higher_is_better else "worse"


def chosen(page: Page, wanted: str) -> list[Asked]:
    """The questions with a fault, with any fault, or all."""
    if wanted == ALL:
        return list(page.questions)
    return [one for one in page.questions if (one.fault if wanted == WRONG else one.fault == wanted)]


def label(asked: Asked) -> str:
    """A question's line in a list."""
    return f"{asked.fault}: {asked.question.text}" if asked.fault else asked.question.text


def marked(pieces: Sequence[Piece]) -> str:
    """HTML of a text with its marks."""
    made = []
    for piece in pieces:
        kinds = " ".join(f"rk-{kind}" for kind in piece.kind.split())
        made.append(f'<mark class="{kinds}">{escape(piece.text)}</mark>' if kinds else escape(piece.text))
    return "".join(made)


def gold(asked: Asked) -> str:
    """HTML of a question and its gold answers."""
    answers = " · ".join(map(escape, asked.question.answers)) or "the documents do not answer this"
    return f'<h2 class="rk-side">{escape(asked.question.text)}</h2><p><strong>Gold:</strong> {answers}</p>'


def answer(side: Side | None) -> str:
    """HTML of what came of a question: the answer sentence by sentence, each citation a passage that opens."""
    if side is None:
        return '<p class="rk-help">Not asked in this run.</p>'
    fault = f'<p class="rk-fault">{escape(ABOUT[side.fault])}</p>' if side.fault else ""
    failed = f"<p><strong>Failed:</strong> {escape(side.failure)}</p>" if side.failure else ""
    state = "<p>Abstained.</p>" if side.state == "abstained" else ""
    lines = "".join(f"<li>{escape(one.text)}{''.join(map(_cited, one.citations))}</li>" for one in side.sentences)
    text = f"<ol>{lines}</ol>" if lines else f"<p>{escape(side.text)}</p>"
    found = f"Retrieved: {len(side.passages)} passages, {sum(p.gold for p in side.passages)} of them gold"
    passages = f"<details><summary>{found}</summary><ol>{''.join(map(_retrieved, side.passages))}</ol></details>" if side.passages else ""
    values = " · ".join(f"{escape(name)} <strong>{value:.3f}</strong>" for name, value in side.values.items())
    return f'<div class="rk-outcome">{fault}{failed}{state}{text}{passages}<p class="rk-help">{values}</p></div>'


def _cited(cited: CitedText) -> str:
    tags = ["gold"] if cited.gold else []
    tags += [] if cited.verbatim is None else ["verbatim" if cited.verbatim else "not verbatim"]
    head = f"[{cited.number}] {escape(cited.place)} {''.join(map(_tag, tags))}"
    return f'<details><summary>{head}</summary><div class="rk-context">{marked(cited.pieces)}</div></details>'


def _retrieved(passage: Retrieved) -> str:
    tags = [name for name, has in (("gold", passage.gold), ("cited", passage.cited)) if has]
    score = "" if passage.score is None else f" {passage.score:.3f}"
    body = f'<div class="rk-context">{marked(passage.pieces)}</div>' if passage.pieces else ""
    return f"<li>{escape(passage.place)}{score} {''.join(map(_tag, tags))}{body}</li>"


def _tag(name: str) -> str:
    return f'<span class="rk-label">{name}</span>'
