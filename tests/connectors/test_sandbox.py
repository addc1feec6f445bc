"""The parsing sandbox: limits, what a child may not do, and that the pool outlives everything."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from ragkit.connectors import lockdown
from ragkit.connectors.sandbox import ParserPool, open_pool
from ragkit.errors import LimitExceeded, ParseError, UnsupportedFormat
from ragkit.records import Document, SourceItem
from ragkit.settings import ParsingSettings

PLUGIN = """
import ctypes, os, socket, time
from ragkit.records import Block, Parsed

class Parser:
    media_types = ("text/x-evil",)
    suffixes = ()

    def parse(self, data, *, uri=""):
        text = repr(deeds[data.decode()]())
        return Parsed(text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),))

def spin():
    while True:
        pass

deeds = {
    "sleep": lambda: time.sleep(60),
    "spin": spin,
    "memory": lambda: len(bytearray(1 << 31)),
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "print": lambda: print("noise", flush=True) or os.write(1, b"noise"),
    "write": lambda: open(uri_file, "w"),
    "socket": lambda: socket.socket(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "unlink": lambda: os.unlink(uri_file),
    "kill": lambda: os.kill(os.getppid(), 9),
    "huge": lambda: "x" * 30_000_000,
    "environment": lambda: sorted(os.environ),
}
uri_file = __file__ + ".txt"
"""


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ParserPool]:
    """A pool with a plug-in installed whose parser does whatever its content says."""
    (tmp_path / "evil_parser.py").write_text(PLUGIN)
    (tmp_path / "evil_parser.py.txt").write_text("kept")
    (tmp_path / "evil-1.dist-info").mkdir()
    (tmp_path / "evil-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (tmp_path / "evil-1.dist-info/entry_points.txt").write_text("[ragkit.parsers]\nevil = evil_parser:Parser\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with open_pool(ParsingSettings(timeout_s=1, memory_mb=256, max_characters=20_000_000)) as pool:
        yield pool
    assert (tmp_path / "evil_parser.py.txt").read_text() == "kept"


def item(data: bytes, name: str = "a.txt", media_type: str | None = None) -> SourceItem:
    return SourceItem(uri=name, token="t", open=partial(io.BytesIO, data), size=len(data), media_type=media_type)


CASES = {
    "sleep": (LimitExceeded, "longer than 1 s"),
    "spin": (LimitExceeded, "longer than 1 s"),
    "memory": (LimitExceeded, "more than 256 MiB"),
    "segfault": (ParseError, "crashed"),
    "exit": (ParseError, "without a result"),
    "huge": (LimitExceeded, "characters"),
}


@pytest.mark.parametrize("deed", CASES)
def test_limits(evil: ParserPool, deed: str) -> None:
    """Time, memory, text and crashes each end in their own one-line error, soon, and the next document is read."""
    kind, words = CASES[deed]
    begin = time.perf_counter()
    with pytest.raises(kind, match=words) as caught:
        evil.parse(item(deed.encode(), media_type="text/x-evil"))
    assert time.perf_counter() - begin < 8
    assert str(caught.value).isprintable()
    assert evil.parse(item(b"still here")).text == "still here"


def test_several_at_once(evil: ParserPool) -> None:
    """Documents come in the order of their items, each with its own result, whatever the others do."""
    contents = [b"first", b"exit", b"third", b"segfault", b"fifth"] * 4
    items = [item(data, f"{i}.txt", "text/x-evil" if data in (b"exit", b"segfault") else None) for i, data in enumerate(contents)]
    found = list(evil.documents(items))
    assert [one.uri for one, _ in found] == [f"{i}.txt" for i in range(len(contents))]
    read = [result.parsed.text if isinstance(result, Document) else "failed" for _, result in found]
    assert read == ["first", "failed", "third", "failed", "fifth"] * 4


def test_who_stops_waiting_waits_no_longer(evil: ParserPool) -> None:
    """When the documents are no longer wanted, those that are being parsed are ended at once, and the pool goes on."""
    patient = ParsingSettings(timeout_s=60, memory_mb=256)
    evil.settings = patient
    documents = evil.documents([item(b"now"), *(item(b"sleep", f"{i}.txt", "text/x-evil") for i in range(6))])
    begin = time.perf_counter()
    assert next(documents)[0].uri == "a.txt"
    documents.close()
    assert time.perf_counter() - begin < 20
    assert evil.parse(item(b"still here")).text == "still here"


@pytest.mark.skipif(lockdown.prepare() is None, reason="no system call filter for this system or machine")
@pytest.mark.parametrize("deed", ["write", "socket", "program", "unlink", "kill"])
def test_a_child_can_do_no_harm(evil: ParserPool, deed: str) -> None:
    """A parser can write no file, open no socket, start no program, delete nothing and kill nobody."""
    with pytest.raises(ParseError, match="PermissionError"):
        evil.parse(item(deed.encode(), media_type="text/x-evil"))


def test_what_a_parser_prints_is_lost(evil: ParserPool) -> None:
    """Prints do not mix with the reply, and the child's environment holds none of the caller's secrets."""
    assert evil.parse(item(b"print", media_type="text/x-evil")).text == "5"
    names = evil.parse(item(b"environment", media_type="text/x-evil")).text
    assert "PATH'" not in names.replace("PYTHONPATH'", "")
    assert "HOME" not in names


def test_the_document_is_complete(pool: ParserPool) -> None:
    """The document has the hash of the bytes, the media type, a title and the item's metadata over the parser's."""
    made = pool.document(SourceItem(uri="/x/notes.md", token="t", open=partial(io.BytesIO, b"text"), metadata={"a": 1}, acl=("me",)))
    assert made.sha256 == "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"
    assert (made.media_type, made.title, made.acl, made.metadata["a"]) == ("text/markdown", "notes.md", ("me",), 1)


def test_too_many_bytes(pool: ParserPool) -> None:
    """A source over ``max_bytes`` is refused by its size unread, and while reading where the size was not told."""
    few = ParsingSettings(max_bytes=10)
    with pytest.raises(LimitExceeded, match=r"11 bytes; the limit is 10"):
        pool.parse(item(b"x" * 11), few)
    with pytest.raises(LimitExceeded, match="more than 10 bytes"):
        pool.parse(SourceItem(uri="u", token="t", open=partial(io.BytesIO, b"x" * 11)), few)


def test_a_helper_that_dies_is_started_anew(pool: ParserPool) -> None:
    """When the helper process is killed, the next document is read by a new one."""
    assert pool.parse(item(b"# one", media_type="text/markdown")).text == "one"
    process = pool._helpers[0]._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert pool.parse(item(b"# two", media_type="text/markdown")).text == "two"


def test_threads_share_a_pool() -> None:
    """Several threads at once each get their own document."""
    with open_pool(ParsingSettings(), workers=2) as shared, ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda number: shared.parse(item(f"text {number}".encode(), media_type="text/markdown")).text, range(60)))
    assert texts == [f"text {number}" for number in range(60)]


def test_a_closed_pool_leaves_no_process(pool: ParserPool) -> None:
    """Closing ends the helper; using the pool again starts another."""
    own = open_pool(ParsingSettings())
    own.parse(item(b"# x", media_type="text/markdown"))
    process = own._helpers[0]._process
    own.close()
    assert process is not None
    assert process.returncode is not None
    assert own.parse(item(b"y")).text == "y"
    own.close()


def test_unknown_media_types_name_the_known_ones(pool: ParserPool) -> None:
    """An item whose media type nothing reads is refused with the list of what there is."""
    with pytest.raises(UnsupportedFormat, match=r"application/x-nothing; there are parsers for .*application/pdf"):
        pool.parse(item(b"x", media_type="application/x-nothing"))


def test_the_helper_does_not_load_the_models() -> None:
    """The helper process imports no model library, and importing the connectors loads no parser's library."""
    code = """
        import sys
        import ragkit.connectors.worker, ragkit.connectors.folder, ragkit.connectors.jsonl
        from ragkit.connectors.parsers import Registry
        Registry()
        heavy = {"torch", "pydantic", "pypdfium2", "docx", "lxml", "markdown_it", "charset_normalizer"}
        print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
