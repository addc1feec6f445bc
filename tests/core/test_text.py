"""Sentences, words and chunks keep exact offsets, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Block, Parsed
from ragkit.settings import ChunkingSettings
from ragkit.text.chunking import chunk
from ragkit.text.sentences import line_spans, sentence_spans, units
from ragkit.text.words import terms

prose = st.text(alphabet=st.sampled_from(list("ab AB.!?,;\n\t0123é日本。“”'\"()-")), max_size=300)


@given(prose)
def test_sentences_cover_all_that_is_not_white_space(text: str) -> None:
    """Spans rise, do not overlap, are trimmed, and what lies between them is white space."""
    at = 0
    for start, end in sentence_spans(text):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]),
        ("It cost 3.50 euros. Cheap!", ["It cost 3.50 euros.", "Cheap!"]),
        ("He lived in the U.S. The army left.", ["He lived in the U.S.", "The army left."]),
        ("The U.S. Army left.", ["The U.S. Army left."]),
        ("J. R. R. Tolkien wrote it. So what?", ["J. R. R. Tolkien wrote it.", "So what?"]),
        ("See Fig. 3 for this. Next.", ["See Fig. 3 for this.", "Next."]),
        ('"Stop!" he said. "Why?" she asked.', ['"Stop!" he said.', '"Why?" she asked.']),
        ("Acme Inc. was sold. Acme Inc. The end.", ["Acme Inc. was sold.", "Acme Inc.", "The end."]),
        ("これは一つ。これは二つ。", ["これは一つ。", "これは二つ。"]),
        ("One line\nof two lines. Next\n\nNew paragraph", ["One line\nof two lines.", "Next", "New paragraph"]),
        ("Many (e.g. cats) sleep. Dogs, i.e. hounds, bark.", ["Many (e.g. cats) sleep.", "Dogs, i.e. hounds, bark."]),
        ("In Brown v. Board it ruled. Maria C. Tiddeman wrote it.", ["In Brown v. Board it ruled.", "Maria C. Tiddeman wrote it."]),
        ("It holds vitamin C. The rest is water.", ["It holds vitamin C.", "The rest is water."]),
        ("The answer is no. He left.", ["The answer is no.", "He left."]),
    ],
)
def test_sentences_of_real_prose(text: str, expected: list[str]) -> None:
    """Abbreviations, initials, numbers and quotes do not end a sentence; other scripts do end theirs."""
    assert [text[a:b] for a, b in sentence_spans(text)] == expected


def test_lines_are_trimmed() -> None:
    """A table's rows are its units."""
    text = "a | b\n\n  c | d  \n"
    assert [text[a:b] for a, b in line_spans(text, 0, len(text))] == ["a | b", "c | d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The engines were running", ["engin", "run"]),
        ("ＦＵＬＬ width ﬁne", ["full", "width", "fine"]),
        ("東京都", ["東京", "京都"]),
        ("GPT4東京 x", ["gpt4", "東京", "x"]),
        ("It's 2024!", ["s", "2024"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    """Folded, stemmed, without stop words; pairs of characters where there are no spaces."""
    assert terms(text) == expected


def _parsed(parts: list[tuple[str, str]]) -> Parsed:
    text, blocks = "", []
    for kind, content in parts:
        text += "\n\n" if text else ""
        blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(content), level=1 if kind == "heading" else 0))  # type: ignore[arg-type]
        text += content
    return Parsed(text=text, blocks=tuple(blocks))


content = st.text(alphabet=st.sampled_from(list("ab cd. E\nxyz日本1")), min_size=1, max_size=400).filter(str.strip)
parts = st.lists(st.tuples(st.sampled_from(["heading", "paragraph", "list_item", "table", "code"]), content), min_size=1, max_size=8)


@settings(max_examples=120, deadline=None)
@given(parts, st.integers(16, 60), st.integers(0, 20))
def test_chunks_cover_the_text_within_the_limit(
    embedder: SentenceTransformerEmbedder, given_parts: list[tuple[str, str]], limit: int, overlap: int
) -> None:
    """Every character that is not white space is in a chunk, chunks rise, and none has more tokens than the limit."""
    parsed = _parsed(given_parts)
    chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings(max_tokens=limit, overlap_tokens=overlap))
    covered = set()
    for piece in chunks:
        assert 0 <= piece.start < piece.end <= len(parsed.text)
        covered.update(range(piece.start, piece.end))
    assert all(i in covered or parsed.text[i].isspace() for i in range(len(parsed.text)))
    assert [c.start for c in chunks] == sorted(c.start for c in chunks)
    assert all(n <= limit for n in embedder.count_tokens([parsed.text[c.start : c.end] for c in chunks]))


def test_repeated_boilerplate_points_to_its_own_copy(embedder: SentenceTransformerEmbedder) -> None:
    """Forty equal paragraphs give chunks that tile the text: none points back to an earlier copy."""
    parsed = _parsed([("paragraph", "This page is confidential. Do not copy it.")] * 40)
    chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings(max_tokens=32, overlap_tokens=0))
    assert all(a.end <= b.start for a, b in zip(chunks, chunks[1:], strict=False))
    assert (
        not set(range(len(parsed.text)))
        - {i for c in chunks for i in range(c.start, c.end)}
        - {i for i, c in enumerate(parsed.text) if c.isspace()}
    )


def test_blocks_that_fit_are_kept_whole_and_headings_lead(embedder: SentenceTransformerEmbedder) -> None:
    """A table that fits is not cut; a heading opens its chunk; the path names the headings above."""
    table = "\n".join(f"row {i} | value {i}" for i in range(6))
    parsed = Parsed(
        text=f"Guide\n\nIntro text here.\n\nCosts\n\n{table}",
        blocks=(
            Block(kind="heading", start=0, end=5, level=1),
            Block(kind="paragraph", start=7, end=23),
            Block(kind="heading", start=25, end=30, level=2),
            Block(kind="table", start=32, end=32 + len(table)),
        ),
    )
    chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings(max_tokens=64))
    texts = [parsed.text[c.start : c.end] for c in chunks]
    assert texts == ["Guide\n\nIntro text here.", f"Costs\n\n{table}"]
    assert [c.headings for c in chunks] == [(), ("Guide",)]


def test_every_part_of_a_table_knows_its_columns(embedder: SentenceTransformerEmbedder) -> None:
    """Below the headings stands the first row, once; a table whose first row is very long goes without."""
    rows = [f"part {i} | {i * 3} kg | {i * 7} euros" for i in range(60)]
    for head, shown in (("Name | Weight | Price", True), (" | ".join(f"column {i}" for i in range(60)), False)):
        parsed = _parsed([("heading", "Costs"), ("table", "\n".join([head, *rows])), ("paragraph", "All without tax.")])
        chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings(max_tokens=120))
        texts = [parsed.text[c.start : c.end] for c in chunks]
        assert len(chunks) > 3
        parts = [c for c, text in zip(chunks, texts, strict=True) if text.startswith("part ")]
        assert len(parts) >= 2
        assert {c.headings for c in parts} == {("Costs", head) if shown else ("Costs",)}
        assert all(head not in c.headings for c, text in zip(chunks, texts, strict=True) if head in text)


def test_overlap_repeats_whole_sentences(embedder: SentenceTransformerEmbedder) -> None:
    """Where running text is cut, the next chunk begins with sentences of the one before."""
    parsed = _parsed([("paragraph", " ".join(f"Sentence number {i} says something new." for i in range(20)))])
    chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings(max_tokens=40, overlap_tokens=10))
    starts = {a for a, _ in sentence_spans(parsed.text)}
    assert all(c.start in starts for c in chunks)
    assert all(b.start < a.end for a, b in zip(chunks, chunks[1:], strict=False))


def test_a_word_of_a_million_characters_is_cut(embedder: SentenceTransformerEmbedder) -> None:
    """One "word" counts as one token for the model; it must not become one passage."""
    parsed = _parsed([("paragraph", "x" * 1_000_000)])
    chunks = chunk(parsed, embedder.count_tokens, ChunkingSettings())
    assert max(c.end - c.start for c in chunks) <= 200 * 12
    assert chunks[-1].end == 1_000_000


def test_units_are_asked_for_by_place() -> None:
    """Only blocks that touch the place are read."""
    parsed = _parsed([("heading", "Title"), ("paragraph", "One. Two."), ("table", "a | b\nc | d"), ("paragraph", "Last.")])
    texts = [parsed.text[a:b] for a, b, _ in units(parsed, 8, 20)]
    assert texts == ["One.", "Two.", "a | b", "c | d"]
