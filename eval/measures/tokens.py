"""How many tokens an answer takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..outcome import Outcome
from .base import CostMeasure


@dataclass(frozen=True, kw_only=True)
class Tokens(CostMeasure):
    """``kind`` is ``prompt`` (what the model reads) or ``completion`` (what it writes)."""

    NAME = "tokens"
    DESCRIPTION = "Mean number of tokens that the model reads (prompt) or writes (completion); only where they are told, failures left out."

    kind: Literal["prompt", "completion"] = "completion"

    def __post_init__(self) -> None:
        if self.kind not in ("prompt", "completion"):
            raise ValueError(f"tokens: kind is prompt or completion, not {self.kind!r}")

    def of(self, outcome: Outcome) -> float | None:
        return outcome.response.tokens.get(self.kind)
