"""Sets by URL, from a server on loopback: checked by hash, limited, kept in the cache."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragkit.cli import main
from ragkit.errors import SourceError
from ragkit.eval.data import BadData
from ragkit.eval.data.sources import cache_folder, fetched

BODY = json.dumps({"id": "a", "claim": "c", "references": ["r"], "attribution_label": "attributable", "src_dataset": "s"}).encode() + b"\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Has one file."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        found = self.path.endswith("dev.jsonl")
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(BODY) if found else 0))
        self.end_headers()
        self.wfile.write(BODY if found else b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    """The server, and a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(site: http.server.ThreadingHTTPServer, name: str = "x/dev.jsonl") -> str:
    return f"http://127.0.0.1:{site.server_address[1]}/{name}"


def kept() -> list[str]:
    return sorted(path.name for path in cache_folder().rglob("*") if path.is_file())


def test_a_set_is_fetched_once(site: http.server.ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The command fetches, checks and converts; a second time the cache is enough."""
    for _ in range(2):
        command = ["eval", "data", "attributionbench", "--from", f"{url(site)}#sha256={DIGEST}", "--to", "out"]
        assert main([*command, "--set", "sources.allow_hosts=127.0.0.1", "--json"]) == 0
        made = json.loads(capsys.readouterr().out)
        assert (made["files"], made["sources"]) == ({"claims.jsonl": 1}, {"dev.jsonl": DIGEST})
    assert site.asked == ["/x/dev.jsonl"]  # type: ignore[attr-defined]
    assert kept() == ["dev.jsonl"]


def test_other_bytes_are_refused(site: http.server.ThreadingHTTPServer) -> None:
    """A wrong hash, no hash, too many bytes and an error of the server: each is said, and nothing is kept."""
    allow = ["127.0.0.1"]
    with pytest.raises(BadData, match=f"the file has the hash {DIGEST}, asked for was 0000"):
        fetched(f"{url(site)}#sha256={'0' * 64}", allow_hosts=allow)
    with pytest.raises(BadData, match="write the file's hash behind it"):
        fetched(url(site), allow_hosts=allow)
    with pytest.raises(SourceError, match=r"more than 10 bytes|more bytes than allowed"):
        fetched(f"{url(site)}#sha256={DIGEST}", allow_hosts=allow, largest=10)
    with pytest.raises(BadData, match="the server answered 404; fetch the file yourself"):
        fetched(f"{url(site, 'gone')}#sha256={DIGEST}", allow_hosts=allow)
    assert kept() == []


def test_hosts_that_are_not_public_are_refused(site: http.server.ThreadingHTTPServer) -> None:
    """Without the setting ``sources.allow_hosts`` no request is made."""
    with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        fetched(f"{url(site)}#sha256={DIGEST}")
    assert site.asked == []  # type: ignore[attr-defined]
