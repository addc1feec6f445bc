"""What one recorded answer is worth without gold: the verifier's judgement, its citations checked again, whether and how fast it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragkit.answer.recheck import TOLERANCE, Verification
from ragkit.records import Jsonable, record

Kept = Mapping[str, Any]


@record
class Score:
    """A figure of an answer: its name, what it is, how it is read, whether more of it is better (``None``: neither), and whether it
    lies in [0, 1]."""

    name: str
    about: str
    of: Callable[[Kept, Verification], float | None]
    higher_is_better: bool | None = None
    share: bool = True


@record
class Sample(Jsonable):
    """A scored answer: numbers alone, and no word of what was asked or answered."""

    record_id: str
    values: Mapping[str, float | None]


def _share(checks: Sequence[bool]) -> float | None:
    return sum(checks) / len(checks) if checks else None


def _grounding(kept: Kept, found: Verification) -> float | None:
    least = kept.get("settings", {}).get("answering", {}).get("min_support", 0.0) - TOLERANCE
    return None if kept["abstained"] else _share([0 < sentence.support >= least for sentence in found.sentences])


def _verbatim(kept: Kept, found: Verification) -> float | None:
    compared = [c.standing for c in found.citations if c.standing in ("valid", "moved", "altered")]
    return _share([standing != "altered" for standing in compared])


def _current(kept: Kept, found: Verification) -> float | None:
    return _share([c.standing in ("valid", "moved") for c in found.citations if c.standing != "not compared"])


def _coverage(kept: Kept, found: Verification) -> float | None:
    return None if kept["abstained"] else _share([bool(sentence["citations"]) for sentence in kept["sentences"]])


def _rejected(kept: Kept, found: Verification) -> float | None:
    """Of what a model wrote, the share that its check let not through; none where no model wrote."""
    passed = sum(sentence["status"] == "verified" for sentence in kept["sentences"])
    rejected = len(kept.get("rejected") or ())
    return rejected / (passed + rejected) if passed + rejected else None


def _timing(key: str) -> Callable[[Kept, Verification], float | None]:
    def of(kept: Kept, found: Verification) -> float | None:
        return _number((kept.get("timings") or {}).get(key))

    return of


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _evidence(kept: Kept, found: Verification) -> float | None:
    return max((score for e in kept.get("evidence") or () if (score := _number(e.get("score"))) is not None), default=None)


SCORES: tuple[Score, ...] = (
    Score(name="abstention rate", about="Share of questions that were not answered.", of=lambda kept, _: float(kept["abstained"])),
    Score(
        name="grounding",
        about="Share of an answer's sentences that the verifier, asked again, finds supported by what they cite; a quote is, by its words.",
        of=_grounding,
        higher_is_better=True,
    ),
    Score(
        name="verbatim citations",
        about="Share of citations that are the document's text, character for character; of documents that have changed since, left out.",
        of=_verbatim,
        higher_is_better=True,
    ),
    Score(
        name="current citations",
        about="Share of citations whose text is still in the document's newest version.",
        of=_current,
        higher_is_better=True,
    ),
    Score(name="citation coverage", about="Share of an answer's sentences that cite something.", of=_coverage, higher_is_better=True),
    Score(
        name="rejected sentences",
        about="Share of the sentences of a model's draft that the check did not let through.",
        of=_rejected,
        higher_is_better=False,
    ),
    Score(name="answerable", about="The probability that the documents answer.", of=lambda kept, _: _number(kept.get("answerable"))),
    Score(name="best evidence", about="The score of the best piece of evidence.", of=_evidence, share=False),
    Score(name="seconds", about="Time to the whole answer.", of=_timing("total_s"), higher_is_better=False, share=False),
    Score(
        name="seconds to the first token",
        about="Time to a model's first token.",
        of=_timing("first_token_s"),
        higher_is_better=False,
        share=False,
    ),
)


def sample(kept: Kept, found: Verification) -> Sample:
    """All figures of one record and its verification."""
    return Sample(record_id=kept["id"], values={score.name: score.of(kept, found) for score in SCORES})
