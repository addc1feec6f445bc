"""Running one operation in a forked child, so that it can die, with or without strace beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragkit import Ragkit
from ragkit.errors import DocumentNotFound
from tests.faults.operations import Operation, Room
from tests.faults.states import EXPECTED_ERRORS
from tests.faults.strace import strace_path

TIMEOUT_S = 60.0
ACKNOWLEDGED, FAILED, ODD, AGAIN = "acknowledged", "failed", "odd", "again"


@dataclass(frozen=True)
class Outcome:
    """What the child said before it ended: whether the operation returned, and the error that it raised, if it did.

    ``odd`` is an error of a kind that no user should meet. ``hung`` children were killed after :data:`TIMEOUT_S`.
    """

    acknowledged: bool
    error: str = ""
    odd: bool = False
    killed: bool = False
    hung: bool = False
    again: str = ""


What = Callable[[Operation, Room, Callable[[str], None]], None]


def act(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
    """The whole of what a process does: open, operate, say so, close."""
    try:
        with room.open(embedder=operation.embedder) as kit:
            operation.act(room, kit)
            say(ACKNOWLEDGED)
    except EXPECTED_ERRORS as error:
        say(f"{FAILED} {_line(error)}")


def act_again(operation: Operation, room: Room, say: Callable[[str], None]) -> None:
    """As :func:`act`; after a failure the same open store is asked again, as a program that goes on would."""
    try:
        with _open_twice(operation, room, say) as kit:
            try:
                operation.act(room, kit)
                say(ACKNOWLEDGED)
            except EXPECTED_ERRORS as error:
                say(f"{FAILED} {_line(error)}")
                _once_more(operation, room, kit, say)
    except EXPECTED_ERRORS as error:
        say(f"{FAILED} {_line(error)}")


def _open_twice(operation: Operation, room: Room, say: Callable[[str], None]) -> Ragkit:
    try:
        return room.open(embedder=operation.embedder)
    except EXPECTED_ERRORS as error:
        say(f"{FAILED} {_line(error)}")
        return room.open(embedder=operation.embedder)


def _once_more(operation: Operation, room: Room, kit: Ragkit, say: Callable[[str], None]) -> None:
    try:
        operation.act(room, kit)
        say(ACKNOWLEDGED)
    except DocumentNotFound:  # the first try had done it, and failed on the way back
        pass
    except EXPECTED_ERRORS as error:
        say(f"{AGAIN} {_line(error)}")


def _line(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} at {Path(where.filename).name}:{where.lineno}"


def ask(operation: Operation, room: Room, what: What) -> Any:
    """What a child says, as JSON, after it looked at the room; the only line that it says."""
    said: list[str] = []
    run(operation, room, what=what, heard=said.append)
    if not said or said[0].startswith(ODD):
        return ["broken", [f"the process that looks at the store died: {said}"]]
    return json.loads(said[0])


def run(
    operation: Operation,
    room: Room,
    *,
    strace: Sequence[str] = (),
    before: Callable[[], None] = lambda: None,
    what: What = act,
    heard: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Do the operation in a child. ``strace`` are its arguments, none runs without it; ``before`` is called in the child first.

    The child speaks by ``send`` over a socket: no call that a fault is injected into.
    """
    mine, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        _child(operation, room, theirs, mine, before, what)
    theirs.close()
    tracer = _attach(child, strace) if strace else None
    mine.settimeout(TIMEOUT_S)
    mine.send(b"go")
    said, hung = _listen(mine, child)
    _, status = os.waitpid(child, 0)
    mine.close()
    if tracer is not None:
        tracer.wait(TIMEOUT_S)
    for line in said:
        heard(line)
    errors = [line for line in said if line.startswith((FAILED, ODD))]
    return Outcome(
        acknowledged=ACKNOWLEDGED in said,
        error=errors[0].partition(" ")[2] if errors else "",
        odd=any(line.startswith(ODD) for line in errors),
        killed=os.WIFSIGNALED(status),
        hung=hung,
        again="".join(line.partition(" ")[2] for line in said if line.startswith(AGAIN)),
    )


def _child(
    operation: Operation,
    room: Room,
    theirs: socket.socket,
    mine: socket.socket,
    before: Callable[[], None],
    what: What,
) -> None:
    def say(line: str) -> None:
        theirs.sendall(f"{line}\n".encode())

    try:
        mine.close()
        before()
        theirs.recv(2)
        what(operation, room, say)
    finally:
        error = sys.exception()
        if error is not None:  # what no user should meet, whatever it is
            say(f"{ODD} {_line(error)}")
        os._exit(0)


def _attach(child: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen([strace_path(), *arguments, "-p", str(child)], stderr=subprocess.PIPE)
    if tracer.stderr is None or b"attached" not in tracer.stderr.readline():
        os.kill(child, signal.SIGKILL)
        raise RuntimeError("strace cannot attach to a child of this process")
    return tracer


def _listen(mine: socket.socket, child: int) -> tuple[list[str], bool]:
    said, hung = b"", False
    try:
        while some := mine.recv(65536):
            said += some
    except TimeoutError:
        hung = True
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    except ConnectionResetError:
        pass
    return said.decode("utf-8", "replace").splitlines(), hung


def copy(template: Path, target: Path) -> None:
    """A copy of a room; hard links are not used, so that nothing done in the copy reaches the template."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(template, target)
