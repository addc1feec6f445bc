"""JSON and JSON Lines of any shape: every value with its path and its bytes."""

from __future__ import annotations

import json
import re
from typing import ClassVar, NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .source import Source, decode

_TOKEN = re.compile(
    r'[ \t\n]*(?:(?P<mark>[\[\]{},:])|(?P<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*")'
    r"|(?P<literal>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity))"
)
_BLANK = re.compile(r"[ \t\n]*")
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"\\(?:{_PAIR}|u[0-9a-fA-F]{{4}}|.)")
_DEPTH = 200
_LINES = (".jsonl", ".ndjson")


class Leaf(NamedTuple):
    """A value that holds no others: its path, the place of its key (-1: an array's item), its own place."""

    path: tuple[str | int, ...]
    key: tuple[int, int]
    start: int
    end: int


class JsonParser:
    """A line "path: value" for every value, those of one object or array in one paragraph; several values in a file are
    records, a section each. Anchors name the path and give the value's bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("application/json", "application/x-ndjson", "application/jsonl", "application/geo+json")
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson", ".geojson")
    sample: ClassVar[bytes] = b'{"a": ["b\\n", 1.5]}\n{"c": null}'

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The values of ``data``.

        Raises:
            ParseError: it is no JSON, nested too deeply, or holds no values.
        """
        source = decode(data, tags=True)
        records, warnings = _records(source.text, uri.lower().endswith(_LINES))
        out = Builder(source)
        for number, leaves in records:
            _record(out, source, leaves, number if len(records) > 1 else 0)
        named = {leaf.path: leaf for leaf in records[0][1]} if len(records) == 1 else {}
        titled = named.get(("title",)) or named.get(("name",))
        title = _value(source.text, titled) if titled else None
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title if isinstance(title, str) and title.strip() else None,
            metadata=source.metadata,
            warnings=(*source.warnings, *warnings, *out.warnings),
        )


def _records(text: str, lines: bool) -> tuple[list[tuple[int, list[Leaf]]], list[str]]:
    """The values of the file, numbered; a broken one is left out where others stand on lines of their own."""
    found: list[tuple[int, list[Leaf]]] = []
    first: ParseError | None = None
    at, number, broken = _blank(text, 0), 0, 0
    while at < len(text):
        number += 1
        try:
            leaves, end = scan(text, at)
            found.append((number, leaves))
        except ParseError as error:
            first, broken = first or error, broken + 1
            if not lines and not found:
                raise
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
        at = _blank(text, end)
    if not found:
        raise first or ParseError("the file is empty")
    return found, [f"{broken} records are no JSON and left out; the first: {first}"] if broken else []


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def scan(text: str, at: int = 0) -> tuple[list[Leaf], int]:
    """The leaves of the value at ``at``, and where it ends.

    Raises:
        ParseError: there is no JSON value, or one nested too deeply.
    """
    leaves: list[Leaf] = []
    path: list[str | int] = []
    keys: list[tuple[int, int]] = []
    expected = "value"
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text, at)
        mark, at, start = found["mark"], found.end(), found.start(found.lastgroup or 0)
        if mark is None and expected in ("value", "first value"):
            leaves.append(Leaf(tuple(path), keys[-1] if keys else (-1, -1), start, at))
            expected = "next"
        elif found["string"] and expected in ("key", "first key"):
            colon = _TOKEN.match(text, at)
            if colon is None or colon["mark"] != ":":
                raise _wrong(text, at)
            path[-1], keys[-1], at = _string(text[start:at]), (start + 1, at - 1), colon.end()
            expected = "value"
        elif mark and mark in "[{" and expected in ("value", "first value"):
            path.append(0 if mark == "[" else "")
            keys.append((-1, -1))
            expected = "first value" if mark == "[" else "first key"
            if len(path) > _DEPTH:
                raise ParseError(f"the JSON is nested more than {_DEPTH} deep")
        elif mark == "," and expected == "next" and path:
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
            expected = "value" if isinstance(last, int) else "key"
        elif (mark == "]" and expected in ("next", "first value") and path and isinstance(path[-1], int)) or (
            mark == "}" and expected in ("next", "first key") and path and isinstance(path[-1], str)
        ):
            path.pop()
            keys.pop()
            expected = "next"
        else:
            raise _wrong(text, start)
        if expected == "next" and not path:
            return leaves, at


def _wrong(text: str, at: int) -> ParseError:
    at = _blank(text, at)
    what = f"what stands at line {text.count(chr(10), 0, at) + 1}, character {at - text.rfind(chr(10), 0, at)}, does not belong there"
    return ParseError(f"no valid JSON: {what if at < len(text) else 'it ends too early'}")


def _string(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]


def _value(text: str, leaf: Leaf) -> str:
    token = text[leaf.start : leaf.end]
    return " ".join(_string(token).split()) if token.startswith('"') else ""


def _record(out: Builder, source: Source, leaves: list[Leaf], number: int) -> None:
    where = f"record {number}" if number else ""
    if number and leaves:
        out.place = where
        out.add(where, leaves[0].start, leaves[-1].end + (leaves[-1].end - leaves[0].start == len(where)))
        out.flush("heading", 1)
    above: tuple[str | int, ...] | None = None
    for leaf in leaves:
        if source.text[leaf.start : leaf.end] == '""':
            continue
        if leaf.path[:-1] != above:
            out.flush()
        elif not out.idle:
            out.add("\n")
        above = leaf.path[:-1]
        path = _path(leaf.path)
        out.place = ", ".join(part for part in (where, path) if part) or None
        _line(out, source.text, leaf, path)
        out.place = None
    out.flush()


def _path(path: tuple[str | int, ...]) -> str:
    """``authors[0].name``, as most tools write it; keys that are no words in quotation marks."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif re.fullmatch(r"[\w-]+", step):
            parts.append(f".{step}")
        else:
            parts.append(f"[{json.dumps(step, ensure_ascii=not step.isprintable())}]")
    return "".join(parts).removeprefix(".")


def _line(out: Builder, text: str, leaf: Leaf, path: str) -> None:
    key = text[leaf.key[0] : leaf.key[1]] if leaf.key[0] >= 0 else ""
    if key and path.endswith(key):
        out.add(path.removesuffix(key))
        out.add(key, *leaf.key)
    else:
        out.add(path)
    if path:
        out.add(": ")
    if text[leaf.start] != '"':
        out.add(text[leaf.start : leaf.end], leaf.start, leaf.end)
        return
    at = leaf.start + 1
    for found in _ESCAPE.finditer(text, at, leaf.end - 1):
        out.add(text[at : found.start()], at, found.start())
        out.add(_string(f'"{found.group()}"'), found.start(), found.end())
        at = found.end()
    out.add(text[at : leaf.end - 1], at, leaf.end - 1)
