"""What a measure is: a small frozen class that describes itself.

A question to which a measure does not apply has the value ``None`` and stays out of the mean; a measure is never NaN.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ..outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """One measure. Its parameters are its fields; what it is called and means are class attributes."""

    NAME: ClassVar[str]
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
            "parameters": dataclasses.asdict(self),
            "description": self.DESCRIPTION,
            "range": [self.LOW, self.HIGH],
            "higher_is_better": self.HIGHER_IS_BETTER,
            "paper": self.PAPER,
        }

    def __str__(self) -> str:
        return self.NAME


@dataclass(frozen=True, kw_only=True)
class RankingMeasure(Measure):
    """A measure of the first ``k`` places of a ranking. It applies to questions that say what is relevant."""

    k: int = 10

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"{self.NAME}@{self.k}: k is 1 or more")

    def score(self, outcome: Outcome) -> float | None:
        return self.of(outcome.ranking(), outcome.judged()) if outcome.gold else None

    @abstractmethod
    def of(self, ranking: Sequence[str], judged: dict[str, int]) -> float:
        """The value of a ranking of ids, best first, under judgements (id to gain; above 0 is relevant)."""

    def __str__(self) -> str:
        return f"{self.NAME}@{self.k}"
