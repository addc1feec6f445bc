"""Hostile git repositories: nothing in them is run, nothing outside them is read or written."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from git_repositories import Repository, listed

from ragkit.connectors import git_packs
from ragkit.errors import SourceError
from ragkit.records import Failure

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed (Debian: apt-get install git)")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with two commits."""
    made = Repository(tmp_path / "project")
    made.commit(a="Apples are red.", docs__b="Bees make honey.")
    made.commit(author="Bob", docs__b="Bees make wax.")
    return made


def _config(repository: Repository, outside: Path) -> None:
    marker = f"touch {outside}/marker; false"
    (outside / "included").write_text(f'[core]\n\tfsmonitor = "{marker}"\n[bad')
    values = dict.fromkeys(("fsmonitor", "sshCommand", "pager", "editor", "gitProxy", "askPass", "alternateRefsCommand"), marker)
    lines = [f'\t{name} = "{value}"' for name, value in values.items()]
    (repository.path / ".git/config").write_text(
        "\n".join(["[core]", *lines, f"\thooksPath = {outside}", f"\tworktree = {outside}", "[include]", f"\tpath = {outside}/included"])
        + f'\n[filter "evil"]\n\tsmudge = "{marker}"\n\tclean = "{marker}"\n\tprocess = "{marker}"\n[alias]\n\tstatus = "!{marker}"\n'
    )


def _hooks(repository: Repository, outside: Path) -> None:
    for name in ("post-checkout", "post-merge", "fsmonitor-watchman", "reference-transaction", "post-index-change", "pre-auto-gc"):
        hook = repository.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {outside}/marker\n")
        hook.chmod(0o755)


def _attributes(repository: Repository, outside: Path) -> None:
    repository.commit(z="zed")
    (repository.path / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    repository.commit()
    _config(repository, outside)


def _submodule(repository: Repository, outside: Path) -> None:
    text = f'[submodule "../../x"]\n\tpath = sub\n\turl = {outside}\n\tupdate = !touch {outside}/marker\n'
    text += f"[submodule \"y\"]\n\tpath = ../y\n\turl = ext::sh -c 'touch {outside}/marker'\n"
    module = repository.blob(text.encode())
    a = repository.blob(b"Apples.")
    commit = repository.git("rev-parse", "HEAD")
    repository.point(repository.tree(("100644", b".gitmodules", module), ("100644", b"a.txt", a), ("160000", b"sub", commit)))


def _links(repository: Repository, outside: Path) -> None:
    a, out = repository.blob(b"Apples."), repository.blob(os.fsencode(outside / "secret"))
    repository.point(repository.tree(("100644", b"a.txt", a), ("120000", b"out.txt", out), ("120000", b"folder", out)))


def _names(repository: Repository, outside: Path) -> None:
    a = repository.blob(b"Apples.")
    names = (b".", b"..", b".git", b"..\\evil", b"", b"C:\\x", b"a\nb", b"\x1b[2J", b"../up", b"/etc/x")
    inner = repository.tree(("100644", b"hooks", a), ("100644", b"..", a))
    entries = [("100644", name, a) for name in names]
    repository.point(repository.tree(*entries, ("40000", b"..", inner), ("40000", b".GIT", inner), ("100644", b"a.txt", a)))


def _alternates(repository: Repository, outside: Path) -> None:
    other = Repository(outside / "other")
    secret = other.blob(b"secret")
    info = repository.path / ".git/objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{outside}/other/.git/objects\n../../../../other\n")
    repository.point(repository.tree(("100644", b"a.txt", repository.blob(b"Apples.")), ("100644", b"s.txt", secret)))


def _linked_objects(repository: Repository, outside: Path) -> None:
    other = Repository(outside / "other")
    secret = other.blob(b"secret")
    folder = repository.path / ".git/objects" / secret[:2]
    shutil.rmtree(folder, ignore_errors=True)
    folder.symlink_to(outside / "other/.git/objects" / secret[:2])
    repository.point(repository.tree(("100644", b"a.txt", repository.blob(b"Apples.")), ("100644", b"s.txt", secret)))


def _replaced(repository: Repository, outside: Path) -> None:
    a = repository.blob(b"Apples.")
    repository.point(repository.tree(("100644", b"a.txt", a)))
    repository.git("replace", a, repository.blob(b"secret"))


def _grafts(repository: Repository, outside: Path) -> None:
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/grafts").write_text(f"{repository.git('rev-parse', 'HEAD')} {'0' * 40}\n../../x\n")


def _dashes(repository: Repository, outside: Path) -> None:
    heads = repository.path / ".git/refs/heads"
    (heads / "--upload-pack=touch marker").write_text(repository.git("rev-parse", "HEAD") + "\n")
    (heads / "linked").symlink_to(outside / "secret")
    (repository.path / ".git/packed-refs").write_text(f"{'0' * 40} refs/heads/-x\nnonsense\n{'a' * 40} ../../etc\n")


def _deep(repository: Repository, outside: Path) -> None:
    tree = repository.tree(("100644", b"f", repository.blob(b"x")))
    for _ in range(150):
        tree = repository.tree(("40000", b"d", tree))
    repository.point(tree)


def _tree_bomb(repository: Repository, outside: Path) -> None:
    tree = repository.tree(("100644", b"f", repository.blob(b"x")))
    for _ in range(10):
        tree = repository.tree(*(("40000", f"d{number}".encode(), tree) for number in range(10)))
    repository.point(tree)


def _huge_blob(repository: Repository, outside: Path) -> None:
    size = git_packs.MAX_OBJECT + 1
    sha = "ab" + "0" * 38
    path = repository.path / ".git/objects/ab" / sha[2:]
    path.parent.mkdir(exist_ok=True)
    squeezed = zlib.compressobj(9)
    path.write_bytes(squeezed.compress(b"blob %d\0" % size) + squeezed.compress(b"\0" * size) + squeezed.flush())
    repository.point(repository.tree(("100644", b"a.txt", repository.blob(b"Apples.")), ("100644", b"huge.bin", sha)))


def _lying_blob(repository: Repository, outside: Path) -> None:
    sha = "ab" + "1" * 38
    path = repository.path / ".git/objects/ab" / sha[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(b"blob 3\0" + b"\0" * (1 << 20)))
    repository.point(repository.tree(("100644", b"a.txt", repository.blob(b"Apples.")), ("100644", b"lie.bin", sha)))


def _broken_pack(repository: Repository, outside: Path) -> None:
    repository.git("gc", "-q")
    (pack,) = (repository.path / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[14:-20] = b"\xff" * (len(data) - 34)
    pack.write_bytes(data)


@pytest.mark.parametrize(
    "prepare",
    [_config, _hooks, _attributes, _submodule, _links, _names, _alternates, _linked_objects, _replaced, _grafts, _dashes, _deep,
     _tree_bomb, _huge_blob, _lying_blob, _broken_pack],
    ids=lambda prepare: prepare.__name__.strip("_"),
)  # fmt: skip
def test_a_hostile_repository(repository: Repository, tmp_path: Path, prepare: Callable[[Repository, Path], None]) -> None:
    """Nothing in it is run, nothing outside it is read or written, and what can be read still is."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    prepare(repository, outside)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    texts, failures = {}, 0
    try:
        for name, item in listed(repository.path).items():
            assert not set(name.split("/")) & {".git", ".GIT"}
            if isinstance(item, Failure):
                failures += 1
                continue
            try:
                texts[name] = item.open().read()
            except SourceError:
                failures += 1
    except SourceError:
        failures += 1
    assert failures or texts
    assert b"secret" not in texts.values()
    if prepare not in (_deep, _tree_bomb, _broken_pack):
        assert texts["a.txt"].startswith(b"Apples")
    assert (failures > 0) == (prepare in (_names, _alternates, _linked_objects, _deep, _tree_bomb, _huge_blob, _lying_blob, _broken_pack))
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_working_tree_that_lies_elsewhere(repository: Repository, tmp_path: Path) -> None:
    """A ``.git`` that is a file or a link to another folder is not followed."""
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    (tmp_path / "again").mkdir()
    (tmp_path / "again/.git").symlink_to(repository.path / ".git")
    for name in ("linked", "again"):
        with pytest.raises(SourceError, match="leads to another folder"):
            listed(tmp_path / name)


def _entry(kind: int, size: int) -> bytes:
    out, byte, size = b"", (kind << 4) | (size & 15), size >> 4
    while size:
        out, byte, size = out + bytes([byte | 0x80]), size & 0x7F, size >> 7
    return out + bytes([byte])


def _size(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def _pack(*entries: bytes) -> bytes:
    body = b"PACK" + (2).to_bytes(4, "big") + len(entries).to_bytes(4, "big") + b"".join(entries)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def test_packs_that_unpack_to_too_much(tmp_path: Path) -> None:
    """A delta that makes too much, an object that is longer than it says, many that add up: refused before any of it is made."""
    base = _entry(3, 1) + zlib.compress(b"x")
    delta = _size(1) + _size(1 << 40) + b"\x91\0\1"
    bomb = _entry(git_packs.OFS_DELTA, len(delta)) + bytes([len(base)]) + zlib.compress(delta)
    squeezed = zlib.compress(b"\0" * (64 << 20), 9)
    cases = (
        ((base, bomb), "takes 1,099,511,627,776 bytes"),
        ((base, _entry(3, 5) + squeezed), "longer than it says"),
        ((_entry(3, 1 << 50) + squeezed,), "takes 1,125"),
        ((_entry(3, 64 << 20) + squeezed,) * 5, "unpacks to more than"),
        ((base,) * 1001, "1,001 objects"),
    )
    for entries, words in cases:
        (tmp_path / "p.pack").write_bytes(_pack(*entries))
        with pytest.raises((SourceError, ValueError), match=words):
            git_packs.scan(str(tmp_path / "p.pack"), max_objects=1000, max_bytes=256 << 20)
    (tmp_path / "p.pack").write_bytes(_pack(base, base))
    git_packs.scan(str(tmp_path / "p.pack"), max_objects=10, max_bytes=100)


def test_the_size_of_a_delta_stands_behind_long_tables() -> None:
    """What a delta makes is told also where 64 packed bytes hold nothing but the tables of their compression."""
    delta = _size(1) + _size(12_345) + b"\x91\0\1" + bytes((number * number) % 251 ^ (number % 7) for number in range(5000))
    packed = zlib.compress(delta, 9)
    assert zlib.decompressobj().decompress(packed[:64], 24) == b""
    head = _entry(git_packs.OFS_DELTA, len(delta)) + b"\1"
    view = head + packed
    assert git_packs.made_by(view, git_packs.header(view, 0)) == 12_345  # type: ignore[arg-type]


def test_a_delta_bomb_in_a_local_pack(repository: Repository) -> None:
    """A blob that a small delta makes huge is refused by its header when it is opened; the other files are read."""
    from dulwich.pack import PackData, write_pack_index_v2

    base = _entry(3, 1) + zlib.compress(b"x")
    delta = _size(1) + _size(1 << 40) + b"\x91\0\1"
    bomb = _entry(git_packs.OFS_DELTA, len(delta)) + bytes([len(base)]) + zlib.compress(delta)
    path = repository.path / ".git/objects/pack/pack-x.pack"
    path.write_bytes(_pack(base, bomb))
    with path.with_suffix(".idx").open("wb") as index, PackData(str(path), object_format=_sha1()) as data:
        write_pack_index_v2(index, [(b"\xab" * 20, 12 + len(base), 0)], data.get_stored_checksum())
    repository.point(repository.tree(("100644", b"a.txt", repository.blob(b"Apples.")), ("100644", b"bomb", "ab" * 20)))
    found = listed(repository.path)
    assert found["a.txt"].open().read() == b"Apples."  # type: ignore[union-attr]
    with pytest.raises(SourceError, match="the limit is"):
        found["bomb"].open()  # type: ignore[union-attr]


def _sha1() -> Any:
    from dulwich.object_format import SHA1

    return SHA1
