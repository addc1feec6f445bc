"""Reading lines, JSON and tables so that whatever is wrong is named with its file and line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .base import BadData


class Row:
    """One object of a file. ``place`` says where it stands; what is asked for and is not there is a :class:`BadData`."""

    def __init__(self, tree: Any, place: str) -> None:
        if not isinstance(tree, Mapping):
            raise BadData(f"{place}: expected an object, found {type(tree).__name__}")
        self.tree: Mapping[str, Any] = tree
        self.place = place

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        value = self.tree.get(key, default)
        if not isinstance(value, str):
            raise BadData(f'{self.place}: "{key}" is {_kind(value)}, not a string; there are {_keys(self.tree)}')
        return value

    def name(self, key: str) -> str:
        """A string or whole number that names something."""
        value = self.tree.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            raise BadData(f'{self.place}: "{key}" is {_kind(value)}, not a name; there are {_keys(self.tree)}')
        return str(value)

    def rows(self, key: str, *, needed: bool = True) -> list[Row]:
        """A list of objects, each with its own place."""
        return [Row(one, f"{self.place}, {key}[{n}]") for n, one in enumerate(self.many(key, needed=needed))]

    def many(self, key: str, *, needed: bool = True) -> list[Any]:
        """A list of anything."""
        value = self.tree.get(key, None if needed else [])
        if not isinstance(value, list):
            raise BadData(f'{self.place}: "{key}" is {_kind(value)}, not a list; there are {_keys(self.tree)}')
        return value

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        found = self.many(key)
        if not all(isinstance(one, str) for one in found):
            raise BadData(f'{self.place}: "{key}" holds something other than strings')
        return found

    def choice(self, key: str, meanings: Mapping[str, str]) -> str:
        """What the value of ``key`` means."""
        value = self.text(key)
        if value not in meanings:
            raise BadData(f'{self.place}: "{key}" is {value!r}; known are {", ".join(meanings)}')
        return meanings[value]


def json_lines(path: Path) -> Iterator[Row]:
    """The objects of a file of JSON lines, as they are read."""
    for number, line in _lines(path):
        place = f"{path}, line {number}"
        try:
            yield Row(json.loads(line), place)
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadData):
                raise
            raise BadData(f"{place}: not JSON: {error}") from error


def json_tree(path: Path) -> Any:
    """A file that is one JSON value; it is read whole."""
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path}: not JSON: {error}") from error


def tabs(path: Path, header: Sequence[str]) -> Iterator[Row]:
    """The lines of a file of fields between tabs, without quoting, whose first line names at least the columns of ``header``."""
    names: list[str] = []
    for number, line in _lines(path):
        fields = line.rstrip("\r\n").split("\t")
        if not names:
            names = _header(fields, header, path)
            continue
        yield _row(names, fields, f"{path}, line {number}")


def table(path: Path, header: Sequence[str], delimiter: str = ",") -> Iterator[Row]:
    """The rows of a CSV file (RFC 4180), by its header, which has at least the columns of ``header``."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            names = _header(next(reader, []), header, path)
            began = reader.line_num + 1
            for fields in reader:
                if fields:
                    yield _row(names, fields, f"{path}, line {began}")
                began = reader.line_num + 1
        except csv.Error as error:
            raise BadData(f"{path}, line {reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise BadData(f"{path}: not UTF-8: {error}; convert it with: iconv -f ENCODING -t UTF-8") from error


def fields(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The lines of a file of fields between white space, each with its place."""
    for number, line in _lines(path):
        yield f"{path}, line {number}", line.split()


def first_line(path: Path) -> str:
    """The first line that is not blank; empty where there is none."""
    return next((line for _, line in _lines(path)), "")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not UTF-8: {error}; convert it with: iconv -f ENCODING -t UTF-8") from error


def _header(names: Sequence[str], wanted: Sequence[str], path: Path) -> list[str]:
    missing = [name for name in wanted if name not in names]
    if missing:
        raise BadData(f"{path}, line 1: no column {', '.join(map(repr, missing))}; there are {', '.join(map(repr, names)) or 'none'}")
    return list(names)


def _row(names: Sequence[str], values: Sequence[str], place: str) -> Row:
    if len(values) != len(names):
        raise BadData(f"{place}: {len(values)} fields, where the first line names {len(names)}")
    return Row(dict(zip(names, values, strict=True)), place)


def _kind(value: Any) -> str:
    return "missing" if value is None else f"{str(value)[:40]!r}"


def _keys(tree: Mapping[str, Any]) -> str:
    return ", ".join(map(str, tree)) or "no keys"
