"""Citation recall and precision as ALCE defines them, by any judgement of entailment.

A statement is *supported* when all that it cites, taken together, entails it. A citation is *precise* when its statement is supported,
and it is not superfluous: superfluous is what does not entail the statement alone while the others entail it without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragkit.contracts import Verifier

from ..outcome import Outcome
from ..response import Cited, Response
from .base import AnswerMeasure
from .models import verifier

#: Whether passages, together, entail a statement.
Entails = Callable[[str, Sequence[str]], bool]
#: A statement and the texts that it cites; ``None`` is a citation of something that is not there.
Claim = tuple[str, Sequence[str | None]]
#: ALCE's program reads so many citations of a statement.
MOST = 3


def alce(claims: Sequence[Claim], entails: Entails, *, exact: bool = False) -> tuple[float, float]:
    """ALCE's citation recall and precision of one answer, both in [0, 1]; 0 without statements, and precision 0 without citations.

    Recall is the share of statements that are supported; one without citations is not, nor is one that cites what is not there.
    Precision is the share of citations that are precise. ALCE's program (princeton-nlp/ALCE, eval.py) leaves all citations of a statement
    that cites what is not there, and each statement's fourth and further ones, out of that share; here they count as not precise and as
    what they are. ``exact`` does as the program does.
    """
    marks = [_marked(text, list(cited), entails, exact) for text, cited in claims]
    total = sum(mark[2] for mark in marks)
    recall = sum(mark[0] for mark in marks) / len(marks) if marks else 0.0
    return recall, sum(mark[1] for mark in marks) / total if total else 0.0


def _marked(text: str, cited: list[str | None], entails: Entails, exact: bool) -> tuple[bool, int, int]:
    """Whether a statement is supported, how many of its citations are precise, and of how many."""
    there = [one for one in cited if one is not None]
    if len(there) < len(cited):
        return False, 0, 0 if exact else len(cited)
    if exact:
        there = there[:MOST]
    if not there or not entails(text, there):
        return False, 0, len(there)
    return True, sum(len(there) == 1 or not _superfluous(text, one, there, entails) for one in there), len(there)


def _superfluous(text: str, one: str, there: list[str], entails: Entails) -> bool:
    rest = list(there)
    rest.remove(one)
    return not entails(text, [one]) and entails(text, rest)


def claims(response: Response, *, exact: bool = False) -> list[Claim]:
    """The statements of an answer with the texts that they cite. ``exact`` takes citation 0 for the last passage, as ALCE's program."""

    def text(cited: Cited) -> str | None:
        if exact and cited.passage == -1 and response.passages:
            return response.passages[-1].text
        passage = response.resolved(cited)
        return None if passage is None else passage.text

    return [(statement.text, [text(cited) for cited in statement.citations]) for statement in response.said]


@dataclass(frozen=True, kw_only=True)
class AlceMeasure(AnswerMeasure):
    """Entailment is a verifier's support at ``threshold`` or above; ``verifier`` is as in :class:`GroundingMeasure`. ``exact`` repeats
    ALCE's program, faults included."""

    GROUP = "citations"
    ASKED = "all"
    EMPTY = None
    NEEDS_MODEL = True
    PAPER = "Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations (ALCE)"

    verifier: str | Verifier = "alignment"
    threshold: float = 0.5
    exact: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"{self.NAME}: threshold is in (0, 1], not {self.threshold!r}")

    def entails(self, claim: str, passages: Sequence[str]) -> bool:
        """Blank passages entail nothing."""
        return any(map(str.strip, passages)) and verifier(self.verifier).judge(claim, passages).support >= self.threshold

    def both(self, outcome: Outcome) -> tuple[float, float]:
        """Recall and precision."""
        return alce(claims(outcome.response, exact=self.exact), self.entails, exact=self.exact)
