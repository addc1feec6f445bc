"""What other packages plug in, found by entry point; the core imports none of them by name."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ragkit.errors import PluginError

_MEND = "mend it with: pip install --force-reinstall ragkit"

#: What importing and calling somebody's module can raise.
BROKEN = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError,
    OSError, RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip


@cache
def runtime(name: str) -> Any:
    """The function that an installed package offers as ``name`` in the group ``ragkit.runtime``.

    Raises:
        PluginError: none does, or it cannot be loaded.
    """
    for entry in entry_points(group="ragkit.runtime", name=name):
        try:
            return entry.load()
        except (ImportError, AttributeError) as error:
            raise PluginError(f"the part {name!r} of ragkit ({entry.value}) cannot be loaded: {error}; {_MEND}") from error
    raise PluginError(f"no installed package offers the part {name!r}; {_MEND}")


def offered(group: str) -> dict[str, EntryPoint]:
    """The entry points of ``group`` by name; of two with one name, the first by value."""
    return {entry.name: entry for entry in sorted(entry_points(group=group), key=lambda entry: entry.value, reverse=True)}


def loaded(group: str, name: str) -> Any:
    """What an installed package offers as ``name`` in ``group``.

    Raises:
        PluginError: it cannot be loaded; the package is named, and what mends it.
        KeyError: none does.
    """
    entry = offered(group)[name]
    try:
        return entry.load()
    except BROKEN as error:
        raise unloadable(repr(name), entry, error) from error


def unloadable(what: str, entry: EntryPoint, error: Exception) -> PluginError:
    """The error that names ``what`` cannot be loaded, the package that it is from, and what mends it."""
    package = entry.dist.name if entry.dist else "an unknown package"
    reason = " ".join(str(error).split()) or type(error).__name__
    return PluginError(
        f"{what} ({entry.value}, from {package}) cannot be loaded: {reason}; "
        f"mend or remove it: pip install --upgrade {package}, or pip uninstall {package}"
    )
