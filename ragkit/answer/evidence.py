"""Evidence: the sentences of the found passages that best answer the question, and how well they do."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.answer import asked
from ragkit.answer.answerable import probability
from ragkit.contracts import TokenVectors
from ragkit.index.fusion import minmax
from ragkit.models.rerank import TokenCache, mean_direction, similarity, token_weights
from ragkit.records import Block, Evidence, Hit, Parsed
from ragkit.search import Found, Pinned, indexed_text
from ragkit.text import tables
from ragkit.text.sentences import units
from ragkit.text.words import terms

#: Weights of a sentence's score: alignment with the question (MaxSim with the passage's own contextual token vectors, all tokens of
#: the question alike: the words that ask tell sentences of one passage apart as much as rare words do), the cosine of the mean vectors
#: of both, BM25 among the candidate sentences, and its passage's score. Measured on the XQuAD and CLAPnq development questions.
ALIGNMENT, POOLED, LEXICAL, PASSAGE = 0.9, 0.2, 0.1, 0.1
#: ... and whether it has a thing of the kind that is asked for.
EXPECTED = 0.02
#: A sentence that scores lower than the best by more than this is not evidence.
MAX_GAP = 0.18
#: Sentences whose union must cover the question for it to count as answered.
UNION = 3
#: A token of the question that has no token of the evidence nearer than this cosine is not matched.
UNMATCHED = 0.5
_WORD = re.compile(r"\w")
_SCORE = {None: 0.0, True: 1.0, False: -1.0}


@dataclass(frozen=True, slots=True)
class _Sentence:
    hit: Hit
    start: int
    end: int
    text: str
    read: str
    best: NDArray[np.float32]
    mean: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Selection:
    """Evidence, best first; the probability in [0, 1] that it answers the question, and the signals behind that."""

    evidence: tuple[Evidence, ...]
    answerable: float
    signals: dict[str, float]


def select(question: str, found: Found, pinned: Pinned, tokens: TokenCache, count: int) -> Selection:
    """The (at most) ``count`` best sentences of ``found.hits`` for ``question``."""
    wanted = tokens.get([question])[0]
    weights = token_weights(question, wanted, found.idf)
    candidates = _candidates(found.hits, pinned, tokens, wanted)
    if not candidates or not len(weights):
        return Selection((), 0.0, {})
    scores = _scores(question, wanted, candidates)
    order = np.argsort(-scores, kind="stable").tolist()
    near = [i for i in order[:count] if scores[i] >= scores[order[0]] - MAX_GAP]
    evidence = tuple(_evidence(n, candidates[i], float(scores[i])) for n, i in enumerate(near, 1))
    signals = _signals(question, wanted, found.hits, candidates, [candidates[i] for i in order[:UNION]], weights, found.idf)
    return Selection(evidence, probability(signals), signals)


def _scores(question: str, wanted: TokenVectors, candidates: Sequence[_Sentence]) -> NDArray[np.float64]:
    """``(candidates,)``: how well each sentence answers, compared with the others."""
    middle = mean_direction(wanted.vectors)
    kind = asked.kind(question)
    alignment = np.array([float(c.best.mean()) for c in candidates])
    pooled = np.array([float(c.mean @ middle) for c in candidates])
    lexical = minmax(_bm25(terms(question), [terms(c.read) for c in candidates]))
    passage = np.array([c.hit.score for c in candidates])
    fitting = np.array([_SCORE[asked.has(kind, c.read, question)] for c in candidates])
    scores: NDArray[np.float64] = ALIGNMENT * alignment + POOLED * pooled + LEXICAL * lexical + PASSAGE * passage + EXPECTED * fitting
    return scores


def _candidates(hits: Sequence[Hit], pinned: Pinned, tokens: TokenCache, wanted: TokenVectors) -> list[_Sentence]:
    """The sentences of all hits, each once, with the question's best token matches in them; a table's row is read with its header."""
    vectors = tokens.get([indexed_text(h.headings, h.text) for h in hits], [h.chunk_id for h in hits])
    found: dict[tuple[int, int, int], _Sentence] = {}
    for hit, passage in zip(hits, vectors, strict=True):
        parsed = pinned.parsed(hit.document_id)
        above = indexed_text(hit.headings, "")
        base = len(above) - hit.start_char_index
        for start, end in _spans(parsed, hit):
            inside = (passage.starts >= start + base) & (passage.ends <= end + base)
            read = text = parsed.text[start:end]
            if (names := tables.header_above(parsed, start)) is not None:
                read = tables.read_with(parsed.text[slice(*names)], text)
                inside |= _header_tokens(passage, parsed.text[slice(*names)], above, names[0] + base)
            within = passage.vectors[inside]
            best = similarity(wanted.vectors, within)
            key = (hit.document_id, start, end)
            if key not in found or best.sum() > found[key].best.sum():
                first = hit if key not in found else found[key].hit
                found[key] = _Sentence(first, start, end, text, read, best, mean_direction(within))
    return list(found.values())


def _header_tokens(passage: TokenVectors, names: str, above: str, at: int) -> NDArray[np.bool_]:
    """Which tokens of a passage are those of its table's header: it begins at ``at``, or stands among the headings ``above``."""
    first = at if at >= len(above) else above.rfind(" ".join(names.split()))
    tokens: NDArray[np.bool_] = (passage.starts >= first) & (passage.ends <= first + len(names))
    return tokens if first >= 0 else np.zeros_like(tokens)


def _spans(parsed: Parsed, hit: Hit) -> list[tuple[int, int]]:
    """The sentences of a passage; its headings only when it has nothing else. The header of a table says nothing by itself, nor does a
    line without words."""
    inside = [
        (max(start, hit.start_char_index), min(end, hit.end_char_index), parsed.blocks[block].kind)
        for start, end, block in units(parsed, hit.start_char_index, hit.end_char_index)
        if start < hit.end_char_index and end > hit.start_char_index
    ]
    body = [(start, end) for start, end, kind in inside if kind != "heading"]
    headers = {tables.header(parsed, block) for block in _tables(parsed, hit)}
    said = [(start, end) for start, end in body if (start, end) not in headers and _WORD.search(parsed.text, start, end)]
    return said if body else [(start, end) for start, end, _ in inside]


def _tables(parsed: Parsed, hit: Hit) -> list[Block]:
    first = bisect.bisect_right(parsed.blocks, hit.start_char_index, key=lambda block: block.end)
    last = bisect.bisect_left(parsed.blocks, hit.end_char_index, key=lambda block: block.start)
    return [block for block in parsed.blocks[first:last] if block.kind == "table"]


def _bm25(query: list[str], sentences: list[list[str]]) -> NDArray[np.float64]:
    from rank_bm25 import BM25Okapi

    if not any(sentences):
        return np.zeros(len(sentences))
    return np.asarray(BM25Okapi(sentences, k1=1.2, b=0.75).get_scores(query), np.float64)


def _signals(
    question: str, wanted: TokenVectors, hits: Sequence[Hit], candidates: Sequence[_Sentence], best: Sequence[_Sentence],
    weights: NDArray[Any], idf: dict[str, float],
) -> dict[str, float]:  # fmt: skip
    """Absolute measures, each in [-1, 1], that do not depend on how many documents there are."""
    union = np.max([s.best for s in best], axis=0)
    said = {term for s in best for term in terms(s.read)}
    rarity = {term: idf.get(term, 0.0) for term in terms(question)}
    total = sum(rarity.values())
    content = weights > 0
    kind = asked.kind(question)
    middle = mean_direction(wanted.vectors)
    singles = [s.mean for s in candidates]
    return {
        "alignment": max(float(s.best @ weights) for s in best),
        "union": float(union @ weights),
        "content": float(union[content].mean()),
        "unmatched": float(weights[union < UNMATCHED].sum()),
        "dense": max(hit.scores.get("dense", 0.0) for hit in hits),
        "sentence": max(float(v @ middle) for v in singles),
        "pair": max(float(mean_direction(pair) @ middle) for pair in _neighbours(candidates)),
        "coverage": sum(weight for term, weight in rarity.items() if term in said) / total if total else 0.0,
        "expected": max(_SCORE[asked.has(kind, s.read, question)] for s in best),
        **{f"asks_{one}": float(kind == one) for one in asked.KINDS[:-1]},
    }


def _neighbours(sentences: Sequence[_Sentence]) -> list[NDArray[np.float32]]:
    """Each sentence with the one that follows it in its document."""
    ordered = sorted(sentences, key=lambda s: (s.hit.document_id, s.start))
    return [np.stack([a.mean, b.mean if b.hit.document_id == a.hit.document_id else a.mean]) for a, b in pairwise([*ordered, ordered[-1]])]


def _evidence(number: int, sentence: _Sentence, score: float) -> Evidence:
    hit = sentence.hit
    return Evidence(
        id=number,
        text=sentence.text,
        uri=hit.uri,
        document_id=hit.document_id,
        document_title=hit.title,
        document_version=hit.document_version,
        start_char_index=sentence.start,
        end_char_index=sentence.end,
        score=score,
        chunk_id=hit.chunk_id,
    )
