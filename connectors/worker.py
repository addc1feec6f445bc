"""The helper process that parses: it stays small and clean, and forks a child with limits for every document.

Run as ``python -P -m ragkit.connectors.worker``. It reads requests on standard input and writes replies on standard
output. It never parses: hostile bytes meet a parser only in the child, which has no way back but one pipe.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, BinaryIO, NoReturn

from ragkit.contracts import Parser
from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Parsed

from . import loading, lockdown, wire
from .loading import LoadFirst
from .naming import one_line
from .parsers import Registry, make

_MAX_REQUEST = 1 << 40
_SIGNALS = {
    "SIGALRM": ("LimitExceeded", "parsing took longer than {timeout_s:g} s"),
    "SIGXCPU": ("LimitExceeded", "parsing took longer than {timeout_s:g} s of processor time"),
    "SIGKILL": ("LimitExceeded", "the parser was killed, most likely for its use of memory"),
}


def main() -> None:
    """Serves until standard input ends."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence()
    lockdown.prepare()
    registry = Registry()
    warm: set[type[Parser]] = set()
    while True:
        try:
            header, body = wire.receive(requests, _MAX_REQUEST)
        except EOFError:
            return
        try:
            media_type = header["media_type"] or registry.media_type(body, header["uri"])
            parser = registry.parser(media_type)
            if media_type == "text/plain" and len(body) > 4 * header["max_characters"]:  # no encoding takes more than 4 bytes a character
                raise LimitExceeded(f"the text has {len(body):,} bytes; the limit is {header['max_characters']:,} characters")
        except ParseError as error:
            wire.send(replies, {"error": type(error).__name__, "reason": one_line(error)})
            continue
        if parser not in warm:
            warm.add(parser)
            _warm_up(parser)
        reply, text = _serve(parser, header, body, (requests, replies))
        if reply.get("error") == LoadFirst.__name__:
            _load(parser.load_more)  # type: ignore[attr-defined]
            reply, text = _serve(parser, header, body, (requests, replies))
        wire.send(replies, {**reply, "media_type": media_type}, text)
        del body, text


def _silence() -> None:
    """Nothing that a library prints may mix with the replies."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def _warm_up(parser: type[Parser]) -> None:
    """Has the parser load here what it needs, so that every child finds it loaded: it may name a small ``sample`` to
    parse, or do more in a class method ``warm_up``."""
    if hasattr(parser, "warm_up"):
        _load(parser.warm_up)
    elif hasattr(parser, "sample"):
        _load(partial(parser().parse, parser.sample))


def _load(loader: Callable[[], object]) -> None:
    with _Outcome():
        loader()
    gc.collect()
    gc.freeze()


def _serve(parser: type[Parser], header: dict[str, Any], body: bytes, private: tuple[BinaryIO, BinaryIO]) -> tuple[dict[str, Any], bytes]:
    if not hasattr(os, "fork"):  # there the whole helper is the child; its parent ends it after the time limit
        return _parse(parser, header, body)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _child(parser, header, body, private, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        try:
            reply = wire.receive(pipe, header["max_reply"])
        except EOFError:
            reply = None
        except ValueError:  # a reply that is none, or longer than allowed: the child is not to be trusted further
            reply = None
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return reply if reply is not None else (_post_mortem(status, header), b"")


def _child(parser: type[Parser], header: dict[str, Any], body: bytes, private: tuple[BinaryIO, BinaryIO], write_end: int) -> NoReturn:
    try:
        for stream in private:
            os.close(stream.fileno())
        os.dup2(1, 2)
        gc.disable()  # the child is gone before a collection would pay
        lockdown.limit(seconds=header["timeout_s"], memory_mb=header["memory_mb"])
        lockdown.forbid()
        loading.confine()
        reply, text = _parse(parser, header, body)
        with os.fdopen(write_end, "wb") as pipe:
            wire.send(pipe, reply, text)
        os._exit(0)
    except MemoryError:
        os._exit(12)
    finally:
        os._exit(1)


class _Outcome:
    """Whatever a parser raises, it is this one document that failed, and the reply must say so."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.error = error
        return True


def _parse(parser: type[Parser], header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    with _Outcome() as outcome:
        parsed: Parsed = make(parser, header.get("options", {})).parse(body, uri=header["uri"])
        if len(parsed.text) > header["max_characters"]:
            raise LimitExceeded(f"the text has {len(parsed.text):,} characters; the limit is {header['max_characters']:,}")
        return wire.encode(parsed)
    return _refusal(outcome.error, header), b""


def _refusal(error: BaseException | None, header: dict[str, Any]) -> dict[str, Any]:
    if isinstance(error, ParseError):
        return {"error": type(error).__name__, "reason": one_line(error)}
    if isinstance(error, MemoryError):
        return _out_of_memory(header)
    if isinstance(error, RecursionError):
        return {"error": "LimitExceeded", "reason": "the document is nested too deeply"}
    return {"error": "ParseError", "reason": one_line(f"the parser failed: {type(error).__name__}: {error}")}


def _out_of_memory(header: dict[str, Any]) -> dict[str, Any]:
    return {"error": "LimitExceeded", "reason": f"parsing asked for more than {header['memory_mb']} MiB of memory"}


def _post_mortem(status: int, header: dict[str, Any]) -> dict[str, Any]:
    """Why a child died without a reply."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        kind, reason = _SIGNALS.get(name, ("ParseError", f"the parser crashed ({name})"))
        return {"error": kind, "reason": reason.format(**header)}
    if os.WEXITSTATUS(status) == 12:
        return _out_of_memory(header)
    return {"error": "ParseError", "reason": "the parser ended without a result"}


if __name__ == "__main__":
    main()
