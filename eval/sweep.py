"""Many settings over the same documents and questions: a store for each way to ingest, a run for each point, the best trade-offs."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragkit.errors import SettingsError
from ragkit.records import Jsonable, record

from .compare import aligned, difference
from .header import header
from .interval import Interval
from .measures import Measure
from .runs import results
from .statistics import holm
from .stored import Stored, carry_out
from .systems import StoreSystem

if TYPE_CHECKING:
    from ragkit.api import Ragkit
    from ragkit.contracts import Embedder
    from ragkit.records import Mode
    from ragkit.settings import Settings

    from .asking import OnProgress
    from .questions import Question

#: Settings that bear on what a store holds: parts, and keys of other parts. Points that differ in others share a store.
_INGEST_PARTS = ("parsing", "sources", "chunking", "embedding", "pii")
_INGEST_KEYS = (("retrieval", "language"), ("retrieval", "dense_kind"))

Values = Mapping[str, str]


@record
class Point(Jsonable):
    """One choice of settings and what came of it: the measure's value with its 95 % interval, the median ``latency_ms`` of a question,
    whether no other point is both as good and as fast (``on_front``), and the ``p`` of its difference from the best (Holm)."""

    values: dict[str, str]
    run: str
    measure: str
    quality: float | None
    interval: Interval | None
    questions: int
    failed: int
    latency_ms: float | None
    on_front: bool = False
    p: float | None = None


def points(vary: Mapping[str, Sequence[str]], *, some: int | None = None, seed: int = 7) -> list[dict[str, str]]:
    """Every combination of the values, or ``some`` of them by chance, each once.

    >>> points({"a": ["1", "2"], "b": ["x"]})
    [{'a': '1', 'b': 'x'}, {'a': '2', 'b': 'x'}]
    """
    grid = [dict(zip(vary, chosen, strict=True)) for chosen in itertools.product(*vary.values())]
    return grid if some is None or some >= len(grid) else random.Random(seed).sample(grid, some)


def variations(given: Sequence[str]) -> dict[str, list[str]]:
    """``KEY=VALUE,VALUE`` as each key with its values.

    Raises:
        SettingsError: one is not of that form, or a key stands twice.
    """
    found: dict[str, list[str]] = {}
    for text in given:
        key, _, values = text.partition("=")
        listed = list(dict.fromkeys(filter(None, map(str.strip, values.split(",")))))
        if not listed or key.strip() in found:
            raise SettingsError(f"--vary {text!r} is not of the form KEY=VALUE,VALUE with a key that stands once")
        found[key.strip()] = listed
    return found


def store_of(settings: Settings) -> str:
    """A name for the stores that these settings make: the same where nothing differs that bears on what a store holds."""
    tree = settings.shown()
    held = {part: tree[part] for part in _INGEST_PARTS} | {f"{part}.{key}": tree[part][key] for part, key in _INGEST_KEYS}
    return _short(held)


@record
class Plan:
    """What is swept: the folder that takes stores and runs, the documents, the questions, and how they are asked."""

    folder: Path
    documents: Sequence[str]
    file: Path
    questions: Sequence[Question]
    settings: Settings
    k: int = 10
    mode: Mode | None = None
    retrieval_only: bool = False
    workers: int = 1


class Sweep:
    """Carries a plan out, a point at a time. Stores and runs that are there already are gone on with. ``embedder`` replaces the
    models that the settings name."""

    def __init__(self, plan: Plan, *, embedder: Embedder | None = None) -> None:
        self._plan = plan
        self._given = embedder
        self._embedders: dict[str, Embedder] = {}
        self._filled: set[str] = set()
        #: Documents that could not be read, with the reason, by the store's name.
        self.failures: dict[str, list[str]] = {}

    def ordered(self, chosen: Sequence[Values]) -> list[dict[str, str]]:
        """The points, those of one store together; every value is checked before anything is done.

        Raises:
            SettingsError: a key is unknown, or a value is not allowed.
        """
        stores = {id(values): store_of(self._settings(values)) for values in chosen}
        first = {name: number for number, name in reversed(list(enumerate(stores.values())))}
        return [dict(values) for values in sorted(chosen, key=lambda values: first[stores[id(values)]])]

    def carry_out(self, values: Values, progress: OnProgress | None = None) -> Stored:
        """The run of one point."""
        plan, settings = self._plan, self._settings(values)
        with self._opened(settings) as kit:
            system = StoreSystem(kit, mode=plan.mode, retrieval_only=plan.retrieval_only)
            info = header(system, plan.file, len(plan.questions), k=plan.k, name=named(values))
            folder = plan.folder / "runs" / _short(dict(sorted(values.items())))
            return carry_out(folder, info, system, plan.questions, workers=plan.workers, progress=progress)

    def _settings(self, values: Values) -> Settings:
        return self._plan.settings.with_values(**{**values, "catalog.url": ""})

    def _opened(self, settings: Settings) -> Ragkit:
        from ragkit.api import Ragkit

        name, model = store_of(settings), _short(settings.shown()["embedding"])
        embedder = self._given or self._embedders.get(model)
        kit = Ragkit.open(self._plan.folder / "stores" / name, settings=settings, embedder=embedder)
        self._embedders[model] = kit.embedder
        if name not in self._filled:
            report = kit.ingest(*self._plan.documents)
            self.failures[name] = [f"{failure.uri}: {failure.reason}" for failure in report.failed]
            self._filled.add(name)
        return kit


def named(values: Values) -> str:
    """A point as words."""
    return " ".join(f"{key}={value}" for key, value in values.items())


def judged(runs: Sequence[tuple[Values, Stored]], measure: Measure) -> list[Point]:
    """The points, the best first; each beside the best by the paired test."""
    made = []
    for values, stored in runs:
        result = results(stored.outcomes, [measure])[0]
        taken = [o.response.timings["total_s"] for o in stored.outcomes if "total_s" in o.response.timings and not o.response.failure]
        point = Point(
            values=dict(values),
            run=stored.folder,
            measure=str(measure),
            quality=result.value,
            interval=result.interval,
            questions=result.questions,
            failed=sum(o.response.failure is not None for o in stored.outcomes),
            latency_ms=round(1000 * statistics.median(taken), 3) if taken else None,
        )
        made.append((point, stored))
    sign = -1 if measure.HIGHER_IS_BETTER else 1
    made.sort(key=lambda pair: (pair[0].quality is None, sign * (pair[0].quality or 0.0), pair[0].latency_ms or 0.0))
    front = on_front([(sign * -(p.quality or 0.0), p.latency_ms) if p.quality is not None else None for p, _ in made])
    best, others = made[0][1], [stored for _, stored in made[1:]]
    tested = [difference(measure, "", *aligned((best, other), common=True)).p for other in others]
    left = iter(holm([p for p in tested if p is not None]))
    ps = [None, *(None if p is None else next(left) for p in tested)]
    return [replace(point, on_front=there, p=p) for (point, _), there, p in zip(made, front, ps, strict=True)]


def on_front(known: Sequence[tuple[float, float | None] | None]) -> list[bool]:
    """Which of (quality, latency) no other beats: at least as good and as fast, and better in one. What lacks either is on no front.

    >>> on_front([(0.9, 20.0), (0.8, 10.0), (0.7, 15.0)])
    [True, True, False]
    """

    def beats(one: tuple[float, float | None] | None, other: tuple[float, float]) -> bool:
        return one is not None and one[1] is not None and one != other and one[0] >= other[0] and one[1] <= other[1]

    return [
        pair is not None and pair[1] is not None and not any(beats(other, (pair[0], pair[1])) for other in known) for pair in known
    ]


def _short(tree: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:10]
