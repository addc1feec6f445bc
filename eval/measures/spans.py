"""What is cited against what is annotated, character by character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..gold import Gold, Span, plain
from ..outcome import Outcome
from ..response import Passage


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap or touch as one.

    >>> merged([(5, 9), (0, 3), (2, 5)])
    [(0, 9)]
    """
    found: list[Span] = []
    for low, high in sorted(span for span in spans if span[0] < span[1]):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def shared(a: Sequence[Span], b: Sequence[Span]) -> int:
    """Characters that lie in both of two lists of merged spans."""
    return sum(max(0, min(high, top) - max(low, bottom)) for low, high in a for bottom, top in b)


def annotated(outcome: Outcome) -> bool:
    """Whether the gold is passages, not whole documents."""
    return all(gold.quote is not None and gold.quote.strip() and all(gold.spans) for gold in outcome.relevant)


def characters(outcome: Outcome) -> tuple[int, int, int, int]:
    """Characters cited, those of them that are annotated, characters annotated, those of them that are cited.

    A gold quote that stands in several places is found where most of it is cited; one that the documents do not hold counts as not
    found. Where offsets are missing, texts are compared: a cited text and a quote share what they have in common when one holds the other.
    """
    places = [resolved for one in outcome.response.citations if (resolved := outcome.response.resolved(one)) is not None]
    if any(gold.uris is None for gold in outcome.relevant) or any(p.start is None or p.end is None for p in places):
        return _by_text([p.text for p in places], [gold.quote or "" for gold in outcome.relevant])
    cited = {uri: merged(_span(p) for p in places if p.uri == uri) for uri in {p.uri for p in places}}
    right = {uri: merged(s for gold in outcome.relevant for s in _spans(gold, uri)) for uri in cited}
    found = [_found(gold, cited) for gold in outcome.relevant]
    length = sum(high - low for spans in cited.values() for low, high in spans)
    return length, sum(shared(spans, right[uri]) for uri, spans in cited.items()), sum(n for _, n in found), sum(n for n, _ in found)


def _by_text(cited: Sequence[str], quotes: Sequence[str]) -> tuple[int, int, int, int]:
    texts, wanted = list(dict.fromkeys(map(plain, cited))), list(map(plain, quotes))
    right = sum(min(len(text), sum(_common(text, quote) for quote in wanted)) for text in texts)
    return sum(map(len, texts)), right, sum(map(len, wanted)), sum(max((_common(t, q) for t in texts), default=0) for q in wanted)


def _common(a: str, b: str) -> int:
    return len(b) if b in a else len(a) if a in b else 0


def _span(passage: Passage) -> Span:
    return max(passage.start or 0, 0), max(passage.end or 0, 0)


def _spans(gold: Gold, uri: str) -> tuple[Span, ...]:
    return gold.spans[gold.uris.index(uri)] if gold.uris and uri in gold.uris else ()


def _found(gold: Gold, cited: dict[str, list[Span]]) -> tuple[int, int]:
    """Characters of a gold place that are cited, at best, and all of them."""
    ways = [(shared([span], cited.get(uri, [])), span[1] - span[0]) for uri in gold.uris or () for span in _spans(gold, uri)]
    return max(ways, key=lambda way: way[0] / max(way[1], 1), default=(0, len(gold.quote or "")))
