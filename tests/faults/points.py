"""Points: one operation, one call of it, one fault. Planned over all of them evenly, tried one by one, told in a table."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from ragkit import Ragkit
from tests.faults import forked, states, strace
from tests.faults.operations import EMBEDDER, Operation, Room, build, text_of
from tests.faults.states import ABSENT, Expected, content, content_at, output_content

KILL, FULL, BROKEN, STAYS_FULL, STAYS_BROKEN = "SIGKILL", "ENOSPC", "EIO", "ENOSPC for good", "EIO for good"
FAULTS = (KILL, FULL, BROKEN, STAYS_FULL, STAYS_BROKEN)
#: Calls of which all later ones fail too, when a fault is for good.
LASTING = ("write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync", "rename", "renameat", "renameat2", "mkdir", "mkdirat")
#: A failing ``close`` is closed all the same, which no injected failure is; ``lseek`` does not reach the disk.
NEVER_FAIL = {"close", "lseek"}


@dataclass
class Stage:
    """An operation made ready: its template room, the calls that a clean run makes, and what must come out."""

    operation: Operation
    template: Room
    work: Path
    calls: list[strace.Call] = field(default_factory=list)
    expected: Expected = field(default_factory=lambda: Expected(old="", new=""))

    @property
    def folders(self) -> tuple[str, ...]:
        return ("store", self.operation.output) if self.operation.output else ("store",)


@dataclass(frozen=True)
class Point:
    """``position`` counts the operation's calls that touch the room, from 0."""

    operation: str
    fault: str
    position: int


@dataclass(frozen=True)
class Result:
    """How a point ended: ``state`` is ``old`` or ``new`` where ``faults`` is empty; ``missed`` when the fault hit no such call."""

    point: Point
    call: str
    state: str
    error: str
    faults: tuple[str, ...]
    missed: bool = False


# --- making ready -------------------------------------------------------------------------------------------


def make_ready(operation: Operation, work: Path, before: Callable[[], None] = lambda: None) -> Stage:
    """Build the operation's room, and do the operation twice in copies: once to know its result, once to list its calls."""
    template = Room(work / f"template-{_slug(operation.name)}")
    room = Room(work / "room")  # made where it will be used: what is remembered of it has that name in it
    build(operation, room)
    if operation.hot:
        forked.run(operation, room, what=_leave_log)
    shutil.rmtree(template.path, ignore_errors=True)
    room.path.rename(template.path)
    stage = Stage(operation, template, work)
    room = stage_room(stage)
    old = _content_before(operation, room)
    for folders, options in ((None, []), (stage.folders, strace.recording(work / "calls"))):
        room = stage_room(stage)
        outcome = forked.run(operation, room, strace=options if folders else (), before=before)
        if not outcome.acknowledged:
            raise RuntimeError(f"{operation.name} fails without a fault: {outcome.error}")
    stage.calls = strace.calls(work / "calls", room.path, stage.folders)
    output = output_content(room, operation) if operation.output else ABSENT
    stage.expected = Expected(old=old, new=content_at(room.store, operation.embedder), output=output)
    return stage


def _content_before(operation: Operation, room: Room) -> str:
    if operation.damaged:
        return states.CORRUPT
    return content_at(room.store, EMBEDDER) if room.store.exists() else _empty(room)


def _empty(room: Room) -> str:
    with room.open(room.path / "empty") as kit:
        found = content(kit)
    shutil.rmtree(room.path / "empty")
    return found


def _leave_log(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
    """Write once more and end without closing: the last commits stay in the catalog's log."""
    kit = Ragkit.open(room.store, embedder=operation.embedder)
    kit.add_text(text_of(30), uri="note:30")
    os._exit(0)


def stage_room(stage: Stage) -> Room:
    """A fresh copy of the template, always under the same name, so that every run makes the same calls."""
    room = Room(stage.work / "room")
    forked.copy(stage.template.path, room.path)
    return room


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)


# --- planning -----------------------------------------------------------------------------------------------


def universe(stage: Stage) -> dict[str, list[Point]]:
    """Every point of an operation, by fault."""
    found: dict[str, list[Point]] = defaultdict(list)
    for position, call in enumerate(stage.calls):
        for fault in FAULTS:
            if _applies(fault, call):
                found[fault].append(Point(stage.operation.name, fault, position))
    return found


def _applies(fault: str, call: strace.Call) -> bool:
    if fault == KILL:
        return True
    if fault == BROKEN:
        return call.name not in NEVER_FAIL
    if fault == FULL:
        return call.name in strace.FULL
    return call.name in LASTING


def plan(stages: Sequence[Stage], count: int, seed: int) -> list[Point]:
    """``count`` points, the same for the same seed, as evenly as can be over operations and faults; all, when there are fewer."""
    chance = random.Random(seed)
    strata = [points for stage in stages for points in universe(stage).values() if points]
    for points in strata:
        chance.shuffle(points)
    chance.shuffle(strata)
    dealt = [point for row in zip_longest(*strata) for point in row if point is not None]
    return dealt[:count]


# --- trying -------------------------------------------------------------------------------------------------


def attempt(stage: Stage, point: Point, before: Callable[[], None] = lambda: None) -> Result:
    """Do the operation with the fault, then look at what is left, in another process."""
    call = stage.calls[point.position]
    room, log = stage_room(stage), stage.work / "injected"
    options = strace.injecting(log, _injections(stage, point))
    again = point.fault in (FULL, BROKEN) and call.name != "fcntl"  # an unlock that was made to fail was not done; no real one fails
    what = forked.act_again if again else forked.act
    outcome = forked.run(stage.operation, room, strace=options, before=before, what=what)
    hit = _hit(log, room.path, point)
    faults = _said_wrong(outcome, point)
    seen: list[str] = []

    def look(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
        state, wrong = states.verdict(room, operation, stage.expected, acknowledged=outcome.acknowledged)
        say(json.dumps([state, wrong]))

    state, wrong = forked.ask(stage.operation, room, look)
    seen += wrong
    return Result(
        point=point,
        call=f"{call.name} {call.path} #{call.ordinal}",
        state=state,
        error=outcome.error,
        faults=(*faults, *seen),
        missed=not hit,
    )


def _injections(stage: Stage, point: Point) -> Iterator[str]:
    call = stage.calls[point.position]
    if point.fault == KILL:
        yield f"{call.name}:signal=SIGKILL:when={call.ordinal}"
    elif point.fault in (FULL, BROKEN):
        error = "ENOMEM" if call.name == "mmap" else point.fault
        yield f"{call.name}:error={error}:when={call.ordinal}"
    else:
        first: dict[str, int] = {}
        for later in stage.calls[point.position :]:
            first.setdefault(later.name, later.ordinal)
        for name in LASTING:
            if name in first:
                yield f"{name}:error={point.fault.split()[0]}:when={first[name]}+"


def _hit(log: Path, room: Path, point: Point) -> bool:
    lines = log.read_text("utf-8", "replace").splitlines()
    if point.fault == KILL:
        return bool(lines) and "killed by SIGKILL" in lines[-1] and any(str(room) in line for line in lines[-3:-1])
    return any("(INJECTED)" in line and str(room) in line for line in lines)


def _said_wrong(outcome: forked.Outcome, point: Point) -> list[str]:
    faults = []
    if outcome.hung:
        faults.append("the operation hangs")
    if outcome.odd:
        faults.append(f"an error that no user should meet: {outcome.error}")
    if point.fault != KILL and not outcome.acknowledged and not outcome.error:
        faults.append("the operation failed and said nothing")
    if outcome.again:
        faults.append(f"a second try in the same process fails: {outcome.again}")
    return faults


def try_all(stages: Sequence[Stage], points: Sequence[Point], tell: Callable[[str], None], deadline_s: float = 0) -> list[Result]:
    """Every point in turn; stops early when ``deadline_s`` seconds have gone (0: never)."""
    by_name = {stage.operation.name: stage for stage in stages}
    results, started = [], time.monotonic()
    for number, point in enumerate(points, 1):
        if deadline_s and time.monotonic() - started > deadline_s:
            tell(f"stopped after {number - 1} points: the time is up")
            break
        result = attempt(by_name[point.operation], point)
        results.append(result)
        if result.missed:
            tell(f"missed {point.operation}, {point.fault} at {result.call}")
        for fault in result.faults:
            tell(f"BAD {point.operation}, {point.fault} at {result.call}: {fault} [{result.error}]")
        if number % 250 == 0:
            tell(f"{number} of {len(points)} points, {time.monotonic() - started:.0f} s")
    return results


# --- telling ------------------------------------------------------------------------------------------------


def table(results: Sequence[Result]) -> str:
    """Points by operation and fault: how many, old, new, errors said, bad."""
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for result in results:
        for key in ((result.point.operation, result.point.fault), ("all", "")):
            row = rows[key]
            row["points"] += 1
            row["missed"] += result.missed
            row["bad"] += bool(result.faults)
            row["errors"] += bool(result.error)
            row[result.state] += 1
    columns = ("points", "old", "new", "same", "errors", "missed", "bad")
    lines = ["| operation | fault | " + " | ".join(columns) + " |", "|---|---|" + "---:|" * len(columns)]
    for (operation, fault), row in sorted(rows.items(), key=lambda item: (item[0][0] == "all", item[0])):
        lines.append(f"| {operation} | {fault} | " + " | ".join(str(row[column]) for column in columns) + " |")
    return "\n".join(lines)


__all__ = ["Point", "Result", "Stage", "attempt", "make_ready", "plan", "table", "try_all", "universe"]
