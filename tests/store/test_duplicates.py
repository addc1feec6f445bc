"""Documents and passages that say the same."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ragkit import Ragkit
from ragkit.cli.app import app
from ragkit.contracts import Embedder
from ragkit.duplicates import resemblance, shingles

WORDS = "tide harbour quay lamp keeper storm rope anchor gull crane ferry buoy channel pilot cargo mast hull deck sail oar".split()


def prose(seed: int, words: int = 300) -> str:
    """A text of its own."""
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) + str(chosen.randrange(50)) for _ in range(words))


@pytest.fixture
def filled(kit: Ragkit, tmp_path: Path) -> Ragkit:
    """Copies in pairs and threes among texts of their own: exact, near, and half the same."""
    folder = tmp_path / "papers"
    folder.mkdir()
    texts = {f"own{i}": prose(i) for i in range(6)}
    texts |= {"copy": prose(0), "near": prose(1).replace("tide", "ebb", 3), "half": prose(2, 150) + " " + prose(99, 150)}
    texts |= {"short": "see there", "short2": "see there"}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    kit.ingest(folder)
    return kit


def test_groups(filled: Ragkit) -> None:
    """Files with the same bytes are an exact group, a text with a few words changed a near one; half a text is none."""
    groups = [(g.kind, [Path(uri).stem for uri in g.uris]) for g in filled.duplicates()]
    assert groups == [("exact", ["copy", "own0"]), ("exact", ["short", "short2"]), ("near", ["near", "own1"])]
    near = filled.duplicates()[-1]
    exactly = resemblance(shingles(prose(1)), shingles(prose(1).replace("tide", "ebb", 3)))
    assert near.similarity == pytest.approx(exactly, abs=0.15)


def test_the_threshold(filled: Ragkit) -> None:
    """A lower threshold finds the half that is the same; one that is no share is an error."""
    assert any("half" in uri for group in filled.duplicates(0.25) for uri in group.uris)
    with pytest.raises(ValueError, match="threshold"):
        filled.duplicates(0)


def test_a_text_without_blanks_between_words() -> None:
    """Chinese texts are compared by their characters."""
    text = "灯塔建于一八七一年，从那以后，看守人每天晚上都会点亮它，为过往的船只指引方向。" * 2
    assert resemblance(shingles(text), shingles(text.replace("晚上", "夜里"))) > 0.5
    assert resemblance(shingles(text), shingles("另一段完全不同的文字，讲的是山上的寺庙和春天的花园，与前面的内容没有任何关系。" * 2)) == 0


def test_hits_are_collapsed(filled: Ragkit) -> None:
    """A passage that repeats a better one from another document is left out, and explain says which one it repeats."""
    question = " ".join(prose(0).split()[:12])
    all_hits = filled.search(question, 8, rerank=False)
    assert {Path(h.uri).stem for h in all_hits[:2]} == {"own0", "copy"}
    hits = filled.search(question, 8, rerank=False, collapse=True)
    assert len({"own0", "copy"} & {Path(h.uri).stem for h in hits}) == 1
    assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
    texts = [shingles(h.text) for h in hits]
    uris = [h.uri for h in hits]
    pairs = [(i, j) for i in range(len(hits)) for j in range(i) if uris[i] != uris[j]]
    assert all(resemblance(texts[i], texts[j]) < 0.8 for i, j in pairs)


def test_explain_names_the_hit(filled: Ragkit) -> None:
    """With the setting, what was left out says which hit it repeats."""
    store, settings = filled.path, filled.settings.with_values(**{"retrieval.collapse": True})
    with Ragkit.open(store, settings=settings, embedder=filled.embedder) as kit:
        dropped = [c.dropped for c in kit.explain(" ".join(prose(0).split()[:12])) if c.dropped]
    assert "repeats hit 1" in dropped


def test_who_may_not_see_a_copy_is_not_collapsed_by_it(kit: Ragkit) -> None:
    """A copy that the asker may not see takes nothing away from what the asker may."""
    kit.add_text(prose(0), uri="note:open")
    kit.add_text(prose(0), uri="note:secret", acl=["anna"])
    assert [h.uri for h in kit.search(prose(0), 5, principal="bob", rerank=False, collapse=True)][:1] == ["note:open"]


def test_the_command(tmp_path: Path, embedder: Embedder) -> None:
    """`ragkit duplicates` prints the groups."""
    store = str(tmp_path / "store")
    with Ragkit.open(store, embedder=embedder) as kit:
        for uri, text in {"a": prose(0), "b": prose(0), "c": prose(0).replace("tide", "ebb", 1), "d": prose(1)}.items():
            kit.add_text(text, uri=uri)
    found = CliRunner().invoke(app, ["duplicates", "--store", store, "--json"])
    assert [(group["kind"], group["uris"]) for group in json.loads(found.stdout)] == [("exact", ["a", "b"]), ("near", ["a", "c"])]
    assert "nearly the same" in CliRunner().invoke(app, ["duplicates", "--store", store]).stdout
