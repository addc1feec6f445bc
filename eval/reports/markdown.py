"""A report as Markdown: the tables, and the questions that went wrong. Every text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..scoring import Result
from .faults import ABOUT
from .model import Asked, Page, told

#: Questions that went wrong, or changed most, that are listed.
_SHOWN = 50
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e007f]")


def markdown(page: Page) -> str:
    """The whole text."""
    return "\n".join([*_head(page), *_measures(page), *_differences(page), *_questions(page)]) + "\n"


def plain(text: object) -> str:
    """A line of Markdown that is nothing but text.

    >>> print(plain("<b>[x](y)"))
    \\<b\\>\\[x\\]\\(y\\)
    """
    seen = _UNSEEN.sub(lambda found: " " if found.group() in "\n\t\r" else f"<U+{ord(found.group()):04X}>", str(text))
    return _SIGN.sub(lambda sign: "\\" + sign.group(), " ".join(seen.split()))


def _head(page: Page) -> Iterator[str]:
    yield f"# Evaluation of {plain(' and '.join(run.name for run in page.runs))}"
    yield ""
    for run in page.runs:
        wrong = ", ".join(f"{count} {name}" for name, count in run.faults.items()) or "nothing went wrong"
        yield f"- {plain(run.name)}: {run.questions} questions, {run.unanswerable} of them unanswerable; {wrong}"
    yield from (f"- {plain(note)}" for note in page.notes)


def _measures(page: Page) -> Iterator[str]:
    for group, rows in page.groups.items():
        yield from ("", f"## {plain(group.capitalize())}", "")
        names = [plain(run.name) for run in page.runs] if len(page.runs) > 1 else ["value"]
        yield "| measure | " + " | ".join(f"{name} | 95 % interval | questions" for name in names) + " | what it is |"
        yield "|---|" + "--:|---|--:|" * len(page.runs) + "---|"
        for row in rows:
            first = next(result for result in row if result is not None)
            yield f"| {plain(first.name)} | " + " | ".join(map(_cells, row)) + f" | {plain(first.about['description'])} |"
    heads = " | ".join(plain(run.name) for run in page.runs)
    yield from ("", "## What was run", "", f"| | {heads} |", "|---|" + "---|" * len(page.runs))
    about = [told(run.info) for run in page.runs]
    for name in dict.fromkeys(name for one in about for name in one):
        yield f"| {plain(name)} | " + " | ".join(plain(one.get(name, "–")) for one in about) + " |"


def _cells(result: Result | None) -> str:
    if result is None or result.value is None:
        return "– | | "
    span = "" if result.interval is None else f"{result.interval[0]:.3f} to {result.interval[1]:.3f}"
    return f"{result.value:.3f} | {span} | {result.questions}"


def _differences(page: Page) -> Iterator[str]:
    if not page.differences:
        return
    yield from ("", "## Differences", "", "| measure | difference | 95 % interval | p | questions |", "|---|--:|---|--:|--:|")
    for one in (one for one in page.differences if one.difference is not None):
        span = "" if one.interval is None else f"{one.interval[0]:+.3f} to {one.interval[1]:+.3f}"
        p = "" if one.corrected_p is None else f"{one.corrected_p:.4f}"
        yield f"| {plain(one.measure)} | {one.difference:+.3f} | {span} | {p} | {one.questions} |"


def _questions(page: Page) -> Iterator[str]:
    found = [one for one in page.questions if one.fault or one.changed]
    if found:
        yield from ("", "## Questions that went wrong" + (" or changed" if len(page.runs) > 1 else ""), "")
        for one in found[:_SHOWN]:
            yield from _question(one)
    if len(found) > _SHOWN:
        yield f"- and {len(found) - _SHOWN} more"


def _question(asked: Asked) -> Iterator[str]:
    gold = " or ".join(asked.question.answers) or "the documents do not answer"
    yield f"- {plain(asked.question.id)}: {plain(asked.question.text)} (gold: {plain(gold)})"
    for side in asked.sides:
        if side is not None:
            said = side.failure or side.text or "no answer"
            fault = f"{side.fault}: {ABOUT[side.fault]}" if side.fault else ("right." if side.state != "not asked" else "found.")
            yield f"  - {plain(fault)} {plain(said)}"
