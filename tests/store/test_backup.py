"""Backups: one generation, whole, while others write; what is damaged is refused; either kind of catalog."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ragkit import Ragkit, Settings
from ragkit import backup as backups
from ragkit.cli import main
from ragkit.errors import StoreCorrupt, StoreError, StoreNotFound
from ragkit.store import compaction, copying
from ragkit.store.tables import metadata
from ragkit.testing import SyntheticEmbedder

MakeKit = Callable[..., Ragkit]
SettingsFor = Callable[[Path], Settings]

NOTES = 6

#: Rewrites all notes of a store, edition after edition, until it is killed; says so after the first.
WRITER = """
import sys
from pathlib import Path
from ragkit import Ragkit, Settings
from ragkit.testing import SyntheticEmbedder
store, notes, count, url = sys.argv[1:]
settings = Settings().with_values(**{"generation.model": "none", "catalog.url": url})
with Ragkit.open(store, settings=settings, embedder=SyntheticEmbedder()) as kit:
    edition = 1
    while True:
        for i in range(int(count)):
            Path(notes, f"{i}.txt").write_text(f"Note {i} of edition {edition}: clerk {i} wrote of item {i * 7}.")
        kit.ingest(notes)
        if edition == 1:
            print("written", flush=True)
        edition += 1
"""


@pytest.fixture
def filled(make_kit: MakeKit) -> Ragkit:
    """A store with a history: versions, a removed document, failures, sources, an answer, an upload."""
    kit = make_kit()
    folder = kit.path.parent / "notes"
    folder.mkdir()
    for edition in range(2):
        for i in range(NOTES):
            (folder / f"{i}.md").write_text(f"# Notes\n\nNote {i} of edition {edition}: clerk {i} wrote — of item {i * 7}.\n")
        (folder / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing")
        kit.ingest(folder, acl=["staff"], metadata={"year": 1871, "price": 0.1, "tags": {"ü": None}})
    kit.add_text("A note for all.", uri="note:all")
    kit.add_text("A note that goes.", uri="note:gone")
    kit.delete("note:gone")
    kit.ask("Which clerk wrote of item 7?", mode="quote")
    (kit.path / "uploads").mkdir()
    (kit.path / "uploads" / "letter.txt").write_text("A letter.")
    return kit


def content(kit: Ragkit) -> Any:
    """What a store answers with: documents, texts, hits and their scores, records."""
    documents = [(d.to_dict(), kit.text(d.uri)) for d in kit.documents()]
    hits = [hit.to_dict() for query in ("which clerk wrote of item 7", "note for all") for hit in kit.search(query, 20)]
    explained = [candidate.to_dict() for candidate in kit.explain("which clerk wrote of item 7", principal="staff")]
    status = {key: kit.status()[key] for key in ("generation", "documents", "chunks", "segments", "embedding_model", "sources", "failures")}
    return documents, hits, explained, status, rows(kit)


def rows(kit: Ragkit) -> dict[str, list[Any]]:
    """Every row of every table."""
    with kit._catalog.snapshot() as connection:
        queries = {t.name: sa.select(t).order_by(next(iter(t.primary_key))) for t in metadata.sorted_tables}
        return {name: [tuple(row) for row in connection.execute(query)] for name, query in queries.items()}


@contextmanager
def opened(path: Path, embedder: SyntheticEmbedder, url: str = "") -> Iterator[Ragkit]:
    """A restored store."""
    settings = Settings().with_values(**{"generation.model": "none", "catalog.url": url})
    with Ragkit.open(path, settings=settings, embedder=embedder, create=False) as kit:
        yield kit


def nothing_beside(target: Path) -> bool:
    """Whether neither ``target`` nor a part of it was left."""
    return not target.exists() and not list(target.parent.glob(f".{target.name}.*"))


def test_a_restored_store_is_the_same(filled: Ragkit, tmp_path: Path, embedder: SyntheticEmbedder) -> None:
    """Every row, text, hit, score and record, versions and generations, and the uploaded files; from either kind of catalog."""
    report = filled.backup(tmp_path / "backup")
    restored = Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())
    assert (report.generation, report.documents, report.chunks) == (restored.generation, restored.documents, restored.chunks)
    assert sorted(p.name for p in (tmp_path / "backup").iterdir()) == ["backup.json", "catalog.db", "segments", "uploads"]
    assert nothing_beside(tmp_path / "none")
    with opened(tmp_path / "restored", embedder) as kit:
        assert kit.check() == []
        assert content(kit) == content(filled)
        assert (kit.path / "uploads" / "letter.txt").read_text() == "A letter."
        assert kit.add_text("Life goes on.", uri="note:new").added == 1
        assert kit.check() == []


def test_from_one_kind_of_catalog_to_the_other_and_back(
    filled: Ragkit, settings_for: SettingsFor, tmp_path: Path, embedder: SyntheticEmbedder, postgres: str
) -> None:
    """SQLite to PostgreSQL to SQLite, and the other way round, keep every row; new documents get new numbers."""
    url = f"{postgres}/postgres"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"restored_{filled.path.parent.name}".replace("-", "_")[-50:]
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    served = Settings().with_values(**{"generation.model": "none", "catalog.url": f"{postgres}/{name}"})
    filled.backup(tmp_path / "first")
    Ragkit.restore(tmp_path / "first", tmp_path / "served", settings=served)
    assert not (tmp_path / "served" / "catalog.db").exists()
    with opened(tmp_path / "served", embedder, served.catalog.url) as kit:
        assert kit.check() == []
        assert content(kit) == content(filled)
        kit.backup(tmp_path / "second")
        with pytest.raises(StoreError, match="holds a store"):
            Ragkit.restore(tmp_path / "first", tmp_path / "again", settings=served)
        assert nothing_beside(tmp_path / "again")
    Ragkit.restore(tmp_path / "second", tmp_path / "back", settings=Settings())
    with opened(tmp_path / "back", embedder) as kit:
        assert content(kit) == content(filled)
    with opened(tmp_path / "served", embedder, served.catalog.url) as kit:
        assert kit.add_text("Life goes on.", uri="note:new").added == 1
        assert kit.check() == []
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_backups_during_an_ingest_are_one_generation_each(
    make_kit: MakeKit, tmp_path: Path, embedder: SyntheticEmbedder, count: int
) -> None:
    """Another process rewrites all documents in each commit, merges segments and removes files; every backup has one edition."""
    kit = make_kit()
    (tmp_path / "notes").mkdir()
    arguments = [str(kit.path), str(tmp_path / "notes"), str(NOTES), kit.settings.catalog.url or ""]
    writer = subprocess.Popen([sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        reports = [kit.backup(tmp_path / f"backup {n}") for n in range(count)]
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
        if writer.stdout is not None:
            writer.stdout.close()
    assert len({report.generation for report in reports}) > 1 or count < 20
    for n, report in enumerate(reports):
        Ragkit.restore(tmp_path / f"backup {n}", tmp_path / f"restored {n}", settings=Settings())
        with opened(tmp_path / f"restored {n}", embedder) as restored:
            assert restored.check() == []
            assert restored.status()["generation"] == report.generation
            texts = [restored.text(d.uri) for d in restored.documents()]
            assert len(texts) == NOTES
            assert len({text.partition(":")[0].partition(" of ")[2] for text in texts}) == 1
            assert sorted(h.text for h in restored.search("which clerk wrote of item", 20)) == sorted(texts)


def test_a_backup_keeps_the_files_that_it_copies(make_kit: MakeKit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge between a backup's first look and its last file removes nothing from under it."""
    kit = make_kit()
    for i in range(3):
        kit.add_text(f"Note {i}.", uri=f"note:{i}")
    writer = make_kit()
    original = backups._copied

    def copied(*args: Any, **options: Any) -> Any:
        thread = threading.Thread(target=writer.compact)
        monkeypatch.setattr(backups, "_copied", original)
        monkeypatch.setattr(compaction, "PATIENCE_S", 0.1)
        thread.start()
        thread.join()
        return original(*args, **options)

    monkeypatch.setattr(backups, "_copied", copied)
    report = kit.backup(tmp_path / "backup")
    assert report.generation < kit.status()["generation"]
    restored = Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())
    assert restored.documents == 3


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_a_flipped_bit_in_any_file_is_refused(filled: Ragkit, tmp_path: Path) -> None:
    """One bit of any file, at its start, middle or end, a missing file, or a shorter one: there is no store then."""
    filled.backup(tmp_path / "backup")
    for path in sorted(p for p in (tmp_path / "backup").rglob("*") if p.is_file()):
        whole = path.read_bytes()
        places = [0, len(whole) // 3, len(whole) // 2, len(whole) - 1]
        damaged = [whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :] for at in places]
        for broken in [*damaged, whole[:-1], whole + b"\n", b""]:
            path.write_bytes(broken)
            with pytest.raises(StoreError):
                Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())
            assert nothing_beside(tmp_path / "restored")
        path.unlink()
        with pytest.raises(StoreError):
            Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())
        path.write_bytes(whole)
    Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_a_damaged_store_makes_no_backup(filled: Ragkit, tmp_path: Path) -> None:
    """A segment's file, or a row, that is not what was written is no backup's content."""
    file = next((filled.path / "segments").glob("*.faiss"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(StoreCorrupt, match=file.name):
        filled.backup(tmp_path / "backup")
    file.write_bytes(whole)
    with filled._catalog._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE documents SET title = 'another' WHERE uri = 'note:all'")
    with pytest.raises(StoreCorrupt, match="note:all"):
        filled.backup(tmp_path / "backup")
    assert nothing_beside(tmp_path / "backup")


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", [(backups, "_copied"), (copying, "write_catalog"), (backups, "_require_sound"), (backups, "_move")])
def test_an_interrupted_backup_leaves_nothing(
    filled: Ragkit, tmp_path: Path, step: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the target nor a part of it."""

    def fail(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*step, fail)
        with pytest.raises(KeyboardInterrupt):
            filled.backup(tmp_path / "backup")
    assert nothing_beside(tmp_path / "backup")
    assert filled.backup(tmp_path / "backup").documents == NOTES + 1


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_places_that_are_taken_are_refused(filled: Ragkit, tmp_path: Path) -> None:
    """A backup takes no other folder's place, nor the inside of its store; a restored store takes an empty folder's alone."""
    (tmp_path / "there").mkdir()
    for target in (tmp_path / "there", filled.path / "inside", tmp_path / "no" / "folder"):
        with pytest.raises(StoreError):
            filled.backup(target)
    filled.backup(tmp_path / "backup")
    with pytest.raises(StoreError, match="not empty"):
        Ragkit.restore(tmp_path / "backup", filled.path, settings=Settings())
    with pytest.raises(StoreNotFound):
        Ragkit.restore(tmp_path / "there", tmp_path / "restored", settings=Settings())
    assert Ragkit.restore(tmp_path / "backup", tmp_path / "there", settings=Settings()).documents == NOTES + 1


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", [{"format": 2}, {"catalog_format": "9999"}])
def test_a_newer_backup_is_refused(filled: Ragkit, tmp_path: Path, change: dict[str, Any]) -> None:
    """What a later version may have written is not read; the message says how to."""
    filled.backup(tmp_path / "backup")
    manifest = tmp_path / "backup" / "backup.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(StoreError, match="upgrade"):
        Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_no_file_of_a_backup_leaves_the_store(filled: Ragkit, tmp_path: Path) -> None:
    """A manifest that names a path outside is refused, however well it is sealed."""
    filled.backup(tmp_path / "backup")
    manifest = backups.read_manifest(tmp_path / "backup")
    for name in ("../outside", "segments/../../outside", "segments/..", "/outside", "other/file"):
        changed = backups.Manifest(
            **{**{f: getattr(manifest, f) for f in manifest.__slots__}, "files": (backups.FileInfo(name=name, bytes=0, sha256=""),)}
        )
        (tmp_path / "backup" / "backup.json").write_bytes(changed.to_bytes())
        with pytest.raises(StoreCorrupt):
            Ragkit.restore(tmp_path / "backup", tmp_path / "restored", settings=Settings())


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_the_commands(filled: Ragkit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``ragkit backup`` and ``ragkit restore`` say what they hold; a second one to the same place fails."""
    shared = ["--set", "generation.model=none", "--json"]
    assert main(["--store", str(filled.path), *shared, "backup", str(tmp_path / "backup")]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main([*shared, "restore", str(tmp_path / "backup"), str(tmp_path / "restored")]) == 0
    restored = json.loads(capsys.readouterr().out)
    assert {key: made[key] for key in ("generation", "documents", "chunks", "files", "bytes", "created_at")}.items() <= restored.items()
    assert main([*shared, "restore", str(tmp_path / "backup"), str(tmp_path / "restored")]) == 1
    assert main(["--store", str(tmp_path / "restored"), *shared, "check"]) == 0
