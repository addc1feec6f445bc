"""Commands of other packages: the entry point group ``ragkit.commands``, each a ``typer.Typer``.

``eval`` and ``ui`` come in this way too. A plug-in is loaded when its command or the list of commands is asked for;
one that cannot be loaded is reported on standard error and takes nothing else down.
"""

from __future__ import annotations

import functools
import sys
from importlib.metadata import EntryPoint
from typing import Any

import typer
from typer.core import TyperGroup

from ragkit.errors import PluginError
from ragkit.plugins import BROKEN, offered, unloadable

GROUP = "ragkit.commands"


class Commands(TyperGroup):
    """The core's commands, then the plug-ins', by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        core = super().list_commands(ctx)
        return [*core, *(name for name in sorted(installed()) if name not in core and self._loads(name))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        core = super().get_command(ctx, cmd_name)
        if core is not None or cmd_name not in installed():
            return core
        return load(cmd_name)

    def _loads(self, name: str) -> bool:
        try:
            load(name)
        except PluginError as error:
            sys.stderr.write(f"ragkit: {error}\n")
            return False
        return True


def installed() -> dict[str, EntryPoint]:
    """The entry points of the group by name; of two with one name, the first by value."""
    return offered(GROUP)


@functools.cache
def load(name: str) -> Any:
    """The command of the installed plug-in ``name``.

    Raises:
        PluginError: it cannot be loaded, or is no ``typer.Typer``.
    """
    entry = installed()[name]
    try:
        plugin = entry.load()
        if not isinstance(plugin, typer.Typer):
            raise TypeError(f"it is a {type(plugin).__name__}, not a typer.Typer")
        found = typer.main.get_command(plugin)
    except BROKEN as error:
        raise unloadable(f"the command {name!r}", entry, error) from error
    found.name = name
    return _alike(found)


def _alike(command: Any) -> Any:
    """``command`` and those below it, with the core's plain help and without typer's own completion options."""
    command.rich_markup_mode = None
    command.params = [p for p in command.params if p.name not in ("install_completion", "show_completion")]
    for child in getattr(command, "commands", {}).values():
        _alike(child)
    return command
