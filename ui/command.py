"""``ragkit ui``: starts the web interface. What the options say reaches it through the environment."""

from __future__ import annotations

import ipaddress
import os
import sys
from importlib.resources import files
from typing import Annotated

import typer

from ragkit.cli.session import Session, command, pair

app = typer.Typer()

Port = Annotated[int, typer.Option(min=1, max=65535, envvar="STREAMLIT_SERVER_PORT", help="The port to listen on.")]
Address = Annotated[str, typer.Option(envvar="STREAMLIT_SERVER_ADDRESS", help="The address to listen on.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", envvar="STREAMLIT_SERVER_HEADLESS", help="Do not open a browser.")]

#: Options of the server that nobody's own configuration of Streamlit may loosen.
FIXED = (
    ("browser.gatherUsageStats", "false"),
    ("client.showErrorDetails", "type"),
    ("client.toolbarMode", "minimal"),
    ("global.developmentMode", "false"),
    ("logger.hideWelcomeMessage", "true"),
    ("server.enableCORS", "true"),
    ("server.enableStaticServing", "false"),
    ("server.enableXsrfProtection", "true"),
    ("server.fileWatcherType", "none"),
    ("server.showEmailPrompt", "false"),
)


@command(app, "ui")
def ui(session: Session, port: Port = 8501, address: Address = "127.0.0.1", no_browser: NoBrowser = False) -> None:
    """Open the web interface: ask, see the cited passages, add and remove documents, inspect retrieval."""
    with session.open(create=True) as kit:  # what is wrong with the store or the settings is said here, not in the browser
        environment = surroundings(session, str(kit.path))
        megabytes = max(1, kit.settings.parsing.max_bytes // 1_000_000)
    if not _loopback(address):
        session.out.note(f"Whoever can reach {address}:{port} can read, add and delete documents: there is no password.")
    options = dict(FIXED) | {
        "server.address": address,
        "server.headless": str(no_browser).lower(),
        "server.maxUploadSize": str(megabytes),
        "server.port": str(port),
    }
    shown = f"[{address}]" if ":" in address else address
    session.out.note(f"ragkit's interface is at http://{shown}:{port} (Ctrl+C ends it)")
    sys.stdout.flush()
    os.execve(sys.executable, arguments(options), environment)  # noqa: S606 - a list of arguments, and no shell


def surroundings(session: Session, store: str) -> dict[str, str]:
    """This process's environment with what the shared options said."""
    environment = os.environ | {"RAGKIT_STORE": store}
    if session.config is not None:
        environment["RAGKIT_CONFIG"] = str(session.config.absolute())
    for text in session.values:
        key, value = pair(text, "--set")
        environment["RAGKIT_" + key.upper().replace(".", "__")] = value
    return environment


def arguments(options: dict[str, str]) -> list[str]:
    """The server's command line."""
    script = str(files("ragkit.ui") / "app.py")
    return [sys.executable, "-m", "streamlit", "run", script, *(f"--{name}={value}" for name, value in options.items())]


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
