"""One page of a PDF as lines of words. Speaks PDFium's C interface: a call a character, so what can be asked once is."""

from __future__ import annotations

import ctypes
import re
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ragkit.records import Box

from .builder import INVISIBLE
from .pdf_layout import Line, Word

if TYPE_CHECKING:
    import pypdfium2

_SMALLEST = 1.0
_WHITE = 248
#: What PDFium puts for the hyphen of a word that the end of a line breaks.
_SOFT = ("\x02", "\ufffe", "\uffff")
_TOKEN = re.compile("[\r\n\x02\ufffe\uffff]|[^\\s\x00-\x1f\x7f-\x9f\ufffe\uffff]+")


class Char(NamedTuple):
    """The address of the object that sets a character, and the character's box in the page's own coordinates (from the bottom left)."""

    thing: int
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
        self._box = raw.FS_RECTF()
        self._pointer = ctypes.byref(self._box)

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
        lines: list[Line] = []
        words: list[Word] = []
        text = self._text(textpage)
        for match in _TOKEN.finditer(text):
            piece = match.group()
            if piece in _SOFT and words:
                words[-1].soft = True
            if piece in _SOFT or piece == "\n":
                self._line(words, lines)
                words = []
            elif piece != "\r" and (word := self._word(textpage.raw, text, match.start(), match.end())):
                words.append(word)
        self._line(words, lines)
        return lines

    def _text(self, textpage: pypdfium2.PdfTextPage) -> str:
        """One character for each of PDFium's, so that places in the text are its indices; pairs of surrogates stay pairs."""
        raw, handle = self.raw, textpage.raw
        count = raw.FPDFText_CountChars(handle)
        buffer = (ctypes.c_ushort * (count + 1))()
        written = raw.FPDFText_GetText(handle, 0, count, buffer) if count > 0 else 0
        if written == count + 1:
            return "".join(map(chr, buffer[:count]))
        codes = (raw.FPDFText_GetUnicode(handle, index) for index in range(count))
        return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)

    def _word(self, handle: Any, text: str, start: int, end: int) -> Word | None:
        """The word at ``[start, end)``, or what of it shows. Where one text object sets all of it, its ends are enough to ask for."""
        first, last = self._char(handle, start), self._char(handle, end - 1)
        chars = text[start:end]
        plain = not INVISIBLE.search(chars)
        if plain and first.thing == last.thing and self._visible(first) and self._visible(last):
            shown = [first, last]
        else:
            every = [(char, self._char(handle, start + at)) for at, char in enumerate(chars)]
            kept = [(char, place) for char, place in every if not INVISIBLE.match(char) and self._visible(place)]
            self.hidden += len(every) - len(kept)
            chars, shown = "".join(char for char, _ in kept), [place for _, place in kept]
        if not shown:
            return None
        chars = chars.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        xa, ya = self._turned(min(c.left for c in shown), max(c.top for c in shown))
        xb, yb = self._turned(max(c.right for c in shown), min(c.bottom for c in shown))
        return Word(chars, Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)))

    def _char(self, handle: Any, index: int) -> Char:
        raw, box = self.raw, self._box
        raw.FPDFText_GetLooseCharBox(handle, index, self._pointer)
        thing = raw.FPDFText_GetTextObject(handle, index)
        return Char(ctypes.cast(thing, ctypes.c_void_p).value or 0, box.left, box.bottom, box.right, box.top)

    # --- what shows ---

    def _visible(self, char: Char) -> bool:
        left, bottom, right, top = self.frame
        x, y = (char.left + char.right) / 2, (char.bottom + char.top) / 2
        if not (left <= x <= right and bottom <= y <= top) or max(char.top - char.bottom, char.right - char.left) < _SMALLEST:
            return False
        if not char.thing:
            return True
        if char.thing not in self._shown:
            self._shown[char.thing] = self._object_shows(ctypes.cast(char.thing, self.raw.FPDF_PAGEOBJECT), x, y)
        return self._shown[char.thing]

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
