"""The grammar of filters: what it reads, what it means, where it says that something is wrong."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragkit.errors import FilterError
from ragkit.store.expressions import All, Compare, Exists, Expression, In, Not, Some
from ragkit.store.filters import MAX_DEPTH, MAX_LENGTH, Filter, parse_filter

DOCUMENT = {
    "year": 2024,
    "share": 0.5,
    "lang": "en",
    "draft": False,
    "tags": ["lamp", "cost"],
    "none": None,
    "empty": [],
    "mixed": [1, "x"],
    "when": "2024-05-01",
    "at": "2024-05-01T23:30:00+02:00",
    "text": 'a "b"\\\n',
    "author": {"name": {"last": "Hale"}, "age": 40},
    "flat.key": 1,
    "odd key": "yes",
    "weird": float("nan"),
}

PASS = [
    "year == 2024",
    "year == 2024.0",
    "share < 1",
    "draft == false",
    "not draft == true",
    "lang != 'de'",
    "lang in ['de', \"en\"]",
    "lang not in ['de', 'fr']",
    "year in [2023, 2024]",
    "exists(year) and not exists(missing) and not exists(none)",
    "tags == 'lamp'",
    "tags != 'oil'",
    "tags in ['oil', 'cost']",
    "not tags == 'oil'",
    "empty != 'x'",
    "exists(empty)",
    "when == 2024-05-01",
    "when < 2024-05-02",
    "at == 2024-05-01",
    "at <= 2024-05-01",
    "at == 2024-05-01T21:30:00Z",
    "at < 2024-05-01T21:30:01",
    "when >= 2024-05-01T10:00",
    "when == '2024-05-01'",
    r"""text == 'a "b"\\\n'""",
    r"""lang == '\u0065n'""",
    "author.name.last == 'Hale' and author.age >= 40",
    "flat.key == 1",
    "`odd key` == 'yes'",
    "missing == 1 or year == 2024",
    "(lang == 'de' or lang == 'en') and year > 2000",
]
HIDE = [
    "missing == 1",
    "missing != 1",
    "not missing == 1",
    "not (missing > 3)",
    "not not missing == 1",
    "missing not in ['x']",
    "not (missing == 1 and year == 2024)",
    "not (missing == 1 or year == 1)",
    "none == 1",
    "none != 1",
    "year == '2024'",
    "year != '2024'",
    "not year == '2024'",
    "year == 2024-05-01",
    "draft == 0",
    "draft != 0",
    "share > 'a'",
    "lang < 5",
    "tags != 'lamp'",
    "tags in ['oil']",
    "empty == 'x'",
    "mixed != 'y'",
    "lang == 2024-05-01",
    "not lang == 2024-05-01",
    "weird == 1",
    "weird != 1",
    "author == 'Hale'",
    "author.name.first == 'x'",
    "author.name.last.x == 'x'",
    "at == 2024-05-02",
]


@pytest.mark.parametrize("text", PASS)
def test_what_is_true_passes(text: str) -> None:
    """Comparisons of like types, lists by their members, dates as dates, nested keys by dots."""
    assert parse_filter(text)(DOCUMENT)


@pytest.mark.parametrize("text", HIDE)
def test_what_is_false_or_open_hides(text: str) -> None:
    """A missing key or another type can be decided neither way, so it hides the document, under ``not`` too."""
    assert not parse_filter(text)(DOCUMENT)


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        ("year => 2024", "cannot read this", 6),
        ("year == ", "expected a value", 9),
        ("", "expected a key", 1),
        ("(a == 1", "expected )", 8),
        ("a == 1 b", "expected and, or, or the end", 8),
        ("a == 'x", "a quotation mark is not closed", 6),
        (r"a == 'x\q'", r"\q stands for no character", 8),
        (r"a == 'x\ud800'", r"\ud800 stands for no character", 8),
        ("a == 2024-02-30", "there is no such date", 6),
        ("a == 1e999", "a number is out of range", 6),
        ("a in []", "expected a value", 7),
        ("a not 1", "expected in", 7),
        ("exists(1)", "expected a key", 8),
        ("and == 1", "expected a key", 1),
        ("(" * (MAX_DEPTH + 1) + "a == 1", "levels of parentheses", MAX_DEPTH + 2),
        ("not " * (MAX_DEPTH + 1) + "a == 1", "levels of parentheses", 4 * (MAX_DEPTH + 1) + 1),
    ],
)
def test_an_error_points_at_the_place(text: str, what: str, place: int) -> None:
    """The message says what was expected, and at which character."""
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert what in str(caught.value)
    assert f"at character {place}." in str(caught.value)


def test_length_is_limited() -> None:
    """A filter longer than the limit is refused before it is read; one at the limit is read."""
    with pytest.raises(FilterError, match=f"more than the {MAX_LENGTH}"):
        parse_filter("a == '" + "x" * MAX_LENGTH)
    assert parse_filter(f"a == {'9' * (MAX_LENGTH - 5)}")({"a": 10 ** (MAX_LENGTH - 5) - 1})


# --- properties ----------------------------------------------------------------------------------------------

keys = st.sampled_from(["a", "b", "c", "d.e", "and", "odd key", "`", "2nd", "ключ"]) | st.text(min_size=1, max_size=4)
dates = (
    st.dates() | st.datetimes() | st.datetimes(timezones=st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=-5))]))
)
numbers = st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
literals = st.booleans() | numbers | st.sampled_from(["", "x", "y", "2024-05-01"]) | st.text(max_size=5) | dates
comparisons = st.builds(Compare, key=keys, operator=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), value=literals)
leaves = comparisons | st.builds(In, key=keys, values=st.lists(literals, min_size=1, max_size=3).map(tuple)) | st.builds(Exists, key=keys)


def _grown(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, part=parts) | st.builds(All, parts=several) | st.builds(Some, parts=several)


expressions: st.SearchStrategy[Expression] = st.recursive(leaves, _grown, max_leaves=8)
scalars = st.none() | st.booleans() | numbers | st.sampled_from(["x", "y"]) | st.text(max_size=3) | dates.map(lambda d: d.isoformat())
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.sampled_from(["e", "f"]), scalars, max_size=2)
rows = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "d.e", "odd key"]), values, max_size=6)


@settings(deadline=None)
@given(expressions, rows)
def test_what_is_printed_reads_back_as_the_same_filter(expression: Expression, row: dict[str, Any]) -> None:
    """``str`` of any filter parses to the same tree, with the same verdict on any document."""
    again = parse_filter(str(Filter(expression)))
    assert again.expression == expression
    assert again(row) == Filter(expression)(row)
    assert again.keys == Filter(expression).keys


@settings(deadline=None)
@given(expressions, rows)
def test_evaluation_is_that_of_the_reference(expression: Expression, row: dict[str, Any]) -> None:
    """The compiled function agrees with a plain reading of the rules, written down separately."""
    assert Filter(expression)(row) == (_reference(expression, row) == {True})


def _reference(expression: Expression, row: dict[str, Any]) -> set[bool]:
    """The truth values that an expression could have if what is open were settled either way, each occurrence by itself."""
    match expression:
        case Not(part=part):
            return {not truth for truth in _reference(part, row)}
        case All(parts=parts):
            found = [_reference(part, row) for part in parts]
            return ({True} if all(True in f for f in found) else set()) | ({False} if any(False in f for f in found) else set())
        case Some(parts=parts):
            return _reference(Not(part=All(parts=tuple(Not(part=part) for part in parts))), row)
        case Exists(key=key):
            return {_value(row, key) is not None}
        case In(key=key, values=values):
            return _reference(Some(parts=tuple(Compare(key=key, operator="==", value=v) for v in (*values, values[0]))), row)
        case Compare(key=key, operator="!=", value=value):
            return _reference(Not(part=Compare(key=key, operator="==", value=value)), row)
        case Compare(key=key, operator=operator, value=value):
            found = _value(row, key)
            if isinstance(found, list):
                each = [_one(operator, member, value) for member in found]
                return ({True} if any(True in e for e in each) else set()) | ({False} if all(False in e for e in each) else set())
            return _one(operator, found, value)
    raise TypeError(expression)


def _value(row: dict[str, Any], key: str) -> Any:
    if key in row:
        return row[key]
    head, dot, rest = key.partition(".")
    inner = row.get(head) if dot else None
    return inner.get(rest) if isinstance(inner, dict) else None


def _one(operator: str, found: Any, value: Any) -> set[bool]:
    both = {True, False}
    if isinstance(value, datetime.date):
        try:
            is_day = isinstance(found, str) and len(found) == 10
            moment = datetime.date.fromisoformat(found) if is_day else datetime.datetime.fromisoformat(found)
        except (ValueError, TypeError):
            return both
        if isinstance(value, datetime.datetime) and isinstance(moment, datetime.datetime):
            found, value = (m if m.tzinfo else m.replace(tzinfo=datetime.UTC) for m in (moment, value))
        else:
            found, value = (datetime.date(m.year, m.month, m.day) for m in (moment, value))
    elif {type(found), type(value)} not in ({int}, {float}, {int, float}, {str}, {bool}):
        return both
    order = {"==": found == value, "<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}
    return {order[operator]}


#: Pieces of filters, so that what is thrown at the parser is often nearly one.
pieces = st.lists(
    st.sampled_from(["a", "==", "<", "(", ")", "[", "]", ",", "'x'", '"', "'", "`", "\\", "not", "in", "and", "or", "exists", " "])
    | st.sampled_from(["1", "-", ".", "1e9", "2024-05-01", "T25:00", "T10:00Z", "\x00", "٣", "true", "\\u12"])
    | st.text(max_size=3),
    max_size=20,
)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60) | pieces.map("".join) | pieces.map(" ".join), rows)
@example("a == ٣", {})
@example("a == 1\x1f", {})
@example("\udc80 == '\udc80'", {"a": 1})
@example("a < 0001-01-01T00:00+14:00", {"a": "0001-01-01T00:00:00-14:00"})
@example("a < 9999-12-31T23:59-14:00", {"a": "9999-12-31T23:59:00+14:00"})
@example("a == 0000-01-01", {})
@example("a == 2024-05-01T10:00+99:00", {})
@example("a in [1.5, 'x", {})
def test_any_string_is_a_filter_or_a_filter_error(text: str, row: dict[str, Any]) -> None:
    """Nothing that can be typed raises anything but FilterError, and what is read gives a verdict."""
    said, verdict = "filter", False
    try:
        verdict = parse_filter(text)(row)
    except FilterError as error:
        said = str(error)
    assert verdict in (True, False)
    assert "\n" not in said
    assert "filter" in said
