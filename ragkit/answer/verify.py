"""Is a sentence backed by its evidence? Signals that need no second model, a readable logistic model, and hard limits.

Fails closed: what cannot be judged is not supported.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from ragkit.models.rerank import TokenCache, similarity
from ragkit.records import Verdict
from ragkit.text.sentences import sentence_spans
from ragkit.text.words import terms

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATIONS = "no not never none nobody nothing neither nor without cannot lack lacks fail fails failed unable".split()
_NEGATION = re.compile(rf"\b(?:{'|'.join(_NEGATIONS)})\b|n[’']t\b", re.IGNORECASE)
#: Content words of a claim, in the evidence's order, must make up this share of it for composed prose to be shown.
MIN_ORDER = 0.75
#: ... and this share of them must stand in the evidence at all.
MIN_COVERAGE = 0.9


class AlignmentVerifier:
    """A :class:`ragkit.contracts.Verifier` from word coverage, numbers, names, negation, word order and the alignment of
    the embedder's token vectors. ``verifier.json`` holds its coefficients and says where they come from: so far they
    are set by hand, so ``support`` orders claims but is no calibrated probability."""

    id = "alignment-1"

    def __init__(self, tokens: TokenCache) -> None:
        self._tokens = tokens

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """``claim`` against all of ``evidence`` together. Long passages are read sentence by sentence, none cut off."""
        pieces = [(i, text[a:b]) for i, text in enumerate(evidence) for a, b in sentence_spans(text)]
        said = [terms(text) for _, text in pieces]
        wanted = terms(claim)
        if not wanted or not any(said):
            return Verdict(support=0.0, unsupported_spans=((0, len(claim)),) if claim else ())
        signals = self.signals(claim, [text for _, text in pieces], said)
        known = {term for words in said for term in words}
        conflict = signals["coverage"] * max(signals["negation"], 1 - signals["numbers"])
        return Verdict(
            support=_probability(signals),
            contradiction=conflict if signals["coverage"] > 0.5 else 0.0,
            supporting=_supporting(set(wanted), pieces, said),
            unsupported_spans=_unsupported(claim, known),
        )

    def signals(self, claim: str, sentences: Sequence[str], said: Sequence[Sequence[str]]) -> dict[str, float]:
        """Measures in [0, 1] of how far ``sentences`` (their index terms in ``said``) hold what ``claim`` says."""
        wanted = terms(claim)
        known = {term for words in said for term in words}
        text = " ".join(sentences)
        best = max(range(len(said)), key=lambda i: len(set(wanted) & set(said[i])))
        return {
            "coverage": sum(term in known for term in wanted) / len(wanted),
            "coverage_one": max(len(set(wanted) & set(words)) for words in said) / len(set(wanted)),
            "alignment": self._alignment(claim, sentences),
            "numbers": _share(_numbers(claim), set(_numbers(text))),
            "names": _share(_names(claim), set(_WORD.findall(text))),
            "negation": float(bool(_NEGATION.search(claim)) != bool(_NEGATION.search(sentences[best]))),
            "order": _in_order(wanted, said[best]),
        }

    def _alignment(self, claim: str, sentences: Sequence[str]) -> float:
        """Mean over the claim's tokens of their best cosine with any token of the evidence."""
        wanted, *found = self._tokens.get([claim, *sentences])
        if not len(wanted.vectors):
            return 0.0
        return float(np.max([similarity(wanted.vectors, f.vectors) for f in found], axis=0).mean())

    def composed(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """As :meth:`judge`, for prose by a model that is about to be shown: a number, a name or a negation that the evidence
        does not have, words that it does not have or has in another order, leave no support."""
        verdict = self.judge(claim, evidence)
        pieces = [text[a:b] for text in evidence for a, b in sentence_spans(text)]
        said = [terms(text) for text in pieces]
        if not any(said) or not terms(claim):
            return verdict
        signals = self.signals(claim, pieces, said)
        breaks = (
            signals["numbers"] < 1
            or signals["names"] < 1
            or signals["negation"] > 0
            or signals["coverage"] < MIN_COVERAGE
            or signals["order"] < MIN_ORDER
        )
        support = 0.0 if breaks else verdict.support
        return Verdict(
            support=support, contradiction=verdict.contradiction, supporting=verdict.supporting, unsupported_spans=verdict.unsupported_spans
        )


def _probability(signals: dict[str, float]) -> float:
    model = _model()
    z = model["intercept"] + sum(weight * signals[name] for name, weight in model["weights"].items())
    return 1 / (1 + math.exp(-z))


@functools.cache
def _model() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("ragkit.answer") / "verifier.json").read_text("utf-8"))
    return loaded


def _share(wanted: Sequence[str], found: set[str]) -> float:
    return sum(one in found for one in wanted) / len(wanted) if wanted else 1.0


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text)]


def _names(text: str) -> list[str]:
    """Capitalised words that do not start a sentence."""
    starts = {a for a, _ in sentence_spans(text)}
    return [m.group() for m in _WORD.finditer(text) if m.group()[0].isupper() and m.start() not in starts]


def _in_order(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Longest common subsequence as a share of ``wanted``."""
    row = [0] * (len(said) + 1)
    for term in wanted:
        previous = 0
        for j, other in enumerate(said, 1):
            previous, row[j] = row[j], previous + 1 if term == other else max(row[j], row[j - 1])
    return row[-1] / len(wanted)


def _supporting(wanted: set[str], pieces: Sequence[tuple[int, str]], said: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Evidence that holds words of the claim which no better piece holds (greedy set cover)."""
    missing, chosen = set(wanted), set()
    while missing:
        best = max(range(len(said)), key=lambda i: len(missing & set(said[i])))
        gained = missing & set(said[best])
        if len(gained) < max(1, 0.15 * len(wanted)):
            break
        chosen.add(pieces[best][0])
        missing -= gained
    return tuple(sorted(chosen))


def _unsupported(claim: str, known: set[str]) -> tuple[tuple[int, int], ...]:
    """Spans of the claim's words that the evidence does not have, neighbours joined."""
    spans: list[tuple[int, int]] = []
    for word in _WORD.finditer(claim):
        found = terms(word.group())
        if not found or all(term in known for term in found):
            continue
        if spans and not claim[spans[-1][1] : word.start()].strip():
            spans[-1] = spans[-1][0], word.end()
        else:
            spans.append(word.span())
    return tuple(spans)
