"""Git repositories for tests, made by git itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from pathlib import Path
from typing import Any

from ragkit.connectors.git import GitConnector
from ragkit.records import Failure, SourceItem

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


def listed(source: str | Path, **options: Any) -> dict[str, SourceItem | Failure]:
    """Items and failures by what stands behind the "#"."""
    return {item.uri.partition("#")[2]: item for item in GitConnector(f"git+{source}", **options).items()}


def read(source: str | Path, **options: Any) -> dict[str, str]:
    """The texts of a source's items."""
    return {name: item.open().read().decode() for name, item in listed(source, **options).items() if isinstance(item, SourceItem)}
