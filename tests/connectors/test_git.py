"""Git repositories as sources: what is read of them, and that nothing in them is run or followed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_repositories import Repository, listed, read
from servers import git_server

from ragkit import Ragkit, Settings
from ragkit.connectors import find_connector
from ragkit.connectors.git import GitConnector
from ragkit.errors import SourceError
from ragkit.records import SourceItem
from ragkit.testing import ConnectorConformance, SyntheticEmbedder

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed (Debian: apt-get install git)")

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


def test_deltas(repository: Repository) -> None:
    """Files that git keeps as deltas of one another, with much and with little in each, come byte for byte."""
    words = [f"{number * number % 7919} word{number}" for number in range(4000)]
    for change in range(6):
        words[change * 500 : change * 500 + 300] = [f"{(number * 31 + change) % 997:x} changed" for number in range(300)]
        repository.commit(**{"big": "\n".join(words), f"kept{change}": "\n".join(words)})
    repository.git("gc", "-q", "--aggressive")
    assert "chain length = " in repository.git("verify-pack", "-v", *map(str, (repository.path / ".git/objects/pack").glob("*.idx")))
    assert {name: text for name, text in read(repository.path).items() if name != "a.txt"} == {
        name: (repository.path / name).read_text() for name in ("big.txt", "docs/b.txt", *(f"kept{change}.txt" for change in range(6)))
    }


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
