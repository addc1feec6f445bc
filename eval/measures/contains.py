"""Whether an answer contains a gold string."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure
from .words import normalised


def contains(text: str, answers: Iterable[str], *, whole_words: bool = True) -> bool:
    """Whether ``text`` contains one of ``answers``, both normalised as in SQuAD.

    >>> contains("It was built in 1974.", ["7"]), contains("It was built in 1974.", ["7"], whole_words=False)
    (False, True)
    """
    edge = " " if whole_words else ""
    place = f"{edge}{normalised(text)}{edge}"
    wanted = (normalised(answer) for answer in answers)
    return any(f"{edge}{w}{edge}" in place for w in wanted if w)


@dataclass(frozen=True, kw_only=True)
class AnswerContains(AnswerMeasure):
    """``whole_words=False`` is the substring match of published figures, under which "7" is found in "1974"."""

    NAME = "answer contains"
    DESCRIPTION = "Share of answerable questions whose answer contains a gold string; an abstention or an empty answer counts 0."
    PAPER = "Normalisation: Rajpurkar et al. 2016, SQuAD"

    whole_words: bool = True

    def of(self, outcome: Outcome) -> float | None:
        return float(contains(outcome.response.text, outcome.question.answers, whole_words=self.whole_words))
