"""Compaction: one segment, no dead rows, no leftover files, and the same results."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.errors import StoreLocked
from ragkit.records import FileInfo, SegmentInfo
from ragkit.store import compaction
from ragkit.store.lock import reading_lock, writer_lock

Results = list[tuple[str, str, dict[str, float]]]


def results(kit: Ragkit, query: str) -> Results:
    """What a search finds, and the scores of the two indexes to what sums of another order leave of them."""
    hits = kit.search(query, 20, rerank=False)
    return [(hit.uri, hit.text, {part: round(hit.scores[part], 5) for part in ("lexical", "dense")}) for hit in hits]


@pytest.fixture(autouse=True)
def _only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compacted by itself."""
    monkeypatch.setattr("ragkit.store.compaction.MAX_DEAD_SHARE", 2.0)


@given(st.lists(st.integers(1, 3000), max_size=300) | st.integers(1, 3000).map(lambda rows: [rows] * 3000))
@settings(max_examples=60, deadline=None)
def test_segments_stay_few_and_rows_are_seldom_rewritten(commits: list[int]) -> None:
    """However large the commits: some segments a level, each row rewritten about once a level, neighbours alone merged."""
    infos: list[SegmentInfo] = []
    file = FileInfo(name="x", bytes=1, sha256="")
    written = 0
    for number, rows in enumerate(commits):
        infos.append(SegmentInfo(name=str(number), rows=rows, lexical=file, dense=file))
        chosen = compaction.due(infos, 0)
        if chosen:
            at = infos.index(chosen[0])
            assert infos[at : at + len(chosen)] == chosen
            merged = SegmentInfo(name=f"{number}+", rows=sum(info.rows for info in chosen), lexical=file, dense=file)
            infos[at : at + len(chosen)] = [merged]
            written += merged.rows
    assert sum(info.rows for info in infos) == sum(commits)
    levels = 1 + max(0.0, math.log(max(1.0, sum(commits) / compaction.SMALL_ROWS), compaction.FAN_IN))
    assert len(infos) <= compaction.FAN_IN * (levels + 1)
    small = compaction.SMALL_ROWS / compaction.FAN_IN  # a segment below the first level may be rewritten with every FAN_IN commits
    assert written <= sum(commits) * (levels + 1) + len(commits) * small


def fill(kit: Ragkit) -> None:
    """Six commits, one of which is replaced, and a deletion."""
    for i in range(6):
        kit.add_text(f"Note number {i} tells of item {i * 7}. It was written by clerk {i % 3}.", uri=f"note:{i}")
    kit.add_text("Note number 3 was written anew, of item 900.", uri="note:3")
    kit.delete("note:2")


def test_compacting_leaves_one_segment_and_no_dead_row(kit: Ragkit) -> None:
    """Segments, tombstones and files shrink to what lives; results and scores stay the same."""
    fill(kit)
    before = results(kit, "item 28 of clerk 1")
    report = kit.compact()
    assert (report.segments_before, report.segments_after, report.rows_dropped) == (7, 1, 2)
    assert report.bytes_freed > 0
    assert not report.postponed
    stats = kit.stats()
    assert (stats["tombstones"], len(stats["segments"])) == (0, 1)
    assert len(list((kit.path / "segments").iterdir())) == len(stats["segments"][0]) - 3
    assert results(kit, "item 28 of clerk 1") == before
    assert kit.check() == []


def test_compacting_a_compact_store_does_nothing(kit: Ragkit) -> None:
    """No new generation, no new file."""
    fill(kit)
    kit.compact()
    generation, files = kit.status()["generation"], sorted((kit.path / "segments").iterdir())
    report = kit.compact()
    assert (report.segments_before, report.segments_after, report.rows_dropped, report.bytes_freed) == (1, 1, 0, 0)
    assert (kit.status()["generation"], sorted((kit.path / "segments").iterdir())) == (generation, files)


def test_a_store_of_nothing_but_deleted_rows_compacts_to_no_segment(kit: Ragkit) -> None:
    """The files go with the last row."""
    kit.add_text("One short note.", uri="note")
    kit.delete("note")
    assert kit.compact().segments_after == 0
    assert list((kit.path / "segments").iterdir()) == []
    assert kit.check() == []
    assert kit.search("note") == []


def test_files_of_others_stay(kit: Ragkit) -> None:
    """Only what has a name that ragkit gives is removed: a half-written segment goes, somebody's notes stay."""
    fill(kit)
    folder = kit.path / "segments"
    ours = [".000000000001-0a1b2c3d.dense.faiss.77.tmp", "000000000001-0a1b2c3d.lexical.safetensors"]
    theirs = ["README", "000000000001.txt", "notes.tmp", ".hidden"]
    for name in ours + theirs:
        (folder / name).write_text("x")
    kit.compact()
    assert sorted(f.name for f in folder.iterdir() if f.name in ours + theirs) == sorted(theirs)


def test_files_stay_while_a_reader_opens_them(kit: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is not held up; the files that it replaced go with the next write."""
    monkeypatch.setattr("ragkit.store.compaction.PATIENCE_S", 0.05)
    fill(kit)
    before = {file.name for file in (kit.path / "segments").iterdir()}
    with reading_lock(kit.path):
        report = kit.compact()
    assert (report.segments_after, report.postponed) == (1, True)
    assert before <= {file.name for file in (kit.path / "segments").iterdir()}
    kit.add_text("One more note.", uri="note:more")
    assert not before & {file.name for file in (kit.path / "segments").iterdir()}
    assert kit.check() == []


def test_compacting_needs_the_write_lock(kit: Ragkit) -> None:
    """While another writer works, compaction is refused."""
    with writer_lock(kit.path), pytest.raises(StoreLocked):
        kit.compact()


def test_the_report_and_the_figures_are_json(kit: Ragkit) -> None:
    """They are the command line's JSON; the figures add up."""
    fill(kit)
    assert set(json.loads(json.dumps(kit.compact().to_dict()))) >= {"segments_before", "segments_after", "rows_dropped", "bytes_freed"}
    stats = json.loads(json.dumps(kit.stats()))
    on_disk = sum(file.stat().st_size for file in (kit.path / "segments").iterdir())
    assert stats["index_bytes"] == sum(segment["bytes"] for segment in stats["segments"]) == on_disk
    assert (stats["documents"], stats["chunks"], stats["segments"][0]["rows"]) == (5, 5, 5)
    assert stats["versions"] == 7
    assert stats["vocabulary"] > 10
    assert stats["catalog_bytes"] > 0
    assert stats["bytes_per_chunk"] == round((stats["index_bytes"] + stats["catalog_bytes"]) / 5, 1)
    assert stats["quarantine"] == {"files": 0, "bytes": 0}
