"""ROUGE-L: the longest common subsequence of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .base import AnswerMeasure

_WORD = re.compile(r"[^\W_]+")


def rouge_l(text: str, gold: str) -> float:
    """F1 of the longest common subsequence of lower-case words, without stemming; 0 when either has no words.

    The words are those of the package ``rouge-score``, but letters outside ASCII belong to words too.
    """
    words, wanted = _WORD.findall(text.lower()), _WORD.findall(gold.lower())
    return 2 * common(words, wanted) / (len(words) + len(wanted)) if words and wanted else 0.0


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, bit-parallel (Hyyrö 2004, Bit-parallel LCS-length Computation Revisited).

    >>> common("the cat sat down".split(), "the dog sat down".split())
    3
    """
    places: dict[str, int] = {}
    for place, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << place
    full = row = (1 << len(a)) - 1
    for word in b:
        match = row & places.get(word, 0)
        row = ((row + match) | (row - match)) & full
    return len(a) - row.bit_count()


@dataclass(frozen=True, kw_only=True)
class RougeL(AnswerMeasure):
    NAME = "ROUGE-L"
    DESCRIPTION = (
        "Longest common subsequence of words with the best gold string, as F1, over answerable questions; "
        "an abstention or an empty answer counts 0."
    )
    PAPER = "Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries"

    def of(self, outcome: Outcome) -> float | None:
        return max(rouge_l(outcome.response.text, gold) for gold in outcome.question.answers)
