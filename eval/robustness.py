"""How much worse a system is when questions are put otherwise, or when the documents hold what should not matter."""

from __future__ import annotations

from collections.abc import Sequence

from ragkit.contracts import Generator
from ragkit.records import Jsonable, record

from .asking import run
from .interval import bootstrap
from .measures import Measure
from .outcome import Outcome
from .perturbing import KINDS, perturbed, reworded
from .questions import Question
from .systems import System


@record
class Drop(Jsonable):
    """A measure on the same ``questions`` questions, ``clean`` and perturbed. ``drop`` is how much worse it became, in the measure's unit:
    above 0 is worse, whichever way the measure runs. ``interval`` is the 95 % bootstrap interval of the drop, over questions; ``None`` for
    measures that are no mean."""

    measure: str
    kind: str
    questions: int
    clean: float | None
    perturbed: float | None
    drop: float | None
    interval: tuple[float, float] | None = None


def drops(measures: Sequence[Measure], clean: Sequence[Outcome], other: Sequence[Outcome], kind: str) -> list[Drop]:
    """Each measure clean and perturbed, paired by the question's id. Where the perturbation is of the questions, those that it left as
    they were do not count; a question on which either side has no value does not either."""
    by_id = {outcome.question.id: outcome for outcome in clean}
    pairs = [(by_id[outcome.question.id], outcome) for outcome in other if outcome.question.id in by_id]
    changed = [pair for pair in pairs if pair[0].question.text != pair[1].question.text]
    return [_drop(measure, changed or pairs, kind) for measure in measures]


def _drop(measure: Measure, pairs: Sequence[tuple[Outcome, Outcome]], kind: str) -> Drop:
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    sign = 1 if measure.HIGHER_IS_BETTER else -1
    if type(measure).summary is not Measure.summary:
        a, b = measure.summary(before), measure.summary(after)
        drop = None if a is None or b is None else sign * (a - b)
        return Drop(measure=str(measure), kind=kind, questions=len(pairs), clean=a, perturbed=b, drop=drop)
    values = [(a, b) for a, b in zip(measure.scores(before), measure.scores(after), strict=True) if a is not None and b is not None]
    if not values:
        return Drop(measure=str(measure), kind=kind, questions=0, clean=None, perturbed=None, drop=None)
    count, differences = len(values), [sign * (a - b) for a, b in values]
    return Drop(
        measure=str(measure),
        kind=kind,
        questions=count,
        clean=sum(a for a, _ in values) / count,
        perturbed=sum(b for _, b in values) / count,
        drop=sum(differences) / count,
        interval=bootstrap(differences),
    )


def examine(
    system: System,
    questions: Sequence[Question],
    measures: Sequence[Measure],
    *,
    kinds: Sequence[str] = tuple(KINDS),
    generator: Generator | None = None,
    k: int = 10,
    seed: int = 7,
) -> list[Drop]:
    """Asks every question as it stands, and once more for each kind, and compares. With a ``generator`` also as it rewords them
    (``paraphrase``).

    Raises:
        UnknownPerturbation: there is no such kind.
    """
    versions = {kind: perturbed(questions, kind, seed=seed) for kind in kinds}
    if generator is not None:
        versions["paraphrase"] = reworded(questions, generator)
    clean = list(run(system, questions, k=k))
    found = []
    for kind, version in versions.items():
        same = {one.id for one, other in zip(questions, version, strict=True) if one.text == other.text}
        found += drops(measures, clean, list(run(system, [one for one in version if one.id not in same], k=k)), kind)
    return found
