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
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import TokenVectors
from ragkit.models.rerank import TokenCache, mean_direction, similarity
from ragkit.records import Verdict
from ragkit.text.sentences import sentence_spans
from ragkit.text.words import terms

#: Longest window of evidence, in characters.
WINDOW = 800
#: A text whose last token ends before this share of it was cut off.
CUT = 0.9
SIGNALS = (
    "alignment", "weakest_quarter", "meaning", "weighted_coverage", "weighted_coverage_all", "order", "run", "numbers",
    "numbers_near", "together",
)  # fmt: skip
#: How sharply the soft minimum over tokens turns to the least of them.
SHARPNESS = 10.0

_PLAIN = re.compile(r"\w+")
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
#: The number of an item of a list, which is no part of what the item says.
_ITEM = re.compile(r"^\s*\d{1,2}[.)]\s+(?=[A-Z\"“])")
_TEENS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
#: Numbers in words, but for "one", which is mostly none. "Twenty-five" is 25.
_VALUES = {word: i for i, word in enumerate(_TEENS, 2)} | {word: 10 * i for i, word in enumerate(_TENS, 2)}
_SPELLED = re.compile(rf"\b(?:({'|'.join(_TENS)})[- ](one|{'|'.join(_TEENS[:8])})|({'|'.join(_VALUES)}))\b", re.IGNORECASE)
_NEGATIONS = "no not never none nobody nothing neither nor without cannot lack lacks fail fails failed unable".split()
_NEGATION = re.compile(rf"\b(?!not only)(?:{'|'.join(_NEGATIONS)})\b|n[’']t\b", re.IGNORECASE)


class AlignmentVerifier:
    """A :class:`ragkit.contracts.Verifier` from the alignment of token vectors, word coverage and order, numbers and names.

    ``support`` is the probability of a logistic model; ``verifier.json`` holds its coefficients and says what they were fitted on
    and how well they do. Evidence is read in overlapping windows of :data:`WINDOW` characters, all of it.
    """

    id = "alignment-3"

    def __init__(self, tokens: TokenCache) -> None:
        self._tokens = tokens

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """``claim`` against all of ``evidence`` together."""
        pieces = [(i, text[a:b]) for i, text in enumerate(evidence) for a, b in sentence_spans(text)]
        said = [terms(text) for _, text in pieces]
        wanted = terms(claim)
        if not wanted or not any(said):
            return Verdict(support=0.0, unsupported_spans=((0, len(claim)),) if claim else ())
        signals = self.signals(claim, evidence)
        known = {term for words in said for term in words}
        best = max(range(len(said)), key=lambda i: len(set(wanted) & set(said[i])))
        negation = float(bool(_NEGATION.search(claim)) != bool(_NEGATION.search(pieces[best][1])))
        coverage = sum(term in known for term in wanted) / len(wanted)
        conflict = coverage * max(negation, 1 - signals["numbers"])
        support = _probability(signals)
        if negation and _alike(set(wanted), set(said[best])):  # the same sentence, but for the negation
            support *= 1 - conflict
        return Verdict(
            support=support,
            contradiction=conflict if coverage > 0.5 else 0.0,
            supporting=_supporting(set(wanted), pieces, said),
            unsupported_spans=_unsupported(claim, known),
        )

    def signals(self, claim: str, evidence: Sequence[str]) -> dict[str, float]:
        """Measures in [0, 1] of how far ``evidence`` holds what ``claim`` says; all 0 when either has no words.

        ``weighted_coverage_all`` and ``numbers`` are of all the evidence, the others of the window that aligns best.
        """
        wanted = self._tokens.get([claim])[0]
        windows, found = self._read(_windows(evidence))
        weights = _weights(claim, wanted)
        if not found or not terms(claim) or not len(weights):
            return dict.fromkeys(SIGNALS, 0.0)
        matches = [similarity(wanted.vectors, one.vectors) for one in found]
        near = max(range(len(found)), key=lambda i: float(matches[i] @ weights))
        content = weights > 0
        text = " ".join(windows[near])
        order, words = terms(claim), _rarities(claim)
        here = [terms(sentence) for sentence in windows[near]]
        spoken = {term for sentence in here for term in sentence}
        everywhere = spoken.union(*(terms(sentence) for window in windows for sentence in window))
        total = sum(words.values()) or 1.0
        numbers = _numbers(_ITEM.sub("", claim))
        return {
            "alignment": float(matches[near] @ weights),
            "weakest_quarter": float(np.quantile(matches[near][content], 0.25)),
            "meaning": max(0.0, float(mean_direction(wanted.vectors) @ mean_direction(found[near].vectors))),
            "weighted_coverage": sum(weight for term, weight in words.items() if term in spoken) / total,
            "weighted_coverage_all": sum(weight for term, weight in words.items() if term in everywhere) / total,
            "order": _in_order(order, [term for sentence in here for term in sentence]),
            "run": max(_run(order, sentence) for sentence in here) / len(order),
            "numbers": _share(numbers, {number for window in windows for number in _numbers(" ".join(window))}),
            "numbers_near": _share(numbers, set(_numbers(text))),
            "together": self._together(claim, len(wanted.starts), text, found[near].ends),
        }

    def _together(self, claim: str, tokens: int, text: str, ends: NDArray[np.int32]) -> float:
        """How well those of the claim's ``tokens`` that fit worst are met when the model reads it after the ``text``, whose tokens'
        ``ends`` are given, in [0, 1]: the soft minimum of their best cosines. What the text does not say stands apart in such a reading.
        """
        limit = self._tokens.max_tokens
        room = max(limit - tokens, limit // 2)
        begun = text[: int(ends[room - 1])] if room < len(ends) else text
        read = self._tokens.inner(f"{begun} {claim}")
        own = read.starts > len(begun)
        best = similarity(read.vectors[own], read.vectors[~own])
        return float(np.clip(-np.log(np.mean(np.exp(-SHARPNESS * best))) / SHARPNESS, 0, 1)) if len(best) else 0.0

    def _read(self, windows: list[list[str]]) -> tuple[list[list[str]], list[TokenVectors]]:
        """The windows with their token vectors. What a model cuts off, because its own limit is less, is read in halves."""
        read: list[list[str]] = []
        vectors: list[TokenVectors] = []
        for window, found in zip(windows, self._tokens.get([" ".join(window) for window in windows]) if windows else (), strict=True):
            text = " ".join(window)
            if len(found.ends) and int(found.ends[-1]) < CUT * len(text):
                halves = self._read([[text[: len(text) // 2]], [text[len(text) // 2 :]]])
                read += halves[0]
                vectors += halves[1]
            else:
                read.append(window)
                vectors.append(found)
        return read, vectors


def _windows(evidence: Sequence[str]) -> list[list[str]]:
    """The sentences of all evidence in windows of at most :data:`WINDOW` characters, each of which begins in the middle of the one
    before: what two short passages say together is seen together."""
    pieces = [text[at : min(at + WINDOW, b)] for text in evidence for a, b in sentence_spans(text) for at in range(a, b, WINDOW)]
    ends = list(accumulate(len(piece) + 1 for piece in pieces))
    found: list[list[str]] = []
    first = 0
    while first < len(pieces):
        begin = ends[first] - len(pieces[first]) - 1
        last = first
        while last + 1 < len(pieces) and ends[last + 1] - begin <= WINDOW + 1:
            last += 1
        found.append(pieces[first : last + 1])
        if last + 1 == len(pieces):
            break
        first = max(first + 1, (first + last + 1) // 2)
    return found


def _rarity(word: str) -> float:
    """Longer words are rarer (Zipf 1935), and say more."""
    return float(min(len(word), 10) ** 1.5)


def _rarities(claim: str) -> dict[str, float]:
    """How much each index term of the claim says."""
    return {term: _rarity(word.group()) for word in _PLAIN.finditer(claim) for term in terms(word.group())}


def _weights(claim: str, tokens: TokenVectors) -> NDArray[np.float64]:
    """``(tokens,)`` weights that sum to 1, of the words that tokens belong to; 0 for stop words, equal ones where there is nothing else."""
    weights = np.zeros(len(tokens.starts))
    for word in _PLAIN.finditer(claim):
        if terms(word.group()):
            weights[(tokens.starts >= word.start()) & (tokens.ends <= word.end())] = _rarity(word.group())
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(len(weights), 1 / max(len(weights), 1))


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
    """Numbers in digits and in words, as digits."""
    spelled = (sum(_VALUES.get(part, 1) for part in found if part) for found in _SPELLED.findall(text.lower()))
    return [number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text)] + [str(value) for value in spelled]


def _alike(claim: set[str], sentence: set[str]) -> bool:
    both = len(claim & sentence)
    return both >= 0.7 * len(claim) and both >= 0.6 * len(sentence)


def _run(wanted: Sequence[str], said: Sequence[str]) -> int:
    """Length of the longest run of ``wanted`` that stands in ``said`` word by word."""
    best, row = 0, [0] * (len(said) + 1)
    for term in wanted:
        row = [0] + [row[j] + 1 if term == other else 0 for j, other in enumerate(said)]
        best = max(best, *row)
    return best


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
