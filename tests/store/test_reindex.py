"""Reindexing: another embedding model, or other chunks, built beside the index in use and switched to in one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ragkit import Ragkit
from ragkit.errors import ModelMismatch, StoreLocked
from ragkit.store.lock import writer_lock
from ragkit.testing import SyntheticEmbedder

MakeKit = Callable[..., Ragkit]

OTHER = SyntheticEmbedder(48, seed=7)


class Breaking(SyntheticEmbedder):
    """Fails at the second call of ``embed``."""

    def __init__(self) -> None:
        super().__init__(48, seed=7)
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        if self.calls > 1:
            raise KeyboardInterrupt
        return super().embed(texts)


def fill(kit: Ragkit) -> None:
    """Four documents, one in its second version, and one that was deleted."""
    for i in range(5):
        kit.add_text(f"Mill number {i} grinds {i * 30} sacks a day. Its wheel was built by miller {i} in {1700 + i}.", uri=f"mill:{i}")
    kit.add_text("Mill number 1 burned down in 1850, and nobody rebuilt it.", uri="mill:1")
    kit.delete("mill:4")


def answers(kit: Ragkit) -> list[tuple[str, int, str]]:
    """The best passage of some questions."""
    queries = ("which mill burned down", "90 sacks a day", "the wheel that miller 2 built")
    hits = [kit.search(query, 1)[0] for query in queries]
    return [(hit.uri, hit.start_char_index, hit.text) for hit in hits]


def test_another_model_takes_over(make_kit: MakeKit) -> None:
    """Documents, versions and passages stay; vectors, chunk ids and the recorded model are new; the store is whole."""
    old = make_kit()
    fill(old)
    before, documents, ids = answers(old), old.documents(), {hit.chunk_id for hit in old.search("mill", 20)}
    kit = make_kit(embedder=OTHER)
    with pytest.raises(ModelMismatch, match=f"ragkit reindex --model {OTHER.id}"):
        kit.search("mill")
    report = kit.reindex()
    assert (report.model, report.documents, report.chunks) == (OTHER.id, 4, len(ids))
    assert kit.status()["embedding_model"] == {"id": OTHER.id, "dimension": 48, "sha256": OTHER.sha256}
    assert answers(kit) == before
    assert kit.documents() == documents
    assert not ids & {hit.chunk_id for hit in kit.search("mill", 20)}
    assert kit.stats()["tombstones"] == 0
    assert kit.check() == []
    with pytest.raises(ModelMismatch, match="reindex"):
        old.search("mill")


def test_a_reader_goes_on_with_the_old_model(make_kit: MakeKit) -> None:
    """What was pinned before the switch is searched with the old vectors after it, though their files are gone."""
    old = make_kit()
    fill(old)
    with old._searcher.pin() as pinned:
        before = pinned.search("which mill burned down", 3).hits
        make_kit(embedder=OTHER).reindex()
        assert pinned.search("which mill burned down", 3).hits == before
    assert len(list((old.path / "segments").iterdir())) == 3


def test_an_interruption_changes_nothing(make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the commit the old index is searched; the next writer removes what was half built."""
    monkeypatch.setattr("ragkit.reindex.SEGMENT_ROWS", 2)
    old = make_kit()
    fill(old)
    before, status = answers(old), old.status()
    with pytest.raises(KeyboardInterrupt):
        make_kit(embedder=Breaking()).reindex()
    after = make_kit()
    assert answers(after) == before
    assert {key: after.status()[key] for key in ("generation", "embedding_model", "chunks")} == {
        key: status[key] for key in ("generation", "embedding_model", "chunks")
    }
    assert after.check() == []
    after.add_text("A new note.", uri="note")
    after.delete("note")
    names = {file.name.split(".")[0] for file in (after.path / "segments").iterdir()}
    assert names == {segment["name"] for segment in after.stats()["segments"]}


def test_other_chunks_without_another_model(make_kit: MakeKit) -> None:
    """After a change of the chunk settings, reindexing cuts every document by the new ones."""
    make_kit().add_text(" ".join(f"Sentence number {i} stands here." for i in range(60)), uri="long")
    before = make_kit().status()["chunks"]
    kit = make_kit(chunking__max_tokens=20, chunking__overlap_tokens=0)
    assert kit.reindex().chunks > before
    assert kit.status()["chunks"] == sum(info.chunks for info in kit.documents()) > before
    assert all(len(hit.text.split()) <= 20 for hit in kit.search("sentence", 50))
    assert kit.check() == []


def test_many_segments_are_built(make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store too large for one piece of memory is rebuilt in several segments, in the order of its chunks."""
    monkeypatch.setattr("ragkit.reindex.SEGMENT_ROWS", 2)
    monkeypatch.setattr("ragkit.reindex.RESERVED_AT_ONCE", 3)
    kit = make_kit(embedder=OTHER)
    for i in range(7):
        kit.add_text(f"Note {i}.", uri=f"note:{i}")
    assert kit.reindex().segments == 4
    assert [segment["rows"] for segment in kit.stats()["segments"]] == [2, 2, 2, 1]
    assert kit.search("note 5", 1)[0].uri == "note:5"
    assert kit.check() == []


def test_searches_go_on_meanwhile(make_kit: MakeKit) -> None:
    """While the new index is built, a reader of the old one goes on without an error or a change."""
    kit = make_kit()
    found: list[list[tuple[str, int, str]]] = []
    fill(kit)
    before = answers(kit)

    class Slow(SyntheticEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            found.append(answers(kit))
            return super().embed(texts)

    make_kit(embedder=Slow(48)).reindex()
    assert found
    assert all(each == before for each in found)


def test_reindexing_needs_the_write_lock(kit: Ragkit) -> None:
    """While another writer works, it is refused before anything is built."""
    with writer_lock(kit.path), pytest.raises(StoreLocked):
        kit.reindex()
