"""What other packages plug in, found by entry point; the core imports none of them by name."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from ragkit.errors import PluginError

_MEND = "mend it with: pip install --force-reinstall ragkit"


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
