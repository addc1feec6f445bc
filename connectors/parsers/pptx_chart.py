"""The numbers and titles of charts, which presentations, texts and workbooks keep alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .grid import shown

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MAX_POINTS = 10_000


def points(chart: Any) -> Iterator[list[str]]:
    """The numbers that a chart keeps of its sheet, read here, as the library knows the series of some kinds of chart only."""
    series = list(chart.iter(f"{_C}ser"))
    names: dict[int, str] = {}
    for one in series:
        names = _cached(one, "cat", "xVal") | names
    columns = [_cached(one, "val", "yVal") for one in series]
    yield ["", *(" ".join(_cached(one, "tx").values()) for one in series)]
    for index in sorted(names.keys() | {index for column in columns for index in column})[:_MAX_POINTS]:
        yield [names.get(index, ""), *(column.get(index, "") for column in columns)]


def _cached(series: Any, *parts: str) -> dict[int, str]:
    points = [point for part in parts for found in series.iterchildren(f"{_C}{part}") for point in found.iter(f"{_C}pt")]
    return {int(point.get("idx", "0")): shown(point.findtext(f"{_C}v")) for point in points}


def titles(chart: Any) -> str:
    """The titles of a chart and of its axes."""
    said = (" ".join("".join(t.text or "" for t in title.iter(f"{_A}t")).split()) for title in chart.iter(f"{_C}title"))
    return ", ".join(dict.fromkeys(title for title in said if title))
