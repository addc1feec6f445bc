"""What a filter says: a tree of frozen records that can be printed, and turned into a function over a document's metadata.

Logic is three-valued (Kleene 1952): a comparison that cannot be decided, because the key is missing or the types
differ, is neither true nor false; neither is its negation. Only what is true passes, so doubt hides a document.
"""

from __future__ import annotations

import datetime
import functools
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ragkit.records import record

#: A literal of a filter.
Value = str | int | float | bool | datetime.date | datetime.datetime
#: ``True``, ``False``, or ``None``: cannot be decided.
Truth = bool | None
Evaluator = Callable[[Mapping[str, Any]], Truth]

#: Words that a key can only be in backticks.
RESERVED = frozenset(("and", "or", "not", "in", "exists", "true", "false"))
#: A key that needs no backticks: it begins like a word, and has no characters but these.
PLAIN_KEY = re.compile(r"[^\W\d][\w.\-/]*")
#: A date, or a date and a time, as ISO 8601 writes them.
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: All comparisons that the grammar knows.
OPERATORS = (*_ORDER, "!=")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@record
class Compare:
    """``key operator value``."""

    key: str
    operator: str
    value: Value

    def __str__(self) -> str:
        return f"{print_key(self.key)} {self.operator} {print_value(self.value)}"


@record
class In:
    """``key in [value, …]``."""

    key: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{print_key(self.key)} in [{', '.join(map(print_value, self.values))}]"


@record
class Exists:
    """``exists(key)``: the key is there and is not null."""

    key: str

    def __str__(self) -> str:
        return f"exists({print_key(self.key)})"


@record
class Not:
    """``not part``."""

    part: Expression

    def __str__(self) -> str:
        return f"not {_inner(self.part)}"


@record
class All:
    """Two or more parts joined by ``and``."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(map(_inner, self.parts))


@record
class Some:
    """Two or more parts joined by ``or``."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(map(_inner, self.parts))


Expression = Compare | In | Exists | Not | All | Some


def _inner(part: Expression) -> str:
    return f"({part})" if isinstance(part, All | Some) else str(part)


def print_key(key: str) -> str:
    """The key as a filter writes it, in backticks where it must be."""
    return key if PLAIN_KEY.fullmatch(key) and key not in RESERVED else _quoted(key, "`")


def print_value(value: Value) -> str:
    """The literal as a filter writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return _quoted(value, '"') if isinstance(value, str) else repr(value)


def _quoted(text: str, mark: str) -> str:
    return mark + "".join(f"\\{c}" if c == mark else _ESCAPES.get(c, c) for c in text) + mark


def keys_of(expression: Expression) -> frozenset[str]:
    """The keys that an expression looks at."""
    if isinstance(expression, Not):
        return keys_of(expression.part)
    if isinstance(expression, All | Some):
        return frozenset().union(*map(keys_of, expression.parts))
    return frozenset((expression.key,))


# --- evaluation ----------------------------------------------------------------------------------------------


def evaluator(expression: Expression) -> Evaluator:
    """A function that says whether a document's metadata pass: ``True``, ``False``, or ``None`` when that is open."""
    if isinstance(expression, Not):
        inner = evaluator(expression.part)
        return lambda row: _negated(inner(row))
    if isinstance(expression, All | Some):
        parts = [evaluator(part) for part in expression.parts]
        joined = conjunction if isinstance(expression, All) else disjunction
        return lambda row: joined(part(row) for part in parts)
    if isinstance(expression, Exists):
        wanted = expression.key
        return lambda row: lookup(row, wanted) is not None
    if isinstance(expression, In):
        key, values = expression.key, expression.values
        return lambda row: _among(lookup(row, key), values)
    return _comparison(expression)


def _comparison(expression: Compare) -> Evaluator:
    key, symbol, value = expression.key, expression.operator, expression.value
    if symbol == "!=":
        return lambda row: _negated(compare("==", lookup(row, key), value))
    return lambda row: compare(symbol, lookup(row, key), value)


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def disjunction(truths: Iterable[Truth]) -> Truth:
    """True when one is, else undecided when one is, else false."""
    result: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            result = None
    return result


def conjunction(truths: Iterable[Truth]) -> Truth:
    """False when one is, else undecided when one is, else true."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def lookup(row: Mapping[str, Any], key: str) -> Any:
    """The value of ``key``: by that name as it stands, else by its parts between dots, one level each; ``None``: missing."""
    if key in row or "." not in key:
        return row.get(key)
    found: Any = row
    for part in key.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _among(found: Any, values: Sequence[Value]) -> Truth:
    return disjunction(compare("==", found, value) for value in values)


def compare(symbol: str, found: Any, value: Value) -> Truth:
    """``found symbol value`` for ``==`` and the four of order; of a list: whether it holds for one of the members."""
    if isinstance(found, list | tuple):
        return disjunction(compare(symbol, one, value) for one in found if not isinstance(one, list | tuple))
    left, right = _comparable(found, value)
    return None if left is None else _ORDER[symbol](left, right)


def _comparable(found: Any, value: Value) -> tuple[Any, Any]:
    """Both sides in a form that can be compared, or ``(None, None)`` when they are of different kinds."""
    if isinstance(value, bool) or isinstance(found, bool):
        return (found, value) if isinstance(value, bool) and isinstance(found, bool) else (None, None)
    if isinstance(value, int | float):
        usable = isinstance(found, int | float) and not (isinstance(found, float) and math.isnan(found))
        return (found, value) if usable else (None, None)
    if isinstance(value, str):
        return (found, value) if isinstance(found, str) else (None, None)
    moment = read_date(found) if isinstance(found, str) else found
    return _moments(moment, value) if isinstance(moment, datetime.date) else (None, None)


def _moments(a: datetime.date, b: datetime.date) -> tuple[Any, Any]:
    """Two moments where both have a time, UTC when they name no zone; else two days of the calendar, each as it is written."""
    if isinstance(a, datetime.datetime) and isinstance(b, datetime.datetime):
        return tuple(m if m.tzinfo is not None else m.replace(tzinfo=datetime.UTC) for m in (a, b))  # type: ignore[return-value]
    return tuple(m.date() if isinstance(m, datetime.datetime) else m for m in (a, b))  # type: ignore[return-value]


@functools.lru_cache(4096)
def read_date(text: str) -> datetime.date | None:
    """The date, or the date and time, that ``text`` is; ``None`` when it is neither."""
    if DATE.fullmatch(text) is None:
        return None
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
