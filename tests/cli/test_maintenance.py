"""Commands that look after the store: what they print, in both forms, and their exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa


def test_compact_merges_and_says_so(run: Any, store: Path, pages: Path) -> None:
    """Two segments become one, and a second run finds nothing to do."""
    assert run("delete", pages / "bakery.md", "--store", store).code == 0
    assert run("ingest", pages, "--store", store).code == 0
    report = run("compact", "--store", store, "--json").json
    assert (report["segments_before"], report["segments_after"]) == (2, 1)
    ran = run("compact", "--store", store)
    assert (ran.code, ran.out.partition(" deleted")[0]) == (0, "1 segments before, 1 now; 0")


def test_stats_weighs_each_segment(run: Any, store: Path) -> None:
    """Rows and bytes of the segment files stand in both forms, and are those of the files."""
    found = run("stats", "--store", store, "--json").json
    (segment,) = found["segments"]
    assert segment["bytes"] == sum(file.stat().st_size for file in (store / "segments").iterdir())
    assert segment["rows"] == found["chunks"]
    ran = run("stats", "--store", store)
    assert (ran.code, segment["name"] in ran.out, f"{segment['bytes']:,}" in ran.out) == (0, True, True)


def test_repair_of_a_whole_store(run: Any, store: Path) -> None:
    """Nothing is found, nothing is done."""
    ran = run("repair", "--store", store)
    assert (ran.code, ran.out.strip()) == (0, "The store is whole.")


def test_repair_rebuilds_a_damaged_index(run: Any, store: Path) -> None:
    """`check` names the file and fails; `repair` moves it away, rebuilds, and a search finds what it found."""
    before = run("search", "whale oil", "--store", store, "--json").json["hits"]
    (damaged,) = (store / "segments").glob("*.dense.faiss")
    damaged.write_bytes(damaged.read_bytes()[:-7])
    checked = run("check", "--store", store)
    assert (checked.code, damaged.name in checked.out + checked.err) == (1, True)
    ran = run("repair", "--store", store)
    assert ran.code == 0
    assert f"Moved to quarantine/:\n  {damaged.name}" in ran.out
    assert run("check", "--store", store).code == 0
    assert run("search", "whale oil", "--store", store, "--json").json["hits"] == before


def test_repair_names_what_is_lost(run: Any, store: Path, pages: Path) -> None:
    """A document whose text is damaged is taken out and named; the exit code says that something is missing."""
    engine = sa.create_engine(f"sqlite:///{store / 'catalog.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE documents SET text = 'x' WHERE uri LIKE '%bakery.md'"))
    engine.dispose()
    ran = run("repair", "--store", store, "--json")
    assert (ran.code, ran.json["lost"], ran.json["left"]) == (3, [str(pages / "bakery.md")], [])
    assert run("check", "--store", store).code == 0


def test_reindex_with_the_same_model(run: Any, store: Path) -> None:
    """Every document is cut and embedded anew, and found as before."""
    before = [hit["text"] for hit in run("search", "rye bread", "--store", store, "--json").json["hits"]]
    report = run("reindex", "--store", store, "--json").json
    assert (report["documents"], report["chunks"]) == (3, run("status", "--store", store, "--json").json["chunks"])
    assert [hit["text"] for hit in run("search", "rye bread", "--store", store, "--json").json["hits"]] == before


def test_reindex_with_an_unknown_model(run: Any, store: Path) -> None:
    """The name is refused with what is there, and the store stays as it is."""
    generation = run("status", "--store", store, "--json").json["generation"]
    ran = run("reindex", "--model", "no/such-model", "--store", store)
    assert (ran.code, "no/such-model" in ran.err) == (1, True)
    assert run("status", "--store", store, "--json").json["generation"] == generation


def test_diff_and_an_emptied_source(run: Any, tmp_path: Path) -> None:
    """`diff` lists the changes; `sync` keeps the documents of a source that lists nothing, says so, and obeys --allow-empty."""
    folder, store = tmp_path / "docs", tmp_path / "store"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry is green.", encoding="utf-8")
    assert run("ingest", folder, "--store", store).code == 0
    (folder / "b.txt").write_text("The mill is red.", encoding="utf-8")
    ran = run("diff", "--store", store)
    assert (ran.code, ran.out) == (0, f"+ {folder / 'b.txt'}\n1 unchanged\n")
    assert run("diff", "--store", store, "--json").json["added"] == [str(folder / "b.txt")]
    for file in folder.iterdir():
        file.unlink()
    ran = run("sync", "--store", store, "--json")
    assert (ran.code, ran.json["emptied"], ran.json["removed"]) == (3, [str(folder)], 0)
    ran = run("sync", "--store", store)
    assert (ran.code, "ragkit sync --allow-empty" in ran.err) == (3, True)
    ran = run("sync", "--allow-empty", "--store", store, "--json")
    assert (ran.code, ran.json["removed"]) == (0, 1)
