"""Parsing hostile bytes: in a child that can be killed, with limits on time, memory, text and files.

The core finds :func:`open_pool` by entry point (group ``ragkit.runtime``, name ``parsing``).
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from ragkit.errors import LimitExceeded, ParseError, SourceError
from ragkit.models import processors
from ragkit.records import Document, Parsed, SourceItem

from . import wire
from .instructions import instructions_in
from .language import language_of
from .naming import one_line
from .parsers import Registry, make

if TYPE_CHECKING:
    from ragkit.settings import ParsingSettings

T = TypeVar("T")

#: Bytes that may be read ahead of the parsers.
_AHEAD = 64 << 20
#: Longest content, in bytes, that is ever parsed outside a child: the worst plain text of that length takes a third of a second.
_SHORT = 1 << 16
_GRACE = 10.0
#: Warnings of text that nobody sees.
_HIDDEN = re.compile(r"\b(?:hidden|invisible|comments?|templates?|deleted revisions?)\b.* left out")
_START = 30.0
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT")


def open_pool(settings: ParsingSettings, workers: int = 0) -> ParserPool:
    """A pool with the limits of ``settings``; 0 workers: as many as there are processors. Nothing is started before the first
    document."""
    return ParserPool(settings, workers=workers or processors.cores())


class ParserPool:
    """Parses documents in children of ``workers`` helper processes. Usable from several threads; a context manager."""

    def __init__(self, settings: ParsingSettings, *, workers: int = 1) -> None:
        self.settings = settings
        self._helpers = [_Helper() for _ in range(workers)]
        self._free: queue.LifoQueue[_Helper] = queue.LifoQueue()
        for helper in reversed(self._helpers):  # the last one in is the first one out: one that is warm is used again
            self._free.put(helper)

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the helper processes. The pool may be used again; they are then started anew."""
        for helper in self._helpers:
            helper.stop()

    def parse(self, item: SourceItem, settings: ParsingSettings | None = None) -> Parsed:
        """The parsed content of ``item``.

        Raises:
            ParseError: one line that says why there is none; :class:`~ragkit.errors.UnsupportedFormat` when nothing
                reads it, :class:`~ragkit.errors.LimitExceeded` when it asked for more than the limits.
        """
        return self.document(item, settings).parsed

    def documents(self, items: Iterable[SourceItem]) -> Iterator[tuple[SourceItem, Document | ParseError]]:
        """Each item with its document, or with what is wrong with it, in the order of the items.

        Items are read here, one after the other, and parsed by all workers at once. As many are read ahead as there are workers
        twice over, or as hold :data:`_AHEAD` bytes.
        """
        threads = ThreadPoolExecutor(len(self._helpers), thread_name_prefix="ragkit-parse")
        waiting: deque[tuple[SourceItem, int, Future[Document | ParseError]]] = deque()
        try:
            for item in items:
                data = _attempt(read, item, self.settings.max_bytes)
                size = len(data) if isinstance(data, bytes) else 0
                while waiting and (len(waiting) >= 2 * len(self._helpers) or size + sum(held for _, held, _ in waiting) > _AHEAD):
                    first, _, found = waiting.popleft()
                    yield first, found.result()
                waiting.append((item, size, threads.submit(_attempt, self._parsed, item, data)))
                del data
            for first, _, found in waiting:
                yield first, found.result()
        except BaseException:  # whoever was waiting for the documents is not: what is being parsed ends now
            threads.shutdown(wait=False, cancel_futures=True)
            while running := [found for *_, found in waiting if not found.done()]:
                self.close()  # more than once, as a helper may just have been starting
                wait(running, timeout=0.1)
            raise
        finally:
            threads.shutdown()

    def document(self, item: SourceItem, settings: ParsingSettings | None = None) -> Document:
        """``item`` as a document: parsed, with the hash of its bytes and the media type that was found.

        The title is the item's, else the parser's, else the last part of the URI; metadata of the item win over the
        parser's. Raises as :meth:`parse` does.
        """
        limits = settings or self.settings
        return self._parsed(item, read(item, limits.max_bytes), limits)

    def _parsed(self, item: SourceItem, data: bytes | ParseError, settings: ParsingSettings | None = None) -> Document:
        if isinstance(data, ParseError):
            raise data
        limits = settings or self.settings
        media_type, parsed = self._harmless(item, data, limits) or self._isolated(item, data, limits)
        return Document(
            uri=item.uri,
            sha256=hashlib.sha256(data).hexdigest(),
            token=item.token,
            media_type=media_type,
            title=item.title or parsed.title or _name(item.uri),
            parsed=parsed,
            metadata=_languages(parsed) | dict(parsed.metadata) | dict(item.metadata) | _flags(parsed),  # which nothing may hide
            acl=item.acl,
        )

    def _harmless(self, item: SourceItem, data: bytes, limits: ParsingSettings) -> tuple[str, Parsed] | None:
        """Parsed in this process, when it is short UTF-8 for a parser that does no more than read such text (``harmless``)."""
        if len(data) > min(_SHORT, self.settings.max_characters) or not _is_utf8(data):
            return None
        media_type = item.media_type or self._registry.media_type(data, item.uri)
        parser = self._registry.parser(media_type)
        if not getattr(parser, "harmless", False):
            return None
        return media_type, make(parser, limits.model_dump(mode="json")).parse(data, uri=item.uri)

    @cached_property
    def _registry(self) -> Registry:
        return Registry()

    def _isolated(self, item: SourceItem, data: bytes, limits: ParsingSettings) -> tuple[str, Parsed]:
        reply, text = self._ask(item, data, limits)
        return str(reply.get("media_type", "")), wire.decode(reply, text)

    def _ask(self, item: SourceItem, data: bytes, limits: ParsingSettings) -> tuple[dict[str, Any], bytes]:
        header = {
            "uri": item.uri,
            "media_type": item.media_type,
            "timeout_s": limits.timeout_s,
            "memory_mb": limits.memory_mb,
            "max_characters": limits.max_characters,
            "options": limits.model_dump(mode="json"),
            "max_reply": 64 * limits.max_characters + (1 << 24),
        }
        helper = self._free.get()
        try:
            return helper.ask(header, data)
        finally:
            self._free.put(helper)


def _attempt(work: Callable[..., T], *given: Any) -> T | ParseError:
    """What ``work`` returns, or the error that says what is wrong with this one document."""
    try:
        return work(*given)
    except ParseError as error:
        return error


def read(item: SourceItem, max_bytes: int) -> bytes:
    """The bytes of ``item``.

    Raises:
        LimitExceeded: there are more than ``max_bytes``.
        ParseError: they cannot be read.
    """
    if item.size is not None and item.size > max_bytes:
        raise LimitExceeded(f"it has {item.size:,} bytes; the limit is {max_bytes:,} (parsing.max_bytes)")
    try:
        with item.open() as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, SourceError) as error:
        raise ParseError(f"cannot be read: {one_line(getattr(error, 'strerror', None) or error)}") from error
    if len(data) > max_bytes:
        raise LimitExceeded(f"it has more than {max_bytes:,} bytes, the limit (parsing.max_bytes)")
    return data


def _languages(parsed: Parsed) -> dict[str, Any]:
    """The language that a text is found to be in; source code has one of its own."""
    found = None if "programming_language" in parsed.metadata else language_of(parsed.text)
    return {"language": found} if found else {}


def _flags(parsed: Parsed) -> dict[str, Any]:
    """The kinds of passages that speak to a language model, and what was left out because nobody sees it, where there is such."""
    found = {"instructions": instructions_in(parsed.text), "hidden": [line for line in parsed.warnings if _HIDDEN.search(line)]}
    return {name: value for name, value in found.items() if value}


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _name(uri: str) -> str:
    return uri.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1] or uri


class _Helper:
    """One helper process: started when needed, ended and started anew when it does not answer."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Sends one request and waits for its reply, at most the time limit and a grace."""
        process = self._process if self._process and self._process.poll() is None else self._start()
        late = threading.Event()
        timer = threading.Timer(header["timeout_s"] + _GRACE + (_START if process is not self._process else 0), _end, (process, late))
        self._process = process
        timer.start()
        try:
            wire.send(cast(BinaryIO, process.stdin), header, data)
            return wire.receive(cast(BinaryIO, process.stdout), header["max_reply"])
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            if late.is_set():
                raise LimitExceeded(f"parsing took longer than {header['timeout_s']:g} s") from error
            raise ParseError(f"the parsing helper stopped ({type(error).__name__}); it is started anew for the next document") from error
        except BaseException:
            self.stop()
            raise
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        self.stop()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        command = [sys.executable, "-P", "-X", "utf8", "-m", "ragkit.connectors.worker"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True, cwd=os.path.abspath(os.sep)
        )

    def stop(self) -> None:
        """Ends the process and its children."""
        process, self._process = self._process, None
        if process is None:
            return
        _end(process)
        for stream in (process.stdin, process.stdout):
            try:
                cast(BinaryIO, stream).close()
            except OSError:  # the last request may still lie in the buffer of a pipe that nobody reads
                continue
        process.wait()


def _end(process: subprocess.Popen[bytes], late: threading.Event | None = None) -> None:
    """Kills the helper's whole session: it may have a child that does not end."""
    if late is not None:
        late.set()
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    except ProcessLookupError:
        return
