"""CSV, JSON and notebooks: what is read, what stays out, and that every place leads back to the file."""

from __future__ import annotations

import csv
import io
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.connectors.anchoring import byte_span, covering
from ragkit.connectors.parsers.csv import CsvParser
from ragkit.connectors.wire import check
from ragkit.contracts import Parser
from ragkit.errors import ParseError
from ragkit.records import Parsed


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, parsed.text[block.start : block.end]) for block in parsed.blocks]


def parsed_or_none(parser: Parser, data: bytes) -> Parsed | None:
    """The result, which keeps the contract; ``None`` when there is a reason of one line instead."""
    reason = ""
    try:
        parsed = parser.parse(data)
    except ParseError as error:
        reason = str(error) or "\n"
    assert "\n" not in reason
    if reason:
        return None
    assert check(parsed) is None
    return parsed


# --- CSV ---

TABLE = 'Name;Price;Note\r\nHarbour tea;1,20;"with ""milk""; hot"\r\n\r\nCöffee;2,40;"two\r\nlines"\r\nBread;;\r\n'


def test_csv_reads_rows() -> None:
    """The dialect is found, quotation marks are resolved, line ends in a cell become spaces, empty rows are left out."""
    parsed = CsvParser().parse(TABLE.encode())
    assert blocks(parsed) == [
        ("table", 'Name | Price | Note\nHarbour tea | 1,20 | with "milk"; hot\nCöffee | 2,40 | two lines\nBread |  | ')
    ] or blocks(parsed) == [("table", 'Name | Price | Note\nHarbour tea | 1,20 | with "milk"; hot\nCöffee | 2,40 | two lines\nBread |  |')]
    at = parsed.text.index("2,40")
    assert covering(parsed.anchors, at, at + 4)[0].place == "row 4, column Price"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_cells_lead_to_their_bytes(encoding: str) -> None:
    """A cell leads to exactly its bytes in any encoding."""
    data = TABLE.encode(encoding)
    parsed = CsvParser().parse(data)
    at = parsed.text.index("Cöffee")
    span = byte_span(parsed, at, at + 6)
    assert span is not None
    assert data[span[0] : span[1]].decode(str(parsed.metadata["encoding"])) == "Cöffee"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_round_trip(delimiter: str) -> None:
    """Every span of a table is found by Python's own reader in the cells that its anchors name."""
    chance = random.Random(5)
    words = ["tea", 'a "b"', "x, y; z|w", "two\nlines", "ä€", "", "12.5"]
    rows = [["Name", "Price", "Note"], *([chance.choice(words) for _ in range(3)] for _ in range(40))]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    parsed = CsvParser().parse(buffer.getvalue().encode())
    read = list(csv.reader(io.StringIO(buffer.getvalue(), newline=""), delimiter=delimiter))
    for _ in range(200):
        start = chance.randrange(len(parsed.text) - 1)
        for anchor in covering(parsed.anchors, start, min(len(parsed.text), start + 30)):
            row, column = re.fullmatch(r"row (\d+), column (.+)", anchor.place or "").groups()  # type: ignore[union-attr]
            cell = read[int(row) - 1][rows[0].index(column)]
            assert parsed.text[anchor.start : anchor.end].strip() in " ".join(cell.split())


@given(st.binary(max_size=200) | st.text('ab"\n\r;, \t|', max_size=60).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_csv_of_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a valid result or a reason."""
    parsed_or_none(CsvParser(), data)
