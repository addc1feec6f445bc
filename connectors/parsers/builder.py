"""Putting canonical text together from pieces that know where in the source they stand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Anchor, Block, BlockKind, Parsed

from .source import Source
from .unseen import UNSEEN, told

#: The same for what reads characters one at a time.
INVISIBLE = re.compile("[\u00ad\u180e\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e01ef]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Piece(NamedTuple):
    """Some text; ``start``/``end`` are its place in the source's characters, -1 when it comes from nowhere there;
    ``place`` is its place in words."""

    text: str
    start: int = -1
    end: int = -1
    place: str | None = None


class Builder:
    """Collects pieces; :meth:`flush` turns what was collected into a block."""

    def __init__(self, source: Source | None = None) -> None:
        self.source = source
        self.blocks: list[Block] = []
        self.anchors: list[Anchor] = []
        self.warnings: list[str] = []
        #: Characters that show as nothing: those that may carry words, and those that only steer lines.
        self.invisible = self.marks = 0
        #: Parts that are no text of the document, such as comments, by what they are called.
        self.left_out = Counter[str]()
        #: Where in words what is added from now on stands; anchors name it beside the bytes.
        self.place: str | None = None
        self._parts: list[str] = []
        self._length = 0
        self._pending: list[Piece] = []

    def add(self, text: str, start: int = -1, end: int = -1, *, place: str | None = None) -> int:
        """``text``, from the source's characters ``[start, end)``: the same characters, or, of another length, a stand-in
        for them; and from ``place``, where a part of a block has a place of its own. Returns how many characters were added;
        invisible ones are not."""
        place = place or self.place
        if text.isascii() and text.isprintable():
            return self._part(Piece(text, start, end, place))
        text = _CONTROL.sub(" ", text)
        same, at, added = start >= 0 and end - start == len(text), 0, 0
        for match in UNSEEN.finditer(text):
            low, high = (start + at, start + match.start()) if same else (start, end)
            added += self._part(Piece(text[at : match.start()], low, high, place))
            self._unseen(match)
            at = match.end()
        return added + self._part(Piece(text[at:], start + at if same else start, end, place))

    def _unseen(self, match: re.Match[str]) -> None:
        count = len(match.group())
        if match["flag"]:
            self.invisible += count
        elif count == 1:
            self.marks += 1

    def _part(self, piece: Piece) -> int:
        if piece.text:
            self._pending.append(piece)
        return len(piece.text)

    def end_line(self) -> bool:
        """Makes a line's end of the blank that was added last; whether there is one."""
        blank = bool(self._pending) and self._pending[-1].text == " "
        if blank:
            self._pending[-1] = self._pending[-1]._replace(text="\n")
        return blank

    @property
    def idle(self) -> bool:
        """Whether nothing at all was added since the last flush."""
        return not self._pending

    @property
    def pending(self) -> bool:
        """Whether anything but white space was added since the last flush."""
        return any(not piece.text.isspace() and piece.text for piece in self._pending)

    def flush(self, kind: BlockKind = "paragraph", level: int = 0, *, tight: bool = False, place: str | None = None) -> None:
        """Ends the block. ``tight`` sets it on the next line instead of after a blank one."""
        pieces, self._pending = _stripped(self._pending), []
        if not pieces:
            return
        separator = "" if not self.blocks else "\n" if tight else "\n\n"
        self._parts.append(separator)
        self._length += len(separator)
        start = self._length
        for piece in pieces:
            self._parts.append(piece.text)
            self._anchor(piece)
            self._length += len(piece.text)
        self.blocks.append(Block(kind=kind, start=start, end=self._length, level=level))
        if place is not None:
            self.anchors.append(Anchor(start=start, end=self._length, place=place))

    def _anchor(self, piece: Piece) -> None:
        if not piece.text:
            return
        here = Anchor(start=self._length, end=self._length + len(piece.text), place=piece.place)
        if self.source is None or piece.start < 0 or piece.end <= piece.start:
            self._named(here)
            return
        shift = self._length - piece.start
        if len(piece.text) == piece.end - piece.start:
            runs = self.source.pieces(piece.start, piece.end)
            for run in runs:
                low, high = run.start + shift, run.end + shift
                self.anchors.append(Anchor(start=low, end=high, byte_start=run.first, byte_end=run.last, place=piece.place))
            if not runs:
                self._named(here)
        elif span := self.source.span(piece.start, piece.end):
            self.anchors.append(replace(here, byte_start=span[0], byte_end=span[1]))
        else:
            self._named(here)

    def _named(self, here: Anchor) -> None:
        """An anchor of words alone, joined with the one before it where both name the same place."""
        last = self.anchors[-1] if self.anchors else None
        if here.place is None:
            return
        if last and last.place == here.place and last.byte_start is None and last.end == here.start:
            self.anchors[-1] = replace(last, end=here.end)
        else:
            self.anchors.append(here)

    def embed(self, parsed: Parsed, place: str) -> None:
        """The blocks of a document inside this one (a notebook's cell, an e-mail's part), which all stand at ``place``."""
        end = -1
        for block in parsed.blocks:
            self.add(parsed.text[block.start : block.end])
            self.flush(block.kind, block.level, tight=end >= 0 and block.start - end < 2, place=place)
            end = block.end
        self.warnings.extend(f"{place}: {line}" for line in parsed.warnings)

    def text(self) -> str:
        """The canonical text so far.

        Raises:
            ParseError: there is none.
        """
        self.warnings += told(self.invisible, self.marks)
        self.warnings += [f"{number} {what}{'s' * (number > 1)} left out" for what, number in self.left_out.items()]
        if not self.blocks:
            raise ParseError("the document holds no visible text")
        return "".join(self._parts)


def _stripped(pieces: list[Piece]) -> list[Piece]:
    """Without white space at either end."""
    low, high = 0, len(pieces)
    while low < high and not pieces[low].text.strip():
        low += 1
    while low < high and not pieces[high - 1].text.strip():
        high -= 1
    pieces = pieces[low:high]
    if pieces:
        pieces[0] = _cut(pieces[0], len(pieces[0].text) - len(pieces[0].text.lstrip()), 0)
        pieces[-1] = _cut(pieces[-1], 0, len(pieces[-1].text) - len(pieces[-1].text.rstrip()))
    return pieces


def _cut(piece: Piece, front: int, back: int) -> Piece:
    text = piece.text[front : len(piece.text) - back]
    if piece.start < 0 or piece.end - piece.start != len(piece.text):
        return piece._replace(text=text)
    return piece._replace(text=text, start=piece.start + front, end=piece.end - back)
