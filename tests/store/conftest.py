"""Stores without a model, on each kind of catalog: SQLite, and a real PostgreSQL server on a free port of the loopback address.

A test that takes ``kit``, ``make_kit``, ``catalog_url`` or ``settings_for`` runs once on each.
"""

from __future__ import annotations

import getpass
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ragkit import Ragkit, Settings
from ragkit.contracts import Embedder
from ragkit.testing import SyntheticEmbedder

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one; their helpers stand beside them

MakeKit = Callable[..., Ragkit]
SettingsFor = Callable[[Path], Settings]

_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a running server, without the name of a database."""
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
    shutil.chown(folder, user)

    other = user if user != getpass.getuser() else None

    def run(program: str, *arguments: str | Path) -> None:
        command = [binaries[-1].with_name(program), "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=other)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run("initdb", "-U", "ragkit", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    run("pg_ctl", "-w", "-l", folder / "log", "-o", options, "start")
    yield f"postgresql+pg8000://ragkit@127.0.0.1:{port}"
    run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_for(request: pytest.FixtureRequest) -> Iterator[SettingsFor]:
    """Settings of the store at a path, whose catalog is its own: SQLite inside it, or a fresh database of the server."""
    if request.param == "sqlite":
        yield lambda path: Settings().with_values(**{"generation.model": "none"})
        return
    server = request.getfixturevalue("postgres")
    admin = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    made: dict[Path, str] = {}

    def settings(path: Path) -> Settings:
        if path not in made:
            name = f"ragkit_{next(_NAMES)}"
            with admin.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            made[path] = name
        return Settings().with_values(**{"generation.model": "none", "catalog.url": f"{server}/{made[path]}"})

    yield settings
    with admin.connect() as connection:
        for name in made.values():
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of the test's store; nothing is there yet."""
    return tmp_path / "store"


@pytest.fixture
def settings(settings_for: SettingsFor, store: Path) -> Settings:
    """Settings of the test's store."""
    return settings_for(store)


@pytest.fixture
def catalog_url(settings: Settings, store: Path) -> str:
    """The SQLAlchemy URL of the catalog of the test's store."""
    return settings.catalog.url or f"sqlite:///{store / 'catalog.db'}"


@pytest.fixture(scope="session")
def embedder() -> SyntheticEmbedder:
    """An embedder that needs no model; it has no state, so one serves all."""
    return SyntheticEmbedder()


@pytest.fixture
def make_kit(settings_for: SettingsFor, store: Path, embedder: SyntheticEmbedder) -> Iterator[MakeKit]:
    """``make_kit(path=store, *, embedder=…, create=True, damaged=False, **values)``: opens the store at ``path``; ``values`` are settings.

    The same path opens the same store again. What is still open when the test ends is closed.
    """
    opened: list[Ragkit] = []

    def make(
        path: Path | None = None, *, embedder: Embedder = embedder, create: bool = True, damaged: bool = False, **values: object
    ) -> Ragkit:
        path = path or store
        given = {name.replace("__", "."): value for name, value in values.items()}
        settings = settings_for(path).with_values(**given)
        opened.append(Ragkit.open(path, settings=settings, embedder=embedder, create=create, damaged=damaged))
        return opened[-1]

    yield make
    for kit in opened:
        kit.close()


@pytest.fixture
def kit(make_kit: MakeKit) -> Ragkit:
    """An empty store."""
    return make_kit()


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one, for tests that write much and do not look at what reaches the disk."""
    with tempfile.TemporaryDirectory(prefix="ragkit-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as made:
        yield Path(made)
