"""Git repositories as sources: what is read of them, and that nothing in them is run or followed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import git_server

from ragkit import Ragkit, Settings
from ragkit.connectors import find_connector, git_objects
from ragkit.connectors.git import GitConnector
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance, SyntheticEmbedder

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed (Debian: apt-get install git)")

_CLEAN = {
    "PATH": os.environ.get("PATH", ""), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@x.example", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@x.example",
}  # fmt: skip


class Repository:
    """A repository with a working tree, made by git itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = 1_700_000_000
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, data: bytes | None = None, **environment: str) -> str:
        """What ``git …`` says."""
        when = {"GIT_AUTHOR_DATE": f"{self.clock} +0100", "GIT_COMMITTER_DATE": f"{self.clock} +0100"}
        command = ["git", "-c", "protocol.file.allow=always", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", *arguments]
        done = subprocess.run(command, cwd=self.path, env={**_CLEAN, **when, **environment}, input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, message: str = "change", author: str = "Ann", **files: str | None) -> str:
        """Writes ``files`` (``__`` is a slash, ``None`` removes), commits all, a minute after the last; the commit."""
        for name, text in files.items():
            path = self.path / (name.replace("__", "/") + ".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if text is None else path.write_text(text)
        self.clock += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, GIT_AUTHOR_NAME=author)
        return self.git("rev-parse", "HEAD")

    def blob(self, data: bytes) -> str:
        """A blob's name."""
        return self.git("hash-object", "-w", "--stdin", data=data)

    def raw(self, kind: str, data: bytes) -> str:
        """An object that git itself would refuse to write."""
        whole = b"%s %d\0" % (kind.encode(), len(data)) + data
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self.path / ".git/objects" / sha[:2] / sha[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(whole))
        return sha

    def tree(self, *entries: tuple[str, bytes, str]) -> str:
        """A tree of (mode, name, sha)."""
        return self.raw("tree", b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in entries))

    def point(self, tree: str) -> None:
        """Makes main a commit of ``tree``."""
        self.git("update-ref", "refs/heads/main", self.git("commit-tree", tree, "-m", "made"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with two commits."""
    made = Repository(tmp_path / "project")
    made.commit(a="Apples are red.", docs__b="Bees make honey.")
    made.commit(author="Bob", docs__b="Bees make wax.")
    return made


@pytest.fixture
def kit() -> Iterator[Ragkit]:
    """An empty store without a model."""
    settings = Settings().with_values(**{"generation.model": "none", "sources.allow_hosts": ["127.0.0.1"]})
    with Ragkit.in_memory(settings=settings, embedder=SyntheticEmbedder()) as made:
        yield made


def listed(source: str | Path, **options: Any) -> dict[str, SourceItem | Failure]:
    """Items and failures by what stands behind the "#"."""
    return {item.uri.partition("#")[2]: item for item in GitConnector(f"git+{source}", **options).items()}


def read(source: str | Path, **options: Any) -> dict[str, str]:
    """The texts of a source's items."""
    return {name: item.open().read().decode() for name, item in listed(source, **options).items() if isinstance(item, SourceItem)}


class TestConformance(ConnectorConformance):
    """The suite for connectors."""

    @pytest.fixture(autouse=True)
    def _repository(self, repository: Repository) -> None:
        repository.commit(**{"é\nb": "x"})
        self.path = repository.path

    def connector(self) -> type[GitConnector]:
        return GitConnector

    def source(self) -> str:
        return f"git+file://{self.path}"


def test_the_files_of_a_commit(repository: Repository) -> None:
    """What is committed comes, not what lies in the folder; hidden files and links do not."""
    (repository.path / "a.txt").write_text("not committed")
    (repository.path / "new.txt").write_text("not committed")
    assert read(repository.path) == {"a.txt": "Apples are red.", "docs/b.txt": "Bees make wax."}
    os.symlink("a.txt", repository.path / "link")
    (repository.path / ".hidden").write_text("x")
    repository.commit()
    assert set(listed(repository.path)) == {"a.txt", "docs/b.txt", "new.txt"}
    assert set(listed(repository.path, include=["*.txt"], exclude=["docs/"])) == {"a.txt", "new.txt"}


def test_who_wrote_it_and_when(repository: Repository) -> None:
    """The commit that last touched a file, also where a merge brought it, and with packed objects."""
    first = repository.git("rev-parse", "HEAD~1")
    repository.git("switch", "-q", "-c", "side")
    side = repository.commit(author="Cid", c="Cats.")
    repository.git("switch", "-q", "main")
    main = repository.commit(author="Dan", d="Dogs.")
    repository.git("merge", "-q", "--no-edit", "side")
    repository.git("gc", "-q")
    found = {name: item.metadata for name, item in listed(repository.path).items() if isinstance(item, SourceItem)}
    assert {name: (meta["commit"], meta["author"]) for name, meta in found.items()} == {
        "a.txt": (first, "Ann"), "c.txt": (side, "Cid"), "d.txt": (main, "Dan"),
        "docs/b.txt": (repository.git("log", "-1", "--format=%H", "--", "docs/b.txt"), "Bob"),
    }  # fmt: skip
    assert (found["a.txt"]["date"], found["a.txt"]["ref"], found["a.txt"]["path"]) == ("2023-11-14T23:14:20+01:00", "main", "a.txt")
    short = {name: set(item.metadata) for name, item in listed(repository.path, history=1).items() if isinstance(item, SourceItem)}
    assert short["a.txt"] == {"ref", "path"}


def test_refs(repository: Repository) -> None:
    """A branch, a tag (light or not, packed or not), a commit, by option or behind "@"; what there is not is named."""
    repository.git("tag", "-a", "v1", "-m", "one", "HEAD~1")
    repository.git("branch", "feature/x", "HEAD~1")
    old = {"a.txt": "Apples are red.", "docs/b.txt": "Bees make honey."}
    for ref in ("v1", "feature/x", repository.git("rev-parse", "HEAD~1")):
        assert read(repository.path, ref=ref) == old
    assert read(f"{repository.path}@v1") == old
    repository.git("pack-refs", "--all")
    assert read(repository.path, ref="v1") == old
    (first, *_) = GitConnector(f"git+{repository.path}@v1").items()
    assert first.uri == f"git+{repository.path}@v1#a.txt"
    for ref in ("nope", "--upload-pack=touch x", "../../HEAD", "v1..main", "-x", "refs/heads/../../config"):
        with pytest.raises(SourceError, match="no branch, tag or commit"):
            listed(repository.path, ref=ref)


def test_sync_follows_the_ref(repository: Repository, kit: Ragkit) -> None:
    """Files that come, change and go are added, updated and removed; the rest is unchanged, under the same URI."""
    source = f"git+file://{repository.path}"
    assert kit.ingest(source).added == 2
    assert kit.sync(source).unchanged == 2
    repository.commit(c="Cats sleep.", a="Apples are green.", docs__b=None)
    report = kit.sync()
    assert (report.added, report.updated, report.removed, report.failed) == (1, 1, 1, ())
    assert {kit.text(info.uri) for info in kit.documents()} == {"Cats sleep.", "Apples are green."}


def test_over_http(repository: Repository, tmp_path: Path, kit: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository is fetched from git's own server, with a login from the environment that is in no URI and no error."""
    monkeypatch.setenv("GIT_TOKEN", "s3same/@")
    with git_server(tmp_path, login="ann:s3same/@") as server:
        source = f"git+{server.replace('//', '//ann:${GIT_TOKEN}@')}/project"
        report = kit.ingest(source, options={"cache": str(tmp_path / "cache")})
        assert (report.added, report.failed) == (2, ())
        (one, _) = kit.documents()
        assert (one.uri, one.metadata["author"]) == (f"git+{server}/project#a.txt", "Ann")
        repository.commit(c="Cats sleep.", a="Apples are green.", docs__b=None)
        report = kit.sync()
        assert (report.added, report.updated, report.removed, report.failed) == (1, 1, 1, ())
        assert sum(1 for _ in (tmp_path / "cache").rglob("*.pack")) == 1
        monkeypatch.setenv("GIT_TOKEN", "wr0ng")
        with pytest.raises(SourceError) as caught:
            listed(source.removeprefix("git+"), allow_hosts=["127.0.0.1"])
        assert "wr0ng" not in str(caught.value)


def test_a_temporary_folder_goes(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a cache what was fetched lives as long as the connector; items open until then."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with git_server(tmp_path) as server:
        items = list(find_connector(f"git+{server}/project@main", defaults={"allow_hosts": ["127.0.0.1"]}).items())
        assert [item.open().read() for item in items if isinstance(item, SourceItem)] == [b"Apples are red.", b"Bees make wax."]
        repository.commit(a="New.")
        with pytest.raises(SourceError, match="max_bytes"):
            listed(f"{server}/project", allow_hosts=["127.0.0.1"], max_bytes=600)
    del items
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("git+https://127.0.0.1/x.git", "not a public address"),
        ("git+https://[::1]/x.git", "not a public address"),
        ("git+https://localhost/x.git", "not a public address"),
        ("git+https://169.254.169.254/x.git", "not a public address"),
        ("git+https://10.0.0.1/x.git", "not a public address"),
        ("git+https://metadata.google.internal/x.git", "metadata"),
        ("git+https://1.1.1.1:22/x.git", "port 22"),
        ("git+http://1.1.1.1/x.git", "without TLS"),
        ("git+ssh://-oProxyCommand=touch x/x", "ssh and helpers are not used"),
        ("git+ssh://git@host/x.git", "ssh and helpers are not used"),
        ("git+ext::sh -c touch% x", "ssh and helpers are not used"),
        ("git+git@host:x.git", "ssh and helpers are not used"),
        ("git+--upload-pack=touch x", "ssh and helpers are not used"),
        ("git+file://host/x", "three slashes"),
        ("git+https://h/x.git?a=--upload-pack=x", "no '\\?'"),
        ("git+/no/such/place", "no git repository"),
        ("git+https://user:hunter2@host/x.git", r"\$\{NAME\}"),
    ],
)
def test_addresses_that_are_refused(source: str, words: str) -> None:
    """Private addresses, other protocols and options that stand for addresses are refused, with the reason."""
    with pytest.raises(SourceError, match=words):
        list(find_connector(source).items())
    assert not list(Path().iterdir())


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
    size = git_objects.MAX_OBJECT + 1
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
    bomb = _entry(git_objects._OFS_DELTA, len(delta)) + bytes([len(base)]) + zlib.compress(delta)
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
            git_objects.scan(str(tmp_path / "p.pack"), max_objects=1000, max_bytes=256 << 20)
    (tmp_path / "p.pack").write_bytes(_pack(base, base))
    git_objects.scan(str(tmp_path / "p.pack"), max_objects=10, max_bytes=100)


def test_a_delta_bomb_in_a_local_pack(repository: Repository) -> None:
    """A blob that a small delta makes huge is refused by its header when it is opened; the other files are read."""
    from dulwich.pack import PackData, write_pack_index_v2

    base = _entry(3, 1) + zlib.compress(b"x")
    delta = _size(1) + _size(1 << 40) + b"\x91\0\1"
    bomb = _entry(git_objects._OFS_DELTA, len(delta)) + bytes([len(base)]) + zlib.compress(delta)
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
