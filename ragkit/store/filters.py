"""Metadata filters: a small typed grammar, evaluated in Python, never turned into SQL text.

::

    expression := term { "or" term }
    term       := factor { "and" factor }
    factor     := "not" factor | "(" expression ")" | "exists" "(" key ")" | key op value | key "in" "[" value {"," value} "]"
    op         := "==" | "!=" | "<" | "<=" | ">" | ">="
    value      := "text" | 'text' | number | true | false

Keys are ``uri``, ``title``, ``media_type`` and those of the documents' metadata. A comparison with a missing key, or
between different types, is false: a filter that cannot be decided hides the document.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from ragkit.errors import FilterError

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:(==|!=|<=|>=|<|>|\(|\)|\[|\]|,)|\"([^\"]*)\"|'([^']*)'|(-?\d+(?:\.\d+)?)(?![\w.-])|([\w.\-/]+))")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse_filter(text: str) -> Predicate:
    """A predicate over a document's metadata.

    Raises:
        FilterError: the expression cannot be read; the message points at the place.

    >>> parse_filter("year >= 2020 and not lang == 'de'")({"year": 2021, "lang": "en"})
    True
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, Any, int]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error("cannot read this", at)
            symbol, double, single, number, word = match.groups()
            if symbol:
                self._tokens.append(("symbol", symbol, at))
            elif number:
                self._tokens.append(("value", float(number) if "." in number else int(number), at))
            elif word in ("true", "false"):
                self._tokens.append(("value", word == "true", at))
            elif word:
                self._tokens.append(("word", word, at))
            else:
                self._tokens.append(("value", double if double is not None else single, at))
            at = match.end()
        self._at = 0

    def read(self) -> Predicate:
        predicate = self._any()
        if self._at < len(self._tokens):
            raise self._error("expected the end", self._tokens[self._at][2])
        return predicate

    def _error(self, what: str, at: int) -> FilterError:
        return FilterError(
            f"filter {self._text!r}: {what} at character {at + 1}. "
            "A filter looks like: year >= 2020 and lang in ['en', 'de'] and not exists(draft)"
        )

    def _take(self, kind: str, *values: str) -> Any:
        """The next token's value when it is of ``kind`` (and one of ``values``), else ``None``."""
        if self._at < len(self._tokens):
            found_kind, value, _ = self._tokens[self._at]
            if found_kind == kind and (not values or value in values):
                self._at += 1
                return value
        return None

    def _need(self, kind: str, *values: str) -> Any:
        at = self._tokens[self._at][2] if self._at < len(self._tokens) else len(self._text)
        value = self._take(kind, *values)
        if value is None:
            raise self._error(f"expected {' or '.join(values) or f'a {kind}'}", at)
        return value

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._take("word", "or"):
            parts.append(self._all())
        return lambda row: any(part(row) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._take("word", "and"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Predicate:
        if self._take("word", "not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("symbol", "("):
            inner = self._any()
            self._need("symbol", ")")
            return inner
        key = self._need("word")
        if key == "exists" and self._take("symbol", "("):
            name = self._need("word")
            self._need("symbol", ")")
            return lambda row: row.get(name) is not None
        if self._take("word", "in"):
            self._need("symbol", "[")
            values = [self._need("value")]
            while self._take("symbol", ","):
                values.append(self._need("value"))
            self._need("symbol", "]")
            return lambda row: any(_compare("==", row.get(key), value) for value in values)
        symbol = self._need("symbol", *_COMPARE)
        value = self._need("value")
        return lambda row: _compare(symbol, row.get(key), value)


def _compare(symbol: str, found: Any, value: Any) -> bool:
    if found is None:
        return False
    if isinstance(found, list | tuple):
        return any(_compare(symbol, one, value) for one in found)
    numbers = isinstance(found, int | float) and isinstance(value, int | float)
    if (isinstance(found, bool) != isinstance(value, bool)) or not (numbers or type(found) is type(value)):
        return False
    return bool(_COMPARE[symbol](found, value))
