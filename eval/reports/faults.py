"""What went wrong with a question, in one word of a fixed list, the worst first."""

from __future__ import annotations

from collections.abc import Callable

from ragkit.records import record

from ..measures import AnswerContains
from ..outcome import Outcome


@record
class Fault:
    """A kind of fault: ``name`` in a list, ``about`` in a sentence, and whether an outcome has it."""

    name: str
    about: str
    has: Callable[[Outcome], bool]


def _wrong(outcome: Outcome) -> bool:
    return outcome.answered and outcome.question.answerable and AnswerContains().score(outcome) == 0.0


def _not_found(outcome: Outcome) -> bool:
    judged = {id: gain for id, gain in outcome.judged().items() if gain > 0}
    return bool(judged) and not judged.keys() & set(outcome.ranking())


#: Searched in order; the first that holds is the question's.
FAULTS: tuple[Fault, ...] = (
    Fault(name="failed", about="The system gave no answer: an error, or it took too long.", has=lambda o: o.response.state == "failed"),
    Fault(
        name="false answer",
        about="The documents do not answer the question, and it was answered.",
        has=lambda o: o.answered and not o.question.answerable,
    ),
    Fault(name="wrong", about="The answer holds none of the gold strings.", has=_wrong),
    Fault(
        name="refused",
        about="The documents answer the question, and it was not answered.",
        has=lambda o: o.response.asked and o.question.answerable and not o.answered,
    ),
    Fault(
        name="not verbatim",
        about="A citation is not the source's text at its span.",
        has=lambda o: any(cited.verbatim is False for cited in o.response.citations),
    ),
    Fault(name="not found", about="No relevant passage is among those retrieved.", has=_not_found),
)

#: What each word says.
ABOUT = {fault.name: fault.about for fault in FAULTS}


def fault(outcome: Outcome) -> str:
    """The worst fault of an outcome; ``""``: none."""
    return next((one.name for one in FAULTS if one.has(outcome)), "")
