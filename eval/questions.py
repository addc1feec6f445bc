"""Question files: JSON lines, one question a line.

::

    {"_id": "q1", "question": "When was the dome built?", "answers": ["1931", "in 1931"],
     "relevant": [{"uri": "history.html", "quote": "It was opened on 14 October 1931."}]}

``answers`` are strings any one of which a right answer contains; an empty list means that the documents do not answer. Where it is left
out, what a right answer is is not known: only retrieval, and what needs no right answer, can be measured.
``relevant`` names the documents that hold the answer: ``uri`` is a document's URI or the end of one (from a ``/``, ``#``
or ``:`` on), ``quote`` the exact passage, white space aside, ``gain`` how relevant it is (1 when left out; 0: judged, and not
relevant). ``class`` names the kind of question, by which figures are told apart. All but ``question`` may be left out; the ``_id``
is then the line's number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record


class BadQuestion(RagkitError, ValueError):
    """A line of a question file is not a question."""


@record
class Relevant(Jsonable):
    """Where an answer stands: a document, and the passage of it when ``quote`` is given. ``gain`` is 0 for what is judged irrelevant."""

    uri: str
    quote: str | None = None
    gain: int = 1


@record
class Question(Jsonable):
    """A question with its right answers (none: the documents do not answer it), where they stand, and its kind.

    ``ungraded``: nobody has said what a right answer is, or whether there is one.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    relevant: tuple[Relevant, ...] = ()
    kind: str = ""
    ungraded: bool = False

    @property
    def answerable(self) -> bool:
        return bool(self.answers)

    def to_line(self) -> dict[str, Any]:
        """The object that stands on the question's line of a file."""
        made: dict[str, Any] = {"_id": self.id, "question": self.text}
        if not self.ungraded:
            made["answers"] = list(self.answers)
        if self.kind:
            made["class"] = self.kind
        if self.relevant:
            made["relevant"] = [_place(one) for one in self.relevant]
        return made


def _place(item: Relevant) -> dict[str, Any]:
    made: dict[str, Any] = {"uri": item.uri}
    if item.quote is not None:
        made["quote"] = item.quote
    return made if item.gain == 1 else {**made, "gain": item.gain}


def read_questions(path: Path) -> list[Question]:
    """The questions of a file, in order.

    Raises:
        BadQuestion: a line is not a question, an ``_id`` stands twice, or there is no question at all.
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8-sig") as lines:
        return parse_questions(lines, str(path))


def parse_questions(lines: Iterable[str], name: str = "questions") -> list[Question]:
    """As :func:`read_questions`; ``name`` is what messages call the source."""
    found: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        question = _question(line, number, f"{name}, line {number}")
        if question.id in found:
            raise BadQuestion(f"{name}, line {number}: the _id {question.id!r} stands on an earlier line too; each needs its own")
        found[question.id] = question
    if not found:
        raise BadQuestion(f'{name} holds no question; each line is one JSON object with a "question"')
    return list(found.values())


def _question(line: str, number: int, place: str) -> Question:
    try:
        tree = json.loads(line)
    except ValueError as error:
        raise BadQuestion(f"{place}: not JSON: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("question"), str) or not tree["question"].strip():
        raise BadQuestion(f'{place}: expected an object with "question", a string that is not empty')
    answers = _list(tree, "answers", place)
    if not all(isinstance(a, str) and a.strip() for a in answers):
        raise BadQuestion(f'{place}: "answers" holds something other than a string that is not empty')
    relevant = tuple(_relevant(item, place) for item in _list(tree, "relevant", place))
    kind = tree.get("class", "")
    if not isinstance(kind, str):
        raise BadQuestion(f'{place}: "class" is not a string')
    return Question(
        id=str(tree.get("_id", number)),
        text=tree["question"],
        answers=tuple(answers),
        relevant=relevant,
        kind=kind,
        ungraded="answers" not in tree,
    )


def _list(tree: dict[str, Any], key: str, place: str) -> list[Any]:
    value = tree.get(key, [])
    if not isinstance(value, list):
        raise BadQuestion(f'{place}: "{key}" is not a list')
    return value


def _relevant(item: Any, place: str) -> Relevant:
    quote, gain = (item.get("quote"), item.get("gain", 1)) if isinstance(item, dict) else (None, 1)
    if not isinstance(item, dict) or not isinstance(item.get("uri"), str) or not item["uri"] or not isinstance(quote, str | None):
        raise BadQuestion(f'{place}: an item of "relevant" is an object with "uri", a string, and perhaps "quote", another')
    if not isinstance(gain, int) or isinstance(gain, bool) or gain < 0:
        raise BadQuestion(f'{place}: "gain" is a whole number, 0 or more; it is {gain!r}')
    return Relevant(uri=item["uri"], quote=quote if quote and quote.strip() else None, gain=gain)
