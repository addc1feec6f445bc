"""What the tests of remote storage and of archives share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import fsspec
from syncing import counts, store

from ragkit.contracts import Connector
from ragkit.records import Failure, SourceItem

FILES = {"a.txt": b"alpha", "b/c d.md": b"# Title\n\nbeta", "b/\xc3\xa9%41.txt".encode("latin-1").decode(): b"gamma", "z/y/x.txt": b"delta"}
ODD = {"what? #1 50%.txt": b"odd", "a+b&c=d;e,f'g(h)!.txt": b"odder"}


def listing(connector: Connector) -> tuple[dict[str, bytes], dict[str, str]]:
    """What the items hold, by URI, and the failures' reasons."""
    found = list(connector.items())
    items = {}
    for item in found:
        if isinstance(item, SourceItem):
            with item.open() as stream:
                items[item.uri] = stream.read()
    return items, {item.uri: item.reason for item in found if isinstance(item, Failure)}


def tokens(connector: Connector) -> dict[str, str]:
    return {item.uri: item.token for item in connector.items() if isinstance(item, SourceItem)}


def in_memory() -> Iterator[Callable[..., None]]:
    """Storage in memory, empty before and after; the function fills it."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]

    def fill(contents: dict[str, bytes], folder: str = "/docs") -> None:
        for name, data in contents.items():
            files.pipe(f"{folder}/{name}", data)

    yield fill
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def step(kit: Any, source: str, change: Callable[[], None] = lambda: None) -> tuple[int, int, int, int]:
    change()
    report = kit.sync(source)
    assert report.failed == ()
    return counts(report)


def sequence(source: str, put: Callable[[str, bytes], Any], remove: Callable[[str], Any], **options: Any) -> None:
    """Files are added, changed and removed, and a store is brought in step each time."""
    for name, data in FILES.items():
        put(name, data)
    with store() as kit:
        assert counts(kit.ingest(source, options=options)) == (4, 0, 0, 0)
        assert step(kit, source) == (0, 0, 4, 0)
        assert step(kit, source, lambda: put("a.txt", b"ALPHA")) == (0, 1, 3, 0)
        assert step(kit, source, lambda: put("b/new.txt", b"new")) == (1, 0, 4, 0)
        assert step(kit, source, lambda: remove("z/y/x.txt")) == (0, 0, 4, 1)
        texts = {kit.document(info.uri).parsed.text for info in kit.documents()}
    assert texts == {"ALPHA", "Title\n\nbeta", "gamma", "new"}
