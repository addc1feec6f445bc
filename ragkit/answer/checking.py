"""The check that a composed sentence has to pass, in one place: when it is written, and whenever its record is verified."""

from __future__ import annotations

from collections.abc import Sequence

from ragkit.answer import guards
from ragkit.contracts import Verifier
from ragkit.records import Jsonable, Verdict, record
from ragkit.text.words import terms


@record
class Check(Jsonable):
    """The verdict on a composed sentence and the support in [0, 1] that it is shown with: 1 where it is ``verbatim``, the
    evidence's own words; 0 where a guard found a ``fault``."""

    support: float
    verbatim: bool
    fault: str | None
    verdict: Verdict


def check(verifier: Verifier, text: str, evidence: Sequence[str]) -> Check:
    """``text`` against the sentences that it cites."""
    verdict = verifier.judge(text, list(evidence))
    verbatim = any(text.rstrip(".") in " ".join(e.split()) for e in evidence) and len(terms(text)) > 1
    fault = guards.fault(text, evidence)
    support = 0.0 if fault else 1.0 if verbatim else verdict.support
    return Check(support=support, verbatim=verbatim, fault=fault, verdict=verdict)
