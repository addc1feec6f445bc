"""What a synthetic question is before it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["date", "time", "number", "money", "name", "definition", "table", "cloze", "heading", "written"]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of a document, white space made one blank, and ``[start, end)`` of its text in the document."""

    uri: str
    title: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A question that a sentence (or the section ``[start, end)``) seems to answer: the strings that a right answer contains, and the
    statement that the passage must back. ``subject`` is what the question is about, where another could stand in its place; ``plural``
    whether its verb shows one, ``None`` where the verb does not show it."""

    question: str
    answers: tuple[str, ...]
    kind: Kind
    uri: str
    start: int
    end: int
    statement: str
    subject: str = ""
    plural: bool | None = None
