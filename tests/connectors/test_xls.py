"""Excel workbooks of the old kind: what is read, what stays out, the way back, and broken files."""

from __future__ import annotations

import datetime
import io
import os
import random
import re
import time
from functools import partial
from pathlib import Path

import pytest
import samples_old
import samples_xls as samples
import xlrd
import xlwt
from package_checks import blocks, place_of, refused, round_trip

from ragkit.connectors import wire
from ragkit.connectors.parsers import Registry
from ragkit.connectors.parsers.compound import top_names
from ragkit.connectors.parsers.doc import DocParser
from ragkit.connectors.parsers.xls import XlsParser
from ragkit.connectors.parsers.xlsx import XlsxParser
from ragkit.connectors.sandbox import open_pool
from ragkit.errors import ParseError, UnsupportedFormat
from ragkit.records import SourceItem
from ragkit.settings import ParsingSettings
from ragkit.testing import ParserConformance

DATA = Path(os.environ.get("RAGKIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "parsers"
REAL = sorted([*(DATA / "docling").glob("xls/*.xls"), *(DATA / "markitdown").glob("*.xls")])


class TestXls(ParserConformance):
    def parser(self) -> XlsParser:
        return XlsParser()

    def samples(self) -> list[bytes]:
        return [samples.xls(), samples.large_xls()]


def test_structure() -> None:
    """A sheet is a heading and a table for each block of rows; merged cells are read in each row, dates are of ISO 8601."""
    parsed = XlsParser().parse(samples.xls())
    assert blocks(parsed) == [
        ("heading", "Costs, all"),
        ("table", "Berth | Depth | Since\nNorth | 9.5 | 2024-01-05\nSouth | 7"),
        ("table", "East | crane\nEast | pilot\n | 2024-01-05 13:30:00\n | TRUE | on blue"),
    ]
    assert place_of(parsed, "9.5") == ["sheet Costs, all, B2"]
    assert place_of(parsed, "pilot") == ["sheet Costs, all, B7"]


def test_hidden_is_left_out_and_counted() -> None:
    """Hidden sheets, rows and columns, white type and formats that show nothing are not in the text."""
    parsed = XlsParser().parse(samples.xls())
    assert not any(word in parsed.text for word in ("hidden", "secret", "pale", "unseen", "Empty"))
    assert parsed.warnings == ("sheet Costs, all: 1 hidden row, 1 hidden column, 2 hidden cells left out", "2 hidden sheets left out")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("yyyy-mm-dd", datetime.datetime(1900, 1, 1), "1900-01-01"),
        ("yyyy-mm-dd", datetime.datetime(2024, 2, 29, 23, 59), "2024-02-29 23:59:00"),
        ("hh:mm", datetime.time(7, 5), "07:05:00"),
        ("[h]:mm", 1.25, "1 day, 6:00:00"),
        ("dd/mm/yyyy", 1e9, "#VALUE!"),
        ("0.00", 1 / 3, "0.333333333333333"),
        ("General", -1.5e300, "-1.5e+300"),
        ("General", False, "FALSE"),
    ],
)
def test_values_are_shown_as_in_newer_workbooks(kind: str, value: object, text: str) -> None:
    """A value reads the same from an old file as from a new one."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["A1"].number_format = value, kind
    new = io.BytesIO()
    book.save(new)
    assert XlsParser().parse(samples.cells(value, kind=kind)).text == f"Sheet\n\n{text}"
    assert XlsxParser().parse(new.getvalue()).text == f"Sheet\n\n{text}"


def test_condition_may_paint_the_ground() -> None:
    """On a sheet with a conditional format, white type may stand on a colour, and is read; on another sheet it is not."""
    book = xlwt.Workbook()
    for name in ("One", "Two", "Three"):
        sheet = book.add_sheet(name)
        sheet.write(0, 0, "seen")
        sheet.write(1, 0, f"white {name}", samples.style(colour=9))
    data = samples.saved(book)
    window = samples.records(data, 0x023E)[1]  # a record of the second sheet that tells nothing about cells
    parsed = XlsParser().parse(samples.patched(data, window, b"\xb0\x01"))
    assert [name for name in ("One", "Two", "Three") if f"white {name}" in parsed.text] == ["Two"]


def test_rows_are_hidden_by_default() -> None:
    """A sheet may hide all rows that it does not describe."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    sheet.write(0, 0, "first")
    sheet.write(1, 0, "second")
    data = samples.saved(book)
    for at in samples.records(data, 0x0208)[1:]:  # the second row's description becomes an unknown record
        data = samples.patched(data, at, b"\xff\xff")
    height = samples.records(data, 0x0225)[0]
    assert XlsParser().parse(data).text == "Sheet\n\nfirst\nsecond"
    assert XlsParser().parse(samples.patched(data, height + 4, b"\x02\x00")).text == "Sheet\n\nfirst"


def test_round_trip() -> None:
    """Spans of a workbook are found in the cells that the anchors name, as xlrd reads them."""
    data = samples.large_xls()
    book = xlrd.open_workbook(file_contents=data)

    def resolve(place: str) -> str:
        name = place.removeprefix("sheet ")
        if name in book.sheet_names():
            return name
        sheet, _, cell = name.rpartition(", ")
        letter, row = re.fullmatch(r"([A-Z])(\d+)", cell).groups()  # type: ignore[union-attr]
        return str(book[sheet].cell_value(int(row) - 1, ord(letter) - 65))

    round_trip(XlsParser().parse(data), resolve)


def test_properties_are_metadata() -> None:
    """Title, author and dates come from the container's properties, where there are any."""
    assert XlsParser().parse(samples.xls()).metadata == {}


def test_vast_sheets_stay_small() -> None:
    """Two cells at the corners of a sheet, and a merged range of two million cells, take no space and little time."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    sheet.write_merge(0, 8000, 0, 254, "first")
    sheet.write(65535, 255, "last")
    data = samples.saved(book)
    begin = time.perf_counter()
    parsed = XlsParser().parse(data)
    assert parsed.text == "Sheet\n\nfirst\n\nlast"
    assert time.perf_counter() - begin < 5


def test_it_is_told_by_its_content() -> None:
    """A workbook is one whatever its name; what a compound file has embedded does not change what it is."""
    registry = Registry()
    assert registry.media_type(samples.xls(), "notes.txt") == "application/vnd.ms-excel"
    embedded = ("ObjectPool/_1/Workbook", "ObjectPool/_2/PowerPoint Document")
    word = samples_old.compound(dict.fromkeys(("WordDocument", "1Table", *embedded), b""))
    assert registry.parser(registry.media_type(word, "a.xls")) is DocParser
    assert registry.parser(registry.media_type(samples_old.compound({"Book": b"", "MBD1/WordDocument": b""}), "a")) is XlsParser
    assert top_names(word) == {"WordDocument", "1Table", "ObjectPool"}
    with pytest.raises(UnsupportedFormat, match="binary data"):
        registry.media_type(b"\x09\x08\x00\x00" + bytes(200), "a.xls")


def test_directories_that_loop_or_lie() -> None:
    """Whatever is written over a compound file's header and directory, its top is told or it is not, in no time."""
    data, rng = samples.xls(), random.Random(5)
    begin = time.perf_counter()
    for _ in range(2000):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            at = rng.choice([rng.randrange(24, 512), rng.randrange(len(data) - 2048, len(data))])
            broken[at : at + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", rng.randbytes(4)])
        assert all(isinstance(name, str) for name in top_names(bytes(broken[: rng.choice([len(data), rng.randrange(len(data))])])))
    assert time.perf_counter() - begin < 10


def test_broken_and_hostile() -> None:
    """What is truncated, no workbook, or encrypted is refused in one line."""
    data = samples.xls()
    refused(XlsParser(), data[:600], "broken")
    refused(XlsParser(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no workbook", "broken")
    refused(XlsParser(), samples_old.doc(), "no Excel workbook")
    refused(XlsParser(), samples_old.compound({"Workbook": bytes(5000)}), "broken")
    codepage = samples.records(data, 0x0042)[0]
    refused(XlsParser(), samples.patched(data, codepage, b"\x2f\x00"), "password")
    refused(XlsParser(), samples.cells(""), "no visible text")


def test_bytes_written_over() -> None:
    """Whatever is written over a workbook's records, it gives text with a way back or a reason of one line."""
    rng, faults = random.Random(7), []
    for data in (samples.xls(), samples.cells("word", 7, samples.DAY)):
        _, end = samples.stream(data)
        for _ in range(150):
            broken = bytearray(data)
            for _ in range(rng.randint(1, 6)):
                broken[rng.randrange(512, end)] = rng.choice([0, 1, 0x7F, 0xFF, rng.randrange(256)])
            try:
                parsed = XlsParser().parse(bytes(broken))
            except ParseError as error:
                faults.append(str(error))
            else:
                assert wire.check(parsed) is None
    assert [fault for fault in faults if not fault.isprintable()] == []


def test_the_sandbox_reads_it() -> None:
    """Within the child's limits a workbook is read as it is outside, so the library needs nothing that the child may not do."""
    with open_pool(ParsingSettings(timeout_s=20, memory_mb=512)) as pool:
        document = pool.document(SourceItem(uri="a.xls", token="", open=partial(io.BytesIO, samples.xls())))
        outside = XlsParser().parse(samples.xls())
        assert (document.parsed.text, document.parsed.anchors) == (outside.text, outside.anchors)


@pytest.mark.skipif(not REAL, reason="the documents of other projects are not here; RAGKIT_DATA says where")
def test_documents_of_other_projects() -> None:
    """Workbooks that other programs wrote hold the cells that xlrd finds in them, one by one."""
    for path in REAL:
        parsed = XlsParser().parse(path.read_bytes())
        for sheet in xlrd.open_workbook(path):
            for row in range(sheet.nrows):
                for value in sheet.row_values(row):
                    assert (f"{value:.15g}" if isinstance(value, float) else str(value)) in parsed.text
