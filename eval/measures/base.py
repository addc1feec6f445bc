"""What a measure is: a small frozen class that describes itself.

A question to which a measure does not apply has the value ``None`` and stays out of the mean; a measure is never NaN. What an answer
that was not given is worth (the question failed, the system abstained, the text is empty) is one rule, kept in one place:
:meth:`AnswerMeasure.score`.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """One measure. Its parameters are its fields; what it is called and means are class attributes."""

    NAME: ClassVar[str]
    #: What it is a measure of, as a heading of reports.
    GROUP: ClassVar[str] = "answers"
    #: One sentence, which says how an abstention is scored where that matters.
    DESCRIPTION: ClassVar[str]
    LOW: ClassVar[float] = 0.0
    HIGH: ClassVar[float | None] = 1.0
    HIGHER_IS_BETTER: ClassVar[bool] = True
    #: Where the measure is defined.
    PAPER: ClassVar[str] = ""

    @abstractmethod
    def score(self, outcome: Outcome) -> float | None:
        """The value for one question, or ``None`` where the measure does not apply to it."""

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        """The value for all questions: the mean over those to which it applies; ``None`` when there are none."""
        values = [v for v in map(self.score, outcomes) if v is not None]
        return sum(values) / len(values) if values else None

    def describe(self) -> dict[str, Any]:
        """Name, parameters, sentence, range and direction, as plain values."""
        return {
            "name": str(self),
            "group": self.GROUP,
            "parameters": dataclasses.asdict(self),
            "description": self.DESCRIPTION,
            "range": [self.LOW, self.HIGH],
            "higher_is_better": self.HIGHER_IS_BETTER,
            "paper": self.PAPER,
        }

    def __str__(self) -> str:
        return self.NAME


@dataclass(frozen=True, kw_only=True)
class AnswerMeasure(Measure):
    """A measure of an answer. It says to which questions it applies, what it needs to know of them, and what no answer is worth."""

    #: Questions that the documents answer, those that they do not, or both.
    ASKED: ClassVar[Literal["answerable", "unanswerable", "all"]] = "answerable"
    #: Whether it applies only to questions that name gold places.
    NEEDS_GOLD: ClassVar[bool] = False
    #: The value of a question without an answer: it failed, the system abstained, or the text is empty. ``None``: left out.
    EMPTY: ClassVar[float | None] = 0.0

    def score(self, outcome: Outcome) -> float | None:
        if not outcome.response.asked or (self.NEEDS_GOLD and not outcome.gold):
            return None
        if self.ASKED != "all" and (outcome.question.ungraded or outcome.question.answerable != (self.ASKED == "answerable")):
            return None
        return self.of(outcome) if outcome.answered else self.EMPTY

    @abstractmethod
    def of(self, outcome: Outcome) -> float | None:
        """The value of an answer that was given; ``None`` where the measure does not apply to it."""

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "applies_to": self.ASKED, "no_answer": self.EMPTY}


@dataclass(frozen=True, kw_only=True)
class RankingMeasure(Measure):
    """A measure of the first ``k`` places of a ranking. It applies to questions that say what is relevant."""

    GROUP = "retrieval"

    k: int = 10

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"{self.NAME}@{self.k}: k is 1 or more")

    def score(self, outcome: Outcome) -> float | None:
        judged = outcome.judged()
        return self.of(outcome.ranking(), judged) if any(judged.values()) else None

    @abstractmethod
    def of(self, ranking: Sequence[str], judged: dict[str, int]) -> float:
        """The value of a ranking of ids, best first, under judgements (id to gain; above 0 is relevant)."""

    def __str__(self) -> str:
        return f"{self.NAME}@{self.k}"
