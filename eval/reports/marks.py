"""Texts with the spans that matter marked: pieces that follow each other, each with what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ragkit.records import Jsonable, record

from ..gold import Gold, find_quote
from ..response import Cited, Passage, Response

#: Start and end in a text, and what stands there: ``cited`` or ``gold``.
Span = tuple[int, int, str]

#: What stands for text that was left out.
GAP = " … "


@record
class Piece(Jsonable):
    """A run of text; ``kind`` is ``""``, ``"cited"``, ``"gold"`` or ``"cited gold"``."""

    text: str
    kind: str = ""


def pieces(text: str, spans: Sequence[Span], most: int | None = None) -> tuple[Piece, ...]:
    """``text`` cut where a span begins or ends. With ``most``, long runs that nothing marks are shortened to about so many
    characters together, those next to a mark kept; what is marked stays whole.

    >>> [(p.text, p.kind) for p in pieces("abcdef", [(1, 4, "cited"), (3, 5, "gold")])]
    [('a', ''), ('bc', 'cited'), ('d', 'cited gold'), ('e', 'gold'), ('f', '')]
    """
    inside = [(max(0, start), min(len(text), end), kind) for start, end, kind in spans]
    inside = [span for span in inside if span[0] < span[1]]
    borders = sorted({0, len(text), *(place for start, end, _ in inside for place in (start, end))})
    made: list[Piece] = []
    for low, high in pairwise(borders):
        kind = " ".join(sorted({kind for start, end, kind in inside if start <= low and high <= end}))
        if made and made[-1].kind == kind:
            made[-1] = Piece(text=made[-1].text + text[low:high], kind=kind)
        else:
            made.append(Piece(text=text[low:high], kind=kind))
    return tuple(made if most is None else _shortened(made, most))


def _shortened(made: Sequence[Piece], most: int) -> Iterator[Piece]:
    plain = sum(not piece.kind for piece in made)
    each = most // max(plain, 1)
    for number, piece in enumerate(made):
        if piece.kind or len(piece.text) <= each + len(GAP):
            yield piece
        elif number == 0 and len(made) > 1:
            yield Piece(text=GAP + piece.text[-each:])
        elif number == len(made) - 1:
            yield Piece(text=piece.text[:each] + GAP)
        else:
            yield Piece(text=piece.text[: each // 2] + GAP + piece.text[-(each // 2) :])


def cited_in(response: Response, cited: Cited) -> tuple[str, list[Span], str]:
    """The text in which a citation stands, the cited span in it, and a passage's place in words.

    The text is that of a passage that holds the cited place, of ``passages`` or ``context``; else the cited words by themselves.
    """
    if cited.passage is not None:
        found = response.resolved(cited)
        if found is None:
            return "", [], f"passage {cited.passage + 1}, of {len(response.passages)}: there is none"
        return found.text, [(0, len(found.text), "cited")], place(found)
    here = place(Passage(uri=cited.uri, start=cited.start, end=cited.end))
    for passage in (*response.passages, *response.context):
        span = span_in(passage, cited)
        if span is not None and (span[1] - span[0]) < len(passage.text):
            return passage.text, [(*span, "cited")], here
    return cited.text, [(0, len(cited.text), "cited")], here


def span_in(passage: Passage, cited: Cited) -> tuple[int, int] | None:
    """Where in a passage's text a citation stands: by offsets where its text is there, else by its words; ``None``: it does not."""
    if passage.uri != cited.uri or not cited.text:
        return None
    if passage.start is not None and cited.start is not None:
        start = cited.start - passage.start
        if start >= 0 and passage.text[start : start + len(cited.text)] == cited.text:
            return start, start + len(cited.text)
        if cited.end is not None and passage.end is not None and not (cited.start < passage.end and passage.start < cited.end):
            return None
    at = passage.text.find(cited.text)
    return (at, at + len(cited.text)) if at >= 0 else None


def spans_of(passage: Passage, gold: Sequence[Gold], cited: Sequence[Cited]) -> list[Span]:
    """What is marked in a retrieved passage: gold quotes, and what the answer cites of it."""
    found: list[Span] = [(*span, "cited") for one in cited if (span := span_in(passage, one)) is not None]
    for place_ in gold:
        if place_.gain > 0 and place_.covers(passage):
            found += [(start, end, "gold") for start, end in _gold_spans(passage, place_)]
    return found


def _gold_spans(passage: Passage, gold: Gold) -> Iterator[tuple[int, int]]:
    if gold.uris is not None and passage.start is not None and passage.uri in gold.uris:
        for start, end in gold.spans[gold.uris.index(passage.uri)]:
            yield start - passage.start, end - passage.start
    elif gold.quote:
        yield from find_quote(passage.text, gold.quote)


def place(passage: Passage) -> str:
    """A passage's document and offsets."""
    span = "" if passage.start is None or passage.end is None else f", characters {passage.start}–{passage.end}"
    return f"{passage.uri or 'no document named'}{span}"
