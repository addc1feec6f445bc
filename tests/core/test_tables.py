"""Rows of tables and items of lists as evidence: read with their header, told one by one, cited as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.answer import lists
from ragkit.answer.recheck import sentences_now
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Block, Parsed
from ragkit.testing import ScriptedGenerator
from ragkit.text import tables

MARKDOWN = """# Harbour fees

Fees are paid at the office.

| Boat | Length | Fee a day |
|---|---|---|
| Dinghy | 4 m | 2 crowns |
| Cutter | 9 m | 7 crowns |
| Schooner | 18 m | 21 crowns |

## Rules

The following boats are not admitted:

- Barges of more than 30 m
- Rafts
- Boats without a light
- Houseboats. They stay in the canal.

1. Call the office first.
2. Wait for the pilot.
"""
ROWS = [["Boat", "Length", "Fee a day"], ["Dinghy", "4 m", "2 crowns"], ["Cutter", "9 m", "7 crowns"], ["Schooner", "18 m", "21 crowns"]]
ITEMS = ["Barges of more than 30 m", "Rafts", "Boats without a light", "Houseboats. They stay in the canal."]


def _html() -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    return f"<html><body><h1>Harbour fees</h1><p>Fees are paid at the office.</p><table>{rows}</table></body></html>"


def _written(folder: Path, suffix: str) -> Path:
    path = folder / f"fees.{suffix}"
    if suffix == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        for row in ROWS:
            book.active.append(row)
        book.save(path)
        return path
    texts = {"md": MARKDOWN, "html": _html(), "csv": "\n".join(",".join(row) for row in ROWS)}
    path.write_text(texts[suffix], "utf-8")
    return path


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture
def kit(embedder: SentenceTransformerEmbedder, tmp_path: Path) -> Iterator[Ragkit]:
    """A store without documents."""
    with Ragkit.in_memory(embedder=embedder) as made:
        yield made


@pytest.mark.parametrize("suffix", ["md", "html", "csv", "xlsx"])
def test_a_row_is_read_with_its_header(kit: Ragkit, tmp_path: Path, suffix: str) -> None:
    """The sentence names the columns; it cites the row and the header, each exactly as it stands, and the record verifies."""
    kit.ingest(_written(tmp_path, suffix))
    answer = kit.ask("What does a cutter pay a day?", mode="quote")
    sentence = answer.sentences[0]
    assert sentence.text == "Boat: Cutter; Length: 9 m; Fee a day: 7 crowns"
    assert [c.cited_text for c in sentence.citations] == ["Cutter | 9 m | 7 crowns", "Boat | Length | Fee a day"]
    for citation in sentence.citations:
        assert kit.text(citation.uri, citation.start_char_index, citation.end_char_index) == citation.cited_text
    assert kit.verify_answer(answer.record_id).sound


def test_a_header_is_no_evidence(kit: Ragkit, tmp_path: Path) -> None:
    """Whatever is asked, no sentence and no evidence is the header alone."""
    kit.ingest(_written(tmp_path, "csv"))
    for question in ("What is the fee a day?", "Which boat, length and fee?", "Boat length fee a day"):
        answer = kit.ask(question, mode="quote")
        assert "Boat | Length | Fee a day" not in [e.text for e in answer.evidence]
        assert answer.evidence


def test_the_header_of_a_long_table_is_found_in_every_passage(kit: Ragkit, tmp_path: Path) -> None:
    """Rows that stand in a later passage are read with it as well."""
    lines = ["Boat,Length,Fee a day", *(f"Boat number {n},{n} m,{3 * n} crowns" for n in range(1, 200)), "Zebra yacht,77 m,555 crowns"]
    (tmp_path / "long.csv").write_text("\n".join(lines))
    kit.ingest(tmp_path / "long.csv")
    answer = kit.ask("What does the Zebra yacht pay a day?", mode="quote")
    assert answer.sentences[0].text == "Boat: Zebra yacht; Length: 77 m; Fee a day: 555 crowns"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("Boat | Length | Fee\nCutter | 9 m | 7", True),
        ("Boat | Fee\nCutter | 7 crowns\nRaft | 1 crown", True),
        ("Owner | Ada Reid\nHarbour | Dunmore", False),
        ("Owner | Ada Reid\nBuilt | 1871", False),
        ("Owner | Ada Reid\nHarbour | Dunmore\nBuilt | 1871", False),
        ("1 | 2 | 3\n4 | 5 | 6", False),
        ("Boat | | Fee\nCutter | 9 m | 7", False),
        ("Title of the table\nCutter | 9 m | 7", False),
        ("Boat | Length | Fee", False),
        ("", False),
    ],
)
def test_a_first_row_names_the_columns_or_does_not(rows: str, found: bool) -> None:
    """Three names without digits do, two where the column below one of them has numbers; a row like the others does not."""
    parsed = Parsed(text=rows, blocks=(Block(kind="table", start=0, end=len(rows)),))
    assert (tables.header(parsed, parsed.blocks[0]) is not None) == found
    assert (tables.header_above(parsed, rows.rfind("\n") + 1) is not None) == found
    assert tables.header_above(parsed, 0) is None


@given(st.text(), st.text())
def test_any_row_can_be_read(names: str, row: str) -> None:
    """Whatever stands in it; every cell is still there."""
    read = tables.read_with(names, row)
    assert all(cell in read for cell in tables.cells(row)) or " ".join(row.split()) == read


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which boats are not admitted?", True),
        ("List the boats that are not admitted.", True),
        ("What are the steps?", True),
        ("Which languages are there?", True),
        ("Name all rivers of Dunmore", True),
        ("Which boat is not admitted?", False),
        ("What is the address?", False),
        ("What does this cost?", False),
        ("Who lists the boats?", False),
        ("Who was the last keeper?", False),
        ("", False),
    ],
)
def test_questions_for_lists_are_told(question: str, wanted: bool) -> None:
    """By their words."""
    assert lists.asks(question) is wanted


def test_a_list_is_given_item_by_item(kit: Ragkit, tmp_path: Path) -> None:
    """All of it, in order, each item without its mark and with its own citation; not the next list."""
    kit.ingest(_written(tmp_path, "md"))
    for question in ("Which boats are not admitted?", "List the boats that are not admitted."):
        answer = kit.ask(question, mode="quote")
        assert [s.text for s in answer.sentences] == ITEMS
        assert [s.citations[0].cited_text for s in answer.sentences] == ITEMS
        assert kit.verify_answer(answer.record_id).sound


def test_without_a_question_for_a_list_nothing_changes(kit: Ragkit, tmp_path: Path) -> None:
    """One thing is asked for, at most three sentences come."""
    kit.ingest(_written(tmp_path, "md"))
    answer = kit.ask("Where are fees paid?", mode="quote")
    assert answer.sentences[0].text == "Fees are paid at the office."
    assert len(answer.sentences) <= 3


def test_the_model_may_tell_a_list(embedder: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    """Its items are checked as sentences are; those that it leaves out are quoted."""
    generator = ScriptedGenerator("Rafts [2] Boats without a light [3] Rowing boats [2]")
    settings = Settings().with_values(**{"answering.min_answerable": 0.0})
    with Ragkit.in_memory(embedder=embedder, generator=generator, settings=settings) as kit:
        kit.ingest(_written(tmp_path, "md"))
        answer = kit.ask("Which boats are not admitted?", mode="auto")
        assert sorted(s.text for s in answer.sentences) == sorted(ITEMS)
        assert [s.status for s in answer.sentences] == ["quoted"] * 4 or "verified" in [s.status for s in answer.sentences]
        assert "Rowing" not in answer.text


def test_a_row_that_was_altered_is_found(kit: Ragkit, tmp_path: Path) -> None:
    """What is shown must be what both citations say: another cell, another name of a column, or a citation too many is a fault."""
    kit.ingest(_written(tmp_path, "csv"))
    kept = kit.answer_record(kit.ask("What does a cutter pay a day?", mode="quote").record_id)
    sentence = kept["sentences"][0]
    assert next(iter(sentences_now(kept, None))).fault is None
    forged = [
        {**sentence, "text": sentence["text"].replace("7", "1")},
        {**sentence, "text": sentence["text"].replace("Fee", "Fine")},
        {**sentence, "citations": sentence["citations"] * 2},
        {**sentence, "citations": sentence["citations"][::-1]},
        {**sentence, "citations": []},
    ]
    for one in forged:
        assert next(iter(sentences_now({**kept, "sentences": [one]}, None))).fault is not None
