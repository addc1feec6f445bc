"""The store: what is unchanged is not opened, what changed is replaced, what is damaged is refused."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ragkit import Ragkit
from ragkit.diff import Difference
from ragkit.errors import DocumentNotFound, ModelMismatch, SourceError, StoreCorrupt, StoreError, StoreLocked, StoreNotFound
from ragkit.ingest import Ingestor, Listed, Source
from ragkit.records import Failure, IngestOptions, SourceItem
from ragkit.store import compaction, engine, structure
from ragkit.store.tables import metadata
from ragkit.testing import SyntheticEmbedder

MakeKit = Callable[..., Ragkit]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    (made / "a.txt").write_text("Apples grow on trees.\n")
    (made / "b.md").write_text("# Bees\n\nBees make honey in summer.\n")
    (made / "c.html").write_text("<h1>Cats</h1><p>Cats sleep all day.</p>")
    return made


def test_unchanged_files_are_not_opened(kit: Ragkit, folder: Path) -> None:
    """A second ingest reads no file and embeds nothing: a file that could not be read any more is still unchanged."""
    first = kit.ingest(folder)
    generation = kit.status()["generation"]
    again = kit.ingest(folder)
    assert (first.added, first.failed) == (3, ())
    assert (again.unchanged, again.added, again.chunks) == (3, 0, 0)
    assert kit.status()["generation"] == generation


def test_a_changed_file_replaces_its_old_version(kit: Ragkit, folder: Path) -> None:
    """The old text can neither be found nor opened; the version counts up."""
    kit.ingest(folder)
    (folder / "a.txt").write_text("Apricots are orange.\n")
    report = kit.ingest(folder)
    assert (report.updated, report.unchanged) == (1, 2)
    assert all("Apples" not in hit.text for hit in kit.search("apples on trees", 10))
    info = next(d for d in kit.documents() if d.uri.endswith("a.txt"))
    assert info.version == 2
    assert kit.text(info.uri) == "Apricots are orange.\n"
    assert kit.check() == []


def test_a_touched_file_with_the_same_bytes_is_unchanged(kit: Ragkit, folder: Path) -> None:
    """A new modification time alone embeds nothing."""
    kit.ingest(folder)
    os.utime(folder / "a.txt", ns=(1, 1))
    report = kit.ingest(folder)
    assert (report.unchanged, report.updated, report.chunks) == (3, 0, 0)


def test_sync_removes_what_is_gone_and_ingest_does_not(kit: Ragkit, folder: Path) -> None:
    """Deletions propagate only when asked for; the summary counts them."""
    kit.ingest(folder)
    (folder / "c.html").unlink()
    assert kit.ingest(folder).removed == 0
    assert len(kit.documents()) == 3
    assert kit.sync().removed == 1
    assert [Path(d.uri).name for d in kit.documents()] == ["a.txt", "b.md"]
    assert all("Cats" not in hit.text for hit in kit.search("cats sleep", 10))
    assert kit.check() == []


def test_a_file_that_fails_is_named_and_the_rest_goes_in(kit: Ragkit, folder: Path) -> None:
    """One line of reason; the failure is listed until it is mended."""
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    report = kit.ingest(folder)
    assert report.added == 3
    assert [Path(f.uri).name for f in report.failed] == ["bad.pdf"]
    assert "\n" not in report.failed[0].reason
    assert len(kit.status()["failures"]) == 1
    (folder / "bad.pdf").unlink()
    kit.ingest(folder)
    assert kit.status()["failures"] == []


def test_new_metadata_or_access_makes_a_new_version(kit: Ragkit, folder: Path) -> None:
    """The bytes are the same, what may be done with them is not."""
    kit.ingest(folder)
    report = kit.ingest(folder, metadata={"team": "x"}, acl=["anna"])
    assert report.updated == 3
    assert kit.search("honey", principal="bob") == []
    assert kit.search("honey", principal="anna", filter="team == 'x'")


def test_delete_is_all_or_nothing(kit: Ragkit, folder: Path) -> None:
    """An unknown URI removes none of the others."""
    kit.ingest(folder)
    uris = [d.uri for d in kit.documents()]
    with pytest.raises(DocumentNotFound, match="ragkit ls"):
        kit.delete(uris[0], "nowhere")
    assert len(kit.documents()) == 3
    assert kit.delete(*uris) == 3
    assert kit.search("honey") == []
    assert kit.check() == []


def test_a_store_opens_again(make_kit: MakeKit, folder: Path) -> None:
    """Everything is on disk: another process would find the same."""
    with make_kit() as kit:
        kit.ingest(folder)
        before = [hit.to_dict() for hit in kit.search("honey in summer")]
    with make_kit(create=False) as kit:
        assert [hit.to_dict() for hit in kit.search("honey in summer")] == before


def test_no_store_is_said_so(tmp_path: Path) -> None:
    """Opening for reading makes nothing."""
    with pytest.raises(StoreNotFound, match="ingest"):
        Ragkit.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("part", ["lexical.safetensors", "dense.faiss"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damage_is_refused_and_reported(
    make_kit: MakeKit, store: Path, folder: Path, part: str, damage: str
) -> None:
    """One flipped bit in a segment is never searched; ``check`` names the file."""
    with make_kit() as kit:
        kit.ingest(folder)
    (file,) = (store / "segments").glob(f"*.{part}")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink() if damage == "remove" else file.write_bytes(content if damage == "flip" else content[:-1])
    with make_kit() as kit:
        with pytest.raises(StoreCorrupt, match=file.name):
            kit.search("honey")
        assert any(file.name in fault for fault in kit.check())


def test_another_embedding_model_is_refused(make_kit: MakeKit, folder: Path) -> None:
    """Vectors of two models are never compared."""

    with make_kit() as kit:
        kit.ingest(folder)
    with make_kit(embedder=SyntheticEmbedder(seed=1)) as kit:
        with pytest.raises(ModelMismatch, match="synthetic-384-0"):
            kit.search("honey")
        (folder / "d.txt").write_text("Dogs bark.")
        with pytest.raises(ModelMismatch):
            kit.ingest(folder)


def test_a_second_writer_is_told_who_holds_the_store(make_kit: MakeKit, folder: Path) -> None:
    """The error names the process; readers go on; the lock ends with its holder."""
    with make_kit() as kit:
        kit.ingest(folder)
        program = (
            "import sys, time; from pathlib import Path; from ragkit.store.lock import writer_lock\n"
            "with writer_lock(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", program, str(kit.path)], stdout=subprocess.PIPE, text=True) as holder:
            try:
                assert holder.stdout is not None
                assert holder.stdout.readline() == "held\n"
                with pytest.raises(StoreLocked, match=f"process {holder.pid}"):
                    kit.ingest(folder)
                assert kit.search("honey")
            finally:
                holder.kill()
        assert kit.ingest(folder).unchanged == 3


def test_leftovers_of_a_crashed_writer_are_swept(make_kit: MakeKit, folder: Path) -> None:
    """Files that no generation names are removed by the next writer."""
    with make_kit() as kit:
        kit.ingest(folder)
        stray = kit.path / "segments" / ".x.lexical.safetensors.1.tmp"
        stray.write_bytes(b"half")
        kit.ingest(folder)
        assert not stray.exists()
        assert kit.check() == []


def test_a_newer_store_is_refused(make_kit: MakeKit, catalog_url: str, folder: Path) -> None:
    """The message says what to install."""
    with make_kit() as kit:
        kit.ingest(folder)
    other = sa.create_engine(catalog_url)
    with other.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    other.dispose()
    with pytest.raises(StoreError, match="upgrade ragkit"):
        make_kit()


def test_migrations_make_the_tables_that_the_code_uses(catalog_url: str, store: Path) -> None:
    """The schema after all migrations is the schema in ``tables.py``, and the last one is the format's name."""
    store.mkdir()
    made = engine.connect(catalog_url)
    engine.migrate(made)
    with made.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == engine.FORMAT
    made.dispose()


def test_a_reader_keeps_its_generation_while_a_writer_commits(kit: Ragkit, folder: Path) -> None:
    """What a pinned reader sees does not change; a new one sees the new generation."""
    kit.ingest(folder)
    with kit._searcher.pin() as pinned:
        before = pinned.search("honey", 5).hits
        (folder / "b.md").write_text("# Bees\n\nNothing of that kind.\n")
        kit.ingest(folder)
        assert pinned.search("honey", 5).hits == before
        assert "honey" in before[0].text
    assert all("honey" not in hit.text for hit in kit.search("honey", 5))


def test_many_small_commits_are_merged(kit: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments stay few, deleted rows leave the files, results stay the same."""
    monkeypatch.setattr(compaction, "FAN_IN", 3)
    for i in range(9):
        kit.add_text(f"Note number {i} is about item {i * 7}.", uri=f"note:{i}")
    kit.delete("note:2")
    assert kit.status()["segments"] <= 4
    assert kit.check() == []
    assert kit.search("item 21", 1)[0].uri == "note:3"
    assert "note:2" not in {hit.uri for hit in kit.search("note number 2", 10)}


def test_structure_comes_back(kit: Ragkit, folder: Path) -> None:
    """Blocks and anchors of a document survive the catalog."""
    kit.ingest(folder)
    document = kit.document(str(folder / "b.md"))
    again = structure.unpack(structure.pack(document.parsed), document.parsed.text, document.title)
    assert again.blocks == document.parsed.blocks
    assert again.anchors == document.parsed.anchors
    assert [b.kind for b in again.blocks] == ["heading", "paragraph"]


def test_everything_that_ingest_reports_is_json(kit: Ragkit, folder: Path) -> None:
    """The report and the status are the command line's JSON."""
    report = json.loads(json.dumps(kit.ingest(folder).to_dict()))
    assert set(report) == {"added", "updated", "unchanged", "removed", "failed", "flagged", "emptied", "chunks", "seconds"}
    assert json.loads(json.dumps(kit.status()))["documents"] == 3


def test_sync_reads_a_source_as_it_was_ingested(kit: Ragkit, folder: Path) -> None:
    """Globs, depth, metadata and access list are remembered with the source."""
    (folder / "deep").mkdir()
    (folder / "deep" / "d.txt").write_text("Deep down.")
    kit.ingest(folder, recursive=False, include=["*.txt", "*.md"], metadata={"year": 2024}, acl=["anna"])
    assert [Path(d.uri).name for d in kit.documents()] == ["a.txt", "b.md"]
    report = kit.sync()
    assert (report.unchanged, report.added, report.removed) == (2, 0, 0)
    assert kit.search("apples", filter="year >= 2020", principal="anna")


def test_a_source_that_lists_nothing_keeps_its_documents(kit: Ragkit, folder: Path, tmp_path: Path) -> None:
    """An unmounted disk looks like an empty folder: its documents go only when that is meant; other sources are synced."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("The other one.")
    kit.ingest(folder)
    kit.ingest(other)
    for file in folder.iterdir():
        file.unlink()
    (other / "y.txt").write_text("One more.")
    report = kit.sync()
    assert (report.emptied, report.removed, report.added) == ((str(folder),), 0, 1)
    assert len(kit.documents()) == 5
    report = kit.sync(allow_empty=True)
    assert (report.emptied, report.removed) == ((), 3)
    assert kit.sync().emptied == ()


def test_a_source_that_is_gone_is_named_and_the_others_are_read(kit: Ragkit, folder: Path, tmp_path: Path) -> None:
    """Its documents stay. Asked for by name, it is an error."""
    gone = tmp_path / "gone"
    gone.mkdir()
    (gone / "x.txt").write_text("Soon gone.")
    kit.ingest(gone)
    kit.ingest(folder)
    shutil.rmtree(gone)
    (folder / "c.html").unlink()
    report = kit.sync()
    assert ([failure.uri for failure in report.failed], report.removed) == ([str(gone)], 1)
    assert len(kit.documents()) == 3
    with pytest.raises(SourceError):
        kit.sync(gone)


def test_diff_says_what_sync_does(kit: Ragkit, folder: Path) -> None:
    """New, changed, touched, gone and marked anew: the dry run changes nothing, and sync then does just that."""
    kit.ingest(folder)
    (folder / "a.txt").write_text("Apples, and pears now.")
    os.utime(folder / "b.md", ns=(1, 1))
    (folder / "c.html").unlink()
    (folder / "d.txt").write_text("Dates.")
    before, found = kit.status(), kit.diff()
    assert kit.status() == before
    names = {kind: [Path(uri).name for uri in getattr(found, kind)] for kind in ("added", "updated", "removed")}
    assert names == {"added": ["d.txt"], "updated": ["a.txt"], "removed": ["c.html"]}
    assert (found.unchanged, found.failed, found.emptied) == (1, (), ())
    report = kit.sync()
    assert (report.added, report.updated, report.removed, report.unchanged) == (1, 1, 1, 1)
    assert kit.diff().to_dict() == Difference(unchanged=3).to_dict()
    for file in folder.iterdir():
        file.unlink()
    assert kit.diff(folder).emptied == (str(folder),)


def test_documents_below_a_folder_that_cannot_be_listed_are_kept(kit: Ragkit) -> None:
    """A listing that fails half-way is no proof that the rest is gone."""

    def item(uri: str) -> SourceItem:
        return SourceItem(uri=uri, token=uri, open=lambda: io.BytesIO(uri.encode()), media_type="text/plain")

    writer = Ingestor(kit._segments, kit._catalog, kit.embedder, kit._pool, kit.settings)
    def listed(*found: SourceItem | Failure) -> list[Source]:
        return [Source(key="/x", connector=Listed(found), options=IngestOptions())]

    writer.run(listed(item("/x/a/1"), item("/x/a/2"), item("/x/b")))
    report = writer.run(listed(Failure(uri="/x/a", reason="no permission")), remove_missing=True)
    assert [d.uri for d in kit.documents()] == ["/x/a/1", "/x/a/2"]
    assert report.removed == 1


def test_an_answer_cites_what_the_catalog_holds(kit: Ragkit, folder: Path) -> None:
    """A citation is the text at its place; its record comes back; who may not see the document gets no answer from it."""
    kit.ingest(folder, acl=["anna"])
    answer = kit.ask("When do bees make honey?", principal="anna")
    citation = answer.sentences[0].citations[0]
    assert "summer" in citation.cited_text
    assert kit.text(citation.uri, citation.start_char_index, citation.end_char_index) == citation.cited_text
    assert kit.answer_record(answer.record_id)["question"] == answer.question
    assert kit.ask("When do bees make honey?", principal="bob").abstained
