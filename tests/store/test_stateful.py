"""Any sequence of changes, restarts and crashes leaves the store equal to a dictionary, and its scores equal to the oracles'.

The oracles: ``rank_bm25.BM25Okapi`` over the live passages, and numpy's product of the vectors, which the store keeps in half precision.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from rank_bm25 import BM25Okapi

from ragkit import Ragkit, Settings
from ragkit.connectors.parsers.plain import PlainParser
from ragkit.errors import DocumentNotFound
from ragkit.store import compaction
from ragkit.testing import Blown, Fuse, FusedEmbedder
from ragkit.text.chunking import chunk
from ragkit.text.words import terms

SEQUENCES = 200
STEPS = 8
K1, B = 1.2, 0.75
#: Half precision keeps 11 bits, so the product of two unit vectors, one of them so rounded, is off by at most this.
HALF = 2.0**-11

WORDS = "fox foxes frog whale wolf oak sand the of running ran 日本語 café 1871".split()
NAMES = st.sampled_from([f"note:{i}" for i in range(5)])
FILES = st.sampled_from(["a.txt", "b.txt", "sub/c.txt"])
PARAGRAPH = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
TEXTS = st.lists(PARAGRAPH, min_size=1, max_size=3).map("\n\n".join)
QUERIES = st.lists(st.sampled_from([*WORDS, "absent"]), min_size=1, max_size=4).map(" ".join)
FUSES = st.none() | st.integers(0, 60)

_CLOCK = itertools.count(1)

Documents = dict[str, str]
Place = tuple[str, int, int]


@contextmanager
def fused(fuse: Fuse, engine: sa.Engine) -> Iterator[None]:
    """Each statement, each commit and each change of the file system is a step of ``fuse``."""

    def before(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            fuse.step()
            return real(*arguments, **named)

        return call

    def step(*_: object) -> None:
        fuse.step()

    events = ("before_cursor_execute", "commit")
    for event in events:
        sa.event.listen(engine, event, step)
    try:
        with mock.patch.multiple(os, **{name: before(getattr(os, name)) for name in ("fsync", "replace", "unlink", "open")}):
            yield
    finally:
        for event in events:
            sa.event.remove(engine, event, step)


class StoreMachine(RuleBasedStateMachine):
    """One store, the dictionary that it should equal, and a reader that stays open through everything."""

    home: Path
    values: Settings
    empty: Callable[[Path], None]

    @initialize(files=st.dictionaries(FILES, TEXTS), notes=st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3))
    def start(self, files: Documents, notes: Documents) -> None:
        self.empty(self.home / "store")
        self.files = self.home / "files"
        shutil.rmtree(self.files, ignore_errors=True)
        (self.files / "sub").mkdir(parents=True)
        self.fuse = Fuse()
        self.embedder = FusedEmbedder(self.fuse, 32)
        self.queries = itertools.cycle(["fox whale", "the sand 1871", "日本語 café absent oak"])
        self.documents: Documents = {}
        self.on_disk: Documents = {}
        self.kit = self.open()
        self.reader = self.open()
        for name, text in files.items():
            self.write_file(name, text)
        self.kit.sync(self.files)
        for name, text in notes.items():
            self.kit.add_text(text, uri=name)
        self.documents = {**self.on_disk, **notes}

    def open(self) -> Ragkit:
        return Ragkit.open(self.home / "store", settings=self.values, embedder=self.embedder)

    def teardown(self) -> None:
        if hasattr(self, "kit"):
            self.kit.close()
            self.reader.close()

    # --- changes ---------------------------------------------------------------------------------------------

    @rule(name=NAMES, text=TEXTS, fuse=FUSES)
    def add(self, name: str, text: str, fuse: int | None) -> None:
        """A new document, or a new text of one."""
        self.change(lambda: self.kit.add_text(text, uri=name), {**self.documents, name: text}, fuse=fuse)

    @rule(name=NAMES, fuse=FUSES)
    def delete(self, name: str, fuse: int | None) -> None:
        if name not in self.documents:
            with pytest.raises(DocumentNotFound):
                self.kit.delete(name)
            return
        self.change(lambda: self.kit.delete(name), {k: v for k, v in self.documents.items() if k != name}, fuse=fuse)

    @rule(name=FILES, text=TEXTS)
    def write_file(self, name: str, text: str) -> None:
        file = self.files / name
        file.write_text(text, "utf-8")
        os.utime(file, ns=(0, next(_CLOCK)))  # files are written faster than their clock ticks
        self.on_disk[str(file)] = text

    @rule(fuse=FUSES, kept=st.none() | st.sets(FILES, max_size=2), allow_empty=st.booleans())
    def sync(self, fuse: int | None, kept: set[str] | None, allow_empty: bool) -> None:
        """Two commits: what is new or changed, and what is gone; all files but those that are ``kept`` go before.

        A folder that lists nothing keeps its documents, unless ``allow_empty``.
        """
        for name in sorted(self.on_disk):
            if kept is not None and str(Path(name).relative_to(self.files)) not in kept:
                Path(name).unlink()
                del self.on_disk[name]
        added = {**self.documents, **self.on_disk}
        left = {k: v for k, v in added.items() if k in self.on_disk or not k.startswith("/")}
        if not self.on_disk and not allow_empty:
            left = added
        self.change(lambda: self.kit.sync(self.files, allow_empty=allow_empty), added, left, fuse=fuse)

    @rule(fuse=FUSES)
    def compact(self, fuse: int | None) -> None:
        self.change(self.kit.compact, self.documents, fuse=fuse)

    @rule()
    def restart(self) -> None:
        self.kit.close()
        self.kit = self.open()

    def change(self, work: Callable[[], object], *stages: Documents, fuse: int | None) -> None:
        """Do ``work``, which goes through ``stages``; a fuse may end it, and then the store stands at one of them."""
        self.fuse.set(fuse)
        try:
            with fused(self.fuse, self.kit._catalog._engine):
                work()
        except Blown:
            self.fuse.set(None)
            self.restart()
            stands = contents(self.kit)
            assert stands in (self.documents, *stages)  # what was acknowledged stands; what was not, wholly or not at all
            self.documents = stands
        else:
            self.documents = stages[-1]
        self.fuse.set(None)
        assert contents(self.kit) == self.documents
        assert self.kit.check() == []
        self.query(next(self.queries))

    # --- what holds ------------------------------------------------------------------------------------------

    @rule(query=QUERIES)
    def a_reader_that_was_always_open_sees_the_same(self, query: str) -> None:
        assert contents(self.reader) == self.documents
        assert self.reader.explain(query) == self.kit.explain(query)

    @rule(query=QUERIES)
    def query(self, query: str) -> None:
        """Both scores of every live passage are the oracles', and no other passage is there."""
        rows = self.passages()
        found = {(c.uri, c.start_char_index, c.end_char_index): c.scores for c in self.kit.explain(query)}
        assert found.keys() == rows.keys()
        if not rows:
            return
        texts = list(rows.values())
        lexical = np.array([found[place]["lexical"] for place in rows])
        np.testing.assert_allclose(lexical, okapi(texts, query), atol=1e-5)
        dense = np.array([found[place]["dense"] for place in rows])
        np.testing.assert_allclose(dense, self.embedder.embed(texts) @ self.embedder.embed([query])[0], atol=HALF)
        for hit in self.kit.search(query, len(rows)):
            assert hit.text == rows.pop((hit.uri, hit.start_char_index, hit.end_char_index))
        assert not rows

    def passages(self) -> dict[Place, str]:
        """What should be indexed, by its place."""
        found = {}
        for uri, text in self.documents.items():
            for piece in chunk(PlainParser().parse(text.encode()), self.embedder.count_tokens, self.values.chunking):
                found[uri, piece.start, piece.end] = text[piece.start : piece.end]
        return found


def contents(kit: Ragkit) -> Documents:
    """The text of each live document."""
    return {d.uri: kit.text(d.uri) for d in kit.documents()}


def okapi(texts: list[str], query: str) -> np.ndarray:
    """BM25 of each text by rank_bm25, which cannot divide by the length of rows without a term."""
    rows = [terms(text) for text in texts]
    if not any(rows):
        return np.zeros(len(rows))
    return np.asarray(BM25Okapi(rows, k1=K1, b=B, epsilon=0.25).get_scores(terms(query)))


@pytest.mark.slow
def test_the_store_is_a_dictionary(
    catalog_url: str, memory_folder: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every add, update, deletion, synchronisation, compaction, restart and crash, on either catalog."""
    monkeypatch.setattr(compaction, "FAN_IN", 3)
    on_server = not catalog_url.startswith("sqlite")
    runs = int(pytestconfig.getoption("--runs") or SEQUENCES)
    values = {"generation.model": "none", "catalog.url": catalog_url if on_server else "", "chunking.max_tokens": 16}
    values |= {"retrieval.bm25_k1": K1, "retrieval.bm25_b": B}
    given = Settings().with_values(**values)
    empty = emptier(memory_folder, given, catalog_url)
    limits = settings(
        max_examples=max(1, runs // (10 if on_server else 1)),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    members = {"home": memory_folder, "values": given, "empty": staticmethod(empty)}
    run_state_machine_as_test(type("Machine", (StoreMachine,), members), settings=limits)


def emptier(folder: Path, given: Settings, url: str) -> Callable[[Path], None]:
    """What makes the store empty: it puts a copy of one that was just made in its place, which is faster than to make one."""
    Ragkit.open(folder / "fresh", settings=given).close()
    if url.startswith("sqlite"):
        return lambda store: replace_folder(folder / "fresh", store)
    server, name = sa.make_url(url).set(database="postgres"), sa.make_url(url).database

    def server_side(*statements: str) -> None:
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        admin.dispose()

    def empty(store: Path) -> None:
        replace_folder(folder / "fresh", store)
        server_side(f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {name}_fresh")

    server_side(f"ALTER DATABASE {name} RENAME TO {name}_fresh", f"CREATE DATABASE {name}")
    return empty


def replace_folder(source: Path, target: Path) -> None:
    """Make ``target`` a copy of ``source``."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
