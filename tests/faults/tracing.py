"""From an strace log with all contents to the steps of a :class:`tests.faults.disk.Trace`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.faults.disk import KEEP, ROOT, Entry, Mark, Sync, Trace, Write, apply

_LINE = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\((.*)\) += +(-?\d+)")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
_PART = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?|([A-Z0-9_]+|-?\d+)?<((?:\\x[0-9a-f]{2})*)>|([^,<>" ][^,<>"]*)')
_DELETED = " (deleted)"


class Reader:
    """Follows the names of one room through a log."""

    def __init__(self, room: Path, trace: Trace) -> None:
        self._room = str(room)
        self._trace = trace
        self._names = {node: dict(entries) for node, entries in trace.folders.items()}
        self._gone: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._appending: set[str] = set()
        self._do: dict[str, Callable[[list[str], int], None]] = {
            "openat": self._open,
            "open": lambda a, r: self._open(["", *a], r),
            "write": self._write,
            "pwrite64": self._pwrite,
            "ftruncate": self._truncate,
            "fsync": self._sync,
            "fdatasync": self._sync,
            "rename": lambda a, r: self._rename(a[0], a[1]),
            "renameat": lambda a, r: self._rename(_joined(a[0], a[1]), _joined(a[2], a[3])),
            "renameat2": lambda a, r: self._rename(_joined(a[0], a[1]), _joined(a[2], a[3])),
            "unlink": lambda a, r: self._unlink(a[0]),
            "unlinkat": lambda a, r: self._unlink(_joined(a[0], a[1])),
            "rmdir": lambda a, r: self._unlink(a[0]),
            "mkdir": lambda a, r: self._make_folder(a[0]),
            "sendto": lambda a, r: self._mark(a),
            "sendfile": lambda a, r: self._copied(a[0], a[1], r),
            "copy_file_range": lambda a, r: self._copied(a[2], a[0], r),
            "fallocate": lambda a, r: self._unknown("fallocate", a),
            "writev": lambda a, r: self._unknown("writev", a),
            "link": lambda a, r: self._link(a[0], a[1]),
        }

    def line(self, line: str) -> None:
        """Take in one line of the log; calls that failed, or touch other folders, change nothing."""
        match = _LINE.match(line)
        if match is None or int(match[3]) < 0 or match[1] not in self._do:
            return
        self._do[match[1]](_arguments(match[2]), int(match[3]))

    # --- names -----------------------------------------------------------------------------------------------

    def _inside(self, path: str) -> str | None:
        """The path below the room; ``None`` for others."""
        return path[len(self._room) + 1 :] if path.startswith(self._room + "/") else "" if path == self._room else None

    def _find(self, path: str) -> int | None:
        if path in self._gone:
            return self._gone[path]
        inside = self._inside(path)
        if inside is None:
            return None
        node: int | None = ROOT
        for part in filter(None, inside.split("/")):
            node = self._names.get(node, {}).get(part) if node is not None else None
        return node

    def _place(self, path: str) -> tuple[int, str] | None:
        folder, _, name = path.rpartition("/")
        node = self._find(folder)
        return None if node is None else (node, name)

    def _enter(self, path: str, node: int) -> None:
        place = self._place(path)
        if place is None:
            raise ValueError(f"a name is made in a folder that is not there: {path}")
        self._names.setdefault(place[0], {})[place[1]] = node
        self._trace.steps.append(Entry(None, (*place, node)))

    # --- calls -----------------------------------------------------------------------------------------------

    def _open(self, given: list[str], _: int) -> None:
        path, flags = _joined(given[0], given[1]), given[2]
        if self._inside(path) is None:
            return
        node = self._find(path)
        if node is None:
            self._enter(path, self._trace.node())
        elif "O_TRUNC" in flags:
            self._trace.steps.append(Write(node, 0, None))
        self._offsets[path] = 0
        (self._appending.add if "O_APPEND" in flags else self._appending.discard)(path)

    def _write(self, given: list[str], count: int) -> None:
        node = self._find(given[0])
        if node is None:
            return
        self._put(given[0], node, _bytes(given[1])[:count])

    def _put(self, path: str, node: int, data: bytes) -> None:
        """Data where the file's own position stands."""
        start = len(self._now(node)) if path in self._appending else self._offsets.get(path, 0)
        self._offsets[path] = start + len(data)
        self._trace.steps.append(Write(node, start, data))

    def _now(self, node: int) -> bytes:
        data = bytearray(self._trace.files.get(node, b""))
        for step in self._trace.steps:
            if isinstance(step, Write) and step.node == node:
                apply(data, step, KEEP)
        return bytes(data)

    def _copied(self, target: str, source: str, count: int) -> None:
        """Data copied by the kernel from file to file, each at its own position."""
        node, origin = self._find(target), self._find(source)
        if node is None or not count:
            return
        if origin is None:
            raise ValueError(f"the model does not know what was copied from {source}")
        start = self._offsets.get(source, 0)
        self._offsets[source] = start + count
        self._put(target, node, self._now(origin)[start : start + count])

    def _pwrite(self, given: list[str], count: int) -> None:
        node = self._find(given[0])
        if node is not None:
            self._trace.steps.append(Write(node, int(given[3]), _bytes(given[1])[:count]))

    def _truncate(self, given: list[str], _: int) -> None:
        node = self._find(given[0])
        if node is not None:
            self._trace.steps.append(Write(node, int(given[1]), None))

    def _sync(self, given: list[str], _: int) -> None:
        node = self._find(given[0])
        if node is not None:
            self._trace.steps.append(Sync(node))

    def _rename(self, source: str, target: str) -> None:
        node, old, new = self._find(source), self._place(source), self._place(target)
        if node is None or old is None or new is None:
            return
        del self._names[old[0]][old[1]]
        self._names.setdefault(new[0], {})[new[1]] = node
        self._trace.steps.append(Entry(old, (*new, node)))

    def _link(self, source: str, target: str) -> None:
        node = self._find(source)
        if node is not None and self._inside(target) is not None:
            self._enter(target, node)

    def _unlink(self, path: str) -> None:
        node, place = self._find(path), self._place(path)
        if node is None or place is None:
            return
        del self._names[place[0]][place[1]]
        self._gone[path + _DELETED] = node
        self._trace.steps.append(Entry(place, None))

    def _make_folder(self, path: str) -> None:
        if self._inside(path) is None:
            return
        node = self._trace.node()
        self._trace.made_folders.add(node)
        self._names[node] = {}
        self._enter(path, node)

    def _mark(self, given: list[str]) -> None:
        if len(given) > 1 and _bytes(given[1]).startswith(b"acknowledged"):
            self._trace.steps.append(Mark("acknowledged"))

    def _unknown(self, name: str, given: list[str]) -> None:
        if any(self._find(part) is not None for part in given if part.startswith("/")):
            raise ValueError(f"the model does not know the call {name}")


def _arguments(text: str) -> list[str]:
    """Arguments as text: paths and names of descriptors decoded, contents left as hexadecimal."""
    found = []
    for part in _PART.finditer(text):
        quoted, _, described, plain = part.groups()
        if quoted is not None:
            decoded = _bytes(quoted)
            found.append(decoded.decode() if decoded.startswith(b"/") and len(decoded) < 4096 and decoded.isascii() else quoted)
        elif described is not None:
            found.append(_bytes(described).decode("utf-8", "replace"))
        else:
            found.append(plain.strip())
    return found


def _joined(folder: str, path: str) -> str:
    """A path that may be relative to an open folder."""
    if not path.startswith("/"):
        path = f"{folder}/{_bytes(path).decode('utf-8', 'replace')}"
    return path.removesuffix("/")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if _HEX.fullmatch(text) else text.encode()


def read_log(log: Path, room: Path, template: Path) -> Trace:
    """The trace of a run in ``room``, which began as a copy of ``template``."""
    trace = Trace()
    trace.read(template)
    reader = Reader(room, trace)
    with open(log, encoding="utf-8", errors="replace") as handle:
        for line in handle:
            reader.line(line)
    return trace
