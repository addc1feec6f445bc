"""Over-citation: sources that could be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..outcome import Outcome
from .alce import AlceMeasure, Claim, Entails, claims


def needless(claim: Claim, entails: Entails) -> tuple[int, int]:
    """How many of a statement's citations can be left out one after the other, the last first, while the rest still entail it; and of
    how many. A statement that its citations do not entail says nothing of them: 0 of 0."""
    text, cited = claim
    rest = [one for one in cited if one is not None]
    if len(rest) < len(cited) or not rest or not entails(text, rest):
        return 0, 0
    for place in reversed(range(len(rest))):
        fewer = rest[:place] + rest[place + 1 :]
        if fewer and entails(text, fewer):
            rest = fewer
    return len(cited) - len(rest), len(cited)


@dataclass(frozen=True, kw_only=True)
class OverCitation(AlceMeasure):
    NAME = "over-citation"
    DESCRIPTION = (
        "Share of the citations of entailed sentences that can be left out while the rest still entail them, by a verifier; "
        "answers without an entailed sentence, and abstentions, are left out."
    )
    HIGHER_IS_BETTER = False

    def of(self, outcome: Outcome) -> float | None:
        counts: Sequence[tuple[int, int]] = [needless(one, self.entails) for one in claims(outcome.response)]
        total = sum(count for _, count in counts)
        return sum(count for count, _ in counts) / total if total else None
