"""Bytes that were fetched while a source was listed, kept on disk until nobody needs them any more."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from typing import BinaryIO


class Spool:
    """A file without a name, to which bodies are added; it goes when the last opener goes.

    Many items are listed before the first one is read: in memory their bodies would add up.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the items)
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._file.close()

    def add(self, body: bytes) -> Callable[[], BinaryIO]:
        """Keeps ``body``; the function opens it, as often as it is called."""
        with self._lock:
            start = self._file.seek(0, io.SEEK_END)
            self._file.write(body)
        return partial(self._open, start, len(body))

    def _open(self, start: int, length: int) -> BinaryIO:
        with self._lock:
            self._file.seek(start)
            return io.BytesIO(self._file.read(length))
