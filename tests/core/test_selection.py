"""Which passages become hits, what is read around them, and how much of the evidence a prompt has room for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.answer import compose, prompts
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Evidence
from ragkit.selection import diverse, left_out
from ragkit.store.reading import Passage
from ragkit.testing import ScriptedGenerator

SCORES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12)


def vectors(count: int, seed: int) -> np.ndarray:
    """Unit vectors in three dimensions."""
    made = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@given(SCORES, st.integers(0, 99))
def test_relevance_alone_is_the_plain_order(scores: list[float], seed: int) -> None:
    """With lambda 1 the order is that of the scores, ties as they stood."""
    order = diverse(np.array(scores), vectors(len(scores), seed), 1.0).tolist()
    assert order == sorted(range(len(scores)), key=lambda i: -scores[i])


@given(SCORES, st.integers(0, 99), st.floats(0, 1))
def test_each_step_takes_the_largest_marginal_relevance(scores: list[float], seed: int, weight: float) -> None:
    """Every row once, and none that is left would have been better by the paper's formula."""
    rows, found = np.array(scores), vectors(len(scores), seed)
    order = diverse(rows, found, weight).tolist()
    assert sorted(order) == list(range(len(scores)))
    relevance = (rows - rows.min()) / np.ptp(rows) if np.ptp(rows) else np.zeros(len(rows))
    for at in range(1, len(order)):
        marginal = {i: weight * relevance[i] - (1 - weight) * max(float(found[i] @ found[j]) for j in order[:at]) for i in order[at:]}
        assert marginal[order[at]] >= max(marginal.values()) - 1e-6


@given(st.lists(st.integers(1, 4), max_size=40), st.integers(1, 10), st.integers(1, 3))
def test_the_cap_of_a_document_holds(documents: list[int], k: int, cap: int) -> None:
    """Among the first ``k`` that are left, no document has more than its share; none is left out in vain."""
    passages = {i: Passage(i, of, f"d{of}", "", 1, 0, 1, None, (), "x") for i, of in enumerate(documents)}
    reasons = left_out(list(passages), k, lambda ids: {i: passages[i] for i in ids}, per_document=cap)
    shown = [i for i in passages if i not in reasons][:k]
    assert all(count <= cap for count in Counter(documents[i] for i in shown).values())
    for i in reasons:
        assert sum(documents[j] == documents[i] for j in shown if j < i) == cap


# --- a store ---

KEEPERS = "\n\n".join(
    f"## Keeper {n}\n\nKeeper number {n} of the lighthouse lived in the tower for {n + 3} years. "
    + f"Every evening keeper {n} climbed the {30 + n} steps and lit the lamp. " * 30
    for n in range(5)
)
FERRY = "# The ferry\n\nThe ferry to the lighthouse leaves at nine. The keeper of the ferry sells the tickets."


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, embedder: SentenceTransformerEmbedder) -> Path:
    """One long document on keepers, cut into several chunks a section, and a short one on a ferry."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "keepers.md").write_text(f"# Keepers\n\n{KEEPERS}")
    (folder / "ferry.md").write_text(FERRY)
    path = tmp_path_factory.mktemp("store")
    with Ragkit.open(path, embedder=embedder, create=True) as kit:
        assert kit.ingest(folder).added == 2
    return path


def opened(store: Path, embedder: SentenceTransformerEmbedder, **values: object) -> Ragkit:
    """The store with other settings."""
    settings = Settings().with_values(**{name.replace("__", "."): value for name, value in values.items()})
    return Ragkit.open(store, embedder=embedder, settings=settings)


QUESTION = "keeper of the lighthouse"


def test_the_cap_lets_others_in(store: Path, embedder: SentenceTransformerEmbedder) -> None:
    """The long document fills the list; with a cap the short one is there, and explain says why the rest is not."""
    with opened(store, embedder) as plain, opened(store, embedder, retrieval__per_document=2) as capped:
        assert Counter(Path(h.uri).stem for h in plain.search(QUESTION, 3, filter="title == 'Keepers'")) == {"keepers": 3}
        hits = capped.search(QUESTION, 3)
        assert Counter(Path(h.uri).stem for h in hits) == {"keepers": 2, "ferry": 1}
        assert [h.rank for h in hits] == [1, 2, 3]
        assert "its document has 2 better hits" in {c.dropped for c in capped.explain(QUESTION)}


def test_variety(store: Path, embedder: SentenceTransformerEmbedder) -> None:
    """The best hit stays; with little weight on relevance the next ones are less like it than without."""
    with opened(store, embedder) as plain, opened(store, embedder, retrieval__mmr_lambda=0.2) as various:
        first, second = plain.search(QUESTION, 4), various.search(QUESTION, 4)
        assert first[0].chunk_id == second[0].chunk_id
        likeness = [float(np.max(np.triu(v @ v.T, 1))) for v in (embedder.embed([h.text for h in hits]) for hits in (first, second))]
        assert likeness[1] < likeness[0]


@pytest.mark.parametrize("how", ["neighbours", "section"])
def test_a_hit_is_shown_with_what_is_around_it(store: Path, embedder: SentenceTransformerEmbedder, how: str) -> None:
    """The text is the document's own from the first chunk to the last one, holds the hit, and no two hits overlap at their beginning."""
    with opened(store, embedder) as plain, opened(store, embedder, retrieval__expand=how) as wide:
        question = "How many steps did keeper 3 climb?"
        narrow = plain.search(question, 1)[0]
        hits = wide.search(question, 5)
        best = hits[0]
        assert best.start_char_index <= narrow.start_char_index
        assert best.end_char_index >= narrow.end_char_index
        assert len(best.text) > len(narrow.text)
        for hit in hits:
            assert wide.text(hit.uri, hit.start_char_index, hit.end_char_index) == hit.text
        if how == "section":
            assert best.text.count("Keeper number") == 1


def test_answers_read_what_is_around(store: Path, embedder: SentenceTransformerEmbedder) -> None:
    """Evidence comes from passages that were no hits themselves; its citations are as exact."""
    with opened(store, embedder, answering__passages=1, retrieval__expand="section", answering__min_answerable=0.0) as kit:
        answer = kit.ask("How long did keeper number 3 live in the tower?", mode="quote")
        assert "Keeper number 3 of the lighthouse lived in the tower for 6 years." in answer.text
        assert all(kit.text(c.uri, c.start_char_index, c.end_char_index) == c.cited_text for s in answer.sentences for c in s.citations)


def test_what_may_not_be_seen_is_not_read_around(store: Path, embedder: SentenceTransformerEmbedder) -> None:
    """A filter that holds for a page or a heading parts what is around a hit."""
    with Ragkit.in_memory(embedder=embedder, settings=Settings().with_values(**{"retrieval.expand": "neighbours"})) as kit:
        kit.add_text("The keeper of the lighthouse sleeps.", uri="mine", acl=["anna"])
        kit.add_text("The keeper of the mill sleeps.", uri="other", acl=["bert"])
        assert [h.uri for h in kit.search(QUESTION, 5, principal="anna")] == ["mine"]


# --- the prompt's room ---


def evidence(words: list[int]) -> list[Evidence]:
    """Sentences of so many words."""
    place = {"uri": "u", "document_id": 1, "document_title": "t", "document_version": 1, "start_char_index": 0, "end_char_index": 1}
    return [Evidence(id=n, text=" ".join(["word"] * count), score=0.0, **place) for n, count in enumerate(words, 1)]  # type: ignore[arg-type]


class Narrow(ScriptedGenerator):
    """A generator that tells its context."""

    context = 400


@given(st.lists(st.integers(1, 200), max_size=6), st.integers(0, 300), st.booleans())
def test_the_budget_is_never_exceeded(words: list[int], most: int, narrow: bool) -> None:
    """What is kept is a beginning of the evidence; it fits the limit and the context, and one more would not."""
    generator = Narrow("x") if narrow else ScriptedGenerator("x")
    values = Settings().with_values(**{"answering.evidence_tokens": most})
    given_ = evidence(words)
    kept = compose.within(generator, "What is it?", given_, items=False, settings=values)
    assert kept == given_[: len(kept)]
    system = prompts.chosen(values.answering, items=False)

    def size(some: list[Evidence]) -> int:
        return generator.count_tokens(system) + generator.count_tokens(prompts.user_prompt("What is it?", some, "delimit"))

    limit = Narrow.context - values.generation.max_tokens
    assert not narrow or not kept or size(kept) <= limit
    assert not most or sum(generator.count_tokens(prompts.line(e, "delimit")) for e in kept) <= most
    if len(kept) < len(given_) and not narrow:
        assert sum(generator.count_tokens(prompts.line(e, "delimit")) + 1 for e in given_[: len(kept) + 1]) > most


def test_what_has_no_room_is_on_record(embedder: SentenceTransformerEmbedder) -> None:
    """The prompt has the first sentence, the record says which others it had no room for; with room for none the evidence is quoted."""
    fact = "The mill was built in 1871 by Ada Thornbury."
    for most, left in ((20, True), (1, True), (0, False)):
        values = Settings().with_values(**{"answering.evidence_tokens": most, "answering.min_answerable": 0.0})
        with Ragkit.in_memory(embedder=embedder, generator=ScriptedGenerator(f"{fact} [1]"), settings=values) as kit:
            kit.add_text(f"{fact} The mill was built anew in 1901 by Tom Reid.", uri="mill")
            answer = kit.ask("When was the mill built?")
            assert bool(kit.answer_record(answer.record_id)["prompt_left_out"]) == left
            assert any("no room" in note for note in answer.notes) == (most == 1)
            assert fact in answer.text
