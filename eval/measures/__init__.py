"""The measures, one a file. :func:`all_measures` lists them in the order of a report."""

from __future__ import annotations

from .auroc import AnswerableAuroc, auroc
from .base import Measure, RankingMeasure
from .citation_precision import CitationPrecision
from .citation_recall import CitationRecall
from .contains import AnswerContains, contains
from .false_answers import FalseAnswerRate
from .false_refusals import FalseRefusalRate
from .gold_cited import GoldCited
from .hit import HitAt, hit
from .mrr import Mrr, reciprocal_rank
from .ndcg import Ndcg, dcg, ndcg
from .ranking import ranked
from .recall import Recall, recall
from .sentences import SentencesPerAnswer
from .token_f1 import TokenF1, token_f1
from .verbatim import VerbatimCitations
from .words import normalised

__all__ = [
    "AnswerContains",
    "AnswerableAuroc",
    "CitationPrecision",
    "CitationRecall",
    "FalseAnswerRate",
    "FalseRefusalRate",
    "GoldCited",
    "HitAt",
    "Measure",
    "Mrr",
    "Ndcg",
    "RankingMeasure",
    "Recall",
    "SentencesPerAnswer",
    "TokenF1",
    "VerbatimCitations",
    "all_measures",
    "answer_measures",
    "auroc",
    "contains",
    "dcg",
    "hit",
    "ndcg",
    "normalised",
    "ranked",
    "recall",
    "reciprocal_rank",
    "retrieval_measures",
    "token_f1",
]


def retrieval_measures(k: int = 10) -> tuple[Measure, ...]:
    """Those that need no answer; ``k`` is the length of the rankings."""
    return (HitAt(k=1), Recall(k=k), Mrr(k=k), Ndcg(k=k))


def answer_measures() -> tuple[Measure, ...]:
    """Those of answers, their citations, and abstention."""
    return (
        AnswerContains(), TokenF1(), SentencesPerAnswer(),
        CitationPrecision(), CitationRecall(), GoldCited(), VerbatimCitations(),
        FalseAnswerRate(), FalseRefusalRate(), AnswerableAuroc(),
    )  # fmt: skip


def all_measures(k: int = 10) -> tuple[Measure, ...]:
    """Every measure, in the order of a report."""
    return (*retrieval_measures(k), *answer_measures())
