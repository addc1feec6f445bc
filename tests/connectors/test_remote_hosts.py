"""WebDAV and FTP: real servers on loopback, whose logins come from the environment."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from httpsites import serving
from remotes import FILES, ODD, listing, sequence, tokens

from ragkit.connectors.remote import RemoteConnector
from ragkit.errors import SourceError
from ragkit.records import SourceItem
from ragkit.testing import ConnectorConformance

# --- WebDAV -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A WebDAV server that asks for a password, and the folder that it serves."""
    wsgi = pytest.importorskip("cheroot.wsgi", reason="cheroot is not installed")
    application = pytest.importorskip("wsgidav.wsgidav_app", reason="wsgidav is not installed")
    pytest.importorskip("webdav4.fsspec", reason="webdav4 is not installed")
    folder = tmp_path_factory.mktemp("dav")
    users = {"*": {"anna": {"password": "pa/ss@word"}}}
    config = {"provider_mapping": {"/": str(folder)}, "simple_dc": {"user_mapping": users}, "verbose": 0, "logging": {"enable": False}}
    server = wsgi.Server(("127.0.0.1", 0), application.WsgiDAVApp(config))
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield f"webdav+http://anna:${{DAV_PASSWORD}}@127.0.0.1:{server.bind_addr[1]}/", folder
    server.stop()
    thread.join()


@pytest.fixture
def dav_folder(dav: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """The server's URL with its password in the environment, and a folder of it that is empty at first."""
    monkeypatch.setenv("DAV_PASSWORD", "pa/ss@word")
    import shutil

    folder = dav[1] / "docs"
    folder.mkdir()
    yield f"{dav[0]}docs", folder
    shutil.rmtree(folder)


def write(folder: Path, name: str, data: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def test_webdav(dav_folder: tuple[str, Path]) -> None:
    """Files are listed and read with the password of the environment, which stands in no URI."""
    source, folder = dav_folder
    for name, data in FILES.items():
        write(folder, name, data)
    assert list(listing(RemoteConnector(source.removesuffix("docs")))[0].values()) == list(FILES.values())
    items, failures = listing(RemoteConnector(source))
    base = "webdav+http://" + source.rpartition("@")[2]
    assert list(items) == [f"{base}/a.txt", f"{base}/b/c d.md", f"{base}/b/é%2541.txt", f"{base}/z/y/x.txt"]
    assert list(items.values()) == list(FILES.values())
    assert failures == {}
    assert listing(RemoteConnector(f"{source}/a.txt"))[0] == {f"{base}/a.txt": b"alpha"}
    for name, data in ODD.items():
        write(folder, f"odd/{name}", data)
    assert listing(RemoteConnector(f"{source}/odd"))[0] == {f"{base}/odd/{name}": data for name, data in sorted(ODD.items())}


def test_webdav_changes(dav_folder: tuple[str, Path]) -> None:
    """Adding, changing and removing files is seen, and the password is in nothing that is stored."""
    source, folder = dav_folder
    sequence(source, lambda name, data: write(folder, name, data), lambda name: (folder / name).unlink())


def test_webdav_errors(dav_folder: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is one failure of one line that does not tell it; a variable that is not set is an error that names it."""
    source, _ = dav_folder
    monkeypatch.setenv("DAV_PASSWORD", "wr0ng-secret")
    _, failures = listing(RemoteConnector(source))
    ((uri, reason),) = failures.items()
    assert "401" in reason
    assert "wr0ng-secret" not in uri + reason
    monkeypatch.delenv("DAV_PASSWORD")
    with pytest.raises(SourceError, match="DAV_PASSWORD"):
        RemoteConnector(source)


def test_webdav_does_not_lead_elsewhere() -> None:
    """A server that redirects to another host is not followed."""
    pytest.importorskip("webdav4.fsspec", reason="webdav4 is not installed")
    with serving({"/secret/": (200, {}, b"secret")}) as inside, serving({}) as site:
        for path in ("/", "/x", "/x/"):
            site.routes[path] = (302, {"Location": f"http://localhost:{inside.port}/secret/"}, b"")
        _, failures = listing(RemoteConnector(f"webdav+http://127.0.0.1:{site.port}/x"))
        assert len(failures) == 1
        assert (inside.connections, len(site.asked)) == (0, 1)


class TestWebdav(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _files(self, dav_folder: tuple[str, Path]) -> None:
        self.url, folder = dav_folder
        for name, data in FILES.items():
            write(folder, name, data)
            os.utime(folder / name, (1_700_000_000, 1_700_000_000))

    def connector(self) -> type[RemoteConnector]:
        return RemoteConnector

    def source(self) -> str:
        return self.url


# --- FTP ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a server for a folder with files, its password in the environment."""
    handlers = pytest.importorskip("pyftpdlib.handlers", reason="pyftpdlib is not installed")
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.servers import FTPServer

    for name, data in FILES.items():
        write(tmp_path, name, data)
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    authorizer = DummyAuthorizer()
    authorizer.add_user("anna", "s3cret", str(tmp_path))
    monkeypatch.setenv("FTP_PASSWORD", "s3cret")
    server = FTPServer(("127.0.0.1", 0), type("Handler", (handlers.FTPHandler,), {"authorizer": authorizer}))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.02, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"ftp://anna:${{FTP_PASSWORD}}@127.0.0.1:{server.address[1]}/"
    stop.set()
    thread.join()


def test_ftp(ftp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are listed and read with the password of the environment, also from several threads; a file that changes is noticed."""
    assert list(listing(RemoteConnector(ftp))[0].values()) == list(FILES.values())
    connector = RemoteConnector(f"{ftp}b")
    base = "ftp://" + ftp.rpartition("@")[2]
    assert listing(connector)[0] == {f"{base}b/c d.md": b"# Title\n\nbeta", f"{base}b/é%2541.txt": b"gamma"}
    items = [item for item in connector.items() if isinstance(item, SourceItem)]
    with ThreadPoolExecutor(4) as threads:
        assert {len(data) for data in threads.map(lambda item: item.open().read(), items * 5)} == {5, 13}
    write(tmp_path, "b/c d.md", b"# Title\n\nBETA")
    after = tokens(RemoteConnector(f"{ftp}b"))
    assert [item.uri for item in items if item.token != after[item.uri]] == [f"{base}b/c d.md"]
    monkeypatch.setenv("FTP_PASSWORD", "wr0ng")
    with pytest.raises(SourceError) as caught:
        RemoteConnector(ftp)
    assert "wr0ng" not in str(caught.value)
