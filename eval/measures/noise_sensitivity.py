"""Noise sensitivity: what is wrong, and came from passages beside the point."""

from __future__ import annotations

from dataclasses import dataclass

from ragkit.contracts import Verifier

from ..outcome import Outcome
from ..response import Statement
from .base import AnswerMeasure
from .contains import contains
from .models import LEXICAL, verifier


@dataclass(frozen=True, kw_only=True)
class NoiseSensitivity(AnswerMeasure):
    """RAGAs asks a language model. Here a sentence is *right* when a gold string stands in it, or a gold quote or gold passage of the
    context supports it; it *comes from noise* when it is not right, and a single passage of the context that is not gold supports it.
    To support is to have ``threshold`` of the verifier's support; the default one counts words and needs no model."""

    NAME = "noise sensitivity"
    GROUP = "context"
    NEEDS_GOLD = True
    EMPTY = None
    DESCRIPTION = (
        "Share of an answer's sentences that hold no gold string, are not backed by a gold passage, and are backed by another one "
        "of the context; over answerable questions with gold passages; abstentions are left out."
    )
    HIGHER_IS_BETTER = False
    PAPER = "After RAGChecker: Ru et al. 2024, A Fine-grained Framework for Diagnosing Retrieval-Augmented Generation"

    verifier: str | Verifier = LEXICAL
    threshold: float = 0.8

    def of(self, outcome: Outcome) -> float | None:
        said = outcome.response.said
        wrong = [one for one in said if not contains(one.text, outcome.question.answers)]
        return sum(self._from_noise(outcome, one) for one in wrong) / len(said) if said else None

    def _from_noise(self, outcome: Outcome, statement: Statement) -> bool:
        right = [gold.quote for gold in outcome.relevant if gold.quote]
        noise: list[str] = []
        for passage in outcome.response.given:
            (right if outcome.is_gold(passage) else noise).append(passage.text)
        return not (right and self._supported(statement, right)) and any(self._supported(statement, [text]) for text in noise)

    def _supported(self, statement: Statement, evidence: list[str]) -> bool:
        return verifier(self.verifier).judge(statement.text, evidence).support >= self.threshold
