"""Whether citations say what the source says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure


@dataclass(frozen=True, kw_only=True)
class VerbatimCitations(AnswerMeasure):
    NAME = "verbatim citations"
    GROUP = "citations"
    ASKED = "all"
    EMPTY = None
    DESCRIPTION = (
        "Share of the citations whose cited text is, character for character, the source's text at their span; "
        "citations of documents that cannot be opened are left out."
    )

    def of(self, outcome: Outcome) -> float | None:
        checks = _checks(outcome)
        return sum(checks) / len(checks) if checks else None

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        """Over all citations of all answers together, not over questions."""
        checks = [check for outcome in outcomes if outcome.answered for check in _checks(outcome)]
        return sum(checks) / len(checks) if checks else None


def _checks(outcome: Outcome) -> list[bool]:
    return [cited.verbatim for cited in outcome.response.citations if cited.verbatim is not None]
