"""The commands about answers that were given, and about the audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

QUESTION = "When was the lighthouse on Gull Point built?"


class Ran(Protocol):
    """What one command gave."""

    code: int
    out: str
    err: str
    json: dict[str, object]


class Run(Protocol):
    """Runs ``ragkit``."""

    def __call__(self, *arguments: object) -> Ran:
        """With these arguments."""


@pytest.fixture
def asked(run: Run, store: Path) -> str:
    """The record of a quoted answer."""
    ran = run("ask", QUESTION, "--mode", "quote", "--as", "anna", "--chat", "lights", "--json", "--store", store)
    return str(ran.json["record_id"])


def test_answers_are_listed_and_shown(run: Run, store: Path, asked: str) -> None:
    """All in a list, or one with its sentences, their citations, and who asked how."""
    assert asked in run("answers", "--store", store).out
    [listed] = run("answers", "--json", "--store", store).json
    assert listed["record_id"] == asked  # type: ignore[index]
    shown = run("answers", asked, "--store", store)
    assert "1874" in shown.out
    assert "mode: quote" in shown.out
    assert run("answers", asked, "--json", "--store", store).json["id"] == asked
    missing = run("answers", "nothing", "--store", store)
    assert (missing.code, missing.out) == (1, "")


@pytest.mark.parametrize("name", ["answer.json", "answer.md", "answer.html"])
def test_an_answer_is_exported_and_verified(run: Run, store: Path, asked: str, tmp_path: Path, name: str) -> None:
    """The file's name says the format; what was exported verifies, what was changed does not, and neither does nonsense."""
    file = tmp_path / name
    assert run("verify", asked, "--store", store).code == 0
    assert run("export-answer", asked, "-o", file, "--store", store).code == 0
    assert run("export-answer", asked, "--format", {"json": "json", "md": "markdown", "html": "html"}[name[7:]], "--store", store).out == (
        file.read_text("utf-8")
    )
    found = run("verify", file, "--json", "--store", store)
    assert (found.code, found.json["sound"]) == (0, True)
    alone = run("verify", file, "--store", tmp_path / "nowhere")
    assert alone.code == 0
    assert "no store is at hand" in alone.err
    assert "not compared" in alone.out
    file.write_text(file.read_text("utf-8").replace("1874", "1875"), "utf-8")
    changed = run("verify", file, "--store", store)
    assert (changed.code, changed.out) == (1, "")
    assert "altered" in changed.err or "not what its record says" in changed.err


def test_a_source_that_was_removed_is_said(run: Run, store: Path, asked: str) -> None:
    """The exit code is 1, and the line names the citation's standing."""
    uri = str(run("answers", asked, "--json", "--store", store).json["documents"][0]["uri"])  # type: ignore[index]
    assert run("delete", uri, "--store", store).code == 0
    found = run("verify", asked, "--store", store)
    assert found.code == 1
    assert "source removed" in found.out
    assert "Something is wrong" in found.out


def test_a_replay_says_what_differs(run: Run, store: Path, asked: str) -> None:
    """Nothing, or each difference with both values."""
    assert "Nothing differs." in run("replay", asked, "--store", store).out
    ran = run("replay", asked, "--set", "retrieval.bm25_k1=0.7", "--json", "--store", store)
    assert ran.code == 0
    assert {"part": "settings", "what": "retrieval.bm25_k1", "before": 1.2, "now": 0.7} in ran.json["differences"]  # type: ignore[operator]
    assert "was 1.2" in run("replay", asked, "--set", "retrieval.bm25_k1=0.7", "--store", store).out


def test_the_audit_log_is_verified_against_a_head(run: Run, store: Path, asked: str, tmp_path: Path) -> None:
    """The head as a file, as COUNT:HASH and as the hash; entries that were cut off are found by it, and the exit code is 1."""
    run("ask", "Who built it?", "--mode", "quote", "--store", store)
    kept = tmp_path / "head.json"
    said = run("audit", "head", "-o", kept, "--store", store).out.strip()
    assert json.loads(kept.read_text()) == run("audit", "head", "--json", "--store", store).json
    assert "2 entries" in run("audit", "verify", "--store", store).out
    for head in (kept, said, said.split(":")[1]):
        assert run("audit", "verify", "--head", head, "--store", store).code == 0
    listed = run("audit", "list", "--question", QUESTION, "--json", "--store", store).json
    assert [entry["record_id"] for entry in listed] == [asked]  # type: ignore[index]
    assert "anna" in run("audit", "list", "--store", store).out
    engine = sa.create_engine(f"sqlite:///{store / 'catalog.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM audit_log WHERE number = 2"))
    engine.dispose()
    found = run("audit", "verify", "--head", kept, "--json", "--store", store)
    assert (found.code, found.json["sound"]) == (1, False)
    assert any("cut off" in str(fault) for fault in found.json["faults"])  # type: ignore[attr-defined]
    assert run("audit", "verify", "--head", "nonsense", "--store", store).code == 1


def test_chats_are_listed_shown_and_deleted(run: Run, store: Path, asked: str) -> None:
    """The questions of a chat; another asker cannot go on with it."""
    assert "lights" in run("chats", "--store", store).out
    assert QUESTION in run("chats", "lights", "--store", store).out
    assert run("chats", "lights", "--json", "--store", store).json["turns"]
    other = run("ask", "And who built it?", "--as", "ben", "--chat", "lights", "--mode", "quote", "--store", store)
    assert other.code == 1
    assert "somebody else's" in other.err
    assert run("chats", "lights", "--delete", "--store", store).code == 0
    assert run("chats", "lights", "--store", store).code == 2
    assert run("chats", "--delete", "--store", store).code == 2
