"""One writer at a time, and no file removed under a reader that is about to open it: locks that a crash releases."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ragkit.errors import StoreLocked

_READERS = "readers.lock"
_RETRY_S = 0.005
#: The time within which a writer that has the lock has said who it is.
_NOTE_S = 0.5


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the store's write lock; the operating system releases it when the process ends, however it ends.

    Raises:
        StoreLocked: another writer holds it; the message says who, and since when.
    """
    with open(folder / "writer.lock", "a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreLocked(f"another writer holds the store {folder}: {_holder(folder)}; wait until it is done, or stop it") from error
        handle.truncate(0)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        handle.write(json.dumps(holder))
        handle.flush()
        try:
            yield
        finally:
            with suppress(OSError):  # it is only the note that stays; the lock goes with the file
                handle.truncate(0)


@contextmanager
def reading_lock(store: Path) -> Iterator[None]:
    """Keep the files of every generation while a snapshot is taken and its files are opened, or copied.

    Any number of readers hold it at once. What is open (and mapped) by the end of it stays readable, even when it is
    removed afterwards.
    """
    with _readers(store) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def removal_lock(store: Path, *, patience_s: float = 0.25) -> Iterator[bool]:
    """Whether files may be removed now: no reader is opening any, and none begins to until the end.

    Gives up with ``False`` after ``patience_s`` seconds, so that a reader that takes its time delays the removal, not the writer.
    """
    with _readers(store) as descriptor:
        held = _taken(descriptor, time.monotonic() + patience_s)
        try:
            yield held
        finally:
            if held:
                fcntl.flock(descriptor, fcntl.LOCK_UN)


def _taken(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_RETRY_S)
        else:
            return True


@contextmanager
def _readers(store: Path) -> Iterator[int]:
    # Each use opens the file anew: such locks belong to the open file, so threads of one process are told apart as well.
    descriptor = os.open(store / _READERS, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(folder: Path) -> str:
    """Who holds the lock, by the note that it leaves in the file as soon as it has it."""
    deadline = time.monotonic() + _NOTE_S
    while True:
        try:
            found = json.loads((folder / "writer.lock").read_text("utf-8"))
            if _may_live(found["pid"], found["host"]):
                return f"process {found['pid']} on {found['host']}, since {found['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if time.monotonic() >= deadline:
            return "it is just starting, or just ending"
        time.sleep(_RETRY_S)


def _may_live(pid: int, host: str) -> bool:
    """Whether the process may be there: a note whose writer is dead is about to be written anew."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
