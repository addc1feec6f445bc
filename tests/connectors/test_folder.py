"""The folder connector: what it lists, what it leaves out, what it refuses."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from ragkit.connectors import find_connector
from ragkit.connectors.folder import FolderConnector
from ragkit.connectors.jsonl import BeirConnector
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem


def listing(folder: Path, **options: object) -> tuple[list[str], dict[str, str]]:
    """The items' paths below ``folder``, in order, and the failures' reasons."""
    found = list(FolderConnector(str(folder), **options).items())  # type: ignore[arg-type]
    base = str(folder.resolve()) + "/"
    items = [item.uri.removeprefix(base) for item in found if isinstance(item, SourceItem)]
    return items, {item.uri.removeprefix(base): item.reason for item in found if isinstance(item, Failure)}


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_order_is_stable_and_hidden_files_are_skipped(tmp_path: Path) -> None:
    """Files come folder by folder in the order of their names; hidden ones do not come."""
    fill(tmp_path, "b.txt", "a/z.txt", "a/y.txt", ".hidden", ".git/config", "c.md")
    assert listing(tmp_path) == (["a/y.txt", "a/z.txt", "b.txt", "c.md"], {})
    assert listing(tmp_path, recursive=False)[0] == ["b.txt", "c.md"]


def test_ignore_files(tmp_path: Path) -> None:
    """``.gitignore`` and ``.ragkitignore`` are honoured, a deeper one over a higher one, with negation."""
    fill(tmp_path, "keep.txt", "drop.log", "sub/keep.log", "sub/drop.tmp", "build/x.txt", "a/build.txt")
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")
    (tmp_path / "sub/.gitignore").write_text("!keep.log\n")
    (tmp_path / "sub/.ragkitignore").write_text("*.tmp\n")
    assert listing(tmp_path)[0] == ["a/build.txt", "keep.txt", "sub/keep.log"]


def test_include_and_exclude(tmp_path: Path) -> None:
    """``include`` keeps what it matches, ``exclude`` drops files and whole folders."""
    fill(tmp_path, "a.md", "b.txt", "drafts/c.md", "d/e.md")
    assert listing(tmp_path, include=["*.md"], exclude=["drafts/"])[0] == ["a.md", "d/e.md"]


def test_a_file_is_a_source(tmp_path: Path) -> None:
    """A single file is listed under its absolute path; what is not there is an error."""
    fill(tmp_path, "a.txt")
    (item,) = FolderConnector(str(tmp_path / "a.txt")).items()
    assert item.uri == str(tmp_path / "a.txt")
    with pytest.raises(SourceError, match="no file or folder"):
        FolderConnector(str(tmp_path / "missing"))


def test_links(tmp_path: Path) -> None:
    """Links inside the folder are followed; loops, links out of it and dangling ones are failures, each of one line."""
    root = tmp_path / "root"
    fill(tmp_path, "root/real/a.txt", "outside/secret.txt")
    (root / "again").symlink_to(root / "real")
    (root / "file").symlink_to("real/a.txt")
    (root / "real/loop").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "dangling").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    items, failures = listing(root)
    assert items == ["again/a.txt", "file", "real/a.txt"]
    assert set(failures) == {"again/loop", "dangling", "out", "real/loop", "self"}
    assert "above" in failures["real/loop"]
    assert "leaves the folder" in failures["out"]
    assert all(reason and "\n" not in reason for reason in failures.values())


def test_special_files(tmp_path: Path) -> None:
    """A FIFO and a socket are failures, and are never opened."""
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # the address of a socket may be no longer than 108 bytes
    try:
        server.bind("sock")
    finally:
        os.chdir(here)
        server.close()
    assert listing(tmp_path) == ([], {"pipe": "a FIFO, not a file; it is never opened", "sock": "a socket, not a file; it is never opened"})


def test_a_file_that_became_a_fifo_does_not_hang(tmp_path: Path) -> None:
    """Opening an item whose path was replaced by a FIFO since the listing is an error at once."""
    fill(tmp_path, "a.txt")
    (item,) = FolderConnector(str(tmp_path)).items()
    (tmp_path / "a.txt").unlink()
    os.mkfifo(tmp_path / "a.txt")
    assert isinstance(item, SourceItem)
    with pytest.raises(SourceError, match="no longer a regular file"):
        item.open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_a_failure(tmp_path: Path) -> None:
    """A folder that may not be read is one failure; its neighbours are listed."""
    fill(tmp_path, "shut/a.txt", "b.txt")
    (tmp_path / "shut").chmod(0)
    try:
        items, failures = listing(tmp_path)
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert items == ["b.txt"]
    assert "permission denied" in failures["shut"]


NAMES = {
    b"two\nlines.txt": "two%0Alines.txt",
    b"not-utf8-\xff\xfe.txt": "not-utf8-%FF%FE.txt",
    b"percent%41.txt": "percent%2541.txt",
    b"n" * 251 + b".txt": "n" * 251 + ".txt",
    "עברית.txt".encode(): "עברית.txt",
    b"tab\t\x1b[31m.txt": "tab%09%1B[31m.txt",
}


def test_names_become_stable_text(tmp_path: Path) -> None:
    """Whatever bytes a name has, its URI is one line of Unicode, the same each time, no two alike, and the file opens."""
    for name in NAMES:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(name)
    found = [item for item in FolderConnector(str(tmp_path)).items() if isinstance(item, SourceItem)]
    assert {item.uri.removeprefix(f"{tmp_path}/") for item in found} == set(NAMES.values())
    for item in found:
        with item.open() as stream:
            assert NAMES[stream.read()] == item.uri.removeprefix(f"{tmp_path}/")


def test_the_token_changes_with_the_file(tmp_path: Path) -> None:
    """The token is the same for an untouched file and another one after the file was written, its size and times set back included."""
    file = tmp_path / "a.txt"
    file.write_text("one")
    before = [item.token for item in FolderConnector(str(tmp_path)).items() if isinstance(item, SourceItem)]
    assert before == [item.token for item in FolderConnector(str(tmp_path)).items() if isinstance(item, SourceItem)]
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    time.sleep(0.02)
    file.write_text("two")
    os.utime(file, ns=times)
    assert before != [item.token for item in FolderConnector(str(tmp_path)).items() if isinstance(item, SourceItem)]


def test_a_thousand_files_are_listed_quickly(tmp_path: Path) -> None:
    """A folder of 1,000 files is listed in less than three seconds of the processor."""
    for number in range(1000):
        (tmp_path / f"{number}.txt").touch()
    begin = time.process_time()
    assert len(listing(tmp_path)[0]) == 1000
    assert time.process_time() - begin < 3


def test_find_connector(tmp_path: Path) -> None:
    """A BEIR file goes to its own connector, any other path to the folder connector; what nothing reads is an error that names both,
    and so is an option that a kind of source does not have. Of defaults it gets those that it has."""
    (tmp_path / "beir.jsonl").write_text('{"_id": "1", "text": "x"}\n')
    (tmp_path / "log.jsonl").write_text('{"level": "info"}\n')
    assert isinstance(find_connector(str(tmp_path / "beir.jsonl"), defaults={"recursive": True}), BeirConnector)
    folder = find_connector(str(tmp_path), recursive=False, defaults={"recursive": True, "depth": 2, "include": ["*.md"]})
    assert isinstance(folder, FolderConnector)
    assert not folder.recursive
    with pytest.raises(SourceError, match="a source of the kind 'beir' has no option 'recursive'; it has: none"):
        find_connector(str(tmp_path / "beir.jsonl"), recursive=True)
    assert isinstance(find_connector(str(tmp_path / "log.jsonl")), FolderConnector)
    with pytest.raises(SourceError, match=r"Installed connectors: .*beir.*folder"):
        find_connector("nowhere://nothing")
