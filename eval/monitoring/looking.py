"""A look at the live answers of a store, and one that goes on looking.

Answers are read from the store's own records; nothing is written, and nothing but figures and record ids comes out. What was scored
is remembered while the monitor lives, so that each look costs only what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ragkit.errors import StoreError
from ragkit.records import Jsonable, record
from ragkit.store.visibility import Principals, principals_of

from ..interval import bootstrap
from ..measures import auroc
from .alerts import Alert, Fired, check, fired
from .drift import VectorDrift, energy, ks, psi
from .scores import SCORES, Sample, sample
from .windows import Window, sampled, split

if TYPE_CHECKING:
    from ragkit.api import Ragkit
    from ragkit.recordkeeping import AnswerInfo

#: Questions of each window whose vectors are compared, the newest; figures over fewer answers than this are no ground for an alert.
QUESTIONS, LEAST = 400, 20
_LABELS = ("feedback accuracy", "AUROC of answerable by feedback")
_QUESTIONS = ("question drift", "question drift p", "question shift")


@record
class Watched(Jsonable):
    """A figure in the window and in the baseline: means over the ``answers`` that have it, the mean's 95 % bootstrap interval, and
    whether its distribution has changed: ``psi``, and Kolmogorov-Smirnov's ``ks`` and ``ks_p``; ``None`` where a window has no value."""

    name: str
    about: str
    value: float | None
    answers: int
    interval: tuple[float, float] | None
    baseline: float | None
    baseline_answers: int
    psi: float | None
    ks: float | None
    ks_p: float | None


@record
class Labels(Jsonable):
    """What people said of the answers of the window, all of them and not the sample alone: ``accuracy`` is the share of ``up`` with
    its interval; ``auroc`` says how well ``answerable`` foresees it; ``corrected`` answers become cases by ``ragkit cases``."""

    up: int
    down: int
    accuracy: float | None
    interval: tuple[float, float] | None
    auroc: float | None
    corrected: int


@record
class Look(Jsonable):
    """One look: how many answers the windows hold and how many of them were scored; ``worst`` are records with an unsupported
    sentence or an altered citation. ``figures`` are what alerts may name."""

    answers: int
    scored: int
    baseline_answers: int
    baseline_scored: int
    watched: tuple[Watched, ...]
    questions: VectorDrift | None
    labels: Labels
    worst: tuple[str, ...]
    fired: tuple[Fired, ...] = ()

    @property
    def figures(self) -> dict[str, float | None]:
        """Every figure by name. Those over fewer than :data:`LEAST` answers, on either side where two are compared, have no value."""
        found: dict[str, float | None] = {"answers": float(self.answers)}
        for one in self.watched:
            both = min(one.answers, one.baseline_answers) >= LEAST
            found[one.name] = one.value if one.answers >= LEAST else None
            found |= {f"{one.name} PSI": one.psi if both else None, f"{one.name} KS p": one.ks_p if both else None}
        enough = self.questions is not None and min(self.scored, self.baseline_scored) >= LEAST
        drift = (self.questions.distance, self.questions.p, self.questions.shift) if enough and self.questions else (None,) * 3
        labelled = self.labels.up + self.labels.down >= LEAST
        given = (self.labels.accuracy, self.labels.auroc) if labelled else (None, None)
        return found | dict(zip(_QUESTIONS, drift, strict=True)) | dict(zip(_LABELS, given, strict=True))


#: What an alert may name.
FIGURES: tuple[str, ...] = (
    "answers", *(f"{score.name}{end}" for score in SCORES for end in ("", " PSI", " KS p")), *_QUESTIONS, *_LABELS
)  # fmt: skip


class Monitor:
    """Looks at the answers of ``kit``: a share of ``rate`` of them, in [0, 1]. ``principal``: only those that were given to exactly these
    names. ``without`` are records that are not live, such as those of an evaluation; replays never are.

    Raises:
        BadAlert: an alert names what is not watched.
    """

    def __init__(
        self,
        kit: Ragkit,
        *,
        window: Window,
        baseline: Window,
        rate: float = 1.0,
        alerts: Sequence[Alert] = (),
        principal: Principals = None,
        without: AbstractSet[str] = frozenset(),
    ) -> None:
        check(alerts, FIGURES)
        self._kit, self._window, self._baseline = kit, window, baseline
        self._rate, self._alerts, self._without = rate, tuple(alerts), without
        self._names = principals_of(principal)
        self._scored: dict[str, Sample] = {}
        self._own: dict[str, bool] = {}

    def look(self, now: datetime | None = None) -> Look:
        """The answers as they are now; ``now`` is where the window ends."""
        live = self._live()
        current, before = split(live, self._window, self._baseline, now)
        scored, earlier = self._samples(current), self._samples(before)
        kept = {one.record_id for one in (*current, *before)}
        self._scored = {id: one for id, one in self._scored.items() if id in kept}  # what was erased is not remembered here either
        taken = {one.record_id for one in (*scored, *earlier)}
        look = Look(
            answers=len(current),
            scored=len(scored),
            baseline_answers=len(before),
            baseline_scored=len(earlier),
            watched=tuple(_watched(scored, earlier)),
            questions=self._questions([a for a in current if a.record_id in taken], [a for a in before if a.record_id in taken]),
            labels=self._labels(current),
            worst=tuple(one.record_id for one in scored if any(_below_1(one.values[name]) for name in _FAULTY)),
        )
        return replace(look, fired=tuple(fired(self._alerts, look.figures)))

    def _live(self) -> list[AnswerInfo]:
        """Answers that somebody asked for, the newest first."""
        replays = {entry.record_id for entry in self._kit.audit_entries() if entry.replay_of is not None}
        found = [one for one in self._kit.answers() if one.record_id not in replays and one.record_id not in self._without]
        return found if self._names is None else [one for one in found if self._is_own(one.record_id)]

    def _is_own(self, record_id: str) -> bool:
        if record_id not in self._own:
            names = self._kit.answer_record(record_id).get("principal")
            self._own[record_id] = names is not None and frozenset(names) == self._names
        return self._own[record_id]

    def _samples(self, answers: Sequence[AnswerInfo]) -> list[Sample]:
        chosen = [one.record_id for one in answers if sampled(one.record_id, self._rate)]
        for record_id in chosen:
            if record_id not in self._scored:
                with suppress(StoreError):  # erased since it was listed
                    self._scored[record_id] = sample(self._kit.answer_record(record_id), self._kit.verify_answer(record_id))
        return [self._scored[record_id] for record_id in chosen if record_id in self._scored]

    def _questions(self, current: Sequence[AnswerInfo], before: Sequence[AnswerInfo]) -> VectorDrift | None:
        """How far the questions have moved; their vectors are made for the comparison and not kept."""
        if min(len(current), len(before)) < 2:
            return None
        new, old = ([one.question for one in some[:QUESTIONS]] for some in (current, before))
        vectors = self._kit.embedder.embed([*old, *new])
        return energy(vectors[: len(old)], vectors[len(old) :])

    def _labels(self, current: Sequence[AnswerInfo]) -> Labels:
        inside = {one.record_id for one in current}
        given = [one for one in self._kit.feedback_given() if one.record_id in inside]
        right = [one.verdict == "up" for one in given]
        said = {one.record_id: self._kit.answer_record(one.record_id).get("answerable") for one in given}
        by = {v: [s for one in given if one.verdict == v and (s := said[one.record_id]) is not None] for v in ("up", "down")}
        return Labels(
            up=sum(right),
            down=len(right) - sum(right),
            accuracy=sum(right) / len(right) if right else None,
            interval=bootstrap([float(one) for one in right], share=True),
            auroc=auroc(by["up"], by["down"]),
            corrected=sum(one.answer is not None for one in given),
        )


#: Figures below 1 of which an answer is looked at by a person.
_FAULTY = ("grounding", "verbatim citations")


def _watched(scored: Sequence[Sample], earlier: Sequence[Sample]) -> Iterator[Watched]:
    for score in SCORES:
        new, old = _values(scored, score.name), _values(earlier, score.name)
        statistic = ks(old, new)
        yield Watched(
            name=score.name,
            about=score.about,
            value=sum(new) / len(new) if new else None,
            answers=len(new),
            interval=bootstrap(new, share=score.share),
            baseline=sum(old) / len(old) if old else None,
            baseline_answers=len(old),
            psi=psi(old, new),
            ks=statistic[0] if statistic else None,
            ks_p=statistic[1] if statistic else None,
        )


def _values(samples: Sequence[Sample], name: str) -> list[float]:
    return [value for one in samples if (value := one.values[name]) is not None]


def _below_1(value: float | None) -> bool:
    return value is not None and value < 1
