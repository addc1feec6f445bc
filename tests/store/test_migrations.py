"""Stores of older formats are brought to the newest one when they are opened; those of a newer one are left alone.

``data/format-0001.zip`` is a store that the first format's code wrote, with what that code answered.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ragkit import Ragkit, Settings
from ragkit.errors import StoreCorrupt, StoreError
from ragkit.store import engine as engines
from ragkit.store import head
from ragkit.store.catalog import Catalog
from ragkit.testing import SyntheticEmbedder

FIRST = Path(__file__).parent / "data" / "format-0001.zip"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of the first format: replaced and removed documents, access lists, a source, a failure and an answer."""
    shutil.unpack_archive(FIRST, tmp_path / "old")
    return tmp_path / "old"


@pytest.fixture
def expected(old: Path) -> dict[str, Any]:
    """What the first format's code answered."""
    found: dict[str, Any] = json.loads((old / "expected.json").read_text("utf-8"))
    return found


@pytest.fixture
def kit(old: Path) -> Iterator[Ragkit]:
    """The old store, opened."""
    with _open(old) as opened:
        yield opened


def _open(store: Path) -> Ragkit:
    settings = Settings().with_values(**{"generation.model": "none", "chunking.max_tokens": 24, "chunking.overlap_tokens": 0})
    return Ragkit.open(store, settings=settings, embedder=SyntheticEmbedder(16), create=False)


def _format(store: Path) -> str:
    with closing(sqlite3.connect(store / "catalog.db")) as connection:
        found: str = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        return found


def test_the_fixture_is_of_the_first_format(old: Path) -> None:
    """It has tombstones, a removed version, an access list, and no seals."""
    assert _format(old) == "0001"
    with closing(sqlite3.connect(old / "catalog.db")) as connection:
        assert connection.execute("SELECT count(*) FROM tombstones").fetchone()[0] > 0
        assert connection.execute("SELECT count(*) FROM documents WHERE removed_generation IS NOT NULL").fetchone()[0] == 2
        assert "seal" not in {row[1] for row in connection.execute("PRAGMA table_info(documents)")}


def test_an_old_store_answers_as_it_did(kit: Ragkit, old: Path, expected: dict[str, Any]) -> None:
    """Documents, hits, scores, counts and records are the same, the format is the newest, and ``check`` finds nothing."""
    assert _format(old) == engines.FORMAT
    assert kit.check() == []
    documents = [document.to_dict() for document in kit.documents()]
    assert [{name: found[name] for name in wanted} for found, wanted in zip(documents, expected["documents"], strict=True)] == expected[
        "documents"
    ]
    status = kit.status()
    assert {name: status[name] for name in expected["status"]} == expected["status"]
    assert len(status["sources"]) == expected["sources"]
    assert kit.answer_record(expected["record"])["question"] == expected["question"]
    for search in expected["searches"]:
        hits = kit.search(search["query"], 5, filter=search["filter"], principal=search["principal"], rerank=False)
        for hit, wanted in zip([hit.to_dict() for hit in hits], search["hits"], strict=True):
            assert hit["score"] == pytest.approx(wanted["score"], abs=1e-5)
            assert {name: hit[name] for name in wanted if name != "score"} == {name: wanted[name] for name in wanted if name != "score"}


def test_an_old_store_goes_on(kit: Ragkit, old: Path) -> None:
    """It takes new documents, new versions and deletions; ids and generations go on from where they were."""
    before = kit.status()["generation"]
    highest = max(document.document_id for document in kit.documents())
    kit.add_text("The mill number 40 was built in 1740.", uri="mill:40")
    kit.add_text("The mill number 0 burned down.", uri="mill:0")
    kit.delete("mill:3")
    assert kit.status()["generation"] >= before + 3
    found = {document.uri: document for document in kit.documents()}
    assert found["mill:40"].document_id > highest
    assert found["mill:0"].version == 2
    assert kit.search("mill number 40 built", 1)[0].uri == "mill:40"
    assert kit.check() == []
    assert head.read(old) is not None


def test_opening_again_migrates_nothing(kit: Ragkit, old: Path) -> None:
    """The second opening finds the newest format and leaves the file alone."""
    kit.close()
    before = (old / "catalog.db").read_bytes()
    with _open(old) as again:
        assert again.check() == []
    assert (old / "catalog.db").read_bytes() == before


def test_a_newer_format_is_refused(kit: Ragkit, old: Path) -> None:
    """The error says both formats and the command that helps; nothing is changed."""
    kit.close()
    with closing(sqlite3.connect(old / "catalog.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = (old / "catalog.db").read_bytes()
    with pytest.raises(StoreError, match=rf"format 9999, this ragkit reads up to {engines.FORMAT}.*pip install --upgrade ragkit"):
        _open(old)
    assert (old / "catalog.db").read_bytes() == before


def test_an_interrupted_migration_leaves_the_old_format(old: Path, expected: dict[str, Any]) -> None:
    """All of it happens in one transaction: a failure at any statement leaves the old store, which migrates the next time."""

    class Interrupted(BaseException):
        """The process ends here."""

    left = [10_000]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        whole = shutil.copytree(old, old.with_name("whole"))
        Catalog(f"sqlite:///{whole / 'catalog.db'}").close()
        total = 10_000 - left[0]
        for statements in (5, total // 4, total // 2, total * 3 // 4):
            left[0] = statements
            with pytest.raises(Interrupted):
                Catalog(f"sqlite:///{old / 'catalog.db'}")
            assert _format(old) == "0001"
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    with _open(old) as kit:
        assert len(kit.documents()) == len(expected["documents"])
        assert kit.check() == []


def test_damage_does_not_become_an_unknown_format(kit: Ragkit, old: Path) -> None:
    """A store whose format cannot be read, or is none that was, is damaged, not new."""
    kit.close()
    for statement in ("UPDATE alembic_version SET version_num = '0000'", "DELETE FROM alembic_version", "DROP TABLE alembic_version"):
        damaged = shutil.copytree(old, old.with_name("damaged"), dirs_exist_ok=True)
        with closing(sqlite3.connect(damaged / "catalog.db")) as connection:
            connection.execute(statement)
            connection.commit()
        with pytest.raises(StoreError):
            _open(damaged)


def test_a_migration_does_not_seal_damage(kit: Ragkit, old: Path) -> None:
    """Between sealed formats the seals are checked before anything is written anew."""
    kit.close()
    with closing(sqlite3.connect(old / "catalog.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.execute("ALTER TABLE identity DROP COLUMN analysis")
        connection.execute("UPDATE identity SET generation = 2")
        connection.commit()
    with pytest.raises(StoreCorrupt):
        _open(old)


def test_a_store_goes_from_format_to_format(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that stopped at any format on the way is brought on from there."""
    for number in range(2, int(engines.FORMAT) + 1):
        with monkeypatch.context() as patched:
            patched.setattr(engines, "FORMAT", f"{number:04d}")
            engine = engines.connect(f"sqlite:///{old / 'catalog.db'}")
            engines.migrate(engine)
            engine.dispose()
        assert _format(old) == f"{number:04d}"
    with _open(old) as kit:
        assert kit.check() == []


def test_every_format_has_its_migration() -> None:
    """The newest migration is the format that the code writes, and each but the first says what it follows."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "ragkit.store:migrations")
    config.set_main_option("path_separator", "os")
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [revision.revision for revision in revisions] == [f"{number:04d}" for number in range(int(engines.FORMAT), 0, -1)]
