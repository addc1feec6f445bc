"""Kinds of sources, one file each, found by entry point (group ``ragkit.connectors``)."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
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


def find_connector(source: str, *, defaults: Mapping[str, Any] | None = None, **options: Any) -> Connector:
    """The connector that reads ``source``, made with ``options`` (``recursive``, ``include``, ``depth``, …); of ``defaults``
    it gets those that it takes.

    Raises:
        SourceError: no installed connector takes the source, it takes no such option, or the source is not there.
    """
    connectors = installed()
    for name, connector in connectors:
        if connector.accepts(source):
            taken, any_other = _options(connector)
            unknown = sorted(options.keys() - taken)
            if unknown and not any_other:
                known = ", ".join(sorted(taken)) or "none"
                raise SourceError(f"a source of the kind {name!r} has no option {unknown[0]!r}; it has: {known}")
            return connector(source, **{key: value for key, value in (defaults or {}).items() if key in taken} | options)
    names = ", ".join(name for name, _ in connectors) or "none"
    raise SourceError(f"nothing reads the source {source!r}: it is no file or folder here. Installed connectors: {names}")


def _options(connector: type[Connector]) -> tuple[set[str], bool]:
    """The names of the options that a connector takes; whether it takes any other as well."""
    parameters = list(inspect.signature(connector).parameters.values())[1:]
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)
