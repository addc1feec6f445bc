"""Erasure: not a byte of a forgotten document stays in the store, and the others stay as they were."""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import residues
import sqlalchemy as sa

from ragkit import Ragkit
from ragkit.cli import main
from ragkit.errors import DocumentNotFound, FilterError, StoreCorrupt, StoreError
from ragkit.forget import Receipt
from ragkit.store import compaction, erasure
from ragkit.store.lock import reading_lock
from ragkit.store.pending import is_pending
from ragkit.store.tables import metadata
from ragkit.testing import SyntheticEmbedder

MakeKit = Callable[..., Ragkit]

RUNS = 200
#: Runs in one store, before the next begins.
RUNS_A_STORE = 10
SUBJECTS = "apples barges cranes dunes elms ferries gulls harbours inlets jetties".split()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everybody's temporary files go: Python's, SQLite's, and those of helper processes."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder whose files are in memory where the system has one, since these tests wait for the disk alone."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="ragkit-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


class Person:
    """A document about one person, in three files and two versions, and every word and vector that must vanish with it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        names = ("uri", "title", "heading", "text", "metadata", "access", "earlier")
        self.markers = {name: residues.marker(chance) for name in names}
        self.folder = folder
        self.subject = chance.choice(SUBJECTS)
        self.chance = chance
        self._texts: list[str] = []

    def ingest(self, kit: Ragkit) -> None:
        """The earlier version, then the newer, as Markdown, HTML and a given text."""
        m = self.markers
        for word in (m["earlier"], m["text"]):
            body = f"About {self.subject} {word} knows most. {word} lives by the river."
            (self.folder / f"{m['uri']}.md").write_text(
                f"# {m['heading']}\n\n{body}\n\n## Habits\n\nReads of {self.subject} with {word}.\n"
            )
            html = f"<title>{m['title']}</title><meta name=author content={word}><h1>{m['heading']}</h1><p>{body}</p>"
            (self.folder / f"{m['uri']}.html").write_text(html)
            files = [self.folder / f"{m['uri']}{suffix}" for suffix in (".md", ".html")]
            kit.ingest(*files, metadata={"who": m["metadata"]}, acl=["public", m["access"]])
            kit.add_text(body, uri=f"note:{m['uri']}", title=m["title"], metadata={"who": m["metadata"], "deep": {m["metadata"]: [word]}})
            self._texts += [f"{m['heading']}\n{m['heading']}\n\n{body}", body]
            kit.ask(f"What does {word} know about {self.subject}?", mode="quote")
        kit.ask(f"Who is {m['metadata']}?", mode="quote")

    @property
    def uris(self) -> list[str]:
        """The documents' URIs."""
        name = self.markers["uri"]
        return [f"note:{name}", *(os.path.realpath(self.folder / f"{name}{suffix}") for suffix in (".html", ".md"))]

    def traces(self, embedder: SyntheticEmbedder) -> dict[str, bytes]:
        """Every byte string that must vanish."""
        found = {f"{name} as {form}": content for name, word in self.markers.items() for form, content in residues.forms(word).items()}
        return found | residues.vector_forms(embedder, self._texts)

    def forget(self, kit: Ragkit) -> Receipt:
        """In one of the ways in which documents are forgotten."""
        way = self.chance.randrange(3)
        if way == 1:
            kit.delete(*self.uris)
        return kit.forget(where=f'who == "{self.markers["metadata"]}"') if way == 2 else kit.forget(*self.uris)


def keep(kit: Ragkit, chance: random.Random, run: int) -> None:
    """Documents that stay, about what the others are about."""
    for i in range(2):
        kit.add_text(f"On {' and '.join(chance.sample(SUBJECTS, 3))}, note {run} of {i}.", uri=f"kept:{run}-{i}", metadata={"kept": True})
    kit.ask(f"What does note {run} say of {chance.choice(SUBJECTS)}?", mode="quote", filter="kept == true")


def seen(kit: Ragkit, filter: str | None = None) -> list[Any]:
    """What a reader sees of the kept documents: texts, records, and hits with every score to the last bit."""
    texts = [(d.uri, d.version, d.sha256, kit.text(d.uri)) for d in kit.documents() if d.uri.startswith("kept:")]
    hits = [kit.search(f"what of {word}", 8, filter=filter, rerank=False) for word in SUBJECTS]
    return [texts, [[(h.uri, h.text, h.score, h.scores) for h in found] for found in hits]]


def rows(kit: Ragkit) -> str:
    """Every value of every row of the catalog."""
    with kit._catalog.snapshot() as connection:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))


def answers(kit: Ragkit) -> set[str]:
    with kit._catalog.snapshot() as connection:
        return set(connection.execute(sa.select(metadata.tables["answers"].c.id)).scalars())


def forget_one(kit: Ragkit, chance: random.Random, run: int, folder: Path, temporary: Path, embedder: SyntheticEmbedder) -> None:
    """One run: a person's documents come, are asked about and are forgotten; nothing of them is left, and the rest is as before."""
    keep(kit, chance, run)
    kept_answers = answers(kit)
    person = Person(folder, chance)
    person.ingest(kit)
    before, traces = seen(kit, "kept == true"), person.traces(embedder)
    there = {name.partition(" ")[0] for _, name in residues.scan([kit.path], traces)}
    if not kit.settings.catalog.url:
        assert there >= {*person.markers, "vector"} - {"earlier"}
    receipt = person.forget(kit)
    assert (sorted(receipt.documents), receipt.pending) == (sorted(person.uris), ())
    assert receipt.versions == 6
    assert receipt.answers >= 3
    assert residues.scan([kit.path, temporary], traces) == []
    assert [word for word in person.markers.values() if word in rows(kit)] == []
    assert answers(kit) == kept_answers
    assert seen(kit) == before
    assert kit.check() == []


def test_a_forgotten_document_leaves_no_byte(
    make_kit: MakeKit, tmp_path: Path, temporary: Path, embedder: SyntheticEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    """Text, title, headings, URI, metadata, access list, vectors, index terms and answers: gone from every file, row and log."""
    kit = make_kit(tmp_path / "store")
    (tmp_path / "people").mkdir()
    for run in range(3):
        forget_one(kit, random.Random(run), run, tmp_path / "people", temporary, embedder)
    assert caplog.text == ""


@pytest.mark.slow
@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_a_forgotten_document_leaves_no_byte_in_many_runs(
    request: pytest.FixtureRequest, make_kit: MakeKit, in_memory: Path, temporary: Path, embedder: SyntheticEmbedder
) -> None:
    """The same many times, with other words, in stores that grow."""
    (in_memory / "people").mkdir()
    for run in range(int(request.config.getoption("runs") or RUNS)):
        kit = make_kit(in_memory / f"store {run // RUNS_A_STORE}")
        forget_one(kit, random.Random(f"run {run}"), run, in_memory / "people", temporary, embedder)
        kit.close()


def test_the_server_keeps_no_dead_rows(kit: Ragkit, tmp_path: Path, temporary: Path, embedder: SyntheticEmbedder) -> None:
    """On PostgreSQL the database's own files, tables and statistics, hold nothing of it either, once they are written."""
    if not kit.settings.catalog.url:
        pytest.skip("SQLite's files are below the store")
    (tmp_path / "people").mkdir()
    person = Person(tmp_path / "people", random.Random(5))
    keep(kit, random.Random(5), 0)
    person.ingest(kit)
    admin = sa.create_engine(kit.settings.catalog.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")
        oid = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar()
        folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar())) / "base" / str(oid)
        traces = {name: word.encode() for name, word in person.markers.items() if name not in ("text", "earlier")}
        assert {name for _, name in residues.scan([folder], traces)} >= {"uri", "title"}
        receipt = kit.forget(*person.uris)
        connection.exec_driver_sql("CHECKPOINT")
        assert residues.scan([folder], {name: word.encode() for name, word in person.markers.items()}) == []
    admin.dispose()
    assert receipt.pending == ()
    assert any("server's write-ahead log" in what for what in receipt.outside)


def test_the_receipt_counts_and_nothing_is_kept_of_it(kit: Ragkit) -> None:
    """It says what went; a dry run says the same beforehand and changes nothing."""
    kit.add_text("Alice likes tea.", uri="note:a")
    kit.add_text("Alice likes coffee.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    kit.ask("What does Alice like?", mode="quote")
    generation = kit.status()["generation"]
    planned = kit.forget("note:a", dry_run=True)
    assert kit.status()["generation"] == generation
    receipt = kit.forget("note:a")
    assert (planned.documents, planned.versions, planned.chunks, planned.answers) == (("note:a",), 2, 1, 1)
    assert (receipt.documents, receipt.versions, receipt.chunks, receipt.answers, receipt.sources) == (("note:a",), 2, 1, 1, 1)
    assert receipt.vectors >= receipt.segments >= 1
    assert receipt.generation == generation + 1
    assert json.loads(json.dumps(receipt.to_dict()))["documents"] == ["note:a"]
    assert "note:a" not in rows(kit)
    assert kit.add_text("Alice is back.", uri="note:a").added == 1
    assert kit.documents()[0].version == 1


def test_what_is_not_there_is_an_error(kit: Ragkit) -> None:
    """An unknown URI removes nothing, nor does a filter that cannot be read; a filter that nothing passes erases nothing."""
    kit.add_text("Alice likes tea.", uri="note:a")
    with pytest.raises(DocumentNotFound, match="note:x"):
        kit.forget("note:a", "note:x")
    with pytest.raises(FilterError):
        kit.forget(where="==")
    with pytest.raises(ValueError, match="URIs"):
        kit.forget()
    assert kit.forget(where="title == 'nobody'").documents == ()
    assert len(kit.documents()) == 1


def test_failures_and_sources_that_name_it_go(kit: Ragkit, tmp_path: Path) -> None:
    """A file that could not be read, and a source that was one file, are forgotten by their name; a folder of others stays."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing")
    (folder / "good.txt").write_text("Good things.")
    (tmp_path / "one.txt").write_text("One thing.")
    kit.ingest(folder, tmp_path / "one.txt")
    bad, one = os.path.realpath(folder / "bad.pdf"), os.path.realpath(tmp_path / "one.txt")
    receipt = kit.forget(bad, one)
    assert (receipt.failures, receipt.sources, receipt.versions) == (1, 1, 1)
    assert kit.status()["failures"] == []
    assert kit.status()["sources"] == [os.path.realpath(folder)]
    kit.forget(os.path.realpath(folder / "good.txt"))
    assert kit.status()["sources"] == []


def test_uploads_and_quarantine_are_emptied(kit: Ragkit) -> None:
    """An uploaded file goes with its documents unless others are in it; damaged files that were set aside go."""
    uploads = kit.path / "uploads"
    uploads.mkdir()
    (uploads / "cv.txt").write_text("Alice was a sailor.")
    (uploads / "all.jsonl").write_text('{"_id": "1", "text": "Alice sails."}\n{"_id": "2", "text": "Bob rows."}\n')
    (kit.path / "quarantine").mkdir()
    (kit.path / "quarantine" / "old.faiss").write_bytes(b"vectors")
    kit.ingest(uploads / "cv.txt", uploads / "all.jsonl")
    base = os.path.realpath(uploads)
    receipt = kit.forget(f"{base}/cv.txt", f"{base}/all.jsonl#1")
    assert receipt.files == 2
    assert any("all.jsonl" in what for what in receipt.outside)
    assert [path.name for path in kit.path.rglob("*") if path.name in ("cv.txt", "all.jsonl", "old.faiss")] == ["all.jsonl"]
    assert kit.forget(f"{base}/all.jsonl#2").files == 1
    assert list(uploads.iterdir()) == []


def test_an_answer_given_meanwhile_is_not_recorded(kit: Ragkit) -> None:
    """Who began to answer before the erasure and ends after it leaves no record that could quote the document."""
    kit.add_text("Alice likes tea.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    generation = kit.status()["generation"]
    kit.forget("note:a")
    kit._catalog.save_answer("late", generation, "What does Alice like?", {"text": "Alice likes tea."})
    with pytest.raises(StoreError):
        kit.answer_record("late")


def test_a_reader_delays_the_files_alone(make_kit: MakeKit, embedder: SyntheticEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a reader opens files the document is gone for everybody, the receipt says what is pending, and the next write does it."""
    monkeypatch.setattr("ragkit.forget.PATIENCE_S", 0.1)
    kit = make_kit()
    kit.add_text("Alice likes zwetschgen.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    wanted = residues.forms("zwetschgen") | residues.vector_forms(embedder, ["Alice likes zwetschgen."])
    with reading_lock(kit.path):
        receipt = kit.forget("note:a")
    assert [what.partition(":")[0] for what in receipt.pending] == ["replaced segment files"]
    assert [d.uri for d in kit.documents()] == ["note:b"]
    assert residues.scan([kit.path / "segments"], wanted) != []
    assert kit.check() == []
    kit.add_text("Carol likes milk.", uri="note:c")
    assert residues.scan([kit.path], wanted) == []


@pytest.mark.parametrize("write", ["compact", "reindex"])
def test_maintenance_completes_an_erasure(make_kit: MakeKit, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader delayed is done by whatever writes next, not by an ingest alone."""
    monkeypatch.setattr("ragkit.forget.PATIENCE_S", 0.1)
    kit = make_kit()
    kit.add_text("Alice likes zwetschgen.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    with reading_lock(kit.path):
        assert kit.forget("note:a").pending
    getattr(kit, write)()
    assert residues.scan([kit.path], residues.forms("zwetschgen")) == []
    with kit._catalog.snapshot() as connection:
        assert not is_pending(connection)


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_a_long_question_delays_the_log_alone(make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a reader is pinned to an old generation SQLite's log cannot be emptied; the next erasure or write empties it."""
    monkeypatch.setattr("ragkit.forget.PATIENCE_S", 0.1)
    kit, other = make_kit(), make_kit()
    kit.add_text("Alice likes zwetschgen.", uri="note:a")
    with other._searcher.pin() as pinned:
        receipt = kit.forget("note:a")
        assert pinned.search("zwetschgen", 5).hits[0].text == "Alice likes zwetschgen."
    assert any("log" in what for what in receipt.pending)
    assert kit.forget("note:a").unknown == ("note:a",)
    assert residues.scan([kit.path], residues.forms("zwetschgen")) == []


@pytest.mark.parametrize("step", [(erasure, "erase"), (compaction, "merge"), (compaction, "sweep"), (erasure, "clean")])
@pytest.mark.parametrize("after", [False, True])
def test_an_interrupted_erasure_is_completed(kit: Ragkit, step: tuple[Any, str], after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is interrupted the store is whole, the document is there or gone, and forgetting again completes it."""
    kit.add_text("Alice likes zwetschgen.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    place, name = step
    original = getattr(place, name)

    def fail(*args: Any, **options: Any) -> None:
        if after:
            original(*args, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, name, fail)
        with pytest.raises(KeyboardInterrupt):
            kit.forget("note:a")
    gone = name != "erase" or after
    assert kit.check() == []
    assert [d.uri for d in kit.documents()] == (["note:b"] if gone else ["note:a", "note:b"])
    assert [hit.uri for hit in kit.search("zwetschgen", 5) if hit.uri == "note:a"] == ([] if gone else ["note:a"])
    assert kit.forget("note:a").pending == ()
    with kit._catalog.snapshot() as connection:
        assert not is_pending(connection)
    assert residues.scan([kit.path], residues.forms("zwetschgen")) == []


def test_damage_delays_the_erasure_of_files_alone(kit: Ragkit) -> None:
    """With a damaged segment the document is gone for everybody; after the repair the next erasure empties the quarantine too."""
    kit.add_text("Alice likes zwetschgen.", uri="note:a")
    kit.add_text("Bob likes tea.", uri="note:b")
    file = next((kit.path / "segments").glob("*.lexical.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreCorrupt):
        kit.forget("note:a")
    assert [d.uri for d in kit.documents()] == ["note:b"]
    kit.repair()
    assert kit.check() == []
    receipt = kit.forget("note:a")
    assert (receipt.unknown, receipt.pending) == (("note:a",), ())
    assert residues.scan([kit.path], residues.forms("zwetschgen")) == []


@pytest.mark.parametrize("settings_for", ["sqlite"], indirect=True)
def test_the_command(make_kit: MakeKit, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``ragkit forget`` prints a receipt, as JSON too; exit 1 for what is not there, 2 for nothing asked."""
    for name in ("a", "b", "c"):
        make_kit().add_text(f"Note {name}.", uri=f"note:{name}")
    shared = ["--store", str(store), "--set", "generation.model=none"]
    assert main([*shared, "forget", "note:a", "--dry-run"]) == 0
    assert "would erase" in capsys.readouterr().out
    assert main([*shared, "forget", "note:a"]) == 0
    assert "erased  note:a" in capsys.readouterr().out
    assert main([*shared, "forget", "--where", "title == 'note:b'", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == ["note:b"]
    assert main([*shared, "forget", "note:a"]) == 1
    assert main([*shared, "forget"]) == 2
    assert [d.uri for d in make_kit().documents()] == ["note:c"]
