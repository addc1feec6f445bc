"""A lock that is given in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class TurnLock:
    """First come, first served. A plain ``threading.Lock`` lets a thread that has just released it take it again at once."""

    def __init__(self) -> None:
        self._inner = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None

    def acquire(self) -> None:
        """Wait for one's turn.

        Raises:
            RuntimeError: this thread has the lock already, and would wait for itself for ever.
        """
        me = threading.get_ident()
        with self._inner:
            if self._owner is None:
                self._owner = me
                return
            if self._owner == me:
                raise RuntimeError("this thread has the lock already")
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:
            self._give_up(mine)
            raise
        self._owner = me

    def release(self) -> None:
        """Give the lock to whoever has waited longest."""
        with self._inner:
            self._pass_on()

    def locked(self) -> bool:
        """Whether somebody has the lock."""
        return self._owner is not None

    @property
    def mine(self) -> bool:
        """Whether this thread has the lock."""
        return self._owner == threading.get_ident()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _pass_on(self) -> None:
        if self._waiting:
            self._owner = -1  # on its way: no third may take it before the one that is woken
            self._waiting.popleft().release()
        else:
            self._owner = None

    def _give_up(self, mine: threading.Lock) -> None:
        """Whoever waits is interrupted, maybe just when it was its turn."""
        with self._inner:
            if mine in self._waiting:
                self._waiting.remove(mine)
            else:
                self._pass_on()
