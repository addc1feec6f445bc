"""``ragkit doctor``: is everything here that ragkit needs, and if not, which command mends it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal

import typer

from ragkit.cli import plugins
from ragkit.cli.codes import FAILED
from ragkit.cli.session import Session, command
from ragkit.errors import ModelError, PluginError, RagkitError, StoreNotFound
from ragkit.records import Jsonable, record

app = typer.Typer()

#: Less free space than this, in bytes, is warned of.
FREE = 1_000_000_000

MARKS = {"ok": "ok  ", "warning": "warn", "failed": "FAIL"}


@record
class Finding(Jsonable):
    """One thing that was looked at, what was found, and the command that mends it (empty when nothing needs mending)."""

    name: str
    state: Literal["ok", "warning", "failed"]
    found: str
    mend: str = ""


@command(app, "doctor")
def doctor(session: Session) -> None:
    """Check Python, packages, models, plug-ins, settings, the store and disk space; exit 1 when something is broken."""
    findings: list[Finding] = []
    for look in LOOKS:
        with session.out.busy("looking"):
            findings += look(session)
    if session.json:
        session.out.value([finding.to_dict() for finding in findings])
    else:
        for finding in findings:
            session.out.show(f"{MARKS[finding.state]}  {finding.name}: {finding.found}")
            if finding.mend:
                session.out.show(f"      mend: {finding.mend}")
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(FAILED)


def _python(session: Session) -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    here, wanted = platform.python_version(), metadata("ragkit")["Requires-Python"]
    if SpecifierSet(wanted).contains(here, prereleases=True):
        yield Finding(name="python", state="ok", found=here)
    else:
        mend = "install such a Python and make a new environment with it"
        yield Finding(name="python", state="failed", found=f"{here}, needed is {wanted}", mend=mend)


def _packages(session: Session) -> Iterator[Finding]:
    from packaging.requirements import Requirement

    needed = [Requirement(line) for line in requires("ragkit") or ()]
    for requirement in needed:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        mend = f"pip install '{requirement}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Finding(name=requirement.name, state="failed", found="not installed", mend=mend)
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        yield Finding(
            name=requirement.name,
            state="ok" if fits else "failed",
            found=found if fits else f"{found}, needed is {requirement.specifier}",
            mend="" if fits else mend,
        )


def _models(session: Session) -> Iterator[Finding]:
    from ragkit.models import registry

    for model in registry.known():
        name = f"model {model.name}"
        try:
            registry.verify(model.name)
        except ModelError as error:
            yield Finding(name=name, state="failed", found=str(error).partition("; mend it with")[0], mend=model.install)
        else:
            yield Finding(name=name, state="ok", found=f"{model.bytes / 1e6:.0f} MB, the recorded sha256")


def _plugins(session: Session) -> Iterator[Finding]:
    for name, entry in sorted(plugins.installed().items()):
        try:
            plugins.load(name)
        except PluginError as error:
            package = entry.dist.name if entry.dist else name
            found = str(error).partition("; mend")[0]
            yield Finding(name=f"command {name}", state="failed", found=found, mend=f"pip install --upgrade {package}")
        else:
            yield Finding(name=f"command {name}", state="ok", found=entry.value)


def _settings(session: Session) -> Iterator[Finding]:
    try:
        settings = session.settings()
    except RagkitError as error:
        yield Finding(name="settings", state="failed", found=str(error), mend="mend the key in ragkit.toml, the environment or --set")
    else:
        yield Finding(name="settings", state="ok", found=f"sha256 {settings.sha256()[:12]}")


def _store(session: Session) -> Iterator[Finding]:
    try:
        with session.open(damaged=True) as kit:
            path, faults = kit.path, kit.check()
    except StoreNotFound:
        yield Finding(name="store", state="warning", found="there is none yet", mend="ragkit ingest SOURCE")
    except (RagkitError, OSError) as error:
        yield Finding(name="store", state="failed", found=str(error), mend="ragkit check")
    else:
        found = f"{path} is whole" if not faults else f"{path}: {len(faults)} faults, the first: {faults[0]}"
        yield Finding(name="store", state="failed" if faults else "ok", found=found, mend="ragkit repair" if faults else "")


def _disk(session: Session) -> Iterator[Finding]:
    folder = (session.store or Path()).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    mend = "free some space, or put the store elsewhere with --store" if free < FREE else ""
    yield Finding(name="disk", state="warning" if mend else "ok", found=found, mend=mend)


LOOKS: tuple[Callable[[Session], Iterator[Finding]], ...] = (_python, _packages, _models, _plugins, _settings, _store, _disk)
