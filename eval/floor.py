"""The lexical floor: what a judge of claims must beat to be worth its time."""

from __future__ import annotations

from collections.abc import Sequence

from ragkit.records import Verdict
from ragkit.text.words import terms


class LexicalFloor:
    """A :class:`ragkit.contracts.Verifier` without a model: support is the share of the claim's content words (its distinct index terms)
    that stand in the evidence, supporting the one piece with most of them (the first of several)."""

    id = "lexical-floor-1"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """``claim`` against all of ``evidence`` together.

        >>> LexicalFloor().judge("The dome opened in 1931.", ["It rained.", "The dome was built in 1931."]).support
        0.6666666666666666
        """
        wanted = set(terms(claim))
        shared = [len(wanted & set(terms(text))) for text in evidence]
        if not any(shared):
            return Verdict(support=0.0)
        held = wanted & {term for text in evidence for term in terms(text)}
        return Verdict(support=len(held) / len(wanted), supporting=(shared.index(max(shared)),))
