"""The points of a sweep as a table and as a drawing: quality over latency, with the best trade-offs joined."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from .report import figure
from .sweep import Point, named

if TYPE_CHECKING:
    from rich.table import Table

#: Size of the drawing in pixels, and of its margins.
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 420, 64, 48, 20
_TICKS = 5


def table(points: Sequence[Point]) -> Table:
    """A line a point, the best first."""
    from rich.table import Table

    made = Table(title=f"{len(points)} points by {points[0].measure}; * none is both as good and as fast", title_justify="left")
    made.add_column("", no_wrap=True)
    for key in points[0].values:
        made.add_column(key, no_wrap=True)
    for heading in (points[0].measure, "95 % interval", "p beside the best", "median ms", "failed"):
        made.add_column(heading, justify="right", no_wrap=True)
    for point in points:
        interval = "" if point.interval is None else f"{point.interval[0]:.3f} to {point.interval[1]:.3f}"
        p = "" if point.p is None else f"{point.p:.3f}"
        taken = "–" if point.latency_ms is None else f"{point.latency_ms:.1f}"
        made.add_row("*" if point.on_front else "", *point.values.values(), figure(point.quality), interval, p, taken, str(point.failed))
    return made


def svg(points: Sequence[Point]) -> str:
    """Every point that has both values, those on the front filled and joined; the settings are each point's title."""
    shown = [(p, p.latency_ms, p.quality) for p in points if p.latency_ms is not None and p.quality is not None]
    across, up = _scale([x for _, x, _ in shown]), _scale([y for _, _, y in shown])
    front = sorted((x, y) for p, x, y in shown if p.on_front)
    line = " ".join(f"{_x(x, across):.1f},{_y(y, up):.1f}" for x, y in front)
    dots = "".join(_dot(p, _x(x, across), _y(y, up)) for p, x, y in shown)
    measure = escape(points[0].measure)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
        f"<title>{measure} over latency, {len(shown)} points</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>{_grid(across, up)}'
        f'<polyline points="{line}" fill="none" stroke="#1f6f8b" stroke-width="2"/>{dots}'
        f'<text x="{_WIDTH // 2}" y="{_HEIGHT - 8}" text-anchor="middle">median time of a question, ms</text>'
        f'<text x="14" y="{_HEIGHT // 2}" text-anchor="middle" transform="rotate(-90 14 {_HEIGHT // 2})">{measure}</text></svg>\n'
    )


def _dot(point: Point, x: float, y: float) -> str:
    fill = "#1f6f8b" if point.on_front else "white"
    label = escape(named(point.values))
    left, anchor = (x + 7, "start") if x < _WIDTH / 2 else (x - 7, "end")  # the label stays inside the drawing
    text = f'<text x="{left:.1f}" y="{y - 5:.1f}" font-size="9" text-anchor="{anchor}">{label}</text>' if point.on_front else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="#1f6f8b"><title>{label}</title></circle>{text}'


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis, a little beyond the values."""
    if not values:
        return 0.0, 1.0
    room = 0.08 * (max(values) - min(values)) or 0.08 * abs(max(values)) or 1.0
    return min(values) - room, max(values) + room


def _x(value: float, ends: tuple[float, float]) -> float:
    return _LEFT + (value - ends[0]) / (ends[1] - ends[0]) * (_WIDTH - _LEFT - _TOP)


def _y(value: float, ends: tuple[float, float]) -> float:
    return _HEIGHT - _BOTTOM - (value - ends[0]) / (ends[1] - ends[0]) * (_HEIGHT - _BOTTOM - _TOP)


def _grid(across: tuple[float, float], up: tuple[float, float]) -> str:
    made = []
    for step in range(_TICKS):
        part = step / (_TICKS - 1)
        x, y = across[0] + part * (across[1] - across[0]), up[0] + part * (up[1] - up[0])
        made.append(f'<text x="{_x(x, across):.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.4g}</text>')
        made.append(f'<text x="{_LEFT - 6}" y="{_y(y, up) + 4:.1f}" text-anchor="end">{y:.3f}</text>')
        made.append(f'<line x1="{_LEFT}" y1="{_y(y, up):.1f}" x2="{_WIDTH - _TOP}" y2="{_y(y, up):.1f}" stroke="#ddd"/>')
    return "".join(made)
