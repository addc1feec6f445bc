"""Servers for tests, on loopback."""

from __future__ import annotations

import getpass
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running PostgreSQL server, without the name of a database; its user ragkit has the password "sesame"."""
    pytest.importorskip("pg8000", reason="the extra ragkit[postgres] is not installed")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not binaries:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    user = getpass.getuser()
    if user == "root":  # the server refuses to run as root
        if not any(entry.pw_name == "postgres" for entry in pwd.getpwall()):
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = "postgres"
    folder = Path(tempfile.mkdtemp(prefix="ragkit-pg-"))
    (folder / "password").write_text("sesame")
    shutil.chown(folder / "password", user)
    shutil.chown(folder, user)
    other = user if user != getpass.getuser() else None

    def run(program: str, *arguments: str | Path) -> None:
        command = [binaries[-1].with_name(program), "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=other)

    port = free_port()
    login = ("-U", "ragkit", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
    run("initdb", *login, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://ragkit:${{RAGKIT_TEST_PASSWORD}}@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)
