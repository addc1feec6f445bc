"""What a system gave for a question: the record that every measure reads, whichever system it was.

The rule for answers that were not given, the same in every measure: a *failed* question (the system raised, or took too long), an
*abstention* and an *empty answer* are all "no answer". Each measure says in ``EMPTY`` what that is worth: 0 where an answerable
question should have been answered, nothing (the question is left out) where only what was said can be right or wrong. Failures
are counted by a measure of their own and are never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from ragkit.records import Jsonable, record
from ragkit.text.sentences import sentence_spans

State = Literal["answered", "abstained", "failed"]


@record
class Passage(Jsonable):
    """A passage that was retrieved. ``start`` and ``end`` are offsets in its document's text, ``None`` where the system knows none."""

    uri: str
    text: str = ""
    start: int | None = None
    end: int | None = None
    score: float | None = None


@record
class Cited(Jsonable):
    """What a statement cites: a passage by its index in :attr:`Response.passages` (from 0; an index outside is an invented citation),
    or a place of a document with its text. ``verbatim`` says whether the document's text at the span is ``text``; ``None``: unknown."""

    passage: int | None = None
    uri: str = ""
    text: str = ""
    start: int | None = None
    end: int | None = None
    verbatim: bool | None = None


@record
class Statement(Jsonable):
    """A sentence of an answer, and what it cites."""

    text: str
    citations: tuple[Cited, ...] = ()


@record
class Response(Jsonable):
    """The outcome of one question. ``asked`` is false where only retrieval was run; then there is no answer to measure.

    ``context`` is what the answer was made from; empty: the ``passages``. ``answerable`` is the system's own probability in [0, 1]
    that the documents answer, ``None`` where it gives none. ``timings`` are seconds (``total_s``, ``first_token_s``, …), ``tokens`` counts
    (``prompt``, ``completion``), ``peak_bytes`` the process's peak memory. ``failure`` says why there is no answer at all.
    """

    passages: tuple[Passage, ...] = ()
    statements: tuple[Statement, ...] = ()
    text: str = ""
    abstained: bool = False
    asked: bool = True
    answerable: float | None = None
    context: tuple[Passage, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    peak_bytes: int | None = None
    failure: str | None = None
    record_id: str = ""

    @property
    def state(self) -> State:
        """Whether there is an answer; an empty text is none."""
        if self.failure is not None:
            return "failed"
        return "abstained" if self.abstained or not self.text.strip() else "answered"

    @property
    def citations(self) -> tuple[Cited, ...]:
        """Every citation of every statement, in order."""
        return tuple(cited for statement in self.statements for cited in statement.citations)

    @property
    def said(self) -> tuple[Statement, ...]:
        """The statements that are not blank; where the system names none, the sentences of its text, which cite nothing."""
        if not self.statements:
            return tuple(Statement(text=self.text[a:b]) for a, b in sentence_spans(self.text))
        return tuple(one for one in self.statements if one.text.strip())

    @property
    def given(self) -> tuple[Passage, ...]:
        """What the answer was made from: the ``context``, or the ``passages`` where none is told."""
        return self.context or self.passages

    def resolved(self, cited: Cited) -> Passage | None:
        """The passage that is cited; ``None``: the index is outside, or nothing is named."""
        if cited.passage is not None:
            return self.passages[cited.passage] if 0 <= cited.passage < len(self.passages) else None
        return Passage(uri=cited.uri, text=cited.text, start=cited.start, end=cited.end) if cited.uri or cited.text else None

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Response:
        """The inverse of ``to_dict``; keys that are missing have their defaults.

        Raises:
            TypeError: a key is unknown, or a value is not of its kind.
        """
        made = dict(tree)
        for key in ("passages", "context"):
            made[key] = tuple(Passage(**one) for one in made.get(key, ()))
        statements = made.get("statements", ())
        made["statements"] = tuple(
            Statement(text=one["text"], citations=tuple(Cited(**cited) for cited in one.get("citations", ()))) for one in statements
        )
        return cls(**made)
