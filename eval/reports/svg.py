"""Drawings by hand: a frame with two axes, and what is drawn into it. Colours are readable on light and dark ground."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence

#: Of the first and the second run; each has a contrast of 3:1 and more with white and with near-black.
COLOURS = ("#2b7bba", "#d9622b")
DASHES = ("", "6 3")
#: What text is made of in a drawing: nothing that turns or hides.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e007f]")


def words(text: object, most: int = 48) -> str:
    """Text for a drawing: escaped, without control characters, shortened."""
    seen = _UNSEEN.sub("\ufffd", str(text))
    return html.escape(seen if len(seen) <= most else seen[: most - 1] + "…")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from ``low`` to ``high``, about so many.

    >>> ticks(0, 1), ticks(0, 0.45)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.1, 0.2, 0.3, 0.4])
    """
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda one: abs(one - raw))
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


class Frame:
    """A drawing of ``width`` by ``height`` pixels that shows ``x`` and ``y`` ranges; what is drawn is collected in order.

    With the ``names`` of two runs it says above which colour is which."""

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        names: Sequence[str] = (),
        width: int = 460,
        height: int = 286,
        left: int = 56,
    ) -> None:
        head = 16 * len(names) if len(names) > 1 else 0
        self.width, self.height, self.left, self.bottom = width, height + head, left, 46
        self.x, self.y = _wide(x), _wide(y)
        self.top, self.right = 14 + head, 18
        self._parts: list[str] = []
        for run, name in enumerate(names if head else ()):
            self._parts.append(f'<rect x="{left}" y="{3 + 16 * run}" width="10" height="10" fill="{COLOURS[run]}"/>')
            self.text(left + 15, 12 + 16 * run, name)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point; what lies outside is moved to the border."""
        across = min(max((x - self.x[0]) / (self.x[1] - self.x[0]), 0.0), 1.0)
        up = min(max((y - self.y[0]) / (self.y[1] - self.y[0]), 0.0), 1.0)
        return self.left + across * (self.width - self.left - self.right), self.height - self.bottom - up * (
            self.height - self.bottom - self.top
        )

    def axes(self, x_label: str, y_label: str = "", *, x_ticks: Sequence[float] = (), y_ticks: Sequence[float] = ()) -> None:
        """Lines of a grid, numbers and labels. Without ``y_label`` the left side has no numbers."""
        floor, ceiling = self.at(self.x[0], self.y[0])[1], self.at(self.x[0], self.y[1])[1]
        for value in x_ticks or ticks(*self.x):
            x, _ = self.at(value, self.y[0])
            self._line(x, floor, x, ceiling, 'stroke="currentColor" stroke-opacity=".15"')
            self.text(x, floor + 16, f"{value:g}", "middle")
        for value in (y_ticks or ticks(*self.y)) if y_label else ():
            _, y = self.at(self.x[0], value)
            self._line(self.left, y, self.width - self.right, y, 'stroke="currentColor" stroke-opacity=".15"')
            self.text(self.left - 6, y + 4, f"{value:g}", "end")
        self._line(self.left, floor, self.width - self.right, floor, 'stroke="currentColor" stroke-opacity=".6"')
        self.text((self.left + self.width - self.right) / 2, self.height - 8, x_label, "middle")
        if y_label:
            middle = (floor + ceiling) / 2
            self._parts.append(
                f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">{words(y_label)}</text>'
            )

    def text(self, x: float, y: float, text: object, anchor: str = "start", most: int = 48) -> None:
        """Text at pixels."""
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words(text, most)}</text>')

    def line(self, points: Sequence[tuple[float, float]], run: int = 0, style: str = "") -> None:
        """Points that are joined, in the colour of a run or in ``style``."""
        dash = f' stroke-dasharray="{DASHES[run]}"' if DASHES[run] else ""
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
        style = style or f'stroke="{COLOURS[run]}" stroke-width="2"{dash}'
        self._parts.append(f'<polyline points="{drawn}" fill="none" {style}/>')

    def dot(self, x: float, y: float, run: int = 0, radius: float = 4, about: str = "", shift: float = 0) -> None:
        """A point, a circle for the first run and a square for the second; ``about`` is what a pointer on it shows."""
        px, py = self.at(x, y)
        py += shift
        title = f"<title>{words(about, 200)}</title>" if about else ""
        if run == 0:
            self._parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius:.1f}" fill="{COLOURS[run]}">{title}</circle>')
        else:
            side = 2 * radius
            place = f'x="{px - radius:.1f}" y="{py - radius:.1f}" width="{side:.1f}" height="{side:.1f}"'
            self._parts.append(f'<rect {place} fill="{COLOURS[run]}">{title}</rect>')

    def span(self, low: float, high: float, y: float, run: int = 0, shift: float = 0) -> None:
        """An interval: a line across at ``y``."""
        (a, py), (b, _) = self.at(low, y), self.at(high, y)
        self._line(a, py + shift, b, py + shift, f'stroke="{COLOURS[run]}" stroke-width="2" stroke-opacity=".75"')

    def bar(self, low: float, high: float, value: float, run: int = 0, about: str = "") -> None:
        """A bar from ``low`` to ``high``, up to ``value``."""
        (a, top), (b, floor) = self.at(low, value), self.at(high, self.y[0])
        place = f'x="{a:.1f}" y="{top:.1f}" width="{max(b - a - 1, 0.5):.1f}" height="{max(floor - top, 0):.1f}"'
        self._parts.append(f'<rect {place} fill="{COLOURS[run]}" fill-opacity=".6"><title>{words(about, 200)}</title></rect>')

    def upright(self, x: float, label: str, run: int = 0, drop: int = 0) -> None:
        """A vertical line with a name at its top."""
        px, floor = self.at(x, self.y[0])
        self._line(px, floor, px, self.top, f'stroke="{COLOURS[run]}" stroke-dasharray="2 3"')
        side = ("end", -4) if px > self.width * 0.7 else ("start", 4)
        self.text(px + side[1], self.top + 10 + 13 * drop, label, side[0])

    def _line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        self._parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>')

    def drawn(self, title: str) -> str:
        """The whole drawing; ``title`` is what is read out in its place."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img"'
        style = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"'
        return f"{head} {style}><title>{words(title, 600)}</title>{''.join(self._parts)}</svg>"


def alone(svg: str, *, dark: bool) -> str:
    """A drawing that stands in no page, where nothing says what colour its text has.

    >>> alone("<svg ><title>t</title></svg>", dark=False)
    '<svg color="#1b1f23" ><title>t</title></svg>'
    """
    return svg.replace("<svg ", f'<svg color="{"#e6e6e6" if dark else "#1b1f23"}" ', 1)


def _wide(span: tuple[float, float]) -> tuple[float, float]:
    return span if span[1] > span[0] else (span[0], span[0] + 1.0)
