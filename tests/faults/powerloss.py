"""Power lost at any moment of an operation: many states judged by the model, some made real and opened."""

from __future__ import annotations

import bisect
import hashlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import forked, states, strace
from tests.faults.disk import ROOT, Index, Kept, Luck, Sync, Trace, Write, paths, write_out
from tests.faults.operations import Operation, Room
from tests.faults.points import Stage, stage_room
from tests.faults.tracing import read_log

_WAL, _DATABASE, _SEGMENTS, _QUARANTINE = "store/catalog.db-wal", "store/catalog.db", "store/segments", "store/quarantine"
_HEAD = "head.json"
_FRAME_HEADER = 24


@dataclass(frozen=True)
class Commit:
    """A transaction of the catalog: written by step ``written``, durable by step ``durable``; the files that it refers to."""

    written: int
    durable: float
    files: dict[str, str]


@dataclass
class Loss:
    """An operation's trace, made ready to be cut anywhere.

    ``whole`` is what each file's bytes shall be, ``damaged`` the files that were not what they should be before it began.
    """

    stage: Stage
    index: Index
    commits: list[Commit]
    whole: dict[int, bytes] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)

    @property
    def trace(self) -> Trace:
        return self.index.trace


def record(stage: Stage, before: Callable[[], None] = lambda: None) -> Loss:
    """Do the operation once under strace, and take down everything it did to the room."""
    log = stage.work / "contents"
    room = stage_room(stage)
    outcome = forked.run(stage.operation, room, strace=strace.recording(log, contents=True), before=before)
    if not outcome.acknowledged:
        raise RuntimeError(f"{stage.operation.name} fails without a fault: {outcome.error}")
    trace = read_log(log, room.path, stage.template.path)
    index = Index(trace)
    faults = _unlike(index, room, stage.work / "replayed")
    if faults:
        raise RuntimeError(f"the model does not give what the run left: {faults}")
    loss = Loss(stage, index, _commits(index, stage.work / "opened"))
    nodes = {*trace.files, *(step.node for step in trace.steps if isinstance(step, Write))}
    loss.whole = {node: index.content(node, len(trace.steps), Kept()) for node in nodes}
    before = _folder(trace.folders, _SEGMENTS) or {}
    for name, recorded in loss.commits[0].files.items():
        if name in before and hashlib.sha256(trace.files[before[name]]).hexdigest() != recorded:
            loss.damaged.add(name)
    return loss


def _unlike(index: Index, room: Room, replayed: Path) -> list[str]:
    """Files that the trace, played to its end, makes other than the run did: none, or the model is wrong."""
    shutil.rmtree(replayed, ignore_errors=True)
    write_out(index, len(index.trace.steps), Kept(), replayed)
    real, model = ({str(f.relative_to(at)): f.read_bytes() for f in at.rglob("*") if f.is_file()} for at in (room.path, replayed))
    return sorted(name for name in {*real, *model} if real.get(name) != model.get(name) and not name.endswith("-shm"))


# --- the catalog's commits ----------------------------------------------------------------------------------


def _commits(index: Index, opened: Path) -> list[Commit]:
    """The initial state and every commit: where it was written, when it became durable, and the files it refers to."""
    steps = index.trace.steps
    written = [-1]
    for at, step in enumerate(steps):
        if isinstance(step, Write) and step.data is not None and len(step.data) == _FRAME_HEADER and any(step.data[4:8]):
            if _name(index, step.node, at) == _WAL:
                written.append(at + 1)  # the frame's page follows its header
        elif isinstance(step, Sync) and _name(index, step.node, at) == _DATABASE:
            written.append(at)
    found = []
    for at in written:
        files = _files_at(index, at + 1, opened)
        durable: float = -1 if at < 0 else next((i for i in range(at + 1, len(steps)) if _syncs_catalog(index, i)), float("inf"))
        if isinstance(steps[at], Sync) and at >= 0:
            durable = at
        found.append(Commit(at, durable, files))
    return found


def _syncs_catalog(index: Index, at: int) -> bool:
    step = index.trace.steps[at]
    return isinstance(step, Sync) and _name(index, step.node, at) == _WAL


def _name(index: Index, node: int, end: int) -> str | None:
    return next((path for path, number in paths(index.names(end, Kept())) if number == node), None)


def _files_at(index: Index, end: int, opened: Path) -> dict[str, str]:
    """Names and hashes of the files that the catalog refers to when nothing is lost."""
    shutil.rmtree(opened, ignore_errors=True)
    opened.mkdir()
    write_out(index, end, Kept(), opened)
    database = opened / _DATABASE
    if not database.exists():
        return {}
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute("SELECT files FROM segments WHERE removed_generation IS NULL").fetchall()
    except sqlite3.OperationalError:  # before the tables were made
        return {}
    finally:
        connection.close()
    return {info["name"]: info["sha256"] for (files,) in rows for info in json.loads(files).values() if info}


# --- many states, by the model ------------------------------------------------------------------------------


def judge(loss: Loss, chance: random.Random) -> tuple[int, list[str]]:
    """One state: where power was lost, and what is wrong. The catalog is any commit that may be on the disk."""
    steps = loss.trace.steps
    end = chance.randint(0, len(steps))
    acknowledged = end > loss.trace.acknowledged_at
    luck = Luck(chance)
    names = loss.index.names(end, luck)
    last = bisect.bisect_left([c.written for c in loss.commits], end - 1 if end else 0)
    durable = max(i for i, c in enumerate(loss.commits) if c.durable < end)
    chosen = chance.randint(durable, max(durable, last - 1))
    faults = []
    if acknowledged and durable < _needed(loss):
        faults.append("the acknowledged commit may be lost: the catalog's log was not synced")
    segments = _folder(names, _SEGMENTS)
    for name in loss.commits[chosen].files.keys() - loss.damaged:
        node = segments.get(name) if segments is not None else None
        if node is None:
            faults.append(f"{name}: the catalog refers to it, and it is not there")
        elif loss.index.content(node, end, luck) != loss.whole[node]:
            faults.append(f"{name}: the catalog refers to it, and it is not whole")
    for name, node in {**(segments or {}), **(_folder(names, _QUARANTINE) or {})}.items():
        if not name.startswith(".") and loss.index.pending(node, end) and loss.index.content(node, end, luck) != loss.whole[node]:
            faults.append(f"{name}: it stands under its final name and is not whole")
    for name, node in (_folder(names, "store") or {}).items():
        if name == _HEAD and loss.index.pending(node, end) and loss.index.content(node, end, luck) != loss.whole[node]:
            faults.append(f"{name}: it stands under its final name and is not whole")
    if acknowledged:
        faults += _output_faults(loss, names, end, luck)
        faults += _kept_faults(loss, names)
    return end, faults


def _kept_faults(loss: Loss, names: dict[int, dict[str, int]]) -> list[str]:
    """After the acknowledgement: what was written is remembered, what was erased stays away."""
    at = loss.trace.acknowledged_at
    then, now = (_folder(tree, "store") or {} for tree in (loss.index.names(at, Kept()), names))
    later = {part[2] for step, part in _heads(loss) if step >= at}
    faults = []
    if _HEAD in then and now.get(_HEAD) not in {then[_HEAD], *later}:
        faults.append(f"{_HEAD}: it forgets an acknowledged write")
    back = sorted({*(_folder(names, _SEGMENTS) or {})} & loss.damaged)
    faults += [f"{name}: it was put aside, and stands where it is swept away" for name in back]
    if loss.stage.operation.name == "forget":
        before, after = (_folder(tree, _SEGMENTS) or {} for tree in (loss.trace.folders, loss.index.names(at, Kept())))
        back = {*(_folder(names, _SEGMENTS) or {})} & {*before} - {*after}
        faults += [f"{name}: it was erased, and is back" for name in sorted(back)]
    return faults


def _heads(loss: Loss) -> list[tuple[int, tuple[int, str, int]]]:
    return [(at, entry.added) for at, entry in loss.index.entries if entry.added is not None and entry.added[1] == _HEAD]


def _needed(loss: Loss) -> int:
    """The last commit before the acknowledgement."""
    return max(i for i, c in enumerate(loss.commits) if c.written < loss.trace.acknowledged_at)


def _folder(names: dict[int, dict[str, int]], path: str) -> dict[str, int] | None:
    node = ROOT
    for part in path.split("/"):
        if part not in names.get(node, {}):
            return None
        node = names[node][part]
    return names.get(node, {})


def _output_faults(loss: Loss, names: dict[int, dict[str, int]], end: int, luck: Luck) -> list[str]:
    """What was acknowledged to stand outside the store, whole, does."""
    output = loss.stage.operation.output
    if not output:
        return []
    at = loss.trace.acknowledged_at
    wanted = {path: node for path, node in paths(loss.index.names(at, Kept())) if path.split("/")[0] == output}
    found = dict(paths(names))
    faults = []
    for path, node in wanted.items():
        if os.path.basename(path) in _NOT_KEPT or path in _later_removed(loss, at):
            continue
        if path not in found:
            faults.append(f"{path}: it was acknowledged, and is not there")
        elif node in loss.whole and loss.index.content(node, end, luck) != loss.whole[node]:
            faults.append(f"{path}: it was acknowledged, and is not whole")
    return faults


_NOT_KEPT = {"catalog.db-shm", "catalog.db-wal", "writer.lock", "readers.lock"}


def _later_removed(loss: Loss, at: int) -> set[str]:
    kept = {path for path, _ in paths(loss.index.names(len(loss.trace.steps), Kept()))}
    return {path for path, _ in paths(loss.index.names(at, Kept())) if path not in kept}


def judge_many(loss: Loss, count: int, seed: int, *, enough: int = 10) -> tuple[int, int, dict[str, int]]:
    """``(states, bad states, faults and how often)``; stops after ``enough`` bad ones when that is not 0."""
    chance = random.Random(f"{seed} {loss.stage.operation.name}")
    bad, seen = 0, {}
    for number in range(1, count + 1):
        _, faults = judge(loss, chance)
        bad += bool(faults)
        for fault in faults:
            seen[fault] = seen.get(fault, 0) + 1
        if enough and bad >= enough:
            return number, bad, seen
    return count, bad, seen


# --- some states, for real ----------------------------------------------------------------------------------


def realise(loss: Loss, chance: random.Random) -> tuple[int, str, list[str]]:
    """One state made on the real disk, with SQLite's files under the same model, opened and judged as after a kill."""
    end = chance.randint(0, len(loss.trace.steps))
    room = Room(loss.stage.work / "room")
    shutil.rmtree(room.path, ignore_errors=True)
    room.path.mkdir()
    write_out(loss.index, end, Luck(chance), room.path)
    acknowledged = end > loss.trace.acknowledged_at

    def look(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
        say(json.dumps(states.verdict(room, operation, loss.stage.expected, acknowledged=acknowledged)))

    state, faults = forked.ask(loss.stage.operation, room, look)
    return end, state, faults


@dataclass
class Row:
    """What came out of one operation's states."""

    operation: str
    steps: int
    states: int = 0
    bad: int = 0
    realised: int = 0
    bad_realised: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """As a line of a table."""
        ended = " | ".join(str(self.ended.get(name, 0)) for name in ("old", "new", "same"))
        return f"| {self.operation} | {self.steps} | {self.states} | {self.bad} | {self.realised} | {ended} | {self.bad_realised} |"


def survey(stage: Stage, states_: int, realised: int, seed: int) -> Row:
    """Judge ``states_`` states of an operation by the model, and make ``realised`` real."""
    loss = record(stage)
    row = Row(stage.operation.name, len(loss.trace.steps))
    row.states, row.bad, seen = judge_many(loss, states_, seed, enough=0)
    row.faults += list(seen)[:5]
    chance = random.Random(seed)
    for _ in range(realised):
        end, state, faults = realise(loss, chance)
        row.realised += 1
        row.bad_realised += bool(faults)
        row.ended[state] = row.ended.get(state, 0) + 1
        row.faults += [f"before step {end}: {fault}" for fault in faults[:3]]
    return row
