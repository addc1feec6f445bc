"""Tables as text (.csv, .tsv): every cell with its bytes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from ragkit.records import Parsed

from .builder import Builder
from .source import decode

_DELIMITERS = ",;\t|"
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 50
_DECLARED = re.compile(r"sep=(.)\n", re.IGNORECASE)
#: What is data rather than the name of a column: numbers, dates, amounts of money.
_DATA = re.compile(r"\W*\d[\d\s.,:/%+\-TZ]*\W*")


class Cell(NamedTuple):
    """The characters ``[start, end)`` of the source, quotation marks left out; ``quoted``: two marks stand for one."""

    start: int
    end: int
    quoted: bool


class CsvParser:
    """One table; anchors say "row 12, column Price", rows counted from 1, the header's included, and give the cell's bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("text/csv", "text/tab-separated-values")
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    sample: ClassVar[bytes] = b'a,b\n1,"c ""d"""\n'

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The rows of ``data``, cells joined by " | ".

        Raises:
            ParseError: no cell holds text.
        """
        source = decode(data, tags=True)
        text = source.text
        declared = _DECLARED.match(text)
        delimiter = declared.group(1) if declared else sniff(text[:_SAMPLE])
        rows = list(cells(text, delimiter, declared.end() if declared else 0))
        names = _names([[_value(text, cell) for cell in row] for row in rows[:_SAMPLE_ROWS]])
        out, widths = Builder(source), set()
        for number, row in enumerate(rows, 1):
            if not any(text[cell.start : cell.end].strip() for cell in row):
                continue
            if not out.idle:
                out.add("\n")
            widths.add(len(row))
            _row(out, text, row, number, names)
        out.flush("table")
        if len(widths) > 1:
            out.warnings.append(f"the rows have between {min(widths)} and {max(widths)} cells")
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            metadata={"delimiter": "tab" if delimiter == "\t" else delimiter, **source.metadata},
            warnings=source.warnings + tuple(out.warnings),
        )


def sniff(sample: str) -> str:
    """The delimiter that cuts the rows of ``sample`` most evenly into most cells; a comma where nothing does.

    >>> sniff("name;price\\n'a, b';1,20\\n")
    ';'
    """
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row, _ in zip(csv.reader(sample.split("\n"), delimiter=delimiter), range(_SAMPLE_ROWS), strict=False) if row]
        except csv.Error:
            continue
        counts = [len(row) for row in rows]
        usual = max(set(counts), key=lambda count: (counts.count(count), count), default=1)
        score = (counts.count(usual) / len(counts), usual) if usual > 1 else (0.0, 0)
        if score > best:
            best, found = score, delimiter
    return found


def cells(text: str, delimiter: str, at: int = 0) -> Iterator[list[Cell]]:
    """The rows of ``text`` from ``at``, as :mod:`csv` would cut it, each cell with its place."""
    stop = re.compile(f"[{re.escape(delimiter)}\n]")
    close = re.compile('"(?!")')
    row: list[Cell] = []
    while at < len(text):
        if text[at] == '"':
            cell, at = _quoted(text, at, close, stop)
        else:
            found = stop.search(text, at)
            end = found.start() if found else len(text)
            cell, at = Cell(at, end, False), end
        row.append(cell)
        if at >= len(text) or text[at] == "\n":
            yield row
            row = []
        elif at + 1 == len(text):
            row.append(Cell(at + 1, at + 1, False))
            yield row
        at += 1


def _quoted(text: str, at: int, close: re.Pattern[str], stop: re.Pattern[str]) -> tuple[Cell, int]:
    end = at + 1
    while True:
        end = text.find('"', end)
        if end < 0:
            return Cell(at + 1, len(text), True), len(text)
        if not text.startswith('""', end):
            break
        end += 2
    found = stop.search(text, end + 1)
    after = found.start() if found else len(text)
    return (Cell(at + 1, end, True) if not text[end + 1 : after].strip() else Cell(at + 1, after, True)), after


def _value(text: str, cell: Cell) -> str:
    value = text[cell.start : cell.end]
    return " ".join((value.replace('""', '"') if cell.quoted else value).split())


def _names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns' names, where the first row holds names; an empty one where a column has none of its own."""
    if len(rows) < 2 or not rows[0] or any(not name or _DATA.fullmatch(name) for name in rows[0] if len(rows[0]) <= 2 or name):
        return []
    return [name if rows[0].count(name) == 1 and not name.isdigit() and len(name) <= 60 else "" for name in rows[0]]


def _row(out: Builder, text: str, row: Sequence[Cell], number: int, names: Sequence[str]) -> None:
    for column, cell in enumerate(row, 1):
        out.place = None
        if column > 1:
            out.add(" | ")
        name = names[column - 1] if column <= len(names) else ""
        out.place = f"row {number}, column {name or column}"
        _cell(out, text, cell)
    out.place = None


def _cell(out: Builder, text: str, cell: Cell) -> None:
    """White space as one space, a doubled quotation mark as one, the rest as it is."""
    whole = text[cell.start : cell.end]
    low = cell.start + len(whole) - len(whole.lstrip())
    high = cell.start + len(whole.rstrip())
    if low < high:
        special = '\\s*\n\\s*|\t+|(?:"")+' if cell.quoted else "\t+"
        at = low
        for found in re.compile(special).finditer(text, low, high):
            out.add(text[at : found.start()], at, found.start())
            marks = (found.end() - found.start()) // 2 if found.group()[0] == '"' else 0
            out.add('"' * marks or " ", found.start(), found.end())
            at = found.end()
        out.add(text[at:high], at, high)
