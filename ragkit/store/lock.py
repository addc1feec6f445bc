"""One writer at a time: a lock that says who holds it and since when, and that a crash releases."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ragkit.errors import StoreLocked


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
            handle.truncate(0)


def _holder(folder: Path) -> str:
    try:
        found = json.loads((folder / "writer.lock").read_text("utf-8"))
    except (OSError, ValueError):
        return "it is just starting"
    return f"process {found.get('pid')} on {found.get('host')}, since {found.get('since')}"
