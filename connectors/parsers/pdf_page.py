"""One page of a PDF as lines of words. Speaks PDFium's C interface: a call a character, so what can be asked once is."""

from __future__ import annotations

import ctypes
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ragkit.records import Box

from .builder import INVISIBLE
from .pdf_layout import Line, Word

if TYPE_CHECKING:
    import pypdfium2

_SMALLEST = 1.0
_WHITE = 248
_SPACES = frozenset(" \t\u00a0\u2002\u2003\u2009\u3000")
_SOFT = frozenset("\x02\ufffe\uffff")


class Char(NamedTuple):
    """A character and its box in the page's own coordinates (from the bottom left)."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


class PageReader:
    """Reads one page; ``notes`` then says what was left out, and why."""

    def __init__(self, document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page
        self.notes: list[str] = []
        self.hidden = 0
        self.frame = page.get_cropbox(fallback_ok=True)
        self.turn = page.get_rotation()
        self._shown: dict[int, bool] = {}
        self._grounds: list[tuple[float, float, float, float]] | None = None
        self._scan: bool | None = None

    def lines(self) -> list[Line]:
        """The lines of the page, in the order in which the page sets them."""
        textpage = self.page.get_textpage()
        try:
            lines = self._read(textpage)
        finally:
            textpage.close()
        if self.hidden:
            self.notes.append(f"{self.hidden} hidden characters left out")
        return lines

    def _read(self, textpage: pypdfium2.PdfTextPage) -> list[Line]:
        raw, handle = self.raw, textpage.raw
        rectangle = raw.FS_RECTF()
        pointer = ctypes.byref(rectangle)
        lines: list[Line] = []
        words: list[Word] = []
        chars: list[Char] = []
        index, count = 0, raw.FPDFText_CountChars(handle)
        while index < count:
            code = raw.FPDFText_GetUnicode(handle, index)
            at, index = index, index + 1
            if 0xD800 <= code < 0xDC00 and index < count:
                low = raw.FPDFText_GetUnicode(handle, index)
                code, index = 0x10000 + ((code - 0xD800) << 10) + (low & 0x3FF), index + 1
            text = chr(code)
            if text in "\r\n" or text in _SOFT:
                self._word(chars, words, soft=text in _SOFT)
                if text in "\n" or text in _SOFT:
                    self._line(words, lines)
                    words = []
                chars = []
            elif text in _SPACES:
                self._word(chars, words)
                chars = []
            elif code >= 0x20:
                raw.FPDFText_GetLooseCharBox(handle, at, pointer)
                char = Char(text, rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
                if self._visible(raw.FPDFText_GetTextObject(handle, at), char):
                    chars.append(char)
                else:
                    self.hidden += 1
        self._word(chars, words)
        self._line(words, lines)
        return lines

    # --- what shows ---

    def _visible(self, thing: ctypes._Pointer[ctypes.Structure] | None, char: Char) -> bool:
        if INVISIBLE.match(char.text) or "\ud800" <= char.text <= "\udfff":
            return False
        left, bottom, right, top = self.frame
        middle, height = (char.left + char.right) / 2, (char.bottom + char.top) / 2
        if not (left <= middle <= right and bottom <= height <= top):
            return False
        if max(char.top - char.bottom, char.right - char.left) < _SMALLEST:
            return False
        if not thing:
            return True
        address = ctypes.cast(thing, ctypes.c_void_p).value or 0
        if address not in self._shown:
            self._shown[address] = self._object_shows(thing, middle, height)
        return self._shown[address]

    def _object_shows(self, thing: ctypes._Pointer[ctypes.Structure], x: float, y: float) -> bool:
        raw = self.raw
        mode = raw.FPDFTextObj_GetTextRenderMode(thing)
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return self._is_scan()
        if mode != raw.FPDF_TEXTRENDERMODE_FILL:
            return True
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not raw.FPDFPageObj_GetFillColor(thing, *map(ctypes.byref, (red, green, blue, alpha))):
            return True
        if alpha.value < 8:
            return False
        white = min(red.value, green.value, blue.value) >= _WHITE
        return not white or any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in self._painted())

    def _painted(self) -> list[tuple[float, float, float, float]]:
        """The places that something other than white text may have painted: there white text can be read."""
        if self._grounds is None:
            raw = self.raw
            self._grounds = []
            for thing in self.page.get_objects(max_depth=1):
                if thing.type == raw.FPDF_PAGEOBJ_TEXT or (thing.type == raw.FPDF_PAGEOBJ_PATH and not self._dark(thing.raw)):
                    continue
                self._grounds.append(thing.get_bounds())
        return self._grounds

    def _dark(self, path: ctypes._Pointer[ctypes.Structure]) -> bool:
        raw = self.raw
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, ctypes.byref(mode), ctypes.byref(stroke))
        if mode.value == raw.FPDF_FILLMODE_NONE:
            return False
        colour = tuple(ctypes.c_uint() for _ in range(4))
        told = raw.FPDFPageObj_GetFillColor(path, *map(ctypes.byref, colour))
        return not told or (colour[3].value > 8 and min(part.value for part in colour[:3]) < _WHITE)

    def _is_scan(self) -> bool:
        """Whether a picture covers most of the page: then invisible text is what a scanner's software read from it."""
        if self._scan is None:
            left, bottom, right, top = self.frame
            whole = max((right - left) * (top - bottom), 1.0)
            images = (thing.get_bounds() for thing in self.page.get_objects(max_depth=3) if thing.type == self.raw.FPDF_PAGEOBJ_IMAGE)
            self._scan = any((x1 - x0) * (y1 - y0) >= 0.5 * whole for x0, y0, x1, y1 in images)
            if self._scan:
                self.notes.append("a scan; its text is the scanner's own reading")
        return self._scan

    # --- words and lines ---

    def _word(self, chars: list[Char], words: list[Word], *, soft: bool = False) -> None:
        if chars:
            text = "".join(char.text for char in chars)
            corners = (
                self._turned(min(c.left for c in chars), max(c.top for c in chars)),
                self._turned(max(c.right for c in chars), min(c.bottom for c in chars)),
            )
            (xa, ya), (xb, yb) = corners
            words.append(Word(text, Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)), soft))
        elif soft and words:
            words[-1].soft = True

    def _line(self, words: list[Word], lines: list[Line]) -> None:
        if words:
            lines.append(Line(words, median(min(w.box.y1 - w.box.y0, 200.0) for w in words)))

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        """A point of the page's own coordinates as seen: from the top left of the page, turned as it is shown."""
        left, bottom, right, top = self.frame
        if self.turn == 90:
            return y - bottom, x - left
        if self.turn == 180:
            return right - x, y - bottom
        if self.turn == 270:
            return top - y, right - x
        return x - left, top - y
