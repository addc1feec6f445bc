"""Whether the map leads back: for random spans of every file, the text stands at the place in the source that the map names.

Of each span every part under one anchor is looked up by other means than ragkit's own (see bench/places.py): bytes are decoded, cells
asked of openpyxl and xlrd, paragraphs of python-docx, slides of python-pptx, boxes of PDFium, which gives the text of the rectangle,
or of OCR on the picture's rectangle alone. White space and the bars between a table's cells are not compared, what else is there is,
character by character; text beyond a span is not counted against it. A character that no anchor covers is counted as without a place,
unless it is a bar, a bullet or a list item's number, which the format generates.
"""

from __future__ import annotations

import html
import io
import json
import random
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from typing import Any, NamedTuple

from bench.common import data as data_folder
from bench.common import emit, parser
from bench.places import BY_SUFFIX, table
from ragkit.connectors.anchoring import byte_span, covering
from ragkit.records import Anchor, Parsed

SPANS = 200
#: The heading that a record of JSON is given, which leads to the record.
_RECORD = re.compile(r"record \d+")
_MARKS = {
    "\\'e": "é", "---": "—", "--": "–", "``": "“", "''": "”", "`": "‘", "'": "’", "~": " ",
    "\\&": "&", "\\%": "%", "\\_": "_", "\\$": "$", "\\#": "#",
}  # fmt: skip
_NUMBER = re.compile(r"^[ ]*(?:\d+[.)]|[-*•])(?:[ ]|$)", re.M)
_LATEX = re.compile(r"\\[a-z]+|[\^_{}()&/\\\[\]⋀∯∰]")
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufeff]")
_MARKDOWN = re.compile(r"\\([!-/:-@\[-`{-~])")
#: Reading a rectangle of a picture once more may differ in a letter.
_SAME = 0.8


class Fault(NamedTuple):
    """A part of a span that is not at its place."""

    text: str
    place: str
    there: str


def squeezed(text: str) -> str:
    """Without white space, bars and characters that show as nothing; compatibility forms folded."""
    return re.sub(r"[\s|\xad\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff]+", "", unicodedata.normalize("NFKC", text))


def spans(parsed: Parsed, seed: str, count: int = SPANS) -> Iterator[tuple[int, int]]:
    rng = random.Random(seed)
    for _ in range(count):
        start = rng.randrange(len(parsed.text))
        yield start, min(len(parsed.text), start + rng.randint(1, 120))


class Checker:
    """Looks places of one file up; ``pictures`` says whether boxes on pictures are read by OCR again."""

    def __init__(self, data: bytes, suffix: str, parsed: Parsed, *, pictures: bool = True) -> None:
        self.data, self.parsed, self.pictures = data, parsed, pictures
        self.encoding = str(parsed.metadata.get("encoding", "utf-8"))
        self.numbered = _NUMBER.sub(lambda found: " " * len(found[0]), parsed.text)
        #: Without numbers of list items, and without the marks of LaTeX, in which the formulas of Word are set.
        self.unset = _LATEX.sub(lambda found: " " * len(found[0]), parsed.text) if suffix == "docx" else self.numbered
        self.resolve: Callable[[str], list[str]] | None = None
        if suffix in ("csv", "tsv"):
            told = str(parsed.metadata["delimiter"])
            self.resolve = table(data, self.encoding, "\t" if told == "tab" else told)
        elif suffix in BY_SUFFIX:
            self.resolve = BY_SUFFIX[suffix](data)
        self.pages: dict[int, Any] = {}

    def faults(self, start: int, end: int) -> list[Fault]:
        found, at = [], start
        for anchor in covering(self.parsed.anchors, start, end):
            low, high = max(start, anchor.start), min(end, anchor.end)
            found += self._bare(at, low)
            at = high
            text = self.parsed.text[low:high]
            if fault := self._fault(anchor, low, high, text):
                found.append(fault)
        return found + self._bare(at, end)

    def _bare(self, low: int, high: int) -> list[Fault]:
        text = self.numbered[low:high]
        return [Fault(text, "none", "")] if re.search(r"\w", text) else []

    def _fault(self, anchor: Anchor, low: int, high: int, text: str) -> Fault | None:
        wanted = squeezed(text)
        if not wanted:
            return None
        there: list[str] = []
        if anchor.byte_start is not None:
            first, last = byte_span(self.parsed, low, high) or (0, 0)
            there, whole = _decoded(self.data[first:last], self.encoding), self.parsed.text[anchor.start : anchor.end]
            if not any(wanted in squeezed(one) for one in there) and not _RECORD.fullmatch(whole):
                return Fault(text, f"bytes {first}-{last}", there[0][:200])
        if anchor.page is not None and anchor.box is not None:
            place = f"page {anchor.page}, {anchor.box.x0:g} {anchor.box.y0:g} {anchor.box.x1:g} {anchor.box.y1:g}"
            page = self._page(anchor.page)
            return None if page is None else page.fault(anchor, wanted, text, place)
        if anchor.place is not None:
            there = self._named(anchor)
            bare, said = squeezed(self.numbered[low:high]), squeezed(self.unset[low:high])
            if not any(wanted in squeezed(one) or bare in squeezed(one) or said in squeezed(_LATEX.sub("", one)) for one in there):
                return Fault(text, anchor.place, there[0][:200])
        return None

    def _named(self, anchor: Anchor) -> list[str]:
        place = anchor.place or ""
        if found := re.fullmatch(r"line (\d+)", place):
            first, lines = int(found[1]), self.data.decode(self.encoding, "replace").split("\n")
            if anchor.byte_start is not None and (line := self.data.count(b"\n", 0, anchor.byte_start) + 1) != first:
                return [f"the bytes are on line {line}"]
            last = first + self.parsed.text.count("\n", anchor.start, anchor.end)
            return _decoded("\n".join(lines[first - 1 : last]).encode(), "utf-8")
        if self.resolve is None:
            raise LookupError(place)
        return self.resolve(place)

    def _page(self, number: int) -> Any:
        if number not in self.pages:
            self.pages[number] = _pdf_page(self.data, number, self.pictures) if self.data[:1024].find(b"%PDF-") >= 0 else (
                _Picture(self.data, number) if self.pictures else None
            )  # fmt: skip
        return self.pages[number]


def _decoded(raw: bytes, encoding: str) -> list[str]:
    text = raw.decode(encoding, "replace")
    plain = html.unescape(re.sub(r"<[^<>]*>", "", text))
    spelled = re.sub(r"\\u[0-9a-fA-F]{4}|\\[nrtbf\"/\\]", lambda found: _escape(found[0]), text)
    return [text, plain, _MARKDOWN.sub(r"\1", plain), spelled, text.replace('""', '"'), _typeset(text)]


def _escape(found: str) -> str:
    return str(json.loads(f'"{found}"'))


def _typeset(text: str) -> str:
    """What LaTeX and AsciiDoc print for marks."""
    for mark, shown in _MARKS.items():
        text = text.replace(mark, shown)
    return text


class _Words:
    """A page of a PDF: PDFium gives the text of a rectangle."""

    def __init__(self, page: Any) -> None:
        self.text, self.frame, self.turn = page.get_textpage(), page.get_cropbox(fallback_ok=True), page.get_rotation()

    def fault(self, anchor: Anchor, wanted: str, text: str, place: str) -> Fault | None:
        there = self.text.get_text_bounded(*self._rectangle(anchor))
        given = squeezed(there.replace("\x02", "").replace("\ufffe", ""))
        if wanted in given or wanted.replace("-", "") in given.replace("-", ""):
            return None
        if _FROM_THE_RIGHT.search(text) and not Counter(wanted) - Counter(given):  # PDFium may give its letters in another order
            return None
        return Fault(text, place, there[:200])

    def _rectangle(self, anchor: Anchor) -> tuple[float, float, float, float]:
        """From what is seen, from the top left, to the page's own coordinates; a point more on either side."""
        box, (left, bottom, right, top) = anchor.box, self.frame
        assert box is not None  # noqa: S101 - the caller looked
        x0, y0, x1, y1 = box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1
        return {
            0: (left + x0, top - y1, left + x1, top - y0),
            90: (left + y0, bottom + x0, left + y1, bottom + x1),
            180: (right - x1, bottom + y0, right - x0, bottom + y1),
            270: (right - y1, top - x1, right - y0, top - x0),
        }[self.turn]


class _Picture:
    """A picture: the rectangle is read by OCR alone."""

    def __init__(self, data: bytes, number: int, image: Any = None, points: float = 1.0) -> None:
        from PIL import Image, ImageOps

        self.image, self.points = image, points
        if image is None:
            opened = Image.open(io.BytesIO(data))
            opened.seek(number - 1)
            dots = opened.info.get("dpi", (72, 72))
            self.points = float(dots[0]) / 72 if float(dots[0]) > 1 else 1.0
            self.image = ImageOps.exif_transpose(opened).convert("RGB")
        self.read: dict[tuple[float, ...], list[str]] = {}

    def fault(self, anchor: Anchor, wanted: str, text: str, place: str) -> Fault | None:
        box = anchor.box
        assert box is not None  # noqa: S101 - the caller looked
        key = (box.x0, box.y0, box.x1, box.y1)
        if key not in self.read:
            self.read[key] = list(self._again(*(self.points * edge for edge in key)))
        for reading in self.read[key]:
            matcher = SequenceMatcher(None, wanted, squeezed(reading), autojunk=False)
            if sum(block.size for block in matcher.get_matching_blocks()) >= _SAME * len(wanted):
                return None
        return Fault(text, place, " / ".join(self.read[key])[:200]) if len(wanted.strip("•-")) > 2 else None

    def _again(self, x0: float, y0: float, x1: float, y1: float) -> Iterator[str]:
        """Readings with more and with less of what is around; lines that run upwards or downwards are turned first."""
        import numpy as np

        tall = y1 - y0 > 1.5 * (x1 - x0)
        for share in (0.05, 0.15, 0.3):
            room = share * min(y1 - y0, x1 - x0) + 1
            cut = self.image.crop((int(x0 - room), int(y0 - room), int(x1 + room), int(y1 + room)))
            for angle in (90, 270) if tall else (0,):
                pixels = np.asarray(cut.rotate(angle, expand=True))
                yield " ".join(_engine()(pixels, use_det=False, use_cls=False, use_rec=True).txts or ())


def _engine(made: list[Any] = []) -> Any:  # noqa: B006 - one engine for all
    if not made:
        from ragkit.connectors import ocr

        made.append(ocr._engine())
    return made[0]


def _pdf_page(data: bytes, number: int, pictures: bool) -> _Words | _Picture | None:
    import pypdfium2

    page = pypdfium2.PdfDocument(data)[number - 1]
    words = _Words(page)
    if words.text.count_chars():
        return words
    return _Picture(data, number, page.render(scale=3).to_pil().convert("RGB"), 3.0) if pictures else None


def check(data: bytes, suffix: str, parsed: Parsed, seed: str, *, count: int = SPANS, pictures: bool = True) -> list[list[Fault]]:
    """The faults of each of ``count`` random spans."""
    checker = Checker(data, suffix, parsed, pictures=pictures)
    return [checker.faults(start, end) for start, end in spans(parsed, seed, count)]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--format", action="append", help="only files with this suffix, as often as wanted")
    arguments.add_argument("--spans", type=int, default=SPANS)
    options = arguments.parse_args()
    from bench.parsers import cases, markdown
    from ragkit.connectors.sandbox import ParserPool
    from ragkit.errors import ParseError
    from ragkit.records import SourceItem
    from ragkit.settings import ParsingSettings

    rows: dict[str, Counter[str]] = {}
    listed: list[dict[str, Any]] = []
    with ParserPool(ParsingSettings()) as pool:
        for case in cases(data_folder("parsers")):
            suffix = case.path.suffix.lstrip(".")
            if options.format and suffix not in options.format:
                continue
            row, began = rows.setdefault(suffix, Counter()), time.perf_counter()
            row["files"] += 1
            try:
                parsed = pool.parse(SourceItem(uri=case.path.name, token="", open=partial(case.path.open, "rb")))
            except ParseError as error:
                listed.append({"file": case.name, "reason": str(error)})
                continue
            results = check(case.path.read_bytes(), suffix, parsed, case.name, count=options.spans)
            row["spans"] += len(results)
            row["at their place"] += sum(not faults for faults in results)
            different = dict.fromkeys(fault for faults in results for fault in faults)
            listed.extend({"file": case.name, **fault._asdict()} for fault in different)
            row["seconds"] += round(time.perf_counter() - began)
    for row in listed:
        sys.stderr.write(json.dumps(row, ensure_ascii=False) + "\n")
    given = [*sorted(rows.items()), ("all", sum(rows.values(), Counter()))]
    figures = [{"format": kind, **{name: row[name] for name in ("files", "spans", "at their place")}} for kind, row in given]
    sys.stderr.write(markdown(figures) + "\n")
    emit("roundtrip", figures[-1:], complete=not options.format, formats=figures, faults=listed)


if __name__ == "__main__":
    main()
