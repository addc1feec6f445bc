"""What verifiers by name share: all of the evidence in windows, a verdict from what is found in each, and no support on any failure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ragkit.answer.verify import WINDOW, _supporting, _unsupported, _windows
from ragkit.errors import ModelError
from ragkit.records import Verdict, record
from ragkit.text.sentences import sentence_spans
from ragkit.text.words import terms

#: Shortest piece, in characters, that a window is cut into when its model has no room for more.
LEAST = 20
#: What goes wrong in a model, or on the way to it.
FAILURES = (ModelError, RuntimeError, ValueError, TypeError, IndexError, KeyError, OSError, MemoryError)


@record
class NotJudged(Verdict):
    """No support, because the verifier failed; ``reason`` says how."""

    reason: str


def read(
    claim: str, evidence: Sequence[str], fits: Callable[[str], bool], score: Callable[[list[str]], Sequence[tuple[float, float]]]
) -> Verdict:
    """``claim`` against all of ``evidence``: the support of the window that supports it best, as in SummaC (Laban et al. 2022).

    ``fits`` says whether the model can read a window whole; ``score`` gives support and contradiction, in [0, 1], of each window.
    """
    nothing = Verdict(support=0.0, unsupported_spans=((0, len(claim)),) if claim else ())
    if not terms(claim) or not any(terms(text) for text in evidence):
        return nothing
    try:
        windows = [part for window in _windows(evidence) for part in _fitting(" ".join(window), fits)]
        found = [(float(support), float(against)) for support, against in score(windows)]
        _check(found, len(windows))
    except FAILURES as error:
        return NotJudged(support=0.0, unsupported_spans=nothing.unsupported_spans, reason=f"{type(error).__name__}: {error}")
    support = max(support for support, _ in found)
    against = max(against for _, against in found)
    pieces = [(i, text[a:b]) for i, text in enumerate(evidence) for a, b in sentence_spans(text)]
    said = [terms(text) for _, text in pieces]
    return Verdict(
        support=support,
        contradiction=against if against > support else 0.0,
        supporting=_supporting(set(terms(claim)), pieces, said),
        unsupported_spans=_unsupported(claim, {term for words in said for term in words}),
    )


def _check(found: Sequence[tuple[float, float]], wanted: int) -> None:
    if len(found) != wanted:
        raise ModelError(f"it gave {len(found)} verdicts on {wanted} pieces of evidence")
    for pair in found:
        if not all(math.isfinite(value) and 0 <= value <= 1 for value in pair):
            raise ModelError(f"it gave {pair[0]} and {pair[1]} where probabilities were asked for")


def _fitting(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """``text`` whole or, where the model has no room for it, in overlapping parts, cut between words where there are any."""
    if fits(text):
        yield text
    elif len(text) <= LEAST:
        raise ModelError("the claim leaves no room for evidence in the model's window")
    else:
        first, second = (_space(text, len(text) * share // 8) for share in (3, 5))
        yield from _fitting(text[:second], fits)
        yield from _fitting(text[first:], fits)


def _space(text: str, at: int) -> int:
    """The place just behind the last space before ``at``, unless that is far away."""
    found = text.rfind(" ", max(1, at - WINDOW // 16), at) + 1
    return found or at
