"""Several writers at once: one wins, the others are told who holds the store and since when, and a crash lets the next one in."""

from __future__ import annotations

import datetime
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ragkit import Ragkit
from ragkit.errors import StoreLocked

MakeKit = Callable[..., Ragkit]

#: Writes when a line comes in; in the middle of it, it says so and waits for another line.
WRITER = """
import json, sys
from ragkit import Ragkit, Settings
from ragkit.errors import StoreLocked
from ragkit.testing import SyntheticEmbedder

class Slow(SyntheticEmbedder):
    def embed(self, texts):
        print("writing", flush=True)
        sys.stdin.readline()
        return super().embed(texts)

store, values, name = sys.argv[1:]
with Ragkit.open(store, settings=Settings().with_values(**json.loads(values)), embedder=Slow(), create=False) as kit:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        kit.add_text(f"Text of writer {name}.", uri=name)
        print("written", flush=True)
    except StoreLocked as error:
        print(error, flush=True)
"""


class Writer:
    """A process that writes the document ``name``."""

    def __init__(self, kit: Ragkit, name: str) -> None:
        values = {"generation.model": "none", "catalog.url": kit.settings.catalog.url}
        command = [sys.executable, "-c", WRITER, str(kit.path), json.dumps(values), name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name = name

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def say(self) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def test_one_of_three_writers_wins(make_kit: MakeKit) -> None:
    """The two others are told the winner's process, host and the time; when it is killed in the middle, the next one gets in."""
    kit = make_kit()
    began = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    with ExitStack() as stack:
        writers = [stack.enter_context(Writer(kit, f"w{i}")) for i in range(3)]
        assert [writer.hear() for writer in writers] == ["ready"] * 3
        for writer in writers:
            writer.say()
        heard = {writer.name: writer.hear() for writer in writers}
        (winner,) = (writer for writer in writers if heard[writer.name] == "writing")
        del heard[winner.name]
        for message in heard.values():
            told = re.search(r"process (\d+) on (.+), since (\S+);", message)
            assert told is not None, message
            assert told.group(1, 2) == (str(winner.process.pid), socket.gethostname())
            assert began <= datetime.datetime.fromisoformat(told.group(3)) <= datetime.datetime.now(datetime.UTC)
        with pytest.raises(StoreLocked, match=f"process {winner.process.pid} "):
            kit.add_text("No.", uri="no")
        winner.process.send_signal(signal.SIGKILL)
        winner.process.wait()
        kit.add_text("Yes.", uri="yes")
    assert [d.uri for d in kit.documents()] == ["yes"]
    assert kit.check() == []


def test_the_winner_writes_to_the_end(make_kit: MakeKit) -> None:
    """A writer that was refused has changed nothing; it gets in when the first is done."""
    kit = make_kit()
    with Writer(kit, "first") as first, Writer(kit, "second") as second:
        assert (first.hear(), second.hear()) == ("ready", "ready")
        first.say()
        assert first.hear() == "writing"
        second.say()
        assert "another writer" in second.hear()
        first.say()
        assert first.hear() == "written"
    assert [d.uri for d in kit.documents()] == ["first"]
    kit.add_text("Second.", uri="second")
    assert kit.check() == []


@pytest.mark.parametrize("settings_for", ["postgresql"], indirect=True)
def test_writers_on_two_machines_are_told_apart(make_kit: MakeKit, store: Path) -> None:
    """A database that several machines reach has a lock of its own: no folder is shared, and the second writer is refused."""
    kit = make_kit()
    elsewhere = Ragkit.open(store.with_name("elsewhere"), settings=kit.settings, embedder=kit.embedder)
    with elsewhere, Writer(elsewhere, "first") as first:
        assert first.hear() == "ready"
        first.say()
        assert first.hear() == "writing"
        with pytest.raises(StoreLocked, match=f"holds the catalog .*process {first.process.pid} on .*, since 20"):
            kit.add_text("No.", uri="no")
        first.process.kill()
        first.process.wait()
        kit.add_text("Yes.", uri="yes")
    assert kit.check() == []
