"""What a system said of its own certainty, beside what was true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..outcome import Outcome
from .contains import AnswerContains

#: What the certainty is of: that the documents answer, or that the answer given holds a gold string.
Of = Literal["answerable", "right"]


def told_answerable(outcome: Outcome) -> float | None:
    """The system's ``answerable`` in [0, 1]; ``None`` where it tells none, or no probability, or where nobody knows what is right."""
    value = outcome.response.answerable
    graded = outcome.response.asked and not outcome.question.ungraded
    return value if graded and value is not None and 0 <= value <= 1 else None


def certainties(outcomes: Sequence[Outcome], of: Of) -> list[tuple[float, bool]]:
    """``answerable`` of each question that has one, and whether it is answerable; or of each answer given, and whether it is right."""
    told = [(sure, outcome) for outcome in outcomes if (sure := told_answerable(outcome)) is not None]
    if of == "answerable":
        return [(sure, outcome.question.answerable) for sure, outcome in told]
    return [(sure, bool(AnswerContains().score(outcome))) for sure, outcome in told if outcome.answered]
