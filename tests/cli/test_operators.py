"""Options of ``search`` and ``ask`` that say who asks, and how a query is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ragkit.cli.questions import _principals


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (["anna"], ["anna"]),
        (["anna, group:staff", "bob"], ["anna", "group:staff", "bob"]),
        ([""], []),
    ],
)
def test_principals_are_repeated_or_listed(given: list[str] | None, expected: list[str] | None) -> None:
    """``--as`` may be repeated and hold several names; no ``--as`` at all is no access control, an empty one is nobody."""
    assert _principals(given) == expected


def _names(hits: list[dict[str, Any]]) -> set[str]:
    return {Path(hit["uri"]).name for hit in hits}


def test_operators_and_groups(run: Any, pages: Path, tmp_path: Path) -> None:
    """A query's operators choose passages; the lines of ``--queries`` are plain text unless asked; groups open documents."""
    store = tmp_path / "store"
    run("ingest", pages / "heron.md", "--acl", "group:crew", "--store", store)
    run("ingest", pages / "bakery.md", "--store", store)

    def search(*arguments: object) -> set[str]:
        return _names(run("search", *arguments, "--store", store, "--json").json["hits"])

    assert search("ferry bread") == {"heron.md", "bakery.md"}
    assert search("ferry bread", "--as", "ann", "--as", "x,group:crew") == {"heron.md", "bakery.md"}
    assert search("ferry bread", "--as", "") == {"bakery.md"}
    assert search("ferry +bakery") == {"bakery.md"}
    assert search("ferry +bakery", "--no-operators") == {"heron.md", "bakery.md"}
    queries = tmp_path / "queries.jsonl"
    queries.write_text(json.dumps({"_id": "1", "text": "ferry +bakery"}), encoding="utf-8")
    plain, read = (run("search", "--queries", queries, *more, "--store", store).lines for more in ([], ["--operators"]))
    assert _names(plain[0]["hits"]) == {"heron.md", "bakery.md"}
    assert _names(read[0]["hits"]) == {"bakery.md"}
