"""Who sees what, and that what is hidden changes nothing for those who do not see it.

``--runs`` (or ``RAGKIT_RUNS``) sets the number of cases of the two properties together: 1,000 by default, nine in ten of
them on the index alone.
"""

from __future__ import annotations

import io
import itertools
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from conftest import MakeKit
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.errors import FilterError, StoreCorrupt
from ragkit.index.hybrid import HybridIndex
from ragkit.index.segments import Segment
from ragkit.ingest import Listed
from ragkit.records import SourceItem
from ragkit.settings import RetrievalSettings
from ragkit.store.tables import documents
from ragkit.store.visibility import KEPT_FILTERS, KEPT_MASKS, matching, principals_of
from ragkit.testing import SyntheticEmbedder
from ragkit.text.words import terms

RUNS = 1000
SMALL = SyntheticEmbedder(24)
#: A failure is reported as it was found: making it smaller would take minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)

# --- access lists and filters ----------------------------------------------------------------------------------


def _seen(kit: Ragkit, principal: Any, expression: str | None = None) -> set[str]:
    return {hit.uri for hit in kit.search("note", 50, filter=expression, principal=principal)}


@pytest.fixture
def notes(kit: Ragkit) -> Ragkit:
    """Notes for all, for Anna, for the staff, for both, and for nobody."""
    for name, acl in {"all": None, "anna": ["anna"], "staff": ["group:staff"], "both": ["anna", "group:staff"], "nobody": []}.items():
        kit.add_text(f"A note for {name}.", uri=name, acl=acl, metadata={"n": len(name), "for": {"whom": name}})
    return kit


def test_an_asker_is_a_person_and_groups(notes: Ragkit) -> None:
    """A list names any of the asker's principals; none at all sees what everybody may; no asker sees all."""
    assert _seen(notes, "anna") == {"all", "anna", "both"}
    assert _seen(notes, ["anna"]) == {"all", "anna", "both"}
    assert _seen(notes, ("bob", "group:staff")) == {"all", "staff", "both"}
    assert _seen(notes, {"anna", "group:staff"}) == {"all", "anna", "staff", "both"}
    assert _seen(notes, "ann") == _seen(notes, []) == _seen(notes, "") == {"all"}
    assert _seen(notes, None) == {"all", "anna", "staff", "both", "nobody"}
    with pytest.raises(TypeError, match="a principal is a text, not 7"):
        notes.search("note", principal=[7])  # type: ignore[list-item]
    assert principals_of(None) is None


def test_filters_and_lists_hold_together(notes: Ragkit) -> None:
    """A document has to pass both; a filter that cannot be read is an error for whoever asks."""
    assert _seen(notes, "anna", "n == 4") == {"anna", "both"}
    assert _seen(notes, None, "for.whom == 'nobody' or uri == 'all'") == {"all", "nobody"}
    assert _seen(notes, "bob", "n == 4") == set()
    with pytest.raises(FilterError):
        notes.search("note", filter="n ==", principal="anna")
    with notes._catalog.snapshot() as connection:
        assert set(matching(connection, "n > 4")) == {"staff", "nobody"}


def test_later_generations_are_seen(notes: Ragkit) -> None:
    """What is added, changed, removed or indexed anew after a question counts in the next one, kept masks or not."""
    assert _seen(notes, "anna", "n <= 4") == {"all", "anna", "both"}
    notes.add_text("A note more.", uri="more", metadata={"n": 1}, acl=["anna"])
    notes.add_text("A note for all, hidden.", uri="all", metadata={"n": 1}, acl=["bob"])
    notes.add_text("A note for both, longer.", uri="both", metadata={"n": 40})
    assert _seen(notes, "anna", "n <= 4") == {"anna", "more"}
    assert _seen(notes, "anna") == {"anna", "both", "more"}
    notes.delete("anna", "more")
    assert _seen(notes, "anna") == {"both"}
    notes.reindex()
    assert _seen(notes, "anna") == {"both"}
    assert _seen(notes, "bob", "n <= 4") == {"all"}


def test_an_older_snapshot_keeps_its_view(notes: Ragkit) -> None:
    """A reader pinned before a change sees what was visible then, also after others asked about the newer generation."""
    with notes._searcher.pin() as old:
        notes.delete("anna")
        notes.add_text("A note for all, hidden.", uri="all", acl=["bob"])
        assert _seen(notes, "anna", "n > 0") == {"both"}
        for expression in (None, "n > 0"):
            assert {hit.uri for hit in old.search("note", 50, expression=expression, principal="anna").hits} == {"all", "anna", "both"}


def test_masks_are_kept_within_bounds_and_apart(notes: Ragkit) -> None:
    """However many filters and askers there are, little is kept; equal masks of two askers are two entries."""
    for i in range(KEPT_MASKS + 10):
        assert _seen(notes, f"guest{i}", f"n > {i % (KEPT_FILTERS + 5) - 40}") == {"all"}
    kept = notes._searcher.visibility
    assert len(kept._masks) == KEPT_MASKS
    assert len(kept._known.passing) <= KEPT_FILTERS
    assert {principals for _, _, principals in kept._masks} == {frozenset((f"guest{i}",)) for i in range(10, KEPT_MASKS + 10)}


def test_what_is_no_list_of_names_is_seen_by_nobody(notes: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text in place of a list would match by its letters; other members than texts match nothing."""
    from ragkit.store import visibility

    assert visibility._members("anna") == visibility._members({"anna": 1}) == visibility._members([1, None]) == frozenset()
    assert visibility._members(["anna", 1]) == {"anna"}


def test_a_damaged_row_is_no_permission(notes: Ragkit, catalog_url: str) -> None:
    """An access list or metadata that are not what was written end the question, they do not open the document."""
    engine = sa.create_engine(catalog_url)
    with engine.begin() as connection:
        connection.execute(documents.update().where(documents.c.uri == "nobody").values(acl=["anna"]))
    engine.dispose()
    with pytest.raises(StoreCorrupt, match="ragkit repair"):
        notes.search("note", principal="anna")


def test_an_asker_is_not_told_of_what_others_see(make_kit: MakeKit, tmp_path: Path) -> None:
    """Where an asker sees nothing, the answer is the same whether the store is empty or full of hidden documents."""
    kit = make_kit()
    empty = kit.ask("Who keeps the lamp?", principal="guest", mode="quote")
    kit.add_text("Tom Reid keeps the lamp.", uri="hidden", acl=["anna"])
    hidden = kit.ask("Who keeps the lamp?", principal="guest", mode="quote")
    assert (empty.reason, empty.text, empty.answerable) == (hidden.reason, hidden.text, hidden.answerable)
    assert empty.reason == "filter_empty"


# --- non-interference ------------------------------------------------------------------------------------------

words = st.sampled_from("lamp oil whale keeper light sea tower storm 灯台 the of".split())
texts = st.lists(words, min_size=1, max_size=9).map(" ".join)
queries = st.lists(words, min_size=1, max_size=4).map(" ".join)
operators = st.sampled_from(["", " +lamp", " -oil", ' "whale oil"', ' -"the light"'])


@dataclass(frozen=True)
class Doc:
    """A document of a case: ``seen`` says whether the asker may see it."""

    text: str
    seen: bool
    year: int


#: A document's versions are counted by its URI, so each case has URIs of its own.
NUMBERS = itertools.count(1)

docs = st.builds(Doc, text=texts, seen=st.booleans(), year=st.integers(1, 3))
ASKER = ["guest", "group:visitors"]


def _index(case: list[Doc], cuts: list[int], kinds: RetrievalSettings) -> tuple[HybridIndex, np.ndarray]:
    """An index of the case, cut into segments at ``cuts``, and the mask of what is seen."""
    bounds = sorted({0, len(case), *(cut % (len(case) + 1) for cut in cuts)})
    segments = [
        Segment.build(range(a, b), [terms(doc.text) for doc in case[a:b]], SMALL.embed([doc.text for doc in case[a:b]]))
        for a, b in zip(bounds, bounds[1:], strict=False)
    ]
    return HybridIndex(segments, np.zeros(0, np.int64), kinds), np.array([doc.seen for doc in case], bool)


@given(st.lists(docs, min_size=1, max_size=14), st.lists(st.integers(0, 14), max_size=3), st.integers(0, 14), queries, st.data())
def _rows_change_no_byte(case: list[Doc], cuts: list[int], cut: int, query: str, data: st.DataObject) -> None:
    """Candidates, their order and all scores are those of an index that never had the hidden rows, whatever the segments."""
    kinds = RetrievalSettings(candidates=data.draw(st.sampled_from([2, 5, 100])), fusion=data.draw(st.sampled_from(["minmax", "rrf"])))
    hidden, mask = _index(case, cuts, kinds)
    alone, everything = _index([doc for doc in case if doc.seen], [cut], kinds)
    number = np.cumsum(mask) - 1
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=len(case), max_size=len(case))), bool)
    vector = SMALL.embed([query])[0]
    for chosen, kept in ((None, None), (wanted, wanted[mask])):
        found = hidden.candidates(query, vector, allowed=mask, wanted=chosen)
        other = alone.candidates(query, vector, allowed=everything, wanted=kept)
        assert number[found.chunk_ids].tolist() == other.chunk_ids.tolist()
        for name in ("lexical", "dense", "fused", "lexical_ranks", "dense_ranks"):
            assert getattr(found, name).tobytes() == getattr(other, name).tobytes(), name
        assert found.idf == other.idf


def test_hidden_rows_change_no_byte(pytestconfig: pytest.Config) -> None:
    """An index with hidden rows gives what one without them gives, and no compaction or cut into segments shows."""
    _cases(pytestconfig, 0.9)(_rows_change_no_byte)()


def _cases(config: pytest.Config, share: float) -> settings:
    runs = max(1, round((config.getoption("--runs") or RUNS) * share))
    return settings(max_examples=runs, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))


#: What the store gives out by counting all that was ever written in it, hidden or not, and what is never the same twice.
COUNTERS = frozenset(("document_id", "chunk_id", "generation", "record_id", "timings"))


def _told(value: Any) -> Any:
    """All of ``value`` but the counters."""
    if isinstance(value, Mapping):
        return {key: _told(one) for key, one in value.items() if key not in COUNTERS}
    return [_told(one) for one in value] if isinstance(value, list) else value


def _views(kit: Ragkit, query: str, expression: str | None) -> str:
    """All that the asker can learn from one question, to the last digit."""
    with kit._searcher.pin() as pinned:
        found = pinned.search(query, 5, expression=expression, principal=ASKER)
        counts = [found.visible, found.searchable, found.idf, *((hit.score, hit.scores) for hit in found.hits)]
        listed = [*(hit.to_dict() for hit in found.hits), *(candidate.to_dict() for candidate in found.describe())]
    answer = kit.ask(query, mode="quote", filter=expression, principal=ASKER).to_dict()
    return repr((counts, _told(listed), _told(answer)))


class Store:
    """A store on disk that is emptied instead of made anew for each case."""

    def __init__(self, folder: Path) -> None:
        values = {"generation.model": "none", "retrieval.candidates": 4}
        self.kit = Ragkit.open(folder, settings=Settings().with_values(**values), embedder=SMALL)

    def fill(self, case: list[tuple[str, Doc]]) -> None:
        """Add or replace documents, in one commit."""
        items = []
        for uri, doc in case:
            acl = None if doc.seen and doc.year == 1 else ("anna", *(ASKER[-1:] if doc.seen else []))
            data = doc.text.encode()
            items.append(
                SourceItem(
                    uri=uri,
                    token=f"{doc}",
                    open=partial(io.BytesIO, data),
                    size=len(data),
                    media_type="text/plain",
                    metadata={"year": doc.year},
                    acl=acl,
                )
            )
        if items:
            self.kit.ingest(Listed(items))

    def empty(self) -> None:
        """Remove all documents."""
        uris = [info.uri for info in self.kit.documents()]
        if uris:
            self.kit.delete(*uris)


@pytest.fixture(scope="module")
def stores() -> Iterator[list[Store]]:
    """Two stores: one with hidden documents, one that never sees them. In memory where that is there: no power fails here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="ragkit-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        made = [Store(Path(folder) / name) for name in ("full", "bare")]
        yield made
        for store in made:
            store.kit.close()


@given(
    st.lists(docs, min_size=1, max_size=6),
    queries,
    operators,
    st.sampled_from([None, "year < 3", "not (year == 2) and exists(year)"]),
    st.data(),
)
def _documents_change_no_answer(
    stores: list[Store], case: list[Doc], query: str, signs: str, expression: str | None, data: st.DataObject
) -> None:
    """Results, scores, counts, explanations and answers stay the same, to the byte, while hidden documents come, change and go."""
    full, bare = stores
    named = [(f"doc{next(NUMBERS)}", doc) for doc in case]
    for store, some in ((full, named), (bare, [pair for pair in named if pair[1].seen])):
        store.empty()
        store.fill(some)
    expected = _views(bare.kit, query + signs, expression)
    assert _views(full.kit, query + signs, expression) == expected
    hidden = [uri for uri, doc in named if not doc.seen]
    if hidden:
        changed = data.draw(st.sampled_from(hidden))
        full.fill([(changed, Doc(text=data.draw(texts), seen=False, year=2))])
        assert _views(full.kit, query + signs, expression) == expected
        full.kit.delete(*hidden)
        assert _views(full.kit, query + signs, expression) == expected
    full.kit.compact()
    assert _views(full.kit, query + signs, expression) == expected


def test_hidden_documents_change_no_answer(stores: list[Store], pytestconfig: pytest.Config) -> None:
    """A store gives what one gives that never had the hidden documents, before and after they change and go."""
    _cases(pytestconfig, 0.1)(_documents_change_no_answer)(stores)
