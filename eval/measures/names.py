"""From names to measures."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ragkit.errors import RagkitError

from .base import Measure

_NAME = re.compile(r"(?P<name>[^@(]+?)\s*(?:@\s*(?P<k>\d+)|\s+p(?P<percentile>\d+))?\s*(?:\((?P<brackets>.*)\))?", re.DOTALL)
_ALL = "all"
#: A comma that is not inside brackets.
_COMMA = re.compile(r",(?![^(]*\))")


class UnknownMeasure(RagkitError, ValueError):
    """There is no measure, or no parameter, of a name."""


def find(names: Sequence[str], cheap: Sequence[Measure], dear: Sequence[Measure], k: int) -> tuple[Measure, ...]:
    """The measures of ``names`` among ``cheap`` and ``dear`` ones, as :func:`ragkit.eval.measures.named` says."""
    parts = [part for name in names for part in _COMMA.split(name)]
    return tuple(dict.fromkeys(measure for part in parts for measure in _found(part, cheap, dear, k)))


def _found(name: str, cheap: Sequence[Measure], dear: Sequence[Measure], k: int) -> Iterator[Measure]:
    wanted = name.strip().casefold()
    every = (*cheap, *dear)
    if wanted == _ALL:
        yield from cheap
    elif any(wanted == measure.GROUP for measure in every):
        yield from (measure for measure in every if wanted == measure.GROUP and not hasattr(measure, "model"))
    else:
        yield _one(name, every, k)


def _one(name: str, every: Sequence[Measure], k: int) -> Measure:
    parts = _NAME.fullmatch(name.strip())
    kinds = {known.casefold(): type(measure) for measure in every for known in (measure.NAME, *measure.ALIASES)}
    kind = kinds.get(parts["name"].casefold()) if parts else None
    if parts is None or kind is None:
        groups = ", ".join(dict.fromkeys(measure.GROUP for measure in every))
        there = ", ".join(dict.fromkeys(measure.NAME for measure in every))
        raise UnknownMeasure(f"there is no measure {name!r}; there are {there}; the groups {groups}; and {_ALL}")
    fields = {field.name: field.default for field in dataclasses.fields(kind)}
    given: dict[str, Any] = {"k": k} if "k" in fields else {}
    given |= {key: int(parts[key]) for key in ("k", "percentile") if parts[key]}
    return _made(kind, given | _brackets(parts["brackets"] or "", name), fields, name)


def _made(kind: type[Measure], given: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> Measure:
    unknown = [key for key in given if key not in fields]
    if unknown:
        raise UnknownMeasure(f"{name!r}: {kind.NAME} has no parameter {unknown[0]!r}; it has {', '.join(fields) or 'none'}")
    try:
        return kind(**{key: _value(value, fields[key]) if isinstance(value, str) else value for key, value in given.items()})
    except (ValueError, TypeError) as error:
        raise UnknownMeasure(f"{name!r}: {error}") from error


def _brackets(text: str, name: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(mark and value.strip() for _, mark, value in pairs):
        raise UnknownMeasure(f"{name!r}: what stands in brackets is KEY=VALUE, KEY=VALUE")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _value(text: str, default: Any) -> Any:
    """A value of the kind of the parameter's default.

    Raises:
        ValueError: it is of another kind.
    """
    if isinstance(default, bool):
        if text.casefold() not in ("true", "false"):
            raise ValueError(f"true or false is wanted, not {text!r}")
        return text.casefold() == "true"
    return type(default)(text) if isinstance(default, int | float) else text
