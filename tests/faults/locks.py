"""Locks under contention: two writers, and a reader that is about to open files which a writer removes."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ragkit.errors import RagkitError, StoreLocked
from ragkit.index.segments import Segment
from ragkit.testing import SyntheticEmbedder
from tests.faults.operations import EMBEDDER, Room, text_of
from tests.faults.states import content, same

Before = Callable[[], None]
_TIMEOUT_S = 30.0


class Gate:
    """A place where a child waits until it is let on."""

    def __init__(self) -> None:
        self._arrived, self._arrives = os.pipe()
        self._let, self._lets = os.pipe()

    def wait(self) -> None:
        """In the child: say that it is here, and wait."""
        os.write(self._arrives, b".")
        os.read(self._let, 1)

    def arrived(self) -> bool:
        """In the parent: whether the child came here in time."""
        return bool(select.select([self._arrived], [], [], _TIMEOUT_S)[0]) and bool(os.read(self._arrived, 1))

    def open(self) -> None:
        """Let the child on."""
        os.write(self._lets, b".")


class Waiting(SyntheticEmbedder):
    """An embedder that waits at a gate once, in the midst of a write."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(EMBEDDER.dimension)
        self._gate: Gate | None = gate

    def embed(self, texts: Sequence[str]) -> Any:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.wait()
        return super().embed(texts)


def _fork(before: Before, work: Callable[[], None]) -> tuple[int, int]:
    """``(pid, descriptor to read its error from)``."""
    said, says = os.pipe()
    child = os.fork()
    if child:
        os.close(says)
        return child, said
    try:
        before()
        work()
    finally:
        error = sys.exception()
        if error is not None:
            os.write(says, f"{type(error).__name__}: {error}"[:1000].encode())
        os._exit(0)


def _error_of(child: tuple[int, int]) -> str:
    pid, said = child
    found = b""
    while some := os.read(said, 4096):
        found += some
    os.close(said)
    os.waitpid(pid, 0)
    return found.decode()


def two_writers(room: Room, before: Before) -> list[str]:
    """While one writes, the other is told so at once; when the first is killed, the other may write."""
    gate = Gate()

    def first() -> None:
        with room.open(embedder=Waiting(gate)) as kit:
            kit.add_text(text_of(50), uri="note:50")

    def second() -> None:
        with room.open() as kit:
            kit.add_text(text_of(51), uri="note:51")

    faults = []
    holder = _fork(before, first)
    if not gate.arrived():
        return [f"the first writer did not begin: {_error_of(holder)}"]
    refused = _error_of(_fork(before, second))
    if not refused.startswith(StoreLocked.__name__) or str(holder[0]) not in refused:
        faults.append(f"a second writer was not told who holds the store: {refused or 'it wrote'}")
    os.kill(holder[0], signal.SIGKILL)
    _error_of(holder)
    late = _error_of(_fork(before, second))
    if late:
        faults.append(f"after the writer was killed the next one fails: {late}")
    return faults


def late_reader(room: Room, before: Before) -> list[str]:
    """A reader that has its snapshot, and has not opened its files, finds them although all were merged in between."""
    gate = Gate()
    with room.open() as kit:
        wanted = content(kit)

    def read() -> None:
        real = Segment.open.__func__  # type: ignore[attr-defined]
        waited: list[bool] = []

        def late(cls: type[Segment], folder: Any, info: Any) -> Segment:
            if not waited:
                waited.append(True)
                gate.wait()
            opened: Segment = real(cls, folder, info)
            return opened

        Segment.open = classmethod(late)  # type: ignore[method-assign, assignment]
        with room.open() as kit:
            if not same(content(kit), wanted):
                raise AssertionError("the reader saw another generation than its own")

    def merge() -> None:
        with room.open() as kit:
            kit.compact()

    reader = _fork(before, read)
    if not gate.arrived():
        return [f"the reader did not begin: {_error_of(reader)}"]
    failed = _error_of(_fork(before, merge))
    gate.open()
    lost = _error_of(reader)
    return [*([f"the writer failed: {failed}"] if failed else []), *([f"the reader failed: {lost}"] if lost else [])]


def flips(room: Room, before: Before, *, count: int = 20) -> list[str]:
    """A flipped bit of a segment is found by ``check`` and by the next search."""
    found = sorted((room.store / "segments").iterdir())
    faults = []
    for number in range(count):
        file = found[number % len(found)]
        data = bytearray(file.read_bytes())
        at = (number * 7919) % len(data)
        data[at] ^= 1 << number % 8
        whole = file.read_bytes()
        file.write_bytes(data)
        error = _error_of(_fork(before, lambda: _must_refuse(room)))
        if error:
            faults.append(f"{file.name}, byte {at}: {error}")
        file.write_bytes(whole)
    return faults


def _must_refuse(room: Room) -> None:
    with room.open() as kit:
        if not kit.check():
            raise AssertionError("check finds nothing")
        try:
            kit.search("lighthouse", rerank=False)
        except RagkitError:
            return
        raise AssertionError("a search answers from it")
