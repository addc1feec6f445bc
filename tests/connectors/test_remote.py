"""Remote storage: real S3 and WebDAV servers on loopback, storage in memory, and zip archives anywhere."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import fsspec
import pytest
from remotes import FILES, ODD, in_memory, listing, sequence, tokens

from ragkit.connectors.archives import ArchiveConnector
from ragkit.connectors.remote import RemoteConnector
from ragkit.errors import MissingExtra, SourceError
from ragkit.records import SourceItem
from ragkit.testing import ConnectorConformance


@pytest.fixture
def memory() -> Iterator[Callable[..., None]]:
    """Storage in memory, and what fills it."""
    yield from in_memory()


def test_files_of_a_folder(memory: Callable[..., None]) -> None:
    """Files come in the order of their names, folder by folder; dots, globs and the depth are as for a folder here."""
    memory(FILES | {".hidden": b"", "b/.git/x": b""})
    base = "memory://docs/"
    items, failures = listing(RemoteConnector("memory://docs"))
    assert list(items) == [f"{base}a.txt", f"{base}b/c d.md", f"{base}b/é%2541.txt", f"{base}z/y/x.txt"]
    assert list(items.values()) == [b"alpha", b"# Title\n\nbeta", b"gamma", b"delta"]
    assert failures == {}
    assert list(listing(RemoteConnector("memory://docs", recursive=False))[0]) == [f"{base}a.txt"]
    assert list(listing(RemoteConnector("memory://docs/", include=["*.txt"], exclude=["z/"]))[0]) == [f"{base}a.txt", f"{base}b/é%2541.txt"]
    assert listing(RemoteConnector("memory://docs/a.txt"))[0] == {f"{base}a.txt": b"alpha"}
    items, failures = listing(RemoteConnector("memory://docs", max_files=2))
    assert len(items) == 2
    assert "max_files=2" in failures["memory://docs"]


def test_what_is_not_there(memory: Callable[..., None]) -> None:
    """A folder that is not there is one failure."""
    assert listing(RemoteConnector("memory://nowhere")) == ({}, {"memory://nowhere": "cannot be listed: there is nothing of that name"})


def test_the_token_is_not_the_size(memory: Callable[..., None]) -> None:
    """A file that was written again with as many bytes has another token, and one that was not has the same."""
    memory(FILES)
    before = tokens(RemoteConnector("memory://docs"))
    assert before == tokens(RemoteConnector("memory://docs"))
    time.sleep(0.002)
    memory({"a.txt": b"ALPHA"})
    after = tokens(RemoteConnector("memory://docs"))
    assert {uri for uri in before if before[uri] != after[uri]} == {"memory://docs/a.txt"}


class Blind(fsspec.AbstractFileSystem):
    """Storage that tells sizes and nothing else, and lists what it should not."""

    listed: tuple[tuple[str, str], ...] = ()
    content = b"12345"

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        return {"name": path, "size": 0, "type": "directory"}

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[dict[str, Any]]:
        if path == "docs/broken":
            raise RuntimeError("two\nlines")
        return [{"name": name, "size": 5, "type": kind} for name, kind in self.listed]

    def open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        return io.BytesIO(self.content)


def test_storage_that_tells_no_versions(memory: Callable[..., None]) -> None:
    """Where nothing but the size is told, the token is a hash of the file."""
    memory(FILES)
    connector = RemoteConnector("memory://docs")
    blind = connector.files = Blind()
    blind.listed = (("docs/a.txt", "file"),)
    before = tokens(connector)
    assert before == tokens(connector)
    blind.content = b"54321"
    assert before != tokens(connector)


def test_storage_that_lies(memory: Callable[..., None]) -> None:
    """Names out of the folder that was listed are failures, folders without an end are left, a folder's error is that folder's only."""
    memory(FILES)
    connector = RemoteConnector("memory://docs")
    blind = connector.files = Blind()
    blind.listed = (
        ("etc/passwd", "file"),
        ("docs/../x", "file"),
        ("docs/a.txt", "file"),
        ("docs", "directory"),
        ("docs/broken", "directory"),
    )
    items, failures = listing(connector)
    assert list(items) == ["memory://docs/a.txt"]
    assert failures["memory://docs/broken"] == "cannot be listed: two lines"
    assert "a folder that it is not in" in failures["memory://docs/?"]

    class Endless(Blind):
        def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[dict[str, Any]]:
            return [{"name": f"{path}/sub", "size": 0, "type": "directory"}]

    connector.files = Endless()
    ((_, reason),) = listing(connector)[1].items()
    assert reason == "folders are read 64 deep"


REFUSED = [
    "s3://",
    "s3://a/../b",
    "webdav+https://user:secret@host/x",
    "webdav+https:///x",
    "ftp://user:secret@host/",
    "webdav+https://a b/",
]


@pytest.mark.parametrize("source", REFUSED)
def test_sources_that_are_refused(source: str) -> None:
    """A literal password, no host, or dots in the path are refused, and the password is not repeated."""
    with pytest.raises(SourceError) as caught:
        RemoteConnector(source)
    assert "secret@" not in str(caught.value)


def test_what_it_accepts(memory: Callable[..., None]) -> None:
    """It takes URLs of storage; files here and web pages go elsewhere; options of another kind are an error, extras are named."""
    for source in ("s3://b/p", "gs://b", "az://c/x", "webdav+https://h/p", "ftp://h/", "memory://x", "S3://b"):
        assert RemoteConnector.accepts(source)
    for source in (
        "file:///x",
        "local:///x",
        "https://h/",
        "simplecache::s3://b",
        "reference://x",
        "github://x",
        "sftp://h/",
        "s3:/b",
        "/s3://b",
    ):
        assert not RemoteConnector.accepts(source)
        assert not ArchiveConnector.accepts(source)
    assert ArchiveConnector.accepts("zip://::s3://b/a.zip")
    with pytest.raises(SourceError, match="no option 'region'"):
        RemoteConnector("memory://x", region="eu-west-1")
    for source in (
        "zip://::https://h/a.zip",
        "zip://a::zip://b::x.zip",
        "zip://::/nowhere.zip",
        "zip://::simplecache::x",
        "zip://::file:///nowhere",
    ):
        with pytest.raises(SourceError):
            ArchiveConnector(source)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, the error is the command that installs it."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtra, match=r"pip install 'ragkit\[s3\]'"):
        RemoteConnector("s3://bucket")


@pytest.mark.parametrize(
    ("source", "module", "options"),
    [("gs://bucket/x", "gcsfs", {"anon": True}), ("az://container/x", "adlfs", {"account_name": "someone", "anon": True})],
)
def test_other_stores_take_their_options(source: str, module: str, options: dict[str, Any]) -> None:
    """The libraries of Google's and Azure's storage take what ragkit gives them; nothing is connected to before the listing."""
    pytest.importorskip(module, reason=f"{module} is not installed")
    connector = RemoteConnector(source, **options)
    assert type(connector.files).__module__.startswith(module)
    with pytest.raises(SourceError, match="no option 'profile'"):
        RemoteConnector(source, profile="x")


def test_changes_in_memory(memory: Callable[..., None]) -> None:
    """Adding, changing and removing files of storage in memory is seen."""
    sequence("memory://docs", lambda name, data: memory({name: data}), lambda name: fsspec.filesystem("memory").rm(f"/docs/{name}"))


# --- S3 -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server that speaks S3."""
    server_module = pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server._server.server_port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty bucket of the server, as boto's client with its name."""
    for name, value in (("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "t0psecret"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    import boto3

    client = boto3.client("s3", endpoint_url=s3)
    client.create_bucket(Bucket="papers")
    yield client
    for found in client.list_objects_v2(Bucket="papers").get("Contents", []):
        client.delete_object(Bucket="papers", Key=found["Key"])
    client.delete_bucket(Bucket="papers")
    client.close()


def test_s3(bucket: Any, s3: str) -> None:
    """Objects below a prefix are listed as files of folders; what marks a folder is none; a single object is a source too."""
    for name, data in FILES.items():
        bucket.put_object(Bucket="papers", Key=f"in/{name}", Body=data)
    bucket.put_object(Bucket="papers", Key="in/empty/", Body=b"")
    bucket.put_object(Bucket="papers", Key="into/other.txt", Body=b"not below the prefix")
    items, failures = listing(RemoteConnector("s3://papers/in/", endpoint_url=s3))
    assert list(items) == ["s3://papers/in/a.txt", "s3://papers/in/b/c d.md", "s3://papers/in/b/é%2541.txt", "s3://papers/in/z/y/x.txt"]
    assert list(items.values()) == list(FILES.values())
    assert failures == {}
    assert listing(RemoteConnector("s3://papers/in/a.txt", endpoint_url=s3))[0] == {"s3://papers/in/a.txt": b"alpha"}
    assert len(listing(RemoteConnector("s3://papers", endpoint_url=s3))[0]) == 5
    for name, data in ODD.items():
        bucket.put_object(Bucket="papers", Key=f"odd/{name}", Body=data)
    odd = listing(RemoteConnector("s3://papers/odd", endpoint_url=s3))[0]
    assert odd == {f"s3://papers/odd/{name}": data for name, data in ODD.items()}


def test_s3_changes(bucket: Any, s3: str) -> None:
    """Adding, changing and removing objects is seen."""
    put, remove = bucket.put_object, bucket.delete_object
    sequence(
        "s3://papers",
        lambda name, data: put(Bucket="papers", Key=name, Body=data),
        lambda name: remove(Bucket="papers", Key=name),
        endpoint_url=s3,
    )


def test_s3_errors(bucket: Any, s3: str) -> None:
    """A bucket that is not there, an object that went away, and a server that is down are errors of one line without a secret."""
    bucket.put_object(Bucket="papers", Key="a.txt", Body=b"x")
    (item,) = RemoteConnector("s3://papers", endpoint_url=s3).items()
    bucket.delete_object(Bucket="papers", Key="a.txt")
    assert isinstance(item, SourceItem)
    with pytest.raises(SourceError) as caught, item.open() as stream:
        stream.read()
    assert "\n" not in str(caught.value)
    _, failures = listing(RemoteConnector("s3://elsewhere", endpoint_url=s3))
    assert list(failures) == ["s3://elsewhere"]
    _, failures = listing(RemoteConnector("s3://papers", endpoint_url="http://127.0.0.1:9"))
    assert "t0psecret" not in failures["s3://papers"]
    assert "\n" not in failures["s3://papers"]


class TestS3(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _objects(self, bucket: Any, s3: str) -> None:
        for name, data in FILES.items():
            bucket.put_object(Bucket="papers", Key=name, Body=data)
        self.url = s3

    def connector(self) -> type[RemoteConnector]:
        url = self.url

        class Here(RemoteConnector):
            def __init__(self, source: str) -> None:
                super().__init__(source, endpoint_url=url)

        return Here

    def source(self) -> str:
        return "s3://papers"
