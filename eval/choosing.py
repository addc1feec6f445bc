"""Measures by their names, and limits on them."""

from __future__ import annotations

from collections.abc import Sequence

from ragkit.errors import RagkitError

from .measures import Measure, all_measures, retrieval_measures
from .stored import Stored


class UnknownMeasure(RagkitError, ValueError):
    """A measure is named that there is not, or a limit on one cannot be read."""


def measures_of(runs: Sequence[Stored], names: str | None = None) -> tuple[Measure, ...]:
    """The measures that ``names`` lists between commas, in that order; ``None``: all, or those of retrieval where nothing was asked.

    Raises:
        UnknownMeasure: there is no such measure.
    """
    k = min(run.info.k for run in runs)
    asked = any(outcome.response.asked for run in runs for outcome in run.outcomes)
    known = all_measures(k) if asked else retrieval_measures(k)
    if names is None:
        return known
    return tuple(_measure(name, known) for name in map(str.strip, names.split(",")) if name)


def limits(text: str | None) -> dict[str, float]:
    """``NAME=VALUE`` between commas.

    >>> limits("nDCG@10=0.02, answer contains=.03")
    {'nDCG@10': 0.02, 'answer contains': 0.03}

    Raises:
        UnknownMeasure: a part is not of that form.
    """
    found = {}
    for part in filter(None, map(str.strip, (text or "").split(","))):
        name, sign, value = part.rpartition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            sign = ""
        if not sign or not name.strip():
            raise UnknownMeasure(f"{part!r} is not of the form MEASURE=NUMBER, such as nDCG@10=0.02")
    return found


def _measure(name: str, known: Sequence[Measure]) -> Measure:
    for measure in known:
        if str(measure) == name:
            return measure
    raise UnknownMeasure(f"there is no measure {name!r} of these runs; there are {', '.join(map(str, known))}")
