"""The catalog on a real PostgreSQL server, started for the test on a free port of the loopback address."""

from __future__ import annotations

import getpass
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragkit import Ragkit, Settings
from ragkit.models.embedder import SentenceTransformerEmbedder

pytest.importorskip("pg8000", reason="the extra ragkit[postgres] is not installed")

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of an empty database."""
    if not _BINARIES:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    user = getpass.getuser()
    if user == "root":  # the server refuses to run as root
        if not any(entry.pw_name == "postgres" for entry in pwd.getpwall()):
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = "postgres"
    folder = Path(tempfile.mkdtemp(prefix="ragkit-pg-"))
    shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = {"user": user, "cwd": folder} if user != getpass.getuser() else {"cwd": folder}
    binaries = _BINARIES[-1].parent
    data = folder / "data"
    subprocess.run([binaries / "initdb", "-D", data, "-U", "ragkit", "--auth=trust", "--no-sync"], check=True, capture_output=True, **run)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    start = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **run)
    yield f"postgresql+pg8000://ragkit@127.0.0.1:{port}/postgres"
    subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, capture_output=True, **run)
    shutil.rmtree(folder)


def test_a_store_with_its_catalog_in_postgresql(url: str, tmp_path: Path, embedder: SentenceTransformerEmbedder) -> None:
    """Ingest, change, search, ask, pin, delete and check work as they do on SQLite."""
    settings = Settings().with_values(**{"catalog.url": url, "generation.model": "none"})
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The mill was built in 1790.")
    (folder / "b.txt").write_text("The barn burned down in 1844.")
    with Ragkit.open(tmp_path / "s", settings=settings, embedder=embedder) as kit:
        assert kit.ingest(folder, acl=["anna"]).added == 2
        assert kit.ingest(folder, acl=["anna"]).unchanged == 2
        answer = kit.ask("When was the mill built?", principal="anna")
        citation = answer.sentences[0].citations[0]
        assert "1790" in citation.cited_text
        assert kit.text(citation.uri, citation.start_char_index, citation.end_char_index) == citation.cited_text
        assert kit.search("mill", principal="bob") == []
        with kit._searcher.pin() as pinned:
            before = pinned.search("mill", 2).hits
            (folder / "a.txt").write_text("The mill was torn down.")
            assert kit.ingest(folder, acl=["anna"]).updated == 1
            assert pinned.search("mill", 2).hits == before
        (folder / "b.txt").unlink()
        assert kit.sync().removed == 1
        assert [d.version for d in kit.documents()] == [2]
        assert kit.answer_record(answer.record_id)["question"] == answer.question
        assert kit.check() == []
