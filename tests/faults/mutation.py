"""Which harness notices which guard's absence."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults import forked, locks, mutants, powerloss, strace
from tests.faults.mutants import Mutant
from tests.faults.operations import Operation, Room, build, filled
from tests.faults.points import KILL, Point, Stage, attempt, stage_room

LOSSES, REALISED, KILLS, OPERATIONS = 3000, 15, 60, 2


@dataclass(frozen=True)
class Verdict:
    """What a harness says of a mutant: the first fault that it saw, empty when it saw none."""

    mutant: Mutant
    harness: str
    fault: str


def discover(stages: Iterable[Stage]) -> dict[tuple[str, str], list[Stage]]:
    """Every sync, rename and lock that the operations make, and the operations that make it, short ones first."""
    found: dict[tuple[str, str], list[Stage]] = defaultdict(list)

    def watched(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
        mutants.watch(say)
        forked.act(operation, room, say)

    for stage in sorted(stages, key=lambda s: len(s.calls)):
        heard: list[str] = []
        forked.run(stage.operation, stage_room(stage), what=watched, heard=heard.append)
        for line in sorted(set(heard)):
            if line.startswith("site "):
                _, kind, site = line.split(" ", 2)
                found[kind, site].append(stage)
    return dict(found)


def by_power_loss(mutant: Mutant, stages: Sequence[Stage]) -> str:
    """The first fault when power is lost, in any operation that has the guard."""
    for stage in stages:
        try:
            loss = powerloss.record(stage, mutant.install)
        except RuntimeError as error:
            return f"{stage.operation.name}: {error}"
        _, bad, seen = powerloss.judge_many(loss, LOSSES, 1, enough=1)
        if bad:
            return f"{stage.operation.name}: {next(iter(seen))}"
        chance = random.Random(1)
        for _ in range(REALISED):
            _, _, faults = powerloss.realise(loss, chance)
            if faults:
                return f"{stage.operation.name}: {faults[0]}"
    return ""


def by_kill(mutant: Mutant, stages: Sequence[Stage]) -> str:
    """The first fault when the process is killed."""
    for stage in stages[:OPERATIONS]:
        try:
            mutated = replace(stage, calls=_calls(stage, mutant))
        except RuntimeError as error:
            return f"{stage.operation.name}: {error}"
        for position in _positions(mutated.calls):
            result = attempt(mutated, Point(stage.operation.name, KILL, position), mutant.install)
            if result.faults:
                return f"{stage.operation.name}, at {result.call}: {result.faults[0]}"
    return ""


def _calls(stage: Stage, mutant: Mutant) -> list[strace.Call]:
    room = stage_room(stage)
    outcome = forked.run(stage.operation, room, strace=strace.recording(stage.work / "calls"), before=mutant.install)
    if not outcome.acknowledged:
        raise RuntimeError(f"it fails without a fault: {outcome.error}")
    return strace.calls(stage.work / "calls", room.path, stage.folders)


def _positions(calls: Sequence[strace.Call]) -> list[int]:
    """Where to kill: at writes of ragkit's own files first, then evenly at everything that changes something."""
    changing = [i for i, call in enumerate(calls) if call.name in strace.CHANGING]
    own = [i for i in changing if calls[i].name in ("write", "openat", "rename", "unlink") and "catalog.db" not in calls[i].path]
    chosen = [own[i * len(own) // KILLS] for i in range(min(KILLS, len(own)))]
    chosen += [changing[i * len(changing) // KILLS] for i in range(min(KILLS, len(changing)))]
    return list(dict.fromkeys(chosen))


def by_locks(mutant: Mutant, work: Path) -> str:
    """The first fault with two writers, or a reader that comes late."""
    return next(iter([*locks.two_writers(_fresh(work), mutant.install), *locks.late_reader(_fresh(work), mutant.install)]), "")


def by_flips(mutant: Mutant, work: Path) -> str:
    """The first flipped bit that is not found."""
    return next(iter(locks.flips(_fresh(work), mutant.install)), "")


def _fresh(work: Path) -> Room:
    room = Room(work / "room")
    shutil.rmtree(room.path, ignore_errors=True)
    build(Operation("", filled, lambda room, kit: None), room)
    return room


def judge(mutant: Mutant, stages: Sequence[Stage], work: Path) -> list[Verdict]:
    """What every harness that could notice says."""
    found = []
    if mutant.kind != "flock":
        found += [("power loss", by_power_loss(mutant, stages)), ("kill", "" if mutant.kind == "fsync" else by_kill(mutant, stages))]
    if mutant.kind == "flock":
        found.append(("locks", by_locks(mutant, work)))
    if mutant.kind == "the hash check":
        found.append(("flips", by_flips(mutant, work)))
    return [Verdict(mutant, harness, fault) for harness, fault in found]


def all_mutants(stages: Sequence[Stage]) -> list[tuple[Mutant, list[Stage]]]:
    """Every guarded call found, and the guards that are no calls; each with the operations to try it on."""
    found = [(mutants.taken_out(*key), where) for key, where in discover(stages).items()]
    writing = [stage for stage in stages if stage.operation.name in ("ingest", "ingest beside a reader", "delete")]
    return [*found, *((mutant, writing) for mutant in mutants.OTHERS)]


def table(verdicts: Sequence[Verdict]) -> str:
    """Mutants and who noticed."""
    lines = ["| taken out | where | noticed by | how |", "|---|---|---|---|"]
    by_mutant: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_mutant[verdict.mutant.name].append(verdict)
    for group in by_mutant.values():
        noticed = [v for v in group if v.fault]
        who = ", ".join(v.harness for v in noticed) or "NOBODY"
        lines.append(f"| {group[0].mutant.kind} | {group[0].mutant.site} | {who} | {noticed[0].fault[:120] if noticed else ''} |")
    return "\n".join(lines)
