"""One page of a PDF as lines of words, asked of PDFium in bulk."""

from __future__ import annotations

import ctypes
import functools
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import pdf_native as native
from .builder import INVISIBLE
from .pdf_calls import Addresses, address, boxes, things
from .pdf_layout import Line
from .pdf_visible import Visibility

if TYPE_CHECKING:
    import pypdfium2

_SMALLEST = 1.0
#: What ends a line: its end, or what PDFium puts for the hyphen of a word that the end of a line breaks.
_ENDS = (0x0A, 0x02, 0xFFFE, 0xFFFF)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Control characters that are no blanks.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
#: Where letters run from right to left, PDFium may set one object's inside another's.
_ONE_WAY = re.compile("[^\x00-\u058f\u2000-\u2fff\u3000-\ud7ff]")


class Found(NamedTuple):
    """The words of a page: their text, the first and last character of each, the first of each line, and whether
    that ends in a soft hyphen."""

    text: list[str]
    starts: NDArray[np.int64]
    lasts: NDArray[np.int64]
    lines: NDArray[np.int64]
    soft: list[bool]


class PageReader:
    """Reads one page; ``notes`` then says what was left out, and why."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.page = page
        self.notes: list[str] = []
        self.hidden = Counter[str]()
        self.frame = page.get_cropbox(fallback_ok=True)
        self.turn = page.get_rotation()
        self.visibility = Visibility(page, self.frame)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page as it is seen, in points."""
        left, bottom, right, top = self.frame
        return (right - left, top - bottom) if self.turn in (0, 180) else (top - bottom, right - left)

    def lines(self) -> list[Line]:
        """The lines of the page, in the order in which the page sets them."""
        textpage = self.page.get_textpage()
        try:
            lines = self._read(textpage)
        finally:
            textpage.close()
        if self.visibility.scan_used:
            self.notes.append("a scan; its text is the scanner's own reading")
        if self.hidden:
            kinds = ", ".join(kind for kind, _ in sorted(self.hidden.items()))
            self.notes.append(f"{sum(self.hidden.values())} hidden characters left out ({kinds})")
        return lines

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture on the page."""
        return any(thing.type == self.visibility.raw.FPDF_PAGEOBJ_IMAGE for thing in self.page.get_objects(max_depth=3))

    def read_picture(self) -> list[Line]:
        """The lines that OCR reads from the page as it is painted."""
        from .. import ocr

        scale = min(3.0, ocr.LONGEST / max(*self.size, 1.0))
        bitmap = self.page.render(scale=scale, may_draw_forms=False, draw_annots=False)
        pixels = bitmap.to_numpy()[:, :, :3].copy()
        bitmap.close()
        return ocr.lines(pixels, 1 / scale)

    def rules(self) -> NDArray[np.float64]:
        """``(n, 4)``: the straight rules on the page, as x0, y0, x1, y1 from the top left."""
        return self._turned(self.visibility.things.rules[:, [0, 3, 2, 1]])

    def _read(self, textpage: pypdfium2.PdfTextPage) -> list[Line]:
        text = self._text(textpage)
        found = _words(text)
        if not found.text:
            return []
        handle = address(textpage.raw)
        places = boxes(handle, np.concatenate([found.starts, found.lasts]))
        first, last = places[: len(found.text)], places[len(found.text) :]
        kept = self._kept(handle, text, found, first, last)
        rows = np.empty((len(found.text), 4), np.float64)
        rows[:, 0], rows[:, 1] = np.minimum(first[:, 0], last[:, 0]), np.maximum(first[:, 1], last[:, 1])
        rows[:, 2], rows[:, 3] = np.maximum(first[:, 2], last[:, 2]), np.minimum(first[:, 3], last[:, 3])
        for at, box in kept.items():
            if box is not None:
                rows[at] = box
        if _SURROGATE.search(text):
            found.text[:] = [word.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in found.text]
        return _lines(found, self._turned(rows), {at for at, box in kept.items() if box is None})

    def _text(self, textpage: pypdfium2.PdfTextPage) -> str:
        """One character for each of PDFium's, so that places in the text are its indices; pairs of surrogates stay pairs."""
        import pypdfium2.raw as raw

        handle = textpage.raw
        count = raw.FPDFText_CountChars(handle)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        if raw.FPDFText_GetText(handle, 0, count, buffer) == count + 1:
            text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
            return text if len(text) == count else "".join(map(chr, buffer[:count]))
        codes = (raw.FPDFText_GetUnicode(handle, index) for index in range(count))
        return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)

    # --- what shows ---

    def _kept(
        self, handle: int, text: str, found: Found, first: NDArray[np.float64], last: NDArray[np.float64]
    ) -> dict[int, tuple[float, ...] | None]:
        """The words that may not show as they stand: ``None`` where nothing of them does, else the box of what does; their text is cut."""
        outside = self._outside(np.concatenate([first, last]))
        doubtful = set(np.flatnonzero(outside[: len(first)] | outside[len(first) :]).tolist())
        if INVISIBLE.search(text):
            doubtful.update(at for at, word in enumerate(found.text) if INVISIBLE.search(word))
        owners, mixed, parts, firsts = self._owners(handle, text, found)
        suspect = self.visibility.hiding(owners, first, last)
        if len(self.visibility.things.covers):
            orders = self.visibility.orders(owners)
            if len(mixed):
                orders[mixed] = np.minimum.reduceat(self.visibility.orders(parts), firsts)
            suspect |= self.visibility.under_cover(orders, first) | self.visibility.under_cover(orders, last)
        asked = np.flatnonzero(suspect).tolist()
        doubtful.update(set(asked).intersection(mixed.tolist()))
        doubtful.update(at for at in asked if self._hides(int(owners[at]), first[at]) or self._hides(int(owners[at]), last[at]))
        if len(mixed):
            doubtful.update(mixed[np.logical_or.reduceat(self.visibility.hiding(parts), firsts)].tolist())
        return {at: self._shown(handle, found, at) for at in sorted(doubtful)}

    def _hides(self, thing: int, place: NDArray[np.float64]) -> bool:
        left, top, right, bottom = place.tolist()
        return thing != 0 and self.visibility.why_hidden(thing, (left, bottom, right, top)) != ""

    def _owners(self, handle: int, text: str, found: Found) -> tuple[Addresses, NDArray[np.int64], Addresses, NDArray[np.int64]]:
        """The object that sets each word's first character; the words that not one object sets alone, the objects of all characters of
        those, and which of these are of the first character of a word."""
        low, high = found.starts, found.lasts
        starts = things(handle, low)
        several = low != high if _ONE_WAY.search(text) else starts != things(handle, high)
        mixed = np.flatnonzero(several)
        lengths = high[mixed] + 1 - low[mixed]
        firsts = np.cumsum(lengths) - lengths
        return starts, mixed, things(handle, np.arange(lengths.sum()) + np.repeat(low[mixed] - firsts, lengths)), firsts

    def _outside(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        left, bottom, right, top = self.frame
        x, y = (places[:, 0] + places[:, 2]) / 2, (places[:, 1] + places[:, 3]) / 2
        tiny = np.maximum(places[:, 2] - places[:, 0], places[:, 1] - places[:, 3]) < _SMALLEST
        outside: NDArray[np.bool_] = (x < left) | (x > right) | (y < bottom) | (y > top) | tiny
        return outside

    def _shown(self, handle: int, found: Found, at: int) -> tuple[float, ...] | None:
        """The box of what shows of a word, whose text is cut to it; ``None`` for nothing."""
        word, start = found.text[at], int(found.starts[at])
        indices = np.arange(start, start + len(word))
        kept = []
        for char, thing, place, out in zip(
            word, things(handle, indices).tolist(), places := boxes(handle, indices), self._outside(places).tolist(), strict=True
        ):
            why = self._why(char, thing, place.tolist(), out)
            if why:
                self.hidden[why] += 1
            else:
                kept.append((char, place))
        found.text[at] = "".join(char for char, _ in kept)
        if not kept:
            return None
        rows = np.array([place for _, place in kept])
        return float(rows[:, 0].min()), float(rows[:, 1].max()), float(rows[:, 2].max()), float(rows[:, 3].min())

    def _why(self, char: str, thing: int, place: list[float], out: bool) -> str:
        left, top, right, bottom = place
        if INVISIBLE.match(char):
            return "no glyph"
        if out:
            return "tiny" if max(top - bottom, right - left) < _SMALLEST else "off the page"
        return self.visibility.why_hidden(thing, (left, bottom, right, top)) if thing else ""

    def _turned(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes of the page's own coordinates (left, top, right, bottom) as seen: from the top left of the page, turned as it is shown."""
        left, bottom, right, top = self.frame
        x0, y1, x1, y0 = rows.T
        if self.turn == 0:
            turned = (x0 - left, top - y1, x1 - left, top - y0)
        elif self.turn == 90:
            turned = (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        elif self.turn == 180:
            turned = (right - x1, y0 - bottom, right - x0, y1 - bottom)
        else:
            turned = (top - y1, right - x1, top - y0, right - x0)
        return np.stack(turned, axis=1).round(2)


def _words(text: str) -> Found:
    codes = np.frombuffer(bytearray(text, "utf-16-le", "surrogatepass"), np.uint16)
    starts, lasts, lines, soft = native.words(codes, _kinds())
    return Found(_CONTROL.sub(" ", text).split(), starts, lasts, lines, soft.tolist())


@functools.cache
def _kinds() -> NDArray[np.uint8]:
    """For each code whether it stands in a word (0), between words (1), or ends a line (2)."""
    every = "".join(map(chr, range(1 << 16)))
    kinds = np.fromiter((char.isspace() or _CONTROL.match(char) is not None for char in every), np.uint8, 1 << 16)
    kinds[list(_ENDS)] = 2
    return kinds


def _lines(found: Found, rows: NDArray[np.float64], gone: set[int]) -> list[Line]:
    starts, words, soft = found.lines, found.text, found.soft
    if gone:
        kept = np.ones(len(words), np.bool_)
        kept[list(gone)] = False
        left = np.add.reduceat(kept, starts, dtype=np.int64)
        starts, soft = (np.cumsum(left) - left)[left > 0], [hyphen for hyphen, some in zip(soft, left.tolist(), strict=True) if some]
        words, rows = [word for word, some in zip(words, kept.tolist(), strict=True) if some], rows[kept]
    return Line.each(words, rows, starts, soft)
