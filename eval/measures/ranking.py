"""Measures of rankings: ``ir_measures`` computes them, by the conventions of trec_eval.

An unjudged id is not relevant, the ideal order is that of all judged ids, and an id that stands twice counts where it stands first.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..outcome import Outcome
from .base import Measure

if TYPE_CHECKING:
    from ir_measures import BaseMeasure

Ranking = Sequence[str]
Judged = Mapping[str, int]


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Ids by falling score; of equal scores, the id that sorts last comes first, as in trec_eval.

    >>> ranked({"a": 1.0, "b": 2.0, "c": 1.0})
    ['b', 'c', 'a']
    """
    return sorted(scores, key=lambda name: (scores[name], name), reverse=True)


def calculated(measure: BaseMeasure, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
    """The value of ``measure`` for each ranking (ids, best first) under its judgements (id to gain; above 0 is relevant).

    0 where the ranking is empty or nothing is relevant.
    """
    import ir_measures

    runs, qrels = {}, {}
    for number, (ranking, judged) in enumerate(questions):
        order = list(dict.fromkeys(ranking))
        if order and judged:
            # ids of our own: trec_eval takes no NUL and no lone surrogate; it ranks by score in single precision, exact for whole numbers
            places = {name: f"d{place}" for place, name in enumerate(dict.fromkeys((*order, *judged)))}
            runs[str(number)] = {places[name]: float(len(order) - place) for place, name in enumerate(order)}
            qrels[str(number)] = {places[name]: gain for name, gain in judged.items()}
    found = {metric.query_id: float(metric.value) for metric in ir_measures.iter_calc([measure], qrels, runs)} if runs else {}
    return [found.get(str(number), 0.0) for number in range(len(questions))]


@dataclass(frozen=True, kw_only=True)
class RankingMeasure(Measure):
    """A measure of the first ``k`` places of a ranking. It applies to questions that say what is relevant, asked or not."""

    GROUP = "retrieval"
    SUFFIX = ("k", "@")

    k: int = 10

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"{self.NAME}@{self.k}: k is 1 or more")

    def score(self, outcome: Outcome) -> float | None:
        return self.scores([outcome])[0]

    def scores(self, outcomes: Sequence[Outcome]) -> list[float | None]:
        """Of all questions in one pass."""
        applies = [bool(outcome.relevant) for outcome in outcomes]
        found = iter(self.of([(o.ranking(), o.judged()) for o, does in zip(outcomes, applies, strict=True) if does]))
        return [next(found) if does else None for does in applies]

    @abstractmethod
    def of(self, questions: Sequence[tuple[Ranking, Judged]]) -> list[float]:
        """The value of each ranking of ids, best first, under its judgements (id to gain; above 0 is relevant)."""
