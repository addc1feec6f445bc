"""Embedding similarity: a paraphrase counts, and so, to a degree, does whatever is about the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragkit.contracts import Embedder

from ..outcome import Outcome
from .base import AnswerMeasure
from .models import embedder


@dataclass(frozen=True, kw_only=True)
class EmbeddingSimilarity(AnswerMeasure):
    """``model`` is an embedder, or a model's name as in ``embedding.model``; empty: the default one. Loaded when first needed."""

    NAME = "embedding similarity"
    DESCRIPTION = (
        "Cosine of the answer's vector with that of the best gold string, below 0 taken for 0, over answerable questions; "
        "an abstention or an empty answer counts 0. It does not see negations or wrong numbers."
    )
    PAPER = "Reimers and Gurevych 2019, Sentence-BERT"
    NEEDS_MODEL = True

    model: str | Embedder = ""

    def scores(self, outcomes: Sequence[Outcome]) -> list[float | None]:
        """All texts are embedded together."""
        found = [self.score(outcome) if not _compared(outcome) else None for outcome in outcomes]
        places = [place for place, outcome in enumerate(outcomes) if _compared(outcome)]
        for place, value in zip(places, self._similar([outcomes[place] for place in places]), strict=True):
            found[place] = value
        return found

    def of(self, outcome: Outcome) -> float | None:
        return self._similar([outcome])[0]

    def _similar(self, outcomes: Sequence[Outcome]) -> list[float]:
        texts = list(dict.fromkeys(t for o in outcomes for t in (o.response.text, *o.question.answers)))
        vectors = dict(zip(texts, embedder(self.model).embed(texts), strict=True)) if texts else {}
        best = (max(float(vectors[o.response.text] @ vectors[gold]) for gold in o.question.answers) for o in outcomes)
        return [min(max(value, 0.0), 1.0) for value in best]


def _compared(outcome: Outcome) -> bool:
    return outcome.answered and outcome.question.answerable
