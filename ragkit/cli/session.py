"""The options that every command takes, before or after its name, and what they open."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ragkit.cli.output import Output

if TYPE_CHECKING:
    from ragkit.api import Ragkit
    from ragkit.settings import Settings

Store = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="The store's folder (default: $RAGKIT_STORE, else .ragkit).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value to standard output and nothing else there.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings file (default: $RAGKIT_CONFIG, else ragkit.toml).")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="PART.KEY=VALUE", help="A setting's value; may be repeated.")]

#: Name, type and default of each shared option.
SHARED: tuple[tuple[str, Any, Any], ...] = (("store", Store, None), ("json", Json, False), ("config", Config, None), ("values", Set, None))


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the shared options said. A plug-in's command finds it as ``typer.Context.obj``."""

    store: Path | None = None
    json: bool = False
    config: Path | None = None
    values: tuple[str, ...] = ()
    out: Output = field(default_factory=Output)

    def merged(self, *, store: Path | None, json: bool, config: Path | None, values: list[str] | None) -> Session:
        """With the options that stood after the command's name, which win."""
        json = json or self.json
        return Session(
            store=store or self.store, json=json, config=config or self.config, values=(*self.values, *(values or ())), out=Output(json)
        )

    def settings(self) -> Settings:
        """The settings that a command runs with.

        Raises:
            SettingsError: a key is unknown, or a value is not allowed.
        """
        from ragkit.settings import load_settings

        return load_settings(self.config, values=dict(pair(text, "--set") for text in self.values))

    def open(self, *, create: bool = False, damaged: bool = False) -> Ragkit:
        """The store, opened; a context manager. ``damaged`` opens also one that has lost writes."""
        from ragkit.api import Ragkit

        return Ragkit.open(self.store, settings=self.settings(), create=create, damaged=damaged)


def pair(text: str, option: str) -> tuple[str, str]:
    """``key=value`` as two strings; anything else is wrong usage of ``option``."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise typer.BadParameter(f"{text!r} is not of the form KEY=VALUE", param_hint=option)
    return key.strip(), value


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds a function to ``app``; its first parameter is the :class:`Session`, the shared options are added for it.

    While it runs, what a library prints goes to standard error: standard output belongs to ``session.out``.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(ctx: typer.Context, **given: Any) -> None:
            shared = {key: given.pop(key) for key, _, _ in SHARED}
            session = (ctx.obj or Session()).merged(**shared)
            with redirect_stdout(session.out.errors.file):
                function(session, **given)

        _sign(run, function)
        app.command(name, **options)(run)
        return function

    return add


def _sign(run: Callable[..., None], function: Callable[..., None]) -> None:
    """Gives ``run`` the signature that typer reads: the function's own parameters, then the shared ones."""
    hints = get_type_hints(function, include_extras=True)
    own = [p.replace(annotation=hints[p.name], kind=p.KEYWORD_ONLY) for p in list(inspect.signature(function).parameters.values())[1:]]
    shared = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind) for key, kind, default in SHARED]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *shared]
    run.__signature__ = inspect.Signature(parameters, return_annotation=None)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]
