"""What the measures of grounding share: each statement of an answer against its evidence, by a verifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ragkit.contracts import Verifier
from ragkit.records import Verdict

from ..outcome import Outcome
from ..response import Response, Statement
from .base import AnswerMeasure
from .models import verifier


def cited_texts(response: Response, statement: Statement) -> list[str]:
    """The texts of what a statement cites; invented citations have none."""
    return [passage.text for one in statement.citations if (passage := response.resolved(one)) is not None]


@dataclass(frozen=True, kw_only=True)
class GroundingMeasure(AnswerMeasure):
    """``verifier`` is a :class:`ragkit.contracts.Verifier`, ``lexical``, or a name as in ``answering.verifier``. ``against`` says what a
    statement must be backed by: what it cites, or all that the answer was made from. ``threshold`` is the least support, in (0, 1]."""

    GROUP = "grounding"
    ASKED = "all"
    EMPTY = None
    NEEDS_MODEL = True

    verifier: str | Verifier = "alignment"
    against: Literal["cited", "context"] = "cited"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.against not in ("cited", "context") or not 0 < self.threshold <= 1:
            raise ValueError(f"{self.NAME}: against is cited or context, threshold in (0, 1]; not {self.against!r} and {self.threshold!r}")

    def verdicts(self, outcome: Outcome) -> Iterator[Verdict]:
        """The verdict on each statement. Without evidence there is no support."""
        response, judge = outcome.response, verifier(self.verifier)
        whole = [passage.text for passage in response.given]
        for statement in response.said:
            evidence = cited_texts(response, statement) if self.against == "cited" else whole
            yield judge.judge(statement.text, evidence) if any(map(str.strip, evidence)) else Verdict(support=0.0)
