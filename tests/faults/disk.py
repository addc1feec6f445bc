"""A disk that loses power: what of a traced run may be left after it, by the letter of POSIX.

A file's data are durable once ``fsync`` or ``fdatasync`` of it returned, an entry of a folder (a name made, moved or removed)
once ``fsync`` of the folder did. Everything else may be there, or not, or in part, each by itself and in any order: a write may
be kept, dropped, torn at a multiple of 512 bytes, or leave zeros. A rename happens as a whole or not at all.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
KEEP, DROP, TORN, ZERO = "keep", "drop", "torn", "zero"
HOW = (KEEP, DROP, TORN, ZERO)


@dataclass(frozen=True)
class Write:
    """Data at an offset of a file; ``data`` of ``None`` cuts the file to ``offset`` bytes."""

    node: int
    offset: int
    data: bytes | None


@dataclass(frozen=True)
class Entry:
    """Names of a folder that change together: ``removed`` and ``added`` are ``(folder, name)`` and, added, the node under it."""

    removed: tuple[int, str] | None
    added: tuple[int, str, int] | None


@dataclass(frozen=True)
class Sync:
    """The file or folder ``node`` is made durable."""

    node: int


@dataclass(frozen=True)
class Mark:
    """Something that happened outside the disk: the operation was acknowledged."""

    what: str


Step = Write | Entry | Sync | Mark
ROOT = 0


@dataclass
class Trace:
    """The tree before a run (durable), and every step that the run did to it. Nodes are numbered; :data:`ROOT` is the room."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    files: dict[int, bytes] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    made_folders: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._next = 1

    def node(self) -> int:
        """A new number."""
        self._next += 1
        return self._next - 1

    def read(self, folder: Path, node: int = ROOT) -> None:
        """Take over a folder from the real disk, as durable."""
        entries = self.folders.setdefault(node, {})
        for item in sorted(folder.iterdir()):
            entries[item.name] = number = self.node()
            if item.is_dir():
                self.read(item, number)
            else:
                self.files[number] = item.read_bytes()

    @property
    def acknowledged_at(self) -> int:
        """The number of steps before the acknowledgement."""
        return next(at for at, step in enumerate(self.steps) if isinstance(step, Mark))


class Index:
    """What each node's steps are, and when each was last synced: so that a state costs microseconds."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.writes: dict[int, list[tuple[int, Write]]] = {}
        self.entries: list[tuple[int, Entry]] = []
        self.syncs: dict[int, list[int]] = {}
        for at, step in enumerate(trace.steps):
            if isinstance(step, Write):
                self.writes.setdefault(step.node, []).append((at, step))
            elif isinstance(step, Entry):
                self.entries.append((at, step))
            elif isinstance(step, Sync):
                self.syncs.setdefault(step.node, []).append(at)

    def last_sync(self, node: int, end: int) -> int:
        """The number of the last sync of ``node`` before ``end``; -1 for none."""
        return max((at for at in self.syncs.get(node, ()) if at < end), default=-1)

    def names(self, end: int, luck: Luck) -> dict[int, dict[str, int]]:
        """The folders' entries after power was lost before step ``end``."""
        folders = {node: dict(entries) for node, entries in self.trace.folders.items()}
        for at, entry in self.entries:
            if at >= end:
                break
            touched = {part[0] for part in (entry.removed, entry.added) if part is not None}
            if any(self.last_sync(node, end) < at for node in touched) and not luck.keeps():
                continue
            if entry.removed is not None:
                folders.setdefault(entry.removed[0], {}).pop(entry.removed[1], None)
            if entry.added is not None:
                folders.setdefault(entry.added[0], {})[entry.added[1]] = entry.added[2]
        return folders

    def content(self, node: int, end: int, luck: Luck) -> bytes:
        """A file's bytes after power was lost before step ``end``."""
        data = bytearray(self.trace.files.get(node, b""))
        synced = self.last_sync(node, end)
        for at, write in self.writes.get(node, ()):
            if at >= end:
                break
            apply(data, write, KEEP if at < synced else luck.how(), luck.cut())
        return bytes(data)

    def pending(self, node: int, end: int) -> bool:
        """Whether a write of the file may be lost."""
        synced = self.last_sync(node, end)
        return any(synced < at < end for at, _ in self.writes.get(node, ()))


def apply(data: bytearray, write: Write, how: str, cut: float = 0.5) -> None:
    """Do a write to a file's bytes, whole or otherwise; a torn one is cut after that share of its sectors."""
    if how == DROP:
        return
    if write.data is None:
        del data[write.offset :]
        data.extend(bytes(write.offset - len(data)))
        return
    new = write.data
    if how == TORN:
        sectors = (len(new) - 1) // SECTOR  # whole ones, and never all of it
        new = new[: SECTOR * round(cut * sectors)]
    elif how == ZERO:
        new = bytes(len(new))
    if new:
        data.extend(bytes(max(0, write.offset - len(data))))
        data[write.offset : write.offset + len(new)] = new


class Luck:
    """The fate of what was not synced. All is kept, all is lost, or each thing has a fate of its own."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._mood = chance.randrange(6)

    def keeps(self) -> bool:
        """Whether a change of names is on the disk."""
        return self._mood == 0 or (self._mood > 1 and self._chance.random() < 0.5)

    def how(self) -> str:
        """What became of a write."""
        if self._mood < 2:
            return KEEP if self._mood == 0 else DROP
        return HOW[self._chance.randrange(4)] if self._mood != 2 else KEEP

    def cut(self) -> float:
        """Where a torn write was torn, as a share of it."""
        return self._chance.random()


class Kept(Luck):
    """Nothing is lost: the state that a process which dies leaves, the machine going on."""

    def __init__(self) -> None:
        super().__init__(random.Random(0))

    def keeps(self) -> bool:
        return True

    def how(self) -> str:
        return KEEP


def paths(folders: dict[int, dict[str, int]], node: int = ROOT, prefix: str = "") -> Iterable[tuple[str, int]]:
    """Every path that can be reached from the room, and its node."""
    for name, child in folders.get(node, {}).items():
        yield prefix + name, child
        if child in folders:
            yield from paths(folders, child, f"{prefix}{name}/")


def write_out(index: Index, end: int, luck: Luck, target: Path, *, without: Sequence[str] = ("catalog.db-shm",)) -> None:
    """Make the state on the real disk. SQLite's shared memory is left out: it is no file that anyone reads after a start."""
    folders = index.names(end, luck)
    for path, node in paths(folders):
        if node in folders or node in index.trace.made_folders:
            (target / path).mkdir(parents=True, exist_ok=True)
        elif os.path.basename(path) not in without:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(index.content(node, end, luck))
