"""Context utilisation: how much of what was given is used."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Outcome
from ..response import Passage
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class ContextUtilisation(AnswerMeasure):
    NAME = "context utilisation"
    GROUP = "context"
    ASKED = "all"
    EMPTY = None
    DESCRIPTION = "Share of the context's passages that the answer cites; abstentions, and answers without a context, are left out."

    def of(self, outcome: Outcome) -> float | None:
        response = outcome.response
        cited = [passage for one in response.citations if (passage := response.resolved(one)) is not None]
        used = [any(_same(passage, one) for one in cited) for passage in response.given]
        return sum(used) / len(used) if used else None


def _same(a: Passage, b: Passage) -> bool:
    """Whether two passages are of one document and overlap; where offsets are missing, whether one holds the other's text."""
    if a.uri and b.uri and a.uri != b.uri:
        return False
    if a.start is not None and a.end is not None and b.start is not None and b.end is not None:
        return a.start < b.end and b.start < a.end
    return bool(a.text and b.text) and (a.text in b.text or b.text in a.text)
