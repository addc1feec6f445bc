"""``ragkit ui``: what it starts, and with which environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragkit.cli import main
from ragkit.cli.session import Session
from ragkit.settings import load_settings
from ragkit.ui import command


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], dict[str, str]]]:
    """Runs the command up to the point where this process would become the server; gives its arguments and environment."""
    calls: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr("os.execve", lambda program, arguments, environment: calls.append((arguments, environment)))

    def run(*arguments: str) -> tuple[list[str], dict[str, str]]:
        assert main(["ui", *arguments]) == 0
        return calls.pop()

    return run


def test_it_is_private_unless_told(
    started: Callable[..., tuple[list[str], dict[str, str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It listens on loopback, checks forged requests and origins, reports to nobody, advertises nothing, and says where it is."""
    arguments, environment = started("--store", str(tmp_path / "s"))
    assert {"--server.address=127.0.0.1", "--server.port=8501", "--server.headless=false"} <= set(arguments)
    assert {"--browser.gatherUsageStats=false", "--server.enableXsrfProtection=true", "--server.enableCORS=true"} <= set(arguments)
    assert "--logger.hideWelcomeMessage=true" in arguments
    assert environment["RAGKIT_STORE"] == str(tmp_path / "s")
    assert "http://127.0.0.1:8501" in capsys.readouterr().err


def test_options_reach_the_server(started: Callable[..., tuple[list[str], dict[str, str]]], tmp_path: Path) -> None:
    """Port, address and browser go to the server; settings and their file go with the environment, and read back the same."""
    (tmp_path / "my.toml").write_text("[retrieval]\nk = 7\n", encoding="utf-8")
    shared = ("--store", str(tmp_path / "s"), "--config", str(tmp_path / "my.toml"), "--set", "answering.mode=quote")
    arguments, environment = started(*shared, "--port", "9000", "--address", "::1", "--no-browser")
    assert {"--server.address=::1", "--server.port=9000", "--server.headless=true"} <= set(arguments)
    settings = load_settings(Path(environment["RAGKIT_CONFIG"]), environ=environment)
    assert (settings.retrieval.k, settings.answering.mode) == (7, "quote")


def test_every_setting_can_be_passed_on(tmp_path: Path) -> None:
    """Whatever ``--set`` can say, the server reads from its environment."""
    from ragkit.settings import known_keys

    defaults = known_keys()
    texts = {key: json.dumps(value) if isinstance(value, tuple) else str(value) for key, value in defaults.items()}
    session = Session(values=tuple(f"{key}={text}" for key, text in texts.items()))
    environment = command.surroundings(session, str(tmp_path))
    assert load_settings(environ={k: v for k, v in environment.items() if k.startswith("RAGKIT_")}) == load_settings(environ={})


def test_a_containers_variables_count(
    started: Callable[..., tuple[list[str], dict[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit's own variables for address, port and browser are the options' defaults."""
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")  # noqa: S104 - nothing listens here
    monkeypatch.setenv("STREAMLIT_SERVER_HEADLESS", "true")
    arguments, _ = started("--store", str(tmp_path / "s"))
    assert {"--server.address=0.0.0.0", "--server.headless=true"} <= set(arguments)


def test_an_open_address_is_warned_of(
    started: Callable[..., tuple[list[str], dict[str, str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who listens beyond this machine is told that there is no password."""
    started("--store", str(tmp_path / "s"), "--address", "0.0.0.0")  # noqa: S104 - nothing listens here
    assert "no password" in capsys.readouterr().err


def test_wrong_settings_end_before_the_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown setting is one line on standard error and exit code 2."""
    assert main(["ui", "--store", str(tmp_path / "s"), "--set", "retrieval.nope=1"]) == 2
    assert "unknown setting" in capsys.readouterr().err
