"""Kinds of sources, one file each, found by entry point (group ``ragkit.connectors``)."""

from __future__ import annotations

from typing import Any

from ragkit.contracts import Connector
from ragkit.errors import SourceError

from . import plugins

GROUP = "ragkit.connectors"

__all__ = ["GROUP", "find_connector", "installed"]


def installed() -> list[tuple[str, type[Connector]]]:
    """Names and classes of all connectors that load, the most specific first.

    A connector may carry ``priority`` (an integer, 0 when absent); the higher is asked first, ties by name. The
    folder connector takes any path, so it stands at -100.
    """
    loaded, _ = plugins.load(GROUP)
    return sorted(loaded.items(), key=lambda pair: (-getattr(pair[1], "priority", 0), pair[0]))


def find_connector(source: str, **options: Any) -> Connector:
    """The connector that reads ``source``, made with ``options`` (``recursive``, ``include``, ``exclude``, …).

    Raises:
        SourceError: no installed connector takes the source, or the source is not there.
    """
    connectors = installed()
    for _, connector in connectors:
        if connector.accepts(source):
            return connector(source, **options)
    names = ", ".join(name for name, _ in connectors) or "none"
    raise SourceError(f"nothing reads the source {source!r}: it is no file or folder here. Installed connectors: {names}")
