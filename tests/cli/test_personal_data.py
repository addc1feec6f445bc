"""Personal data on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_ingest_says_what_it_found(run: Any, tmp_path: Path) -> None:
    """The report counts by kind, for people and as JSON; without a policy it says nothing of it; the text is masked."""
    file = tmp_path / "note.txt"
    file.write_text("Refund card 4111 1111 1111 1111 and tell ada@example.org.\n")
    redact = ("--set", "pii.at_ingest=redact")
    assert "pii" not in run("--store", tmp_path / "a", "--json", "ingest", file).json
    assert "personal data: 1 card, 1 email\n" in run("--store", tmp_path / "b", *redact, "ingest", file).out
    assert run("--store", tmp_path / "c", *redact, "--json", "ingest", file).json["pii"] == {"card": 1, "email": 1}
    assert run("--store", tmp_path / "c", "show", str(file)).out.strip() == f"Refund card {'█' * 19} and tell {'█' * 15}."


def test_an_unknown_kind_is_wrong_usage(run: Any, tmp_path: Path) -> None:
    """A kind that does not exist ends with the code of wrong usage, and the message lists those that do."""
    ran = run("--store", tmp_path / "a", "--set", "pii.kinds=ssn", "status")
    assert ran.code == 2
    assert "us_ssn" in ran.err
