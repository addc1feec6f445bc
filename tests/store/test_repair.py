"""Repair: whatever is damaged, afterwards the store is whole, and a search finds what it found before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from ragkit import Ragkit
from ragkit.errors import StoreCorrupt, StoreLocked
from ragkit.records import Progress
from ragkit.store.lock import writer_lock
from ragkit.store.tables import answers, chunks, documents, generations, identity, segments, tombstones
from ragkit.testing import SyntheticEmbedder

MakeKit = Callable[..., Ragkit]
Damage = Callable[[sa.Connection], object]

QUERIES = ("which mill burned down", "90 sacks a day", "the wheel that miller 2 built", "mill")


@pytest.fixture(autouse=True)
def _only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compacted by itself."""
    monkeypatch.setattr("ragkit.store.compaction.MAX_DEAD_SHARE", 2.0)


@pytest.fixture
def kit(make_kit: MakeKit) -> Ragkit:
    """Six segments: documents of several passages, one in its second version, one deleted, and an answer."""
    kit = make_kit(chunking__max_tokens=16, chunking__overlap_tokens=0)
    for i in range(5):
        text = f"Mill number {i} grinds {i * 30} sacks a day for the town.\n\nIts wheel was built by miller {i} in {1700 + i} of oak."
        kit.add_text(text, uri=f"mill:{i}", title=f"Mill {i}")
    kit.add_text("Mill number 1 burned down in 1850, and nobody rebuilt it.", uri="mill:1")
    kit.delete("mill:4")
    kit.ask("Which mill burned down?")
    return kit


def seen(kit: Ragkit) -> dict[str, Any]:
    """What searches find, with scores, in their order."""
    return {query: [hit.to_dict() for hit in kit.search(query, 10)] for query in QUERIES}


def spoil(file: Path, way: str) -> None:
    """Flip a bit in the middle of a file, cut its end off, or remove it."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink() if way == "remove" else file.write_bytes(content if way == "flip" else content[: len(content) // 3])


def files(kit: Ragkit, part: str) -> list[Path]:
    """The files of a part, in the order of their chunks."""
    return sorted((kit.path / "segments").glob(f"*.{part}"))


@pytest.mark.parametrize("way", ["flip", "truncate", "remove"])
@pytest.mark.parametrize("part", ["lexical.safetensors", "dense.faiss", "codes.safetensors", "*"])
def test_damaged_files_are_rebuilt(kit: Ragkit, make_kit: MakeKit, part: str, way: str) -> None:
    """One segment's files are damaged: they go to quarantine, vectors that are whole are kept, and nothing that is found changes."""
    before, spoiled = seen(kit), files(kit, part)[2 if part != "*" else 6 : 3 if part != "*" else 9]
    for file in spoiled:
        spoil(file, way)
    again = make_kit()
    with pytest.raises(StoreCorrupt, match="ragkit"):
        again.search("mill")
    report = again.repair()
    assert report.left == ()
    assert (report.rebuilt, report.reused) == (2, 2 if part.startswith("lexical") else 0)
    assert sorted(report.quarantined) == sorted(file.name for file in spoiled if way != "remove")
    assert sorted(file.name for file in (kit.path / "quarantine").glob("*")) == sorted(report.quarantined)
    assert again.check() == []
    assert seen(again) == before
    assert seen(make_kit()) == before


def test_everything_is_rebuilt(kit: Ragkit, make_kit: MakeKit) -> None:
    """Without one segment file the index comes back from the catalog's text alone."""
    before = seen(kit)
    for file in files(kit, "*"):
        file.unlink()
    again = make_kit()
    report = again.repair()
    assert (report.rebuilt, report.reused, report.left) == (kit.status()["chunks"], 0, ())
    assert again.stats()["tombstones"] == 0
    assert seen(again) == before


def test_vectors_are_kept_when_all_lexical_files_are_gone(kit: Ragkit, make_kit: MakeKit) -> None:
    """Which passages a segment's vectors are of follows from the catalog, the deleted ones among them; nothing is embedded but a sample."""
    before = seen(kit)
    for file in files(kit, "lexical.safetensors"):
        file.unlink()
    report = make_kit().repair()
    assert report.rebuilt == report.reused == kit.status()["chunks"]
    assert seen(make_kit()) == before


def test_vectors_of_another_model_are_not_kept(kit: Ragkit, make_kit: MakeKit) -> None:
    """That a file is whole does not make its vectors those of the passages: a sample is embedded and compared."""
    for file in files(kit, "lexical.safetensors"):
        file.unlink()

    class Impostor(SyntheticEmbedder):
        """Says that it is the store's model, and is not."""

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.roll(super().embed(texts), 1, axis=1)

    report = make_kit(embedder=Impostor()).repair()
    assert (report.reused, report.left) == (0, ())


def _set(table: sa.Table, key: Any, **values: Any) -> Damage:
    column = next(iter(table.primary_key))
    return lambda connection: connection.execute(table.update().where(column == key).values(values))


def _first(connection: sa.Connection, column: sa.Column[Any], *where: Any) -> Any:
    return connection.execute(sa.select(column).where(*where).order_by(column)).scalars().first()


#: Damage of the catalog that costs no document: what it is, and how to do it.
MENDABLE: Mapping[str, Damage] = {
    "a chunk's span": lambda c: c.execute(chunks.update().where(chunks.c.id == _first(c, chunks.c.id)).values(start=1)),
    "a chunk's headings": lambda c: c.execute(chunks.update().where(chunks.c.id == _first(c, chunks.c.id)).values(headings=["x"])),
    "a chunk is gone": lambda c: c.execute(chunks.delete().where(chunks.c.id == _first(c, chunks.c.id))),
    "all chunks are gone": lambda c: c.execute(chunks.delete()),
    "a deleted chunk is back": lambda c: c.execute(tombstones.delete().where(tombstones.c.chunk_id == _first(c, tombstones.c.chunk_id))),
    "a live chunk is buried": lambda c: c.execute(tombstones.insert().values(chunk_id=_first(c, chunks.c.id))),
    "a segment's hash": lambda c: c.execute(segments.update().where(segments.c.name == _first(c, segments.c.name)).values(files={})),
    "a segment's rows": lambda c: c.execute(segments.update().where(segments.c.name == _first(c, segments.c.name)).values(rows=77)),
    "a segment is gone": lambda c: c.execute(segments.delete().where(segments.c.name == _first(c, segments.c.name))),
    "a generation is gone": lambda c: c.execute(generations.delete().where(generations.c.number == 3)),
    "a generation's reason": _set(generations, 2, reason="x"),
    "the active generation": _set(identity, 1, generation=2),
    "the model": _set(identity, 1, embedding_model="other"),
    "the next id": _set(identity, 1, next_chunk_id=1),
    "the state is gone": lambda c: c.execute(identity.delete()),
    "an answer": lambda c: c.execute(answers.update().values(question="x")),
    "an old version": lambda c: c.execute(documents.update().where(documents.c.removed_generation.is_not(None)).values(title="x")),
}


@pytest.mark.parametrize("what", sorted(MENDABLE))
def test_damage_that_costs_no_document(kit: Ragkit, make_kit: MakeKit, what: str) -> None:
    """It is found, mended, and a search finds the same passages with the same scores; new documents go in as before."""
    before = _passages(kit)
    with kit._catalog.mending() as connection:
        MENDABLE[what](connection)
    kit.close()
    again = make_kit(damaged=True, chunking__max_tokens=16, chunking__overlap_tokens=0)
    assert again.check()
    report = again.repair()
    assert (report.left, report.lost) == ((), ())
    fresh = make_kit(chunking__max_tokens=16, chunking__overlap_tokens=0)
    assert fresh.check() == []
    assert _passages(fresh) == before
    fresh.add_text("One more mill, by the sea.", uri="mill:new")
    assert fresh.search("mill by the sea", 1)[0].uri == "mill:new"
    assert fresh.check() == []


def _passages(kit: Ragkit) -> list[tuple[str, int, int, str, float]]:
    """What a search finds, without the ids of passages."""
    hits = [hit for query in QUERIES for hit in kit.search(query, 10, rerank=False)]
    return [(hit.uri, hit.start_char_index, hit.end_char_index, hit.text, round(hit.score, 5)) for hit in hits]


#: Damage of a document itself.
FATAL: Mapping[str, Mapping[str, Any]] = {
    "its text": {"text": "Mill number 0 grinds 99 sacks a day for the town."},
    "its title": {"title": "x"},
    "its access list": {"acl": ["anna"]},
    "its seal": {"seal": b"0" * 32},
    "its life": {"removed_generation": 3},
}


@pytest.mark.parametrize("what", sorted(FATAL))
def test_a_damaged_document_is_taken_out_and_named(kit: Ragkit, make_kit: MakeKit, what: str) -> None:
    """It is nowhere any more, not even in the index; the others are as they were; ingesting it again brings it back."""
    kept = [row for row in _all(kit) if row[0] != "mill:0"]
    text = kit.text("mill:0")
    with kit._catalog.mending() as connection:
        connection.execute(documents.update().where(documents.c.uri == "mill:0").values(FATAL[what]))
    kit.close()
    again = make_kit(damaged=True, chunking__max_tokens=16, chunking__overlap_tokens=0)
    report = again.repair()
    assert report.left == ()
    assert len(report.lost) == 1
    assert report.lost[0] in ("mill:0", "document number 1")
    assert report.dropped == 2
    assert _all(again) == kept
    again.add_text(text, uri="mill:0", title="Mill 0")
    assert again.search("mill number 0 grinds", 1)[0].uri == "mill:0"
    assert again.check() == []


def _all(kit: Ragkit) -> list[tuple[str, str]]:
    """Every passage."""
    return sorted((hit.uri, hit.text) for hit in kit.search("mill", 50))


def test_a_catalog_that_lost_writes(kit: Ragkit, make_kit: MakeKit) -> None:
    """A catalog file of an older time is refused; repair takes what it has as what there is, and numbers are not used twice."""
    head = kit.path / "head.json"
    if not head.exists():
        pytest.skip("a server keeps its own log")
    for file in kit.path.glob("catalog.db*"):
        file.with_name(f"old-{file.name}").write_bytes(file.read_bytes())
    kit._catalog._engine.dispose()
    kept, generation = _all(kit), kit.status()["generation"]
    kit.add_text("A document that will be lost.", uri="lost")
    kit.close()
    for file in kit.path.glob("old-catalog.db*"):
        file.replace(file.with_name(file.name.removeprefix("old-")))
    with pytest.raises(StoreCorrupt, match="has lost generation"):
        make_kit()
    again = make_kit(damaged=True)
    assert "has lost generation" in again.check()[0]
    assert again.repair().left == ()
    assert _all(make_kit()) == kept
    assert make_kit().status()["generation"] > generation + 1
    head.write_text("{}")
    with pytest.raises(StoreCorrupt, match="ragkit repair"):
        make_kit()
    assert make_kit(damaged=True).repair().left == ()
    assert _all(make_kit()) == kept


def test_a_whole_store_is_left_alone(kit: Ragkit) -> None:
    """No commit, no file, an empty report."""
    generation, there = kit.status()["generation"], files(kit, "*")
    report = kit.repair()
    assert report.to_dict() == {**type(report)().to_dict(), "seconds": pytest.approx(report.seconds, abs=1e-5)}
    assert (kit.status()["generation"], files(kit, "*")) == (generation, there)
    assert not (kit.path / "quarantine").exists()
    json.dumps(report.to_dict())


@pytest.mark.parametrize("stage", ["reading", "embedding", "writing"])
def test_an_interrupted_repair_is_run_again(kit: Ragkit, make_kit: MakeKit, stage: str) -> None:
    """Wherever it stops, damaged files are kept, nothing wrong is ever found, and the second run completes it."""
    before = seen(kit)
    lexical, vectors = files(kit, "lexical.safetensors")[0], files(kit, "dense.faiss")[2]
    spoil(lexical, "flip")
    spoil(vectors, "flip")

    def stop(step: Progress) -> None:
        if step.stage == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_kit().repair(progress=stop)
    with pytest.raises(StoreCorrupt):
        make_kit().search("mill")
    report = make_kit().repair()
    assert report.left == ()
    assert sorted(file.name for file in (kit.path / "quarantine").iterdir()) == sorted([lexical.name, vectors.name])
    assert seen(make_kit()) == before
    names = {file.name.split(".")[0] for file in (kit.path / "segments").iterdir()}
    assert names == {segment["name"] for segment in make_kit().stats()["segments"]}


def test_repair_needs_the_write_lock(kit: Ragkit) -> None:
    """While another writer works, it is refused."""
    with writer_lock(kit.path), pytest.raises(StoreLocked):
        kit.repair()
