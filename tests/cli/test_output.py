"""Terminals get colours and bars; pipes and files get neither."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from contextlib import redirect_stderr

from ragkit.cli.output import Output


def on_a_terminal(*arguments: str) -> str:
    """What a terminal of 100 columns receives from ``ragkit`` with these arguments."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "ragkit", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        received = b"".join(iter(lambda: _read(ours), b""))
        process.wait(60)
    os.close(ours)
    return received.decode()


def _read(descriptor: int) -> bytes:
    """The next piece; nothing once the other side is closed, which Linux tells by an error."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_a_terminal_gets_a_readable_table() -> None:
    """On a terminal the heads stand out, and a long name is folded, never cut off."""
    shown = on_a_terminal("models", "list")
    assert "\x1b[1m" in shown
    assert "…" not in shown


def test_json_on_a_terminal_is_indented() -> None:
    """Where a person looks at it, JSON is indented; in a pipe it is one line."""
    assert '\r\n  {\r\n    "name": ' in on_a_terminal("models", "list", "--json")
    done = subprocess.run([sys.executable, "-m", "ragkit", "models", "list", "--json"], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1


def test_a_pipe_gets_no_bars() -> None:
    """Where standard error is no terminal, there is nothing to report progress to, and nothing is drawn."""
    errors = io.StringIO()
    with redirect_stderr(errors):
        out = Output(stream=io.StringIO())
        with out.bars() as report, out.busy("working"):
            assert report is None
    assert errors.getvalue() == ""


def test_a_reader_that_leaves_is_no_error() -> None:
    """``ragkit … | head`` ends quietly when the reader closes the pipe."""
    command = [sys.executable, "-m", "ragkit", "models", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
