"""A hub on loopback that speaks Hugging Face's API, with the files on another address, as there."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

COMMIT = "5" * 40


@dataclass
class Hub:
    """One repository. ``cut`` ends the next answers after so many bytes; ``asked`` holds what came in."""

    files: dict[str, bytes]
    card: dict[str, Any] = field(default_factory=lambda: {"license": "apache-2.0"})
    repository: str = "owner/tiny-gguf"
    endpoint: str = ""
    store: str = ""
    cut: list[int] = field(default_factory=list)
    #: status of the next answers with a file
    failing: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: what the hub says of a file, where that is not the truth
    siblings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        siblings = []
        for name, content in self.files.items():
            sibling: dict[str, Any] = {"rfilename": name, "size": len(content)}
            sibling["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            if name.endswith((".gguf", ".safetensors")):
                sibling["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            siblings.append(sibling | self.siblings.get(name, {}))
        return {"id": self.repository, "sha": COMMIT, "siblings": siblings, "cardData": self.card, "tags": ["gguf", "license:mit"]}


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub and the store of its files, on two ports."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            return

        def answer(self, status: int, headers: dict[str, str], body: bytes = b"", cut: int | None = None) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut])
            if cut is not None:
                self.close_connection = True

    class Api(Quiet):
        def do_GET(self) -> None:
            path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
            hub.asked.append(("hub", path))
            file = path.removeprefix(f"/{hub.repository}/resolve/{COMMIT}/")
            if path in (f"/api/models/{hub.repository}/revision/{name}" for name in ("main", "v1", COMMIT)):
                self.answer(200, {"Content-Type": "application/json"}, json.dumps(hub.told()).encode())
            elif file in hub.files:
                digest = hashlib.sha256(hub.files[file]).hexdigest()
                linked = {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(len(hub.files[file])), "X-Repo-Commit": COMMIT}
                self.answer(302, linked | {"Location": f"{hub.store}/blobs/{urllib.parse.quote(file)}?signature=s"})
            else:
                self.answer(404, {}, b'{"error":"Repository not found"}')

    class Store(Quiet):
        def do_GET(self) -> None:
            content = hub.files[urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).removeprefix("/blobs/")]
            given = self.headers.get("Range", "")
            hub.asked.append(("store", given))
            start = int(given.removeprefix("bytes=").rstrip("-")) if given and hub.ranges else 0
            cut = hub.cut.pop(0) if hub.cut else None
            if hub.failing:
                self.answer(hub.failing.pop(0), {})
            elif start >= len(content):
                self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
            elif start:
                self.answer(206, {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}, content[start:], cut)
            else:
                self.answer(200, {"ETag": '"x"'}, content, cut)

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Api, Store)]
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}) for server in servers]
    hub.endpoint, hub.store = (f"http://{host}:{s.server_port}" for host, s in zip(("127.0.0.1", "localhost"), servers, strict=True))
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
