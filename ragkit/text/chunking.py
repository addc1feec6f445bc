"""Structure-aware chunks: whole blocks where they fit, whole sentences where they do not, exact offsets always.

A chunk is a contiguous span of the canonical text, so it can only point to its own copy of a repeated passage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ragkit.records import Chunk, Parsed
from ragkit.settings import ChunkingSettings
from ragkit.text.sentences import units

Counter = Callable[[Sequence[str]], list[int]]

#: No token of a word-piece or byte-pair vocabulary is counted as longer than this, so that one "word" of a million
#: characters cannot become one chunk.
MAX_CHARACTERS_PER_TOKEN = 12
#: A longer first row of a table is not repeated: it would crowd out the rows below it.
MAX_TABLE_HEAD = 240


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    block: int
    tokens: int


def chunk(parsed: Parsed, count: Counter, settings: ChunkingSettings) -> list[Chunk]:
    """Chunks of at most ``settings.max_tokens`` tokens, in order; together they cover all text but white space.

    A heading starts a new chunk and belongs to it. A block that fits into a chunk is not cut unless the chunk
    before it would stay less than half full. Where running text is cut, the next chunk begins with whole sentences of
    the one before, at most ``settings.overlap_tokens``. A chunk that goes on with a table has the table's first row as its last heading.

    ``count`` gives the tokens of each of several texts (:meth:`ragkit.contracts.Embedder.count_tokens`).
    """
    pieces = _measured(parsed, count, settings.max_tokens)
    path = _HeadingPath(parsed)
    return [
        Chunk(
            start=group[0].start,
            end=group[-1].end,
            headings=path.above(group[0].start) + _table_head(parsed, group[0]),
            tokens=sum(u.tokens for u in group),
        )
        for group in _groups(parsed, pieces, settings)
    ]


def _table_head(parsed: Parsed, first: _Unit) -> tuple[str, ...]:
    """The first row of the table that the chunk goes on with, which says what its columns are."""
    block = parsed.blocks[first.block]
    if block.kind != "table" or first.start == block.start:
        return ()
    row = " ".join(parsed.text[block.start : block.end].partition("\n")[0].split())
    return (row,) if 0 < len(row) <= MAX_TABLE_HEAD and first.start > block.start + len(row) else ()


def _measured(parsed: Parsed, count: Counter, limit: int) -> list[_Unit]:
    """The units of the text with their token counts, none above ``limit``."""
    todo: list[tuple[int, int, int]] = []
    for start, end, block in units(parsed):
        todo.extend((a, b, block) for a, b in _sliced(parsed.text, start, end, limit * MAX_CHARACTERS_PER_TOKEN))
    done: dict[int, _Unit] = {}
    while todo:
        counts = count([parsed.text[a:b] for a, b, _ in todo])
        longer: list[tuple[int, int, int]] = []
        for (a, b, block), counted in zip(todo, counts, strict=True):
            tokens = max(counted, -(-(b - a) // MAX_CHARACTERS_PER_TOKEN))
            if tokens <= limit or b - a <= 1:
                done[a] = _Unit(a, b, block, min(tokens, limit))
            else:
                longer.extend((x, y, block) for x, y in _sliced(parsed.text, a, b, (b - a + 1) // 2))
        todo = longer
    return [done[a] for a in sorted(done)]


def _sliced(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """``[start, end)`` in slices of at most ``size`` characters, cut at white space where there is some."""
    while end - start > size:
        cut = start + size
        space = max(text.rfind(" ", start + 1, cut), text.rfind("\n", start + 1, cut))
        cut = space if space > start + size // 2 else cut
        yield start, cut
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _groups(parsed: Parsed, pieces: Sequence[_Unit], settings: ChunkingSettings) -> Iterator[list[_Unit]]:
    """Runs of units, each run one chunk."""
    limit = settings.max_tokens
    block_tokens: dict[int, int] = {}
    for unit in pieces:
        block_tokens[unit.block] = block_tokens.get(unit.block, 0) + unit.tokens
    group: list[_Unit] = []
    used = 0
    for unit in pieces:
        opens_block = not group or group[-1].block != unit.block
        heading = parsed.blocks[unit.block].kind == "heading"
        if group and heading and opens_block and any(parsed.blocks[u.block].kind != "heading" for u in group):
            yield group
            group, used = [], 0
        elif group and used + unit.tokens > limit:
            yield group
            group = _overlap(parsed, group, unit, settings)
            used = sum(u.tokens for u in group)
        elif opens_block and used > limit // 2 and used + block_tokens[unit.block] > limit >= block_tokens[unit.block]:
            yield group
            group, used = [], 0
        group.append(unit)
        used += unit.tokens
    if group:
        yield group


def _overlap(parsed: Parsed, group: Sequence[_Unit], unit: _Unit, settings: ChunkingSettings) -> list[_Unit]:
    """The last sentences of ``group`` that the next chunk repeats: of running text, never all of it."""
    kept: list[_Unit] = []
    room = min(settings.overlap_tokens, settings.max_tokens - unit.tokens)
    for last in reversed(group[1:]):
        room -= last.tokens
        if room < 0 or parsed.blocks[last.block].kind not in ("paragraph", "quote"):
            break
        kept.insert(0, last)
    return kept


class _HeadingPath:
    """The headings above a position, outermost first; positions are asked in rising order."""

    def __init__(self, parsed: Parsed) -> None:
        self._text = parsed.text
        self._headings = [b for b in parsed.blocks if b.kind == "heading"]
        self._next = 0
        self._path: list[tuple[int, str]] = []

    def above(self, position: int) -> tuple[str, ...]:
        while self._next < len(self._headings) and self._headings[self._next].start < position:
            heading = self._headings[self._next]
            while self._path and self._path[-1][0] >= heading.level:
                self._path.pop()
            self._path.append((heading.level, " ".join(self._text[heading.start : heading.end].split())))
            self._next += 1
        path = list(self._path)
        following = self._headings[self._next] if self._next < len(self._headings) else None
        if following is not None and following.start == position:
            path = [p for p in path if p[0] < following.level]
        return tuple(text for _, text in path)
