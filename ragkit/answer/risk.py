"""How often answers are wrong, by how sure ragkit must be to give them: risk over coverage, and the threshold that keeps a promise.

The curve is that of selective classification (El-Yaniv & Wiener 2010, On the Foundations of Noise-free Selective Classification).
The threshold for a promise is found as by SGR (Geifman & El-Yaniv 2017, Selective Classification for Deep Neural Networks): a binary
search over the scores, at each step the exact upper bound of the risk (Clopper & Pearson 1934), the chance to err shared by the steps.
So the promise holds for new questions of the same kind with the confidence named, not for the measured ones alone.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ragkit.errors import SettingsError
from ragkit.records import Jsonable, record
from ragkit.settings import Settings

#: A promise holds with this probability over the draw of the evaluation questions.
CONFIDENCE = 0.95
_FORMAT = "ragkit-risk-coverage-1"
#: Settings that say when to answer, not what.
_DECISION = ("min_answerable", "max_wrong", "risk_curve", "cache")


@record
class Point(Jsonable):
    """What comes of answering whatever has ``answerable`` at or above ``threshold``: ``answered`` questions, ``wrong`` of them;
    ``coverage`` is the share of all questions that is answered, ``risk`` the share of answers that is wrong. All but counts in [0, 1]."""

    threshold: float
    answered: int
    wrong: int
    coverage: float
    risk: float


@record
class Curve(Jsonable):
    """Risk over coverage, from the highest threshold to the lowest. ``about`` says what it was drawn with."""

    questions: int
    points: tuple[Point, ...]
    about: Mapping[str, Any]

    @property
    def area(self) -> float:
        """Area under the risk over the coverage, in [0, 1]; before the first point the risk is that point's. 0 without points."""
        if not self.points:
            return 0.0
        steps = sum((b.coverage - a.coverage) * (a.risk + b.risk) / 2 for a, b in pairwise(self.points))
        return steps + self.points[0].coverage * self.points[0].risk


@record
class Threshold(Jsonable):
    """From which ``answerable`` on questions are answered, and why: the ``setting`` that says so and, where a curve was asked,
    its hash, its number of questions, the promise's ``confidence``, the upper ``bound`` of the risk, and the coverage there."""

    min_answerable: float
    setting: str
    curve_sha256: str | None = None
    questions: int | None = None
    confidence: float | None = None
    bound: float | None = None
    coverage: float | None = None
    notes: tuple[str, ...] = ()


def drawn(scores: Sequence[float], wrong: Sequence[bool], questions: int, about: Mapping[str, Any] | None = None) -> Curve:
    """The curve of ``questions`` questions, of which those with ``scores`` would be answered; ``wrong`` says whether badly.

    Questions with the same score, to six places, are answered together, so they are one point.
    """
    places = [math.floor(score * 1e6) / 1e6 for score in scores]  # rounded up, a threshold would lose the question that it is of
    ranked = sorted(zip(places, wrong, strict=True), reverse=True)
    points, answered, bad = [], 0, 0
    for score, group in groupby(ranked, key=lambda one: one[0]):
        faults = [fault for _, fault in group]
        answered, bad = answered + len(faults), bad + sum(faults)
        points.append(Point(threshold=score, answered=answered, wrong=bad, coverage=answered / questions, risk=bad / answered))
    return Curve(questions=questions, points=tuple(points), about=dict(about or {}))


def bound(wrong: int, answered: int, delta: float) -> float:
    """The largest risk in [0, 1] under which so few of so many answers are wrong with probability ``delta`` (Clopper-Pearson).

    >>> round(bound(0, 59, 0.05), 3)
    0.05
    """
    if wrong >= answered:
        return 1.0
    i = np.arange(wrong)
    ways = np.concatenate([[0.0], np.cumsum(np.log((answered - i) / (i + 1)))])  # log of the binomial coefficients
    k = np.arange(wrong + 1)
    low, high = wrong / answered, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        logs = ways + k * math.log(middle) + (answered - k) * math.log1p(-middle)
        likely = float(np.exp(logs - logs.max()).sum()) * math.exp(float(logs.max()))
        low, high = (middle, high) if likely > delta else (low, middle)
    return high


def promised(curve: Curve, max_wrong: float, confidence: float = CONFIDENCE) -> tuple[Point, float] | None:
    """The point with much coverage whose risk is at most ``max_wrong`` with probability ``confidence``, and the bound of its risk;
    ``None``: the curve allows no such promise."""
    points = curve.points
    delta = step_delta(curve, confidence)
    low, high, found = 0, len(points) - 1, None
    while low <= high:
        middle = (low + high + 1) // 2
        most = bound(points[middle].wrong, points[middle].answered, delta)
        if most <= max_wrong:
            low, found = middle + 1, (points[middle], most)
        else:
            high = middle - 1
    return found


def step_delta(curve: Curve, confidence: float = CONFIDENCE) -> float:
    """The chance to err that each step of the search has."""
    return (1 - confidence) / max(1, math.floor(math.log2(max(1, len(curve.points)))) + 1)


def needed(max_wrong: float, curve: Curve) -> int:
    """The fewest answers, all of them right, that would allow the promise."""
    return math.ceil(math.log(step_delta(curve)) / math.log1p(-max_wrong))


# --- kept in a file, and put to use ---------------------------------------------------------------------------


def about(settings: Settings, embedder_sha256: str) -> dict[str, Any]:
    """What a curve's scores depend on: the models behind ``answerable``, and the settings that bear on answers."""
    values = settings.bearing_on_answers()
    answering = {name: value for name, value in values["answering"].items() if name not in _DECISION}
    text = json.dumps(values | {"answering": answering}, sort_keys=True)
    return {"embedder_sha256": embedder_sha256, "answerable_sha256": _fit(), "settings_sha256": hashlib.sha256(text.encode()).hexdigest()}


def written(curve: Curve) -> str:
    """The file's text."""
    tree = {"format": _FORMAT, **curve.to_dict(), "area": curve.area}
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def read(text: str, name: str) -> Curve:
    """The curve of a file's text; ``name`` is what messages call it.

    Raises:
        SettingsError: it is none.
    """
    try:
        tree = json.loads(text)
        if tree["format"] != _FORMAT:
            raise ValueError(f"its format is {tree['format']!r}")
        whole = int(tree["questions"])
        points = tuple(_point(row, whole) for row in tree["points"])
        if any(b.threshold >= a.threshold or b.answered <= a.answered or b.wrong < a.wrong for a, b in pairwise(points)):
            raise ValueError("its points are not in order")
        return Curve(questions=whole, points=points, about=dict(tree["about"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise SettingsError(f"{name} is no risk-coverage curve ({error}); {_DRAW}") from error


def threshold(settings: Settings, embedder_sha256: str) -> Threshold:
    """From which ``answerable`` on ragkit answers: ``answering.min_answerable`` or, where it is below 1, what
    ``answering.max_wrong`` asks of the curve ``answering.risk_curve``.

    Raises:
        SettingsError: there is no such curve, it was drawn with other models, or it does not allow the promise.
    """
    wanted = settings.answering.max_wrong
    if wanted >= 1:
        return Threshold(min_answerable=settings.answering.min_answerable, setting="answering.min_answerable")
    curve, digest = _kept(settings.answering.risk_curve, wanted)
    now = about(settings, embedder_sha256)
    for key, what in (("embedder_sha256", "embedding model"), ("answerable_sha256", "fit of `answerable`")):
        if curve.about.get(key) != now[key]:
            raise SettingsError(f"the curve {settings.answering.risk_curve} was drawn with another {what}; {_DRAW}")
    found = promised(curve, wanted)
    if found is None:
        raise SettingsError(_refusal(curve, wanted, settings.answering.risk_curve))
    other = curve.about.get("settings_sha256") != now["settings_sha256"]
    return Threshold(
        min_answerable=found[0].threshold,
        setting=f"answering.max_wrong={wanted:g}",
        curve_sha256=digest,
        questions=curve.questions,
        confidence=CONFIDENCE,
        bound=found[1],
        coverage=found[0].coverage,
        notes=("the curve was drawn with other settings: its promise may not hold under these",) if other else (),
    )


_DRAW = "draw one with: ragkit eval run QUESTIONS.jsonl --curve FILE.json, and set answering.risk_curve to that file"


def _kept(name: str, wanted: float) -> tuple[Curve, str]:
    if not name:
        raise SettingsError(f"answering.max_wrong={wanted:g} takes a risk-coverage curve, and answering.risk_curve names none; {_DRAW}")
    try:
        raw = Path(name).expanduser().read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the curve that answering.risk_curve names cannot be read: {error}; {_DRAW}") from error
    return read(text, name), hashlib.sha256(raw).hexdigest()


def _refusal(curve: Curve, wanted: float, name: str) -> str:
    least = min((bound(p.wrong, p.answered, step_delta(curve)) for p in curve.points), default=1.0)
    return (
        f"answering.max_wrong={wanted:g} cannot be promised with {CONFIDENCE:.0%} confidence by the curve {name}, drawn from "
        f"{curve.questions} questions: its lowest bound is {least:.3f}, and {needed(wanted, curve)} answers without a fault are the least "
        "that would do. Raise answering.max_wrong, or draw the curve from more questions"
    )


def _point(row: Mapping[str, Any], questions: int) -> Point:
    score, answered, wrong = float(row["threshold"]), int(row["answered"]), int(row["wrong"])
    if not (0 <= score <= 1 and 0 <= wrong <= answered <= questions and answered):
        raise ValueError(f"a point is out of range: {dict(row)}")
    return Point(threshold=score, answered=answered, wrong=wrong, coverage=answered / questions, risk=wrong / answered)


@functools.cache
def _fit() -> str:
    return hashlib.sha256((files("ragkit.answer") / "answerable.json").read_bytes()).hexdigest()
