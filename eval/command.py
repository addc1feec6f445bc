"""``ragkit eval``: its commands, one a file. ``ragkit eval QUESTIONS`` is ``ragkit eval run QUESTIONS``."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from . import (
    command_compare,
    command_data,
    command_gate,
    command_judge,
    command_monitor,
    command_report,
    command_run,
    command_show,
    command_sweep,
    command_synth,
)

_DEFAULT = "run"


class _RunByDefault(TyperGroup):
    """What does not begin with a command's name is meant for ``run``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_RunByDefault, help="Measure retrieval, answers, citations and abstention; compare, gate and report.")


@app.callback()
def _group() -> None:
    """Has nothing of its own to say."""


for part in (
    command_run, command_show, command_compare, command_gate, command_sweep, command_report, command_data, command_synth, command_judge,
    command_monitor,
):  # fmt: skip
    app.add_typer(part.app)
