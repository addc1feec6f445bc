"""The BEIR connector."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

from ragkit.connectors.jsonl import BeirConnector
from ragkit.connectors.sandbox import ParserPool
from ragkit.records import Failure, SourceItem


def test_a_line_is_a_document(tmp_path: Path, pool: ParserPool) -> None:
    """Each line is an item with its id in the URI, plain extra keys as metadata, and parses to title and text."""
    file = tmp_path / "c.jsonl"
    file.write_text(json.dumps({"_id": "d1", "title": "Tides", "text": "One.\n\nTwo.", "year": 1999, "metadata": {"a": 1}}) + "\n\n")
    (item,) = BeirConnector(str(file)).items()
    assert isinstance(item, SourceItem)
    assert item.uri == f"{file}#d1"
    assert item.metadata == {"year": 1999}
    document = pool.document(item)
    assert (document.title, document.parsed.text) == ("Tides", "Tides\n\nOne.\n\nTwo.")
    assert [(b.kind, document.parsed.text[b.start : b.end]) for b in document.parsed.blocks] == [
        ("heading", "Tides"),
        ("paragraph", "One."),
        ("paragraph", "Two."),
    ]


def test_bad_lines_are_failures_with_their_number(tmp_path: Path) -> None:
    """Broken JSON, nesting without end, a list, a record without text: one failure each, and the good lines come."""
    file = tmp_path / "c.jsonl"
    lines = ['{"_id": "a", "text": "x"}', "{broken", "[" * 200_000, "[1]", '{"_id": "b"}', '{"_id": 7, "text": "y"}']
    file.write_text("\n".join(lines))
    found = list(BeirConnector(str(file)).items())
    assert [item.uri.rsplit("#")[1] for item in found if isinstance(item, SourceItem)] == ["a", "7"]
    failures = [item for item in found if isinstance(item, Failure)]
    assert [failure.reason.split(":")[0] for failure in failures] == ["line 2", "line 3", "line 4", "line 5"]
    assert all("\n" not in failure.reason for failure in failures)


def test_the_token_is_the_lines(tmp_path: Path) -> None:
    """Changing one line changes its token alone."""
    file = tmp_path / "c.jsonl"
    file.write_text('{"_id": "a", "text": "x"}\n{"_id": "b", "text": "y"}\n')
    before = [item.token for item in BeirConnector(str(file)).items() if isinstance(item, SourceItem)]
    file.write_text('{"_id": "a", "text": "x"}\n{"_id": "b", "text": "z"}\n')
    after = [item.token for item in BeirConnector(str(file)).items() if isinstance(item, SourceItem)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Reading 20 MB of lines takes far less memory than that."""
    file = tmp_path / "c.jsonl"
    with file.open("w") as lines:
        lines.writelines(json.dumps({"_id": str(number), "text": "x" * 2000}) + "\n" for number in range(10_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in BeirConnector(str(file)).items()) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
