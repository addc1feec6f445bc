"""Risk over coverage of an evaluation: the curve, the thresholds that it allows, and a drawing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragkit.answer import risk
from ragkit.answer.risk import Curve

from .measures import AnswerContains
from .outcome import Outcome

if TYPE_CHECKING:
    from ragkit.api import Ragkit

#: Promises that a report looks up.
PROMISES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
#: Values with which every question that finds evidence is answered, so that the whole curve can be seen.
ANSWER_ALL: dict[str, float | str] = {"answering.min_answerable": 0.0, "answering.max_wrong": 1.0}
#: Size of the drawing in pixels, and of its margin.
_WIDTH, _HEIGHT, _MARGIN = 520, 340, 48


def is_wrong(outcome: Outcome) -> bool:
    """Whether an answer is wrong: it holds none of the gold strings. Any answer to an unanswerable question is."""
    return not AnswerContains().score(outcome)


def curve(kit: Ragkit, outcomes: Sequence[Outcome], wrong: Callable[[Outcome], bool] = is_wrong) -> Curve:
    """The curve of what was answered; abstentions are questions without an answer at any threshold."""
    outcomes = [o for o in outcomes if not o.question.ungraded]  # of the others nobody knows whether they are wrong
    given = [(o.response.answerable or 0.0, wrong(o)) for o in outcomes if o.answered]
    about = risk.about(kit.settings, kit.embedder.sha256)
    return risk.drawn([score for score, _ in given], [fault for _, fault in given], len(outcomes), about)


def withheld(outcome: Outcome, least: float) -> Outcome:
    """The outcome as it is when below ``least`` nothing is answered."""
    response = outcome.response
    if not outcome.answered or response.answerable is None or response.answerable >= least:
        return outcome
    return replace(outcome, response=replace(response, abstained=True, text="", statements=()))


def save(found: Curve, file: Path) -> Path:
    """Writes the curve, and beside it a drawing; the drawing's path.

    Raises:
        OSError: a file cannot be written.
    """
    file.write_text(risk.written(found), "utf-8")
    drawing = file.with_suffix(".svg")
    drawing.write_text(svg(found), "utf-8")
    return drawing


def lines(found: Curve) -> Iterator[str]:
    """The area, and for each promise the threshold that keeps it, for a person."""
    yield f"\nRisk over coverage: {found.questions} questions, area {found.area:.3f}"
    for promise in PROMISES:
        kept = risk.promised(found, promise)
        if kept is None:
            least = risk.needed(promise, found)
            yield f"  at most {promise:.0%} wrong: no threshold can promise it; it takes {least} answers without a fault, or more"
        else:
            point, bound = kept
            told = f"answers {point.coverage:.0%}, {point.risk:.1%} of them wrong here, at most {bound:.1%}"
            yield f"  at most {promise:.0%} wrong: answerable >= {point.threshold:.3f} {told} with {risk.CONFIDENCE:.0%} confidence"


def promises(found: Curve) -> list[dict[str, float | None]]:
    """As :func:`lines`, as values; the threshold is ``None`` where nothing can be promised."""
    rows: list[dict[str, float | None]] = []
    for promise in PROMISES:
        kept = risk.promised(found, promise)
        point, bound = kept or (None, None)
        rows.append(
            {
                "max_wrong": promise,
                "min_answerable": point.threshold if point else None,
                "coverage": point.coverage if point else None,
                "risk": point.risk if point else None,
                "bound": bound,
            }
        )
    return rows


def svg(found: Curve) -> str:
    """The risk (solid) and the upper bound of each point by itself (dashed) over the coverage."""
    delta = 1 - risk.CONFIDENCE
    shown = found.points[:: max(1, len(found.points) // 200)]
    measured = [(p.coverage, p.risk) for p in shown]
    bounds = [(p.coverage, risk.bound(p.wrong, p.answered, delta)) for p in shown]
    ticks = "".join(_tick(share) for share in (0, 0.25, 0.5, 0.75, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
        f"<title>Risk over coverage, {found.questions} questions, area {found.area:.3f}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>{ticks}'
        f'<polyline points="{_points(bounds)}" fill="none" stroke="#e07a3f" stroke-dasharray="5 4"/>'
        f'<polyline points="{_points(measured)}" fill="none" stroke="#1f6f8b" stroke-width="2"/>'
        f'<text x="{_WIDTH // 2}" y="{_HEIGHT - 8}" text-anchor="middle">coverage: share of questions answered</text>'
        f'<text x="14" y="{_HEIGHT // 2}" text-anchor="middle" transform="rotate(-90 14 {_HEIGHT // 2})">'
        "risk: share of answers wrong</text></svg>\n"
    )


def _place(x: float, y: float) -> tuple[float, float]:
    return _MARGIN + x * (_WIDTH - 2 * _MARGIN), _HEIGHT - _MARGIN - y * (_HEIGHT - 2 * _MARGIN)


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(*pair) for pair in pairs))


def _tick(share: float) -> str:
    (x, bottom), (left, y) = _place(share, 0), _place(0, share)
    right = _place(1, 0)[0]
    return (
        f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{share:g}</text>'
        f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{share:g}</text>'
    )
