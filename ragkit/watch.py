"""Noticing that files below a source have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler

#: Events of somebody reading; a sync reads too.
_READING = frozenset({"opened", "closed_no_write"})


class Watcher:
    """Watches files and folders; a context manager.

    A change is told once nothing more has happened to its source for ``settle_s`` seconds, so that a file that is still being
    written is not read half. What happens below ``ignored`` (the store itself) is no change.
    """

    def __init__(self, sources: Sequence[str], *, settle_s: float, ignored: Path) -> None:
        from watchdog.observers import Observer

        self._settle_s = settle_s
        self._ignored = os.path.realpath(ignored)
        self._changed: dict[str, float] = {}
        self._bell = threading.Condition()
        self._observer = Observer()
        for source in sources:
            folder = source if os.path.isdir(source) else os.path.dirname(source)
            self._observer.schedule(_handler(self, source), folder, recursive=os.path.isdir(source))

    def __enter__(self) -> Self:
        self._observer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._observer.stop()
        self._observer.join()

    def notice(self, source: str, event: FileSystemEvent) -> None:
        """An event below the folder of ``source``."""
        paths = [os.path.realpath(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path]
        own = all(path == self._ignored or path.startswith(self._ignored + os.sep) for path in paths)
        elsewhere = not os.path.isdir(source) and source not in paths and os.path.exists(source)
        if event.event_type in _READING or own or elsewhere:
            return
        with self._bell:
            self._changed[source] = time.monotonic()
            self._bell.notify()

    def wait(self, timeout_s: float) -> list[str]:
        """The sources that have changed and are quiet again, at the latest after ``timeout_s`` seconds; then there may be none."""
        end = time.monotonic() + timeout_s
        with self._bell:
            while True:
                now = time.monotonic()
                quiet = [source for source, at in self._changed.items() if now - at >= self._settle_s]
                if quiet or now >= end:
                    for source in quiet:
                        del self._changed[source]
                    return quiet
                settled = [at + self._settle_s - now for at in self._changed.values()]
                self._bell.wait(min([end - now, *settled]))


def _handler(watcher: Watcher, source: str) -> FileSystemEventHandler:
    from watchdog import events

    class Handler(events.FileSystemEventHandler):
        def on_any_event(self, event: events.FileSystemEvent) -> None:
            watcher.notice(source, event)

    return Handler()
