"""Metadata filters: a small typed grammar, evaluated in Python, never turned into SQL text.

::

    expression := term { "or" term }
    term       := factor { "and" factor }
    factor     := "not" factor | "(" expression ")" | "exists" "(" key ")"
                | key op value | key ["not"] "in" "[" value {"," value} "]"
    op         := "==" | "!=" | "<" | "<=" | ">" | ">="
    key        := word | `text`
    value      := "text" | 'text' | number | true | false | date
    date       := 2024-05-01 | 2024-05-01T12:30 | 2024-05-01T12:30:15.5 | either of them with Z or +02:00

Keys are ``uri``, ``title``, ``media_type`` and those of the documents' metadata; dots reach into nested metadata. In
texts ``\\\\``, ``\\"``, ``\\'``, ``\\```, ``\\n``, ``\\t``, ``\\r`` and ``\\uXXXX`` are escapes. :mod:`ragkit.store.expressions`
says what an expression means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ragkit.errors import FilterError
from ragkit.store.expressions import (
    DATE,
    OPERATORS,
    RESERVED,
    All,
    Compare,
    Exists,
    Expression,
    In,
    Not,
    Some,
    evaluator,
    keys_of,
    read_date,
)

Predicate = Callable[[Mapping[str, Any]], bool]

#: Most characters of a filter, and most parentheses and ``not`` around one comparison.
MAX_LENGTH = 4000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"\s*(?:(?P<symbol>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)"
    r"|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"
    rf"|(?P<date>{DATE.pattern.replace('[T ]', 'T')})(?![\w.:-])"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.-])"
    r"|(?P<word>[\w.\-/]+))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "`": "`", "n": "\n", "t": "\t", "r": "\r"}
_EXAMPLE = "year >= 2020 and lang in ['en', 'de'] and not exists(draft)"


class Filter:
    """A filter that was read. Calling it with a document's metadata says whether the document passes.

    ``str()`` prints it in one standard form, which reads back as the same filter.
    """

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.keys = keys_of(expression)
        self._evaluate = evaluator(expression)

    def __call__(self, row: Mapping[str, Any]) -> bool:
        return self._evaluate(row) is True

    def __str__(self) -> str:
        return str(self.expression)


def parse_filter(text: str) -> Filter:
    """A predicate over a document's metadata.

    Raises:
        FilterError: the expression cannot be read; the message points at the place.

    >>> parse_filter("year >= 2020 and not lang == 'de'")({"year": 2021, "lang": "en"})
    True
    >>> parse_filter("not lang == 'de'")({"year": 2021})
    False
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter has {len(text)} characters, more than the {MAX_LENGTH} that are read")
    return Filter(_Reader(text).read())


class _Token(NamedTuple):
    kind: str
    value: Any
    at: int


class _Reader:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[_Token] = []
        at = 0
        while text[at:].strip():
            start = at + len(text[at:]) - len(text[at:].lstrip())
            match = _TOKEN.match(text, at)
            if match is None:
                unclosed = text[start] in "\"'`"
                raise self._error("a quotation mark is not closed" if unclosed else "cannot read this", start)
            self._tokens.append(self._token(str(match.lastgroup), match[match.lastgroup or 0], start))
            at = match.end()
        self._at = 0

    def read(self) -> Expression:
        expression = self._any(0)
        if self._at < len(self._tokens):
            raise self._error("expected and, or, or the end", self._place())
        return expression

    def _token(self, kind: str, found: str, at: int) -> _Token:
        if kind == "quoted":
            return _Token("key" if found[0] == "`" else "value", self._unescaped(found[1:-1], at + 1), at)
        if kind == "number":
            number = float(found) if any(c in found for c in ".eE") else int(found)
            if isinstance(number, float) and not math.isfinite(number):
                raise self._error("a number is out of range", at)
            return _Token("value", number, at)
        if kind == "date":
            moment = read_date(found)
            if moment is None:
                raise self._error("there is no such date", at)
            return _Token("value", moment, at)
        if kind == "word":
            truth = found in ("true", "false")
            return _Token("value" if truth else "word" if found in RESERVED else "key", found == "true" if truth else found, at)
        return _Token(kind, found, at)

    def _unescaped(self, text: str, at: int) -> str:
        def one(match: re.Match[str]) -> str:
            code, char = match.groups()
            found = _ESCAPED.get(char) if code is None else chr(int(code, 16))
            if found is None or "\ud800" <= found <= "\udfff":
                raise self._error(f"{match[0]} stands for no character", at + match.start())
            return found

        return _ESCAPE.sub(one, text)

    def _error(self, what: str, at: int) -> FilterError:
        return FilterError(f"filter {self._text!r}: {what} at character {at + 1}. A filter looks like: {_EXAMPLE}")

    def _place(self) -> int:
        return self._tokens[self._at].at if self._at < len(self._tokens) else len(self._text)

    def _take(self, kind: str, *values: str) -> _Token | None:
        """The next token when it is of ``kind`` (and one of ``values``), else ``None``."""
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == kind and (not values or token.value in values):
                self._at += 1
                return token
        return None

    def _need(self, kind: str, *values: str) -> Any:
        token = self._take(kind, *values)
        if token is None:
            raise self._error(f"expected {' or '.join(values) or f'a {kind}'}", self._place())
        return token.value

    def _any(self, depth: int) -> Expression:
        parts = [self._all(depth)]
        while self._take("word", "or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Some(parts=tuple(parts))

    def _all(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._take("word", "and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(parts=tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} levels of parentheses and not", self._place())
        if self._take("word", "not"):
            return Not(part=self._one(depth + 1))
        if self._take("symbol", "("):
            inner = self._any(depth + 1)
            self._need("symbol", ")")
            return inner
        if self._take("word", "exists"):
            self._need("symbol", "(")
            key = self._need("key")
            self._need("symbol", ")")
            return Exists(key=key)
        return self._comparison(self._need("key"))

    def _comparison(self, key: str) -> Expression:
        negated = self._take("word", "not") is not None
        if negated or (self._at < len(self._tokens) and self._tokens[self._at][:2] == ("word", "in")):
            self._need("word", "in")
            self._need("symbol", "[")
            values = [self._need("value")]
            while self._take("symbol", ","):
                values.append(self._need("value"))
            self._need("symbol", "]")
            found = In(key=key, values=tuple(values))
            return Not(part=found) if negated else found
        return Compare(key=key, operator=self._need("symbol", *OPERATORS), value=self._need("value"))
