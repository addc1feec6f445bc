"""The system that a command names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ragkit.errors import RagkitError
from ragkit.records import Mode

from .base import System
from .store import StoreSystem

if TYPE_CHECKING:
    from ragkit.cli.session import Session

#: What a system is called by; before a colon, where more follows.
KINDS = ("store",)


class UnknownSystem(RagkitError, ValueError):
    """A system is named that there is not."""


@contextmanager
def open_system(spec: str, session: Session, *, mode: Mode | None = None, retrieval_only: bool = False) -> Iterator[System]:
    """The system that ``spec`` names, open until the end. ``store`` is the session's store; ``mode`` and ``retrieval_only`` are for it.

    Raises:
        UnknownSystem: there is no such kind of system.
    """
    if spec != "store":
        raise UnknownSystem(f"there is no system {spec!r}; a system is {', '.join(KINDS)}")
    with session.open() as kit:
        yield StoreSystem(kit, mode=mode, retrieval_only=retrieval_only)
