"""CSV, JSON and notebooks: what is read, what stays out, and that every place leads back to the file."""

from __future__ import annotations

import csv
import io
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.connectors.anchoring import byte_span, covering
from ragkit.connectors.parsers.csv import CsvParser
from ragkit.connectors.parsers.detection import detect
from ragkit.connectors.parsers.json import JsonParser
from ragkit.connectors.parsers.notebook import NotebookParser
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


# --- JSON ---


def test_json_reads_as_lines() -> None:
    """A line for every value with its path, a paragraph for each object or array; empty values are left out."""
    parsed = JsonParser().parse(b'{"title": "Har\\u0062our", "open": true, "berths": [1, 2.5], "a b": {"c": "x", "d": ""}}')
    assert blocks(parsed) == [
        ("paragraph", "title: Harbour\nopen: true"),
        ("paragraph", "berths[0]: 1\nberths[1]: 2.5"),
        ("paragraph", '["a b"].c: x'),
    ]
    assert parsed.title == "Harbour"


def test_json_lines_are_records() -> None:
    """Each record is a section with its number; a broken line is left out and counted."""
    parsed = JsonParser().parse(b'{"a": "one"}\n{broken\n{"a": "two"}\n', uri="x.jsonl")
    assert blocks(parsed) == [("heading", "record 1"), ("paragraph", "a: one"), ("heading", "record 3"), ("paragraph", "a: two")]
    at = parsed.text.index("two")
    assert covering(parsed.anchors, at, at + 3)[0].place == "record 3, a"
    assert "1 records are no JSON" in parsed.warnings[0]


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"a": 1', b'{"a" 1}', b"[1, 2", b"[1,, 2]", b'["a]', b"{} extra", b"[" * 10_000, b"[}", b'{"a"}', b"nope"]
)
def test_broken_json_is_a_reason(broken: bytes) -> None:
    """What is no JSON gives a reason of one line."""
    assert parsed_or_none(JsonParser(), broken) is None


NAMED = st.characters(exclude_categories=("C",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(NAMED, max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(NAMED, max_size=5), inner, max_size=4),
    max_leaves=12,
)


def resolve(value: object, path: str) -> object:
    """The value at a path such as ``a[2]["b c"].d``."""
    for word, index, quoted in re.findall(r'\.?([\w-]+)|\[([0-9]+)\]|\[("(?:[^"\\]|\\.)*")\]', path):
        value = value[int(index)] if index else value[json.loads(quoted) if quoted else word]  # type: ignore[index]
    return value


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_json_round_trip(value: object, ascii_only: bool, indent: int | None) -> None:
    """For any JSON, every exact anchor holds the text of its bytes, and the value that it names."""
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    value = json.loads(data)
    parsed = parsed_or_none(JsonParser(), data)
    for anchor in parsed.anchors if parsed else ():
        if anchor.byte_start is None or anchor.place is None:
            continue
        exact, text = data[anchor.byte_start : anchor.byte_end].decode(), parsed.text[anchor.start : anchor.end]  # type: ignore[union-attr]
        leaf = resolve(value, anchor.place)
        if len(exact) == len(text) and exact.isprintable():
            assert exact == text
            assert text in (leaf if isinstance(leaf, str) else json.dumps(leaf)) or text in anchor.place


@given(st.binary(max_size=200) | st.text('{}[]:,"\\\\ \n1ae.-', max_size=40).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_json_of_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a valid result or a reason."""
    parsed_or_none(JsonParser(), data)
    parsed_or_none(NotebookParser(), data)


# --- notebooks ---

NOTEBOOK = {
    "nbformat": 4,
    "metadata": {"kernelspec": {"language": "python"}},
    "cells": [
        {"cell_type": "markdown", "source": ["# Tides\n", "\n", "High *water*."]},
        {
            "cell_type": "code",
            "source": "print(level)",
            "outputs": [
                {"output_type": "stream", "text": ["\u001b[31m4.2\u001b[0m\n"]},
                {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": ["<Figure>"]}},
                {"output_type": "error", "ename": "ValueError", "evalue": "low"},
            ],
        },
        {"cell_type": "code", "source": "secret = 1", "metadata": {"jupyter": {"source_hidden": True}}},
        {"cell_type": "raw", "source": ""},
    ],
}


def test_notebook_reads_cells() -> None:
    """Markdown cells read as Markdown, code and text outputs as code, each at its cell; hidden cells are counted."""
    parsed = NotebookParser().parse(json.dumps(NOTEBOOK).encode())
    assert check(parsed) is None
    assert blocks(parsed) == [
        ("heading", "Tides"),
        ("paragraph", "High water."),
        ("code", "print(level)"),
        ("code", "4.2"),
        ("code", "<Figure>"),
        ("code", "ValueError: low"),
    ]
    assert [anchor.place for anchor in parsed.anchors] == ["cell 1", "cell 1", "cell 2", *["cell 2, output"] * 3]
    assert parsed.title == "Tides"
    assert parsed.warnings == ("1 hidden cells or outputs left out",)


@pytest.mark.parametrize(
    "broken", [b"", b"{}", b"[]", b'{"cells": 3}', b'{"cells": []}', b'{"cells": [3, null]}', b'{"cells"', b"[" * 100_000]
)
def test_broken_notebooks_are_a_reason(broken: bytes) -> None:
    """What is no notebook, or an empty one, gives a reason of one line."""
    assert parsed_or_none(NotebookParser(), broken) is None


def test_kinds_are_told() -> None:
    """The beginning tells marked kinds of text, the suffix the others; content goes before a wrong suffix."""
    suffixes = {".json": "application/json", ".csv": "text/csv", ".eml": "message/rfc822"}
    assert detect(b"{}", "a.json", suffixes) == "application/json"
    assert detect(b"a,b", "a.csv", suffixes) == "text/csv"
    assert detect(b"WEBVTT\n\n", "a.txt", suffixes) == "text/vtt"
    assert detect(b"<?xml version='1.0'?><a/>", "a.json", suffixes) == "application/xml"
    assert detect(b"Received: by x\n\tfor y\nFrom: z\n", "", suffixes) == "message/rfc822"
    assert detect(b"From here: on", "a.txt", suffixes) == "text/plain"
