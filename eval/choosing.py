"""Measures by their names, and limits on them."""

from __future__ import annotations

from collections.abc import Sequence

from .measures import Measure, UnknownMeasure, all_measures, named, retrieval_measures
from .stored import Stored


def measures_of(runs: Sequence[Stored], names: str | None = None) -> tuple[Measure, ...]:
    """The measures that ``names`` lists between commas, as :func:`~ragkit.eval.measures.named` reads them; ``None``: all that need no
    model, or those of retrieval where nothing was asked.

    Raises:
        UnknownMeasure: there is no such measure.
    """
    k = min(run.info.k for run in runs)
    if names is not None:
        return named(names, k=k)
    asked = any(outcome.response.asked for run in runs for outcome in run.outcomes)
    return all_measures(k) if asked else retrieval_measures(k)


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
