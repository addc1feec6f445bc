"""Damage in every kind of file: a reader gets what was there, or the clear error that the store is damaged; never anything else.

Each case damages one file of a copy of a store, and then looks at everything that a reader may ask. ``--runs N`` makes ``N``
cases of each kind of damage to each kind of file.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from damage import WAYS, WORDS, build, complaints, copy, look, open_kit, restored

from ragkit.errors import StoreCorrupt, StoreError
from ragkit.store import head
from ragkit.store.tables import answers, chunks, documents, failures, generations, identity, segments, sources, tombstones

RUNS = 12

#: The files of a store, by patterns. The locks' content means nothing: whatever is in them, all is as before.
FILES = {
    "catalog": "catalog.db",
    "head": "head.json",
    "lexical": "segments/*.lexical.*",
    "dense": "segments/*.dense.*",
    "writer": "writer.lock",
    "readers": "readers.lock",
}


class Past(NamedTuple):
    """A store, its states at earlier stages, one with commits in SQLite's log, a backup, and what is to be seen in them."""

    store: Path
    earlier: tuple[Path, ...]
    logged: Path
    backup: Path
    record: str
    seen: dict[str, Any]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """Made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("past")
    store = folder / "store"
    readers = []

    def then(stage: str) -> None:
        copy(store, folder / stage)
        if stage == "second":  # a reader that keeps the log from being emptied
            readers.append(open_kit(store))
            connection = readers[0]._catalog._engine.connect()
            connection.exec_driver_sql("SELECT count(*) FROM documents").all()
            readers.append(connection)

    record = build(store, then=then)
    for reader in reversed(readers):
        reader.close()
    with open_kit(store) as kit:
        kit.backup(folder / "backup")
    for path in folder.rglob("catalog.db-shm"):  # SQLite makes it anew
        path.unlink()
    assert (folder / "third" / "catalog.db-wal").stat().st_size > 10_000
    for lock in ("writer.lock", "readers.lock"):
        (store / lock).write_text('{"pid": 1, "host": "none", "since": "2020-01-01T00:00:00+00:00"}')
    seen = look(copy(store, folder / "seen"), record)
    yield Past(store, (folder / "first", folder / "second"), folder / "third", folder / "backup", record, seen)
    shutil.rmtree(folder)


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """Cases of each kind."""
    return request.config.getoption("--runs") or RUNS


def judge(made: Path, past: Past, case: str) -> bool:
    """Whether the damaged store says that it is damaged; if not it must be what it was.

    ``check`` must complain of what a reader complains of. It is asked first, for looking at a store writes an answer to it.
    """
    found = complaints(copy(made, made.with_name("checked")))
    error: StoreError | None = None
    try:
        seen = look(made, past.record)
    except StoreError as raised:
        error = raised
    if error is not None:
        assert found, f"{case}: {error}, but check finds nothing"
        assert "ragkit" in str(error), f"{case}: the error names no command: {error}"
        return True
    different = [name for name, value in past.seen.items() if seen[name] != value]
    assert not different, f"{case}: another result, and no error: {different}"
    return False


def test_the_copies_are_whole(past: Past, tmp_path: Path) -> None:
    """Without damage a copy is the store, with SQLite's log as without."""
    for made in (past.store, past.logged):
        assert complaints(copy(made, tmp_path / "copy")) == []
        assert not judge(copy(made, tmp_path / "copy"), past, "no damage")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", FILES)
def test_damage(kind: str, way: str, past: Past, tmp_path: Path, runs: int) -> None:
    """Flipped bits, missing ends, zeroed blocks and exchanged blocks change no answer."""
    noticed = 0
    for number in range(runs):
        chance = random.Random(f"{kind} {way} {number}")
        made = copy(past.store, tmp_path / "copy")
        target = chance.choice(sorted(made.glob(FILES[kind])))
        before = target.read_bytes()
        target.write_bytes(WAYS[way](before, chance))
        if target.read_bytes() != before:
            found = judge(made, past, f"{kind} {way} {number}")
            noticed += found
            assert found or kind in ("catalog", "writer", "readers"), f"{kind} {way} {number} was not noticed"
    assert noticed == 0 or kind not in ("writer", "readers")


@pytest.mark.parametrize("way", WAYS)
def test_damage_of_the_log(way: str, past: Past, tmp_path: Path, runs: int) -> None:
    """Commits that stand in SQLite's log alone are not lost without a word."""
    for number in range(runs):
        chance = random.Random(f"log {way} {number}")
        made = copy(past.logged, tmp_path / "copy")
        target = made / "catalog.db-wal"
        target.write_bytes(WAYS[way](target.read_bytes(), chance))
        judge(made, past, f"log {way} {number}")


def _swaps(past: Past) -> Iterator[tuple[str, str, Path]]:
    """``(file, what replaces it, its path)``: files of earlier stages, and other segments' files of the same kind."""
    for stage in past.earlier:
        for name in ("catalog.db", "head.json"):
            yield name, f"{stage.name}'s", stage / name
    for pattern in ("*.lexical.*", "*.dense.*"):
        files = sorted((past.store / "segments").glob(pattern))
        others = [file for stage in past.earlier for file in (stage / "segments").glob(pattern)]
        for file in files:
            for other in (*files, *others):
                if other.read_bytes() != file.read_bytes():
                    yield f"segments/{file.name}", f"{other.parent.parent.name}'s {other.name}", other


def test_swapped_files(past: Past, tmp_path: Path, runs: int) -> None:
    """A file in another's place is noticed; only an older ``head.json`` is harmless, for it promises less."""
    swaps = list(_swaps(past))
    chosen = random.Random(0).sample(swaps, min(4 * runs, len(swaps)))
    for name, what, other in chosen:
        made = copy(past.store, tmp_path / "copy")
        shutil.copyfile(other, made / name)
        assert judge(made, past, f"{name} is {what}") == (name != "head.json")


def test_swapped_logs(past: Past, tmp_path: Path) -> None:
    """A log beside a catalog that it does not belong to is noticed, or changes nothing."""
    for number, stage in enumerate((past.store, *past.earlier)):
        made = copy(past.logged, tmp_path / "copy")
        shutil.copyfile(stage / "catalog.db", made / "catalog.db")
        judge(made, past, f"the catalog of stage {number} with the log of the last")
    made = copy(past.logged, tmp_path / "copy")
    (made / "catalog.db-wal").unlink()
    assert judge(made, past, "the log is gone")


def test_an_older_store_as_a_whole_is_that_store(past: Past, tmp_path: Path) -> None:
    """When every file is of an earlier time nothing can tell: it is the store of that time, and whole."""
    made = copy(past.earlier[1], tmp_path / "copy")
    assert complaints(made) == []
    with open_kit(made) as kit:
        assert len(kit.documents()) == 11
        assert kit.search("When was the mill number 8 built?", 1)[0].uri == "mill:8"


@pytest.mark.parametrize("way", WAYS)
def test_damage_of_a_backup(way: str, past: Past, tmp_path: Path, runs: int) -> None:
    """A damaged backup is not restored; nothing is left where the store should have been."""
    files = sorted(file.relative_to(past.backup) for file in past.backup.rglob("*") if file.is_file())
    for number in range(runs):
        chance = random.Random(f"backup {way} {number}")
        made = copy(past.backup, tmp_path / "backup")
        target = made / chance.choice(files)
        before = target.read_bytes()
        target.write_bytes(WAYS[way](before, chance))
        if target.read_bytes() != before:
            with pytest.raises(StoreError):
                restored(made, tmp_path / f"restored{number}")
            assert not (tmp_path / f"restored{number}").exists()


def test_an_undamaged_backup_is_the_store(past: Past, tmp_path: Path) -> None:
    """What is restored is what was seen."""
    made = restored(past.backup, tmp_path / "restored")
    assert complaints(made) == []
    assert not judge(made, past, "restored")


@pytest.mark.parametrize("kind", ["lexical", "dense"])
def test_segments_are_rebuilt(kind: str, past: Past, tmp_path: Path) -> None:
    """After damage to a segment ``repair`` makes it anew from the catalog: the same results, and nothing to complain of."""
    for way, change in WAYS.items():
        made = copy(past.store, tmp_path / "copy")
        target = sorted(made.glob(FILES[kind]))[0]
        target.write_bytes(change(target.read_bytes(), random.Random(f"repair {kind} {way} 1")))
        with open_kit(made) as kit:
            kit.repair()
            assert kit.check() == []
        seen = look(made, past.record)
        assert [name for name, value in past.seen.items() if seen[name] != value and name not in ("status", "answer")] == []
        assert seen["answer"]["text"] == past.seen["answer"]["text"]


@pytest.fixture(scope="module")
def approximate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an approximate index."""
    store = tmp_path_factory.mktemp("approximate") / "store"
    chance = random.Random(1)
    many = "\n\n".join(" ".join(chance.choices(WORDS, k=14)).capitalize() + "." for _ in range(1100))
    with open_kit(store, create=True, **{"retrieval.dense_kind": "ivf-sq8"}) as kit:
        kit.add_text(many, uri="many")
        kit.add_text("One more mill.", uri="one")
        kit.compact()
    assert list(store.glob("segments/*.ann.*"))
    return store


@pytest.mark.parametrize("way", WAYS)
def test_damage_of_an_approximate_index(way: str, approximate: Path, tmp_path: Path, runs: int) -> None:
    """An approximate index is checked as the exact vectors are."""
    for number in range(runs):
        chance = random.Random(f"ann {way} {number}")
        made = copy(approximate, tmp_path / "copy")
        target = next(made.glob("segments/*.ann.*"))
        before = target.read_bytes()
        target.write_bytes(WAYS[way](before, chance))
        if target.read_bytes() != before:
            with open_kit(made) as kit:
                with pytest.raises(StoreCorrupt):
                    kit.search("miller grain")
                assert number or kit.check()


# --- rows, one by one ------------------------------------------------------------------------------------------

#: For each table a change of a row of it that a flipped bit could make, in SQL.
ROWS: dict[str, sa.UpdateBase] = {
    "a title": documents.update().where(documents.c.uri == "mill:9").values(title="Mill 8"),
    "an access list": documents.update().where(documents.c.uri == "mill:9").values(acl=["anna", "böb", "carl"]),
    "no access list": documents.update().where(documents.c.uri == "mill:9").values(acl=None),
    "metadata": documents.update().where(documents.c.uri == "mill:1").values(metadata={"year": 1801}),
    "a removed document": documents.update().where(documents.c.uri == "mill:9").values(removed_generation=3),
    "a text": documents.update().where(documents.c.uri == "mill:3").values(text=sa.func.replace(documents.c.text, "edition", "Edition")),
    "a span": chunks.update().values(start=chunks.c.start + 1),
    "a heading": chunks.update().values(headings=["Prices"]),
    "another document's chunk": chunks.update().where(chunks.c.id == 1).values(document_id=2),
    "no chunks": chunks.delete(),
    "a segment's hash": segments.update().values(files={}),
    "no segment": segments.delete().where(segments.c.first_chunk == 1),
    "a tombstone more": tombstones.insert().values(chunk_id=1),
    "no tombstones": tombstones.delete(),
    "other tombstones": tombstones.update().values(chunk_id=tombstones.c.chunk_id + 1000),
    "an answer": answers.update().values(question="Who built the mill?"),
    "no answer": answers.delete(),
    "a source's options": sources.update().values(options={}),
    "a source less": sources.delete().where(sources.c.source == "text:mill:1"),
    "a failure more": failures.insert().values(uri="x", source="y", reason="z", at="2020-01-01T00:00:00+00:00", seal=b"0" * 16),
    "the model": identity.update().values(embedding_sha256="0" * 64),
    "the generation": identity.update().values(generation=3),
    "no state": identity.delete(),
}


@pytest.mark.parametrize("what", ROWS)
def test_rows(what: str, past: Past, tmp_path: Path) -> None:
    """A row that is not what was written, one too many and one too few are noticed by readers and by ``check``."""
    made = copy(past.store, tmp_path / "copy")
    _execute(made, ROWS[what])
    assert judge(made, past, what)


@pytest.mark.parametrize(
    "statement",
    [
        generations.delete().where(generations.c.number == 2),
        generations.update().where(generations.c.number == 2).values(reason="other"),
        generations.insert().values(number=10**6, created_at="2020-01-01T00:00:00+00:00", reason="more"),
        chunks.delete().where(chunks.c.id == 1),
        documents.update().where(documents.c.removed_generation.is_not(None)).values(version=7),
    ],
)
def test_rows_that_only_check_reads(statement: sa.UpdateBase, past: Past, tmp_path: Path) -> None:
    """History is checked as well: the chain of generations, removed versions, passages that no question asks for."""
    made = copy(past.store, tmp_path / "copy")
    _execute(made, statement)
    assert complaints(made)


def _execute(store: Path, statement: sa.UpdateBase) -> None:
    """Change the catalog behind the store's back."""
    engine = sa.create_engine(f"sqlite:///{store / 'catalog.db'}")
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


# --- what a crash leaves is no damage ------------------------------------------------------------------------------


def test_a_commit_that_was_not_acknowledged_is_there(past: Past, tmp_path: Path) -> None:
    """After a crash between the commit and ``head.json`` the file is older, or not there: the next opening writes it."""
    for content in (past.earlier[0].joinpath("head.json").read_bytes(), None):
        made = copy(past.store, tmp_path / "copy")
        (made / "head.json").unlink()
        if content is not None:
            (made / "head.json").write_bytes(content)
        with open_kit(made) as kit:
            assert len(kit.documents()) == 13
            assert head.read(made) == head.read(past.store)


def test_nothing_waits_in_the_log(past: Past) -> None:
    """When no reader holds it back every write empties SQLite's log: nothing can be lost from it."""
    with open_kit(past.store) as kit:
        assert kit.answer_record(past.record)
        assert (past.store / "catalog.db-wal").stat().st_size == 0


def test_a_missing_catalog_is_not_an_empty_store(past: Past, tmp_path: Path) -> None:
    """Where there was a catalog none is made."""
    made = copy(past.store, tmp_path / "copy")
    (made / "catalog.db").unlink()
    with pytest.raises(StoreCorrupt, match="ragkit restore"):
        open_kit(made)
