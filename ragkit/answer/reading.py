"""A generator's reply, read on a thread of its own: whatever the generator does, whoever reads goes on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from ragkit.errors import ModelError

#: Pieces that wait for their reader, and seconds between two looks at whether there still is one.
_WAITING, _LOOK = 16, 0.1


class Reply:
    """The pieces of one reply. A reply ends with an error of ours, or with its last piece.

    ``start`` is called on the thread, which nobody waits for: a generator that hangs keeps neither the asker nor the process.
    What it raises, were it ``SystemExit``, reaches the reader as a :class:`ragkit.errors.ModelError`.
    """

    def __init__(self, start: Callable[[], Iterable[str]], *, seconds: float, characters: int) -> None:
        self._start = start
        self._seconds = seconds
        self._characters = characters
        self._pieces: queue.Queue[str | None] = queue.Queue(_WAITING)
        self._left = threading.Event()
        self._caught = _Caught()

    def __iter__(self) -> Iterator[str]:
        """The pieces as they come.

        Raises:
            ModelError: the generator raised something or gave what is no text, or took more than ``seconds``, or wrote more
                than ``characters``.
        """
        threading.Thread(target=self._work, name="ragkit-generator", daemon=True).start()
        deadline, length = time.monotonic() + self._seconds, 0
        try:
            while (piece := self._next(deadline)) is not None:
                length += len(piece)
                if length > self._characters:
                    raise ModelError(f"its reply is longer than {self._characters} characters")
                yield piece
        finally:
            self._left.set()

    def _next(self, deadline: float) -> str | None:
        try:
            piece = self._pieces.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise ModelError(f"it did not end within {self._seconds:g} s (generation.timeout_s)") from None
        error = self._caught.error
        if piece is None and error is not None:
            raise ModelError(f"{type(error).__name__}: {error}") from error
        return piece

    def _work(self) -> None:
        with self._caught:
            pieces = iter(self._start())
            try:
                for piece in pieces:
                    if not isinstance(piece, str):
                        raise TypeError(f"it gave a {type(piece).__name__} instead of text")
                    if not self._put(piece):
                        break
            finally:
                getattr(pieces, "close", lambda: None)()
        self._put(None)

    def _put(self, piece: str | None) -> bool:
        """Whether there still was a reader."""
        while not self._left.is_set():
            try:
                self._pieces.put(piece, timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False


class _Caught:
    """Keeps what a block raises for another thread."""

    error: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.error = error
        return True
