"""What a measure is: a small frozen class that describes itself.

A question to which a measure does not apply has the value ``None`` and stays out of the mean; a measure is never NaN. What an answer
that was not given is worth (the question failed, the system abstained, the text is empty) is one rule, kept in one place:
:meth:`AnswerMeasure.score`. Measures of passages do not look at the answer; measures of cost leave failures out.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
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
    #: Whether it asks a model; such measures are taken only when they are named.
    NEEDS_MODEL: ClassVar[bool] = False
    #: What else it is called; :func:`named` knows it by these too.
    ALIASES: ClassVar[tuple[str, ...]] = ()
    #: A parameter that stands behind the name instead of in brackets, and how: ``("k", "@")``.
    SUFFIX: ClassVar[tuple[str, str] | None] = None

    @abstractmethod
    def score(self, outcome: Outcome) -> float | None:
        """The value for one question, or ``None`` where the measure does not apply to it."""

    def scores(self, outcomes: Sequence[Outcome]) -> list[float | None]:
        """:meth:`score` of each; a measure that is faster on many at once overrides it."""
        return [self.score(outcome) for outcome in outcomes]

    def summary(self, outcomes: Sequence[Outcome]) -> float | None:
        """The value for all questions: the mean over those to which it applies; ``None`` when there are none."""
        return mean(self.scores(outcomes))

    def describe(self) -> dict[str, Any]:
        """Name, parameters, sentence, range and direction, as plain values."""
        return {
            "name": str(self),
            "group": self.GROUP,
            "parameters": {field.name: told(getattr(self, field.name)) for field in dataclasses.fields(self)},
            "description": self.DESCRIPTION,
            "range": [self.LOW, self.HIGH],
            "higher_is_better": self.HIGHER_IS_BETTER,
            "paper": self.PAPER,
            "needs_model": self.NEEDS_MODEL,
        }

    def __str__(self) -> str:
        """The name, with the parameters that are not the default ones."""
        behind, mark = self.SUFFIX or ("", "")
        changed = [
            f"{field.name}={told(value)}"
            for field in dataclasses.fields(self)
            if field.name != behind and (value := getattr(self, field.name)) != field.default
        ]
        return self.NAME + (f"{mark}{getattr(self, behind)}" if behind else "") + (f"({', '.join(changed)})" if changed else "")


def told(value: Any) -> Any:
    """A parameter as a plain value; a model by its ``id``."""
    return value if value is None or isinstance(value, bool | int | float | str) else value.id


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what there is; ``None`` when there is nothing."""
    there = [value for value in values if value is not None]
    return math.fsum(there) / len(there) if there else None


@dataclass(frozen=True, kw_only=True)
class AnswerMeasure(Measure):
    """A measure of an answer. It says to which questions it applies, what it needs to know of them, and what no answer is worth."""

    #: Questions that the documents answer, those that they do not, or both.
    ASKED: ClassVar[Literal["answerable", "unanswerable", "all"]] = "answerable"
    #: Whether it applies only to questions that name gold places, of which one or more is relevant.
    NEEDS_GOLD: ClassVar[bool] = False
    #: The value of a question without an answer: it failed, the system abstained, or the text is empty. ``None``: left out.
    EMPTY: ClassVar[float | None] = 0.0

    def score(self, outcome: Outcome) -> float | None:
        if not outcome.response.asked or (self.NEEDS_GOLD and not outcome.relevant) or not self.applies(outcome):
            return None
        if self.ASKED != "all" and (outcome.question.ungraded or outcome.question.answerable != (self.ASKED == "answerable")):
            return None
        return self.of(outcome) if outcome.answered else self.EMPTY

    def applies(self, outcome: Outcome) -> bool:
        """Whether it applies to the question, whatever was answered."""
        return True

    @abstractmethod
    def of(self, outcome: Outcome) -> float | None:
        """The value of an answer that was given; ``None`` where the measure does not apply to it."""

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "applies_to": self.ASKED, "no_answer": self.EMPTY}


@dataclass(frozen=True, kw_only=True)
class ContextMeasure(Measure):
    """A measure of the passages that the answer was made from, whether or not one was given; nothing retrieved is an empty context.
    It applies to questions that were asked and say what is relevant."""

    GROUP = "context"

    def score(self, outcome: Outcome) -> float | None:
        return self.of(outcome) if outcome.response.asked and outcome.relevant else None

    @abstractmethod
    def of(self, outcome: Outcome) -> float | None:
        """The value of the context."""


@dataclass(frozen=True, kw_only=True)
class CostMeasure(Measure):
    """A measure of what an answer cost. Abstentions cost too and count; a failure, and what the system does not tell, is left out."""

    GROUP = "latency"
    HIGH = None
    HIGHER_IS_BETTER = False

    def score(self, outcome: Outcome) -> float | None:
        response = outcome.response
        value = None if not response.asked or response.failure is not None else self.of(outcome)
        return value if value is not None and math.isfinite(value) and value >= 0 else None

    @abstractmethod
    def of(self, outcome: Outcome) -> float | None:
        """What was told; ``None`` where nothing was."""
