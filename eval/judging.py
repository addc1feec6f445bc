"""Measures a judge of claims against people's labels, beside the lexical floor on the same claims.

The threshold of balanced accuracy is chosen on one part of the claims and applied to the others. A judge that fails (it raises, says
that it failed, or gives no number in [0, 1]) has given no support: the claim counts, with support 0, and the failure is counted.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ragkit.answer.judging import NotJudged
from ragkit.contracts import Verifier
from ragkit.errors import RagkitError
from ragkit.plugins import BROKEN
from ragkit.records import Jsonable, Verdict, record

from .claims import BadClaim, Claim
from .floor import LexicalFloor
from .interval import bootstrap
from .separation import Estimate, accuracy, auroc, auroc_gain, best_threshold

#: Told after each claim: how many are done, and of how many.
OnProgress = Callable[[int, int], None]

T = TypeVar("T")


@record
class Judged(Jsonable):
    """One claim: what the judge and the floor gave, and how long the judge took. ``failure`` says why there is no verdict."""

    id: str
    source: str
    label: str
    support: float
    floor: float
    milliseconds: float
    failure: str = ""
    supporting: tuple[int, ...] = ()
    f1: float | None = None
    floor_f1: float | None = None


@record
class Quality(Jsonable):
    """How well scores part the supported claims from the others. ``threshold`` was chosen on the development claims, ``balanced_accuracy``
    is at it on the others; ``at_half`` is at 0.5 on all, ``auroc`` of all."""

    claims: int
    supported: int
    auroc: Estimate
    balanced_accuracy: Estimate
    threshold: float
    at_half: Estimate


@record
class Judgement(Jsonable):
    """What was measured of a judge. ``dev`` says what the threshold was chosen on, ``different`` how many of ``again`` claims had another
    verdict when they were judged once more, ``gain`` the AUROC over the floor's; ``milliseconds`` are a claim's: mean, p50, p95."""

    verifier: str
    claims: int
    labels: Mapping[str, int]
    dev: str
    judge: Quality
    floor: Quality
    gain: Estimate
    sources: Mapping[str, tuple[Quality, Quality]]
    failures: int
    again: int
    different: int
    milliseconds: Mapping[str, float]
    sentences: int
    sentences_f1: Estimate
    floor_sentences_f1: Estimate
    rows: tuple[Judged, ...]


def measure(
    verifier: Verifier,
    claims: Sequence[Claim],
    *,
    dev: Sequence[Claim] = (),
    seed: int = 7,
    again: int = 100,
    progress: OnProgress | None = None,
) -> Judgement:
    """Judge every claim once, and the first ``again`` once more. Without ``dev`` the threshold is chosen on half of the claims, drawn by
    ``seed`` within each source and class, and balanced accuracy is of the other half.

    Raises:
        BadClaim: a claim stands in ``dev`` too, or the claims that choose the threshold are of one class.
    """
    _apart(claims, dev)
    tick = _ticker(progress, len(claims) + len(dev) + min(again, len(claims)))
    rows = [_judged(verifier, claim, tick) for claim in claims]
    chosen = [_judged(verifier, claim, tick) for claim in dev]
    different = sum(_differs(verifier, claim, row, tick) for claim, row in zip(claims[:again], rows, strict=False))
    picked = set() if dev else _half(rows, seed)
    held = [row for number, row in enumerate(rows) if number not in picked]
    cuts = [_threshold(chosen or [rows[number] for number in sorted(picked)], score) for score in _SCORES]
    judge, floor = (_quality(rows, held, cut, score) for cut, score in zip(cuts, _SCORES, strict=True))
    names = sorted({row.source for row in rows})
    marked = [row for row in rows if row.f1 is not None]
    return Judgement(
        verifier=verifier.id,
        claims=len(rows),
        labels=dict(sorted(Counter(row.label for row in rows).items())),
        dev=f"{len(dev)} other claims" if dev else f"half of the claims, drawn by seed {seed} within each source and class",
        judge=judge,
        floor=floor,
        gain=auroc_gain(*_two(((row.support, row.floor), row) for row in rows)),
        sources={name: _of_source(name, rows, held, cuts) for name in names} if len(names) > 1 else {},
        failures=sum(bool(row.failure) for row in rows),
        again=min(again, len(rows)),
        different=different,
        milliseconds=_times([row.milliseconds for row in rows]),
        sentences=len(marked),
        sentences_f1=_mean([row.f1 for row in marked]),
        floor_sentences_f1=_mean([row.floor_f1 for row in marked]),
        rows=tuple(rows),
    )


def _support(row: Judged) -> float:
    return row.support


def _floor(row: Judged) -> float:
    return row.floor


_SCORES = (_support, _floor)
_FLOOR = LexicalFloor()


def _apart(claims: Sequence[Claim], dev: Sequence[Claim]) -> None:
    known = {(claim.text, claim.evidence) for claim in claims}
    both = [claim.id for claim in dev if (claim.text, claim.evidence) in known]
    if both:
        raise BadClaim(f"{len(both)} claims of --dev are among those that are measured, {both[0]!r} first; name a file of other claims")


def _ticker(progress: OnProgress | None, total: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return tick


def _judged(verifier: Verifier, claim: Claim, tick: Callable[[], None]) -> Judged:
    began = time.perf_counter()
    verdict, failure = _verdict(verifier, claim)
    milliseconds = 1000 * (time.perf_counter() - began)
    floor = _FLOOR.judge(claim.text, claim.evidence)
    tick()
    return Judged(
        id=claim.id,
        source=claim.source,
        label=claim.label,
        support=verdict.support,
        floor=floor.support,
        milliseconds=milliseconds,
        failure=failure,
        supporting=verdict.supporting,
        f1=_f1(verdict.supporting, claim.supporting),
        floor_f1=_f1(floor.supporting, claim.supporting),
    )


def _verdict(verifier: Verifier, claim: Claim) -> tuple[Verdict, str]:
    """The verdict, or one without support and why."""
    try:
        verdict = verifier.judge(claim.text, claim.evidence)
        failure = verdict.reason if isinstance(verdict, NotJudged) else ""
        if not 0 <= verdict.support <= 1:  # not a number is neither
            failure = f"support is {verdict.support}, not a number from 0 to 1"
    except (RagkitError, MemoryError, *BROKEN) as error:
        verdict, failure = Verdict(support=0.0), f"{type(error).__name__}: {error}"
    return (Verdict(support=0.0), failure) if failure else (verdict, "")


def _differs(verifier: Verifier, claim: Claim, row: Judged, tick: Callable[[], None]) -> bool:
    verdict, failure = _verdict(verifier, claim)
    tick()
    return (verdict.support, verdict.supporting, bool(failure)) != (row.support, row.supporting, bool(row.failure))


def _half(rows: Sequence[Judged], seed: int) -> set[int]:
    """Half of the rows by number, of each source and class."""
    strata: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        strata[row.source, row.label == "supported"].append(number)
    drawing = random.Random(seed)
    return {number for key in sorted(strata) for number in drawing.sample(strata[key], (len(strata[key]) + 1) // 2)}


def _two(pairs: Iterable[tuple[T, Judged]]) -> tuple[list[T], list[T]]:
    every = list(pairs)
    return [value for value, row in every if row.label == "supported"], [value for value, row in every if row.label != "supported"]


def _threshold(rows: Sequence[Judged], score: Callable[[Judged], float]) -> float:
    yes, no = _two((score(row), row) for row in rows)
    if not yes or not no:
        raise BadClaim(
            f"the {len(rows)} claims that choose the threshold have {len(yes)} supported ones and {len(no)} others; both are needed"
        )
    return best_threshold(yes, no)


def _quality(rows: Sequence[Judged], held: Sequence[Judged], cut: float, score: Callable[[Judged], float]) -> Quality:
    yes, no = _two((score(row), row) for row in rows)
    return Quality(
        claims=len(rows),
        supported=len(yes),
        auroc=auroc(yes, no),
        balanced_accuracy=accuracy(*_two((score(row), row) for row in held), cut),
        threshold=cut,
        at_half=accuracy(yes, no, 0.5),
    )


def _of_source(name: str, rows: Sequence[Judged], held: Sequence[Judged], cuts: Sequence[float]) -> tuple[Quality, Quality]:
    own, own_held = ([row for row in some if row.source == name] for some in (rows, held))
    judge, floor = (_quality(own, own_held, cut, score) for cut, score in zip(cuts, _SCORES, strict=True))
    return judge, floor


def _f1(named: Iterable[int], annotated: Sequence[Sequence[int]]) -> float | None:
    """F1 against the annotated set that fits best; ``None`` where none is annotated."""
    found = set(named)
    return max((2 * len(found & set(one)) / (len(found) + len(set(one))) for one in annotated if one), default=None)


def _mean(values: Sequence[float | None]) -> Estimate:
    known = [value for value in values if value is not None]
    return Estimate(value=sum(known) / len(known), interval=bootstrap(known)) if known else Estimate()


def _times(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return {"mean": sum(ordered) / len(ordered), "p50": ordered[last // 2], "p95": ordered[round(last * 0.95)]}
