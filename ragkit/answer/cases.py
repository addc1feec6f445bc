"""Feedback as cases of evaluation: lines of the question files that ``ragkit eval`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragkit.records import Jsonable, record
from ragkit.store.memory import Feedback


@record
class Case(Jsonable):
    """A question with its right answers (none: the documents do not answer it), and where they stand."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    relevant: tuple[Mapping[str, str], ...] = ()

    def to_line(self) -> dict[str, Any]:
        """The object that stands on the case's line of the file."""
        made = {"_id": self.id, "question": self.question, "answers": list(self.answers)}
        return {**made, "relevant": [dict(place) for place in self.relevant]} if self.relevant else made


def case(given: Feedback, kept: Mapping[str, Any]) -> Case | None:
    """The case that feedback on the answer record ``kept`` makes; ``None``: an answer was wrong, and no right one was given.

    A right answer that the reader wrote counts as it is, and is sought in the evidence. An answer that was found right is the right
    one, each of its sentences by itself, with its citations; one that was found right to abstain has no right answer.
    """
    made = {"id": given.record_id, "question": kept["question"]}
    if given.answer is not None:
        right = " ".join(given.answer.split())
        return Case(**made, answers=(right,), relevant=_holding(kept, right)) if right else Case(**made)
    if given.verdict == "down":
        return None
    quoted = [citation for sentence in kept["sentences"] for citation in sentence["citations"]]
    places = {(c["uri"], c["cited_text"]): {"uri": c["uri"], "quote": c["cited_text"]} for c in quoted}
    return Case(**made, answers=tuple(dict.fromkeys(s["text"] for s in kept["sentences"])), relevant=tuple(places.values()))


def _holding(kept: Mapping[str, Any], right: str) -> tuple[Mapping[str, str], ...]:
    """Evidence that was found then and holds the right answer's words."""
    wanted = right.casefold().rstrip(".")
    return tuple({"uri": e["uri"], "quote": e["text"]} for e in kept["evidence"] if wanted in " ".join(e["text"].split()).casefold())
