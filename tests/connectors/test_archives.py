"""Zip archives, here and in remote storage."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from remotes import FILES, in_memory, listing, sequence
from syncing import store

from ragkit.connectors import find_connector
from ragkit.connectors.archives import ArchiveConnector
from ragkit.errors import SourceError
from ragkit.records import SourceItem
from ragkit.testing import ConnectorConformance


@pytest.fixture
def memory() -> Iterator[Callable[..., None]]:
    """Storage in memory, and what fills it."""
    yield from in_memory()


def archive(file: Path, contents: dict[str, bytes], **options: Any) -> str:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **options) as package:
        for name, data in contents.items():
            package.writestr(name, data)
    return f"zip://::{file}"


def test_zip(tmp_path: Path, memory: Callable[..., None]) -> None:
    """The files of an archive here and in remote storage are read, in the order of their names, of a folder in it when one is named."""
    source, shown = archive(tmp_path / "a.zip", FILES | {"b/": b"", ".DS_Store": b""}), f"{tmp_path}/a.zip!/"
    items, failures = listing(ArchiveConnector(source))
    assert list(items) == [f"{shown}a.txt", f"{shown}b/c d.md", f"{shown}b/é%2541.txt", f"{shown}z/y/x.txt"]
    assert list(items.values()) == list(FILES.values())
    assert failures == {}
    assert list(listing(ArchiveConnector(source.replace("::", "b::"), include=["*.md"]))[0]) == [f"{shown}b/c d.md"]
    memory({"a.zip": (tmp_path / "a.zip").read_bytes()})
    items, _ = listing(ArchiveConnector("zip://z/::memory://docs/a.zip"))
    assert items == {"memory://docs/a.zip!/z/y/x.txt": b"delta"}
    assert isinstance(find_connector(source), ArchiveConnector)


def test_zip_changes(tmp_path: Path) -> None:
    """Adding, changing and removing files of an archive is seen; while the archive is broken, all that it had is kept."""
    contents: dict[str, bytes] = {}

    def put(name: str, data: bytes) -> None:
        contents[name] = data
        archive(tmp_path / "a.zip", contents)

    def remove(name: str) -> None:
        del contents[name]
        archive(tmp_path / "a.zip", contents)

    sequence(f"zip://::{tmp_path}/a.zip", put, remove)
    with store() as kit:
        kit.ingest(f"zip://::{tmp_path}/a.zip")
        (tmp_path / "a.zip").write_bytes(b"PK broken")
        report = kit.sync()
        assert (report.removed, len(report.failed), len(kit.documents())) == (0, 1, 4)


def test_hostile_members(tmp_path: Path) -> None:
    """Names that leave the archive, links, encryption, odd compression and bombs are failures; the others are read."""
    file = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name in ("../up", "a/../../up", "/abs", "C:\\x", "..\\up", "good.txt"):
            package.writestr(name, "x")
        package.writestr(link, "/etc/passwd")
        package.writestr("bomb", bytes(30_000_000))
        package.writestr("odd", "x", zipfile.ZIP_LZMA)
        package.writestr("locked", "x")
    data = bytearray(file.read_bytes())
    at = data.rindex(b"locked") - 46 + 8
    data[at] |= 1
    file.write_bytes(data)
    items, failures = listing(ArchiveConnector(f"zip://::{file}"))
    assert list(items) == [f"{file}!/good.txt"]
    names = {uri.partition("!/")[2] for uri in failures}
    assert names == {"../up", "a/../../up", "/abs", "C:\\x", "..\\up", "link", "bomb", "odd", "locked"}
    assert "zip bomb" in failures[f"{file}!/bomb"]


def test_archives_have_limits(tmp_path: Path) -> None:
    """Too many files, too many bytes in all, a directory that lies, and what is no archive are each one failure."""
    file = tmp_path / "a.zip"
    source = archive(file, {f"{n:04}": b"x" * 100 for n in range(300)})
    assert "max_files=299" in next(iter(listing(ArchiveConnector(source, max_files=299))[1].values()))
    assert len(listing(ArchiveConnector(source, max_files=300))[0]) == 300
    assert "max_bytes=29,999" in next(iter(listing(ArchiveConnector(source, max_bytes=29_999))[1].values()))
    whole = file.read_bytes()
    few = bytearray(whole)
    struct.pack_into("<2H", few, len(few) - 14, 3, 3)  # says that there are three
    for data in (b"", b"no archive", whole[:-30], whole[:500] + whole[600:], bytes(few), os.urandom(3000)):
        file.write_bytes(data)
        items, failures = listing(ArchiveConnector(source, max_files=100))
        assert (items, list(failures)) == ({}, [f"{file}!"])
        assert "\n" not in failures[f"{file}!"]


def test_a_member_that_lies(tmp_path: Path) -> None:
    """A member that unpacks to more than its directory says gives no more, and an error."""
    source = archive(tmp_path / "a.zip", {"a.txt": b"x" * 1000})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"PK\1\2")
    struct.pack_into("<L", data, at + 24, 10)
    (tmp_path / "a.zip").write_bytes(data)
    (item,) = ArchiveConnector(source).items()
    assert isinstance(item, SourceItem)
    with pytest.raises(SourceError, match="cannot be read"), item.open() as stream:
        stream.read()


class TestArchive(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.url = archive(tmp_path / "a.zip", FILES | {"../x": b"x"})

    def connector(self) -> type[ArchiveConnector]:
        return ArchiveConnector

    def source(self) -> str:
        return self.url
