"""The measures, one a file. :func:`all_measures` lists those that need no model, in the order of a report; :func:`named` finds any."""

from __future__ import annotations

from .alce import alce
from .alce_precision import AlcePrecision
from .alce_recall import AlceRecall
from .auroc import AnswerableAuroc, auroc
from .average_precision import AveragePrecision, average_precision
from .base import AnswerMeasure, ContextMeasure, CostMeasure, Measure, mean
from .brier import BrierScore
from .calibration import Bin, CalibrationError, calibration_error, reliability
from .citation_coverage import CitationCoverage
from .citation_precision import CitationPrecision
from .citation_recall import CitationRecall
from .contains import AnswerContains, contains
from .context_precision import ContextPrecision
from .context_recall import ContextRecall
from .contradiction import ContradictionRate
from .exact_match import ExactMatch
from .failures import FailureRate
from .false_answers import FalseAnswerRate
from .false_refusals import FalseRefusalRate
from .first_token import FirstToken
from .gold_cited import GoldCited
from .hallucination import HallucinationRate
from .hit import HitAt, hit
from .invented_citations import InventedCitations
from .judged import JudgedAt, judged_share
from .judged_right import JudgedRight
from .latency import percentile
from .memory import PeakMemory
from .mrr import Mrr, reciprocal_rank
from .names import UnknownMeasure, find
from .ndcg import Ndcg, ndcg
from .noise_sensitivity import NoiseSensitivity
from .over_citation import OverCitation
from .pairs import certainties
from .precision import Precision, precision
from .ranking import RankingMeasure, ranked
from .recall import Recall, recall
from .risk_coverage import RiskCoverageArea
from .rouge_l import RougeL, rouge_l
from .sentences import SentencesPerAnswer
from .similarity import EmbeddingSimilarity
from .span_f1 import SpanF1
from .span_precision import SpanPrecision
from .span_recall import SpanRecall
from .supported import SupportedSentences
from .token_f1 import TokenF1, token_f1
from .token_time import TokenTime
from .tokens import Tokens
from .total_time import TotalTime
from .utilisation import ContextUtilisation
from .verbatim import VerbatimCitations
from .words import normalised

#: Percentiles of a report's latencies.
PERCENTILES = (50, 95, 99)

__all__ = [
    "PERCENTILES",
    "AlcePrecision",
    "AlceRecall",
    "AnswerContains",
    "AnswerMeasure",
    "AnswerableAuroc",
    "AveragePrecision",
    "Bin",
    "BrierScore",
    "CalibrationError",
    "CitationCoverage",
    "CitationPrecision",
    "CitationRecall",
    "ContextMeasure",
    "ContextPrecision",
    "ContextRecall",
    "ContextUtilisation",
    "ContradictionRate",
    "CostMeasure",
    "EmbeddingSimilarity",
    "ExactMatch",
    "FailureRate",
    "FalseAnswerRate",
    "FalseRefusalRate",
    "FirstToken",
    "GoldCited",
    "HallucinationRate",
    "HitAt",
    "InventedCitations",
    "JudgedAt",
    "JudgedRight",
    "Measure",
    "Mrr",
    "Ndcg",
    "NoiseSensitivity",
    "OverCitation",
    "PeakMemory",
    "Precision",
    "RankingMeasure",
    "Recall",
    "RiskCoverageArea",
    "RougeL",
    "SentencesPerAnswer",
    "SpanF1",
    "SpanPrecision",
    "SpanRecall",
    "SupportedSentences",
    "TokenF1",
    "TokenTime",
    "Tokens",
    "TotalTime",
    "UnknownMeasure",
    "VerbatimCitations",
    "alce",
    "all_measures",
    "answer_measures",
    "auroc",
    "average_precision",
    "calibration_error",
    "certainties",
    "contains",
    "hit",
    "judged_share",
    "mean",
    "model_measures",
    "named",
    "ndcg",
    "normalised",
    "percentile",
    "precision",
    "ranked",
    "recall",
    "reciprocal_rank",
    "reliability",
    "retrieval_measures",
    "rouge_l",
    "token_f1",
]


def retrieval_measures(k: int = 10) -> tuple[Measure, ...]:
    """Those that need no answer; ``k`` is the length of the rankings."""
    return (HitAt(k=1), Precision(k=k), Recall(k=k), Mrr(k=k), AveragePrecision(k=k), Ndcg(k=k), JudgedAt(k=k))


def answer_measures() -> tuple[Measure, ...]:
    """Those of answers, their citations and context, abstention, calibration and cost that need no model."""
    return (
        ExactMatch(), AnswerContains(), TokenF1(), RougeL(), SentencesPerAnswer(),
        CitationPrecision(), CitationRecall(), GoldCited(), SpanPrecision(), SpanRecall(), SpanF1(),
        CitationCoverage(), InventedCitations(), VerbatimCitations(),
        ContextPrecision(), ContextRecall(), ContextUtilisation(), NoiseSensitivity(),
        FailureRate(), FalseAnswerRate(), FalseRefusalRate(), RiskCoverageArea(), AnswerableAuroc(),
        CalibrationError(), CalibrationError(equal="width"), BrierScore(),
        *(FirstToken(percentile=p) for p in PERCENTILES), *(TotalTime(percentile=p) for p in PERCENTILES),
        *(TokenTime(percentile=p) for p in PERCENTILES), Tokens(kind="prompt"), Tokens(), PeakMemory(),
    )  # fmt: skip


def model_measures() -> tuple[Measure, ...]:
    """Those that ask a model, with ragkit's own ones: slower, and taken only when they are named."""
    return (
        EmbeddingSimilarity(), JudgedRight(), SupportedSentences(), HallucinationRate(), ContradictionRate(),
        AlceRecall(), AlcePrecision(), OverCitation(),
    )  # fmt: skip


def all_measures(k: int = 10) -> tuple[Measure, ...]:
    """Every measure that needs no model, in the order of a report."""
    return (*retrieval_measures(k), *answer_measures())


def named(*names: str, k: int = 10) -> tuple[Measure, ...]:
    """Measures by name, in the order given, each once: ``named("nDCG@5", "ALCE recall(exact=True, verifier=lexical)", "context")``, or the
    same in one string with commas between.

    A name is one as in a report or a shorter one of the field's (``RR``, ``Success``, ``EM``); parameters stand behind it in brackets,
    ``@k`` and a percentile (`` p95``) without. A group's name stands for all of the group's, a judge of answers aside; ``all`` for
    :func:`all_measures`. ``k`` is for those whose name says none.

    Raises:
        UnknownMeasure: there is no such measure, or no such parameter.
    """
    return find(names, all_measures(k), model_measures(), k)
