"""Do the documents answer at all? A logistic model over a few signals, its coefficients in a file that can be read."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def probability(signals: Mapping[str, float]) -> float:
    """P(the evidence answers the question) in [0, 1]. ``answerable.json`` says what the model was fitted on."""
    model = _model()
    z = model["intercept"] + sum(weight * signals.get(name, 0.0) for name, weight in model["weights"].items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@functools.cache
def _model() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((files("ragkit.answer") / "answerable.json").read_text("utf-8"))
    return loaded
