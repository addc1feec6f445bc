"""The system that a command names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ragkit.errors import RagkitError
from ragkit.records import Mode

from .base import System
from .called import CallableSystem
from .endpoint import EndpointSystem
from .recorded import RecordedSystem
from .store import StoreSystem

if TYPE_CHECKING:
    from ragkit.cli.session import Session

#: How systems are named.
FORMS = ("store", "recorded:FILE.jsonl", "python:MODULE:CALLABLE", "http:URL[,model=NAME][,key=VARIABLE]")


class UnknownSystem(RagkitError, ValueError):
    """A system is named that there is not."""


@contextmanager
def open_system(spec: str, session: Session, *, mode: Mode | None = None, retrieval_only: bool = False) -> Iterator[System]:
    """The system that ``spec`` names, open until the end. ``store`` is the session's store; ``mode`` and ``retrieval_only`` are for it.

    Raises:
        UnknownSystem: there is none of that name, or it takes no such option.
    """
    if spec == "store":
        with session.open() as kit:
            yield StoreSystem(kit, mode=mode, retrieval_only=retrieval_only)
        return
    if mode is not None or retrieval_only:
        raise UnknownSystem(f"--mode and --retrieval-only are for the store, not for {spec!r}")
    yield _other(spec)


def _other(spec: str) -> System:
    kind, _, rest = spec.partition(":")
    if kind == "recorded" and rest:
        return RecordedSystem(Path(rest))
    if kind == "python" and rest:
        return _named(rest)
    if kind == "http" and rest:
        url, *options = rest.split(",")
        values = dict(option.partition("=")[::2] for option in options)
        if values.keys() <= {"model", "key"}:
            return EndpointSystem(url, model=values.get("model", ""), key=values.get("key", ""))
    raise UnknownSystem(f"there is no system {spec!r}; a system is {', '.join(FORMS)}")


def _named(place: str) -> System:
    """``MODULE:NAME``, a callable or a system; modules of the working directory are found, as by ``python -m``."""
    module, _, name = place.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownSystem(f"python:{place} cannot be imported ({error}); it is named as python:MODULE:CALLABLE") from error
    if isinstance(found, System):
        return found
    if not callable(found):
        raise UnknownSystem(f"python:{place} is neither a callable nor a system; it is a {type(found).__name__}")
    return CallableSystem(found, name=name)
