"""What stands at a named place of a file, asked of the file by other means than ragkit's parsers: by suffix, for bench/roundtrip.py.

Each function takes a file's bytes and gives a function from a place to the texts that may stand there. Nothing of
ragkit.connectors.parsers is used: Office files are opened by python-docx, python-pptx, openpyxl and xlrd, trees by lxml and the
standard library; for old binary files see bench/places_old.py.
"""

from __future__ import annotations

import csv
import email
import email.policy
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from bench import places_old
from bench.places_open import cells, odp, ods, odt, row_column

Resolve = Callable[[str], list[str]]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def _within(element: Any, *tags: str) -> bool:
    return any(above.tag in tags for above in element.iterancestors())


# --- Word ---


def docx(data: bytes) -> Resolve:
    import docx as word

    document = word.Document(io.BytesIO(data))
    body = document.element.body
    shown = [e for e in body.iter(f"{_W}p", f"{_W}tbl") if not _within(e, _FALLBACK)]
    paragraphs = [e for e in shown if e.tag == f"{_W}p" and not _within(e, f"{_W}tbl")]
    tables = [e for e in shown if e.tag == f"{_W}tbl" and not _within(e, f"{_W}tbl")]
    parts = {part.partname.rpartition("/")[2]: part for part in document.part.package.iter_parts()}
    drawn = dict.fromkeys(e.get(_ID) for e in body.iter(f"{_C}chart") if not _within(e, _FALLBACK))
    charts = [document.part.rels[name].target_part.blob for name in drawn]
    grids = [table for table in _all_tables(document) if table._tbl in tables]

    def resolve(place: str) -> list[str]:
        if found := re.fullmatch(r"paragraph (\d+)", place):
            return [_word_text(paragraphs[int(found[1]) - 1])]
        if found := re.fullmatch(r"table (\d+), row (\d+)", place):
            table, number = tables[int(found[1]) - 1], int(found[2]) - 1
            merged = next((grid.rows[number].cells for grid in grids if grid._tbl is table), ())
            own = _word_text(table.findall(f"{_W}tr")[number], whole=True)
            return [own, "".join(dict.fromkeys(_word_text(cell._tc, whole=True) for cell in merged)), "".join(_once(merged))]
        if found := re.fullmatch(r"(footnote|endnote) (\d+)", place):
            shown_ = (e.get(f"{_W}id") for e in body.iter(f"{_W}{found[1]}Reference") if not _within(e, _FALLBACK, f"{_W}del"))
            return [_note(parts[f"{found[1]}s.xml"].blob, found[1], list(dict.fromkeys(shown_))[int(found[2]) - 1])]
        if found := re.fullmatch(r"chart (\d+)(?:, row (\d+))?", place):
            return _chart(charts[int(found[1]) - 1], int(found[2] or 0))
        raise LookupError(place)

    return resolve


def _all_tables(document: Any) -> Iterable[Any]:
    """The tables that python-docx knows; it says what stands in merged cells."""
    from docx.table import Table

    return [Table(found, document) for found in document.element.body.iter(f"{_W}tbl")]


def _once(cells: Iterable[Any]) -> list[str]:
    """The text of each cell; of one that spans columns once."""
    found: list[Any] = []
    for cell in cells:
        if not found or found[-1]._tc is not cell._tc:
            found.append(cell)
    return [_word_text(cell._tc, whole=True) for cell in found]


def _word_text(element: Any, *, whole: bool = False) -> str:
    """The text of a paragraph without that of the boxes in it; of a row with it."""
    inside = (f"{_W}txbxContent",) if not whole else ()
    wanted = [e for e in element.iter(f"{_W}t", f"{_M}t", f"{_W}noBreakHyphen") if not _within(e, _FALLBACK) or _within(element, _FALLBACK)]
    own = {*element.iterancestors()}
    return "".join(
        "-" if e.tag.endswith("noBreakHyphen") else e.text or ""
        for e in wanted
        if not any(above.tag in inside and above not in own for above in e.iterancestors())
    )


def _note(blob: bytes, kind: str, number: str) -> str:
    from lxml import etree

    root = etree.fromstring(blob)
    return _word_text(next(e for e in root.iter(f"{_W}{kind}") if e.get(f"{_W}id") == number), whole=True)


def _xml_text(blob: bytes) -> str:
    from lxml import etree

    return "".join(etree.fromstring(blob).itertext())


# --- PowerPoint ---


def pptx(data: bytes) -> Resolve:
    import pptx as powerpoint

    deck = powerpoint.Presentation(io.BytesIO(data))
    slides = list(deck.slides)

    def resolve(place: str) -> list[str]:
        found = re.fullmatch(r"slide (\d+)(?:, (notes)|, (table|chart) (\d+)(?:, row (\d+))?)?", place)
        if not found:
            raise LookupError(place)
        slide = slides[int(found[1]) - 1]
        if found[2]:
            return [_slide_text(slide.notes_slide.notes_text_frame._txBody)]
        if found[3] == "table":
            return _row(
                [shape.table for shape in _shapes(slide.shapes) if getattr(shape, "has_table", False)][int(found[4]) - 1], int(found[5]) - 1
            )
        if found[3] == "chart":
            charts = [rel.target_part for rel in slide.part.rels.values() if rel.reltype.endswith("/chart")]
            return _chart(charts[int(found[4]) - 1].blob, int(found[5] or 0))
        return [_slide_text(slide._element)]

    return resolve


def _shapes(shapes: Any) -> Iterable[Any]:
    for shape in shapes:
        yield from _shapes(shape.shapes) if hasattr(shape, "shapes") else [shape]


def _row(table: Any, number: int) -> list[str]:
    """A row as its cells have it; and with the texts of the cells that are merged over it."""
    cells = list(table.rows[number].cells)
    origins = {(r, c): table.cell(r, c) for r in range(number) for c in range(len(cells)) if table.cell(r, c).is_merge_origin}
    over = {c: cell for (r, c), cell in origins.items() if r + cell.span_height > number}
    return ["".join(cell.text for cell in cells), "".join(over.get(c, cell).text for c, cell in enumerate(cells))]


def _slide_text(element: Any) -> str:
    return "".join("\n" if e.tag == f"{_A}br" else e.text or "" for e in element.iter(f"{_A}t", f"{_A}br"))


def _chart(blob: bytes, row: int) -> list[str]:
    """The chart's title; or of a row the series' names, or a category with each series' number."""
    from lxml import etree

    root = etree.fromstring(blob)
    if not row:
        return [", ".join("".join(t.text or "" for t in title.iter(f"{_A}t")) for title in root.iter(f"{_C}title"))]
    series = list(root.iter(f"{_C}ser"))
    if row == 1:
        return ["".join(found.text or "" for one in series for found in one.iterfind(f"{_C}tx//{_C}v"))]
    parts = [(part, point) for part in ("cat", "xVal", "val", "yVal") for one in series for point in one.iterfind(f"{_C}{part}//{_C}pt")]
    index = sorted({int(point.get("idx")) for _, point in parts})[row - 2]
    said = [(part, point.findtext(f"{_C}v") or "") for part, point in parts if int(point.get("idx")) == index]
    names = [text for part, text in said if part in ("cat", "xVal")][:1]
    return ["".join([*names, *(text for part, text in said if part in ("val", "yVal"))])]


# --- workbooks ---


def xlsx(data: bytes) -> Resolve:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    known = cells(book.sheetnames, lambda sheet, cell: book[sheet][cell].value)
    parts = zipfile.ZipFile(io.BytesIO(data))
    charts = [parts.read(name) for name in parts.namelist() if re.fullmatch(r"xl/charts/chart\d*\.xml", name)]

    def resolve(place: str) -> list[str]:
        if found := re.fullmatch(r"sheet .+, chart \d+(?:, row (\d+))?", place):
            return [said for chart in charts for said in _chart(chart, int(found[1] or 0))]
        return known(place)

    return resolve


def xls(data: bytes) -> Resolve:
    import xlrd

    book = xlrd.open_workbook(file_contents=data)

    def cell(sheet: str, where: str) -> Any:
        row, column = row_column(where)
        found = book[sheet].cell(row - 1, column - 1)
        if found.ctype == xlrd.XL_CELL_DATE:
            return xlrd.xldate_as_datetime(found.value, book.datemode)
        return bool(found.value) if found.ctype == xlrd.XL_CELL_BOOLEAN else found.value

    return cells(book.sheet_names(), cell)


# --- marked-up text ---


def epub(data: bytes) -> Resolve:
    from lxml import html as pages

    package = zipfile.ZipFile(io.BytesIO(data))

    def resolve(place: str) -> list[str]:
        name = re.fullmatch(r"chapter (.+), paragraph \d+", place)
        if name:
            return [pages.fromstring(package.read(name[1])).text_content()]
        raise LookupError(place)

    return resolve


def xml(data: bytes) -> Resolve:
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False))

    def resolve(place: str) -> list[str]:
        element = root
        first, *steps = place.strip("/").split("/")
        if etree.QName(root).localname != first:
            raise LookupError(place)
        for step in steps:
            name, _, number = step.rstrip("]").partition("[")
            element = [child for child in element if etree.QName(child).localname == name][int(number or 1) - 1]
        text = "".join(element.itertext())
        return [text, html.unescape(re.sub(r"<[^>]*>", "", text))]

    return resolve


def notebook(data: bytes) -> Resolve:
    cells = json.loads(data)["cells"]

    def resolve(place: str) -> list[str]:
        number, _, output = place.removeprefix("cell ").partition(", ")
        cell = cells[int(number) - 1]
        if output:
            said = [
                f"{one['ename']}: {one['evalue']}" if "ename" in one else one.get("text") or one.get("data", {}).get("text/plain", "")
                for one in cell["outputs"]
            ]
            return [re.sub(r"\x1b\[[\d;]*m", "", "".join(text)) for text in said]
        source = "".join(cell["source"])
        return [source, re.sub(r"[*_`#>\\]+", "", source)]

    return resolve


def rtf(data: bytes) -> Resolve:
    """No paragraph of an RTF file has a name of its own: the text of the whole, control words left out."""
    text = re.sub(r"\\'([0-9a-f]{2})", lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), data.decode("latin-1"))
    text = re.sub(r"\\u(-?\d+) ?\??", lambda found: chr(int(found[1]) % 65536), re.sub(r"\{\\v [^{}]*\}|\\v .*?\\v0 ?", "", text))
    whole = re.sub(r"\\[a-z]+-?\d* ?|[{}]", "", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return lambda place: [whole]


# --- data ---


def table(data: bytes, encoding: str = "utf-8", delimiter: str = ",") -> Resolve:
    rows = list(csv.reader(io.StringIO(data.decode(encoding).lstrip("\ufeff"), newline=""), delimiter=delimiter))

    def resolve(place: str) -> list[str]:
        number, name = re.fullmatch(r"row (\d+), column (.+)", place, re.S).groups()  # type: ignore[union-attr]
        row = rows[int(number) - 1]
        head = [" ".join(cell.split()) for cell in rows[0]]
        return [row[head.index(name)] if name in head else row[int(name) - 1]]

    return resolve


def values(data: bytes) -> Resolve:
    text = data.decode("utf-8-sig")
    try:
        records = [json.loads(text)]
    except ValueError:
        records = [json.loads(line) for line in text.splitlines() if line.strip()]

    def resolve(place: str) -> list[str]:
        found = re.fullmatch(r"(?:record (\d+)(?:, |$))?(.*)", place, re.S)
        value, path = records[int(found[1] or 1) - 1], found[2]  # type: ignore[index]
        for name, number in re.findall(r'([^.\[\]]+)|\[(\d+|"[^"]*")\]', path):
            value = value[name] if name else value[json.loads(number)]
        return [place, f"{path}: {value if isinstance(value, str) else json.dumps(value)}"]

    return resolve


def subtitles(data: bytes) -> Resolve:
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    cues: dict[str, list[str]] = {}
    for low, high, said in re.findall(r"^([\d:.,]+)[ \t]+-->[ \t]+([\d:.,]+)[^\n]*\n(.*?)(?=\n[ \t]*\n|\Z)", text, re.M | re.S):
        cues.setdefault(f"{_full(low)}-{_full(high)}", []).append(html.unescape(re.sub(r"<v[^ >]* ([^>]+)>", r"\1: ", said)))
    return lambda place: [re.sub(r"<[^>]*>", "", said) for said in cues[place]]


def _full(clock: str) -> str:
    clock = clock.replace(",", ".")
    return clock if clock.count(":") == 2 else f"00:{clock}"


# --- messages ---


def message(data: bytes) -> Resolve:
    mail, raw = email.message_from_bytes(data, policy=email.policy.default), email.message_from_bytes(data)
    parts = [part for part in mail.walk() if not part.is_multipart()]

    def resolve(place: str) -> list[str]:
        if place.startswith("header "):
            name = place.removeprefix("header ")
            return [f"{name}: {mail[name]}", f"{name}: {raw[name]}"]
        part = parts[int(place.removeprefix("part ")) - 1]
        text = part.get_content()
        return [text, html.unescape(re.sub(r"<[^>]*>", "", text))]

    return resolve


BY_SUFFIX: dict[str, Callable[[bytes], Resolve]] = {
    "docx": docx, "pptx": pptx, "xlsx": xlsx, "xls": xls, "odt": odt, "ods": ods, "odp": odp, "epub": epub, "xml": xml, "nxml": xml,
    "ipynb": notebook, "rtf": rtf, "json": values, "jsonl": values, "vtt": subtitles, "srt": subtitles, "eml": message,
    "msg": places_old.msg,
    "doc": places_old.doc, "ppt": places_old.ppt,
}  # fmt: skip
