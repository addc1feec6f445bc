"""Reading entry points: every plug-in that loads, and one line for each that does not."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ragkit.errors import PluginError

log = logging.getLogger(__name__)


def load(group: str) -> tuple[dict[str, Any], list[PluginError]]:
    """Everything that loads from ``group``, by name, and an error for each entry point that does not.

    A plug-in that cannot be imported must not take the others down; its error is logged and returned.
    """
    loaded: dict[str, Any] = {}
    broken: list[PluginError] = []
    for entry in sorted(entry_points(group=group), key=lambda e: (e.name, e.value)):
        try:
            loaded[entry.name] = entry.load()
        except (ImportError, AttributeError, SyntaxError, ValueError, TypeError, NameError, OSError, RuntimeError) as error:
            broken.append(_report(entry, error))
    return loaded, broken


def _report(entry: EntryPoint, error: Exception) -> PluginError:
    package = entry.dist.name if entry.dist is not None else "unknown package"
    reason = " ".join(str(error).split()) or type(error).__name__
    report = PluginError(f"plug-in {entry.name!r} ({entry.value}, from {package}) cannot be loaded: {reason}")
    log.warning("%s", report)
    return report
