"""Thresholds on what is watched: ``abstention rate>0.3``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

_SIGNS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_FORM = re.compile(r"\s*(?P<name>[^<>=]+?)\s*(?P<sign>>=|<=|>|<)\s*(?P<limit>[-+]?[0-9.]+(?:e[-+]?\d+)?)\s*")


class BadAlert(RagkitError, ValueError):
    """An alert cannot be read, or names what is not watched."""


@record
class Alert(Jsonable):
    """A figure's name, a sign, and the limit."""

    name: str
    sign: str
    limit: float

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.limit:g}"


@record
class Fired(Jsonable):
    """An alert that holds, and the value that made it."""

    alert: Alert
    value: float


def parse_alert(text: str) -> Alert:
    """``NAME>NUMBER``; the signs are >, <, >= and <=.

    >>> print(parse_alert("abstention rate>0.3"))
    abstention rate > 0.3

    Raises:
        BadAlert: it is not of that form.
    """
    found = _FORM.fullmatch(text)
    try:
        limit = float(found["limit"]) if found is not None else float("nan")
    except ValueError:
        found = None
    if found is None:
        raise BadAlert(f"{text!r} is no alert; one is a name, a sign and a number, such as 'abstention rate>0.3'")
    return Alert(name=found["name"], sign=found["sign"], limit=limit)


def check(alerts: Sequence[Alert], names: Sequence[str]) -> None:
    """Says of an alert what is not watched.

    Raises:
        BadAlert: a name is none of ``names``.
    """
    for alert in alerts:
        if alert.name not in names:
            raise BadAlert(f"nothing that is watched is called {alert.name!r}; there are {', '.join(names)}")


def fired(alerts: Sequence[Alert], figures: Mapping[str, float | None]) -> list[Fired]:
    """Those that hold. A figure without a value holds no alert."""
    found = []
    for alert in alerts:
        value = figures.get(alert.name)
        if value is not None and _SIGNS[alert.sign](value, alert.limit):
            found.append(Fired(alert=alert, value=value))
    return found
