"""Pins: a reader keeps the generation that it found, whatever a writer commits, merges and removes meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ragkit import Ragkit
from ragkit.index.segments import Segment
from ragkit.records import SegmentInfo
from ragkit.store.lock import reading_lock, removal_lock

MakeKit = Callable[..., Ragkit]

#: Opens a store, pins what it finds, says so, waits for a line, and only then searches.
READER = """
import json, sys
from pathlib import Path
from ragkit import Ragkit, Settings
from ragkit.testing import SyntheticEmbedder
store, url = sys.argv[1:]
settings = Settings().with_values(**{"generation.model": "none", **({"catalog.url": url} if url else {})})
with Ragkit.open(store, settings=settings, embedder=SyntheticEmbedder(), create=False) as kit, kit._searcher.pin() as pinned:
    print("pinned", flush=True)
    sys.stdin.readline()
    hits = pinned.search("which clerk wrote of item", 10).hits
    print(json.dumps([pinned.generation, sorted(hit.text for hit in hits)]), flush=True)
"""


@pytest.fixture(autouse=True)
def _only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compacted by itself."""
    monkeypatch.setattr("ragkit.store.compaction.MAX_DEAD_SHARE", 2.0)


def note(edition: int, i: int) -> str:
    """The text of a note; all notes of a generation have one edition."""
    return f"Note {i} of edition {edition}: clerk {i} wrote of item {i * 7}."


def texts(kit: Ragkit) -> list[str]:
    """What a search for the notes finds."""
    return sorted(hit.text for hit in kit.search("which clerk wrote of item", 10))


def rewrite(kit: Ragkit, edition: int, count: int = 4) -> None:
    """All notes anew, in one commit."""
    folder = kit.path.parent / "notes"
    folder.mkdir(exist_ok=True)
    for i in range(count):
        (folder / f"{i}.txt").write_text(note(edition, i))
    kit.ingest(folder)


def files(kit: Ragkit) -> set[str]:
    """Names in the segments folder."""
    return {path.name for path in (kit.path / "segments").iterdir()}


def test_a_pinned_reader_outlives_the_files(kit: Ragkit) -> None:
    """The writer replaces every document, compacts and removes the old files; the pinned reader's results stay the same."""
    rewrite(kit, 1)
    before = files(kit)
    with kit._searcher.pin() as pinned:
        rewrite(kit, 2)
        kit.compact()
        assert not before & files(kit)
        assert sorted(hit.text for hit in pinned.search("which clerk wrote of item", 10).hits) == [note(1, i) for i in range(4)]
    assert texts(kit) == [note(2, i) for i in range(4)]


def test_a_reader_in_another_process_outlives_the_files(kit: Ragkit) -> None:
    """The same across processes: what was pinned before the commit is read after the files are gone."""
    rewrite(kit, 1)
    before, generation = files(kit), kit.status()["generation"]
    program = [sys.executable, "-c", READER, str(kit.path), kit.settings.catalog.url or ""]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "pinned\n"
        rewrite(kit, 2)
        kit.compact()
        assert not before & files(kit)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert json.loads(reader.stdout.readline()) == [generation, [note(1, i) for i in range(4)]]
    assert reader.returncode == 0


def test_no_file_goes_between_the_snapshot_and_its_opening(make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the worst moment, when a reader knows its generation and has no file open yet, a writer replaces and sweeps everything."""
    writer, reader, open_segment = make_kit(), make_kit(), Segment.open
    rewrite(writer, 1)
    monkeypatch.setattr("ragkit.store.compaction.PATIENCE_S", 0.05)

    def opened_late(folder: Path, info: SegmentInfo) -> Segment:
        with monkeypatch.context() as real:
            real.setattr(Segment, "open", open_segment)
            rewrite(writer, 2)
            assert writer.compact().postponed
        return open_segment(folder, info)

    with monkeypatch.context() as slow:
        slow.setattr("ragkit.search.Segment.open", opened_late)
        assert texts(reader) == [note(1, i) for i in range(4)]
    assert texts(reader) == [note(2, i) for i in range(4)]
    assert not writer.compact().postponed
    assert len(files(writer)) == 3


def test_eight_threads_search_at_once(make_kit: MakeKit) -> None:
    """They share the open segments and the caches of one store, also when all of them come to it first."""
    rewrite(make_kit(), 1)
    for _ in range(3):
        kit, gate = make_kit(), threading.Barrier(8)

        def work(kit: Ragkit = kit, gate: threading.Barrier = gate) -> list[str]:
            gate.wait()
            return texts(kit)

        with ThreadPoolExecutor(8) as pool:
            found = [future.result() for future in [pool.submit(work) for _ in range(8)]]
        assert found == [[note(1, i) for i in range(4)]] * 8


def test_readers_see_one_generation_while_a_writer_compacts(make_kit: MakeKit) -> None:
    """Some threads share one open store and some open it anew each time; each result is of one edition, and none is an error."""
    writer, shared = make_kit(), make_kit()
    rewrite(writer, 0)
    done = threading.Event()

    def read(kit: Ragkit | None) -> int:
        rounds = 0
        while not done.is_set():
            found = texts(kit or make_kit())
            edition = int(found[0].split()[4].rstrip(":"))
            assert found == [note(edition, i) for i in range(4)]
            rounds += 1
        return rounds

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, kit) for kit in (shared, shared, None, None)]
        try:
            for edition in range(1, 9):
                rewrite(writer, edition)
                writer.compact()
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)
    assert texts(shared) == [note(8, i) for i in range(4)]
    assert writer.check() == []


def test_nothing_is_removed_while_files_are_opened(tmp_path: Path) -> None:
    """Readers do not hinder one another; a removal waits for them, and gives up after its patience."""
    with reading_lock(tmp_path), reading_lock(tmp_path), removal_lock(tmp_path, patience_s=0.02) as allowed:
        assert not allowed
    with removal_lock(tmp_path, patience_s=0.02) as allowed:
        assert allowed
