"""A run as a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragkit.eval import kept
from ragkit.eval.outcome import Outcome

MakeOutcome = Callable[..., Outcome]
INFO = kept.RunInfo(id="r1", name="", created="2026-01-01T00:00:00Z", system="s", about={}, questions={}, k=10, versions={}, machine={})


@pytest.fixture
def outcomes(outcome: MakeOutcome) -> list[Outcome]:
    return [
        outcome(gold=[("a.txt", 1, 5), "b.txt"], hits=[("a.txt", 0, 9)], text="Zürich 山", cited=[[("a.txt", 2, 4)], []]),
        outcome(text="", abstained=True),
        outcome(text="", failure="it took too long"),
    ]


def test_outcomes_come_back_as_they_were(tmp_path: Path, outcomes: list[Outcome]) -> None:
    """Header and outcomes survive the files, offsets and characters included."""
    kept.begin(tmp_path / "run", INFO)
    for one in outcomes:
        kept.append(tmp_path / "run", one)
    assert kept.load_info(tmp_path / "run") == INFO
    assert kept.load_outcomes(tmp_path / "run") == outcomes


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path, outcomes: list[Outcome]) -> None:
    """At whatever byte a run was killed, the whole lines before it are there."""
    kept.begin(tmp_path, INFO)
    for one in outcomes:
        kept.append(tmp_path, one)
    file = tmp_path / kept.OUTCOMES
    raw = file.read_bytes()
    for cut in range(0, len(raw), 97):
        file.write_bytes(raw[:cut])
        assert kept.load_outcomes(tmp_path) == outcomes[: raw[:cut].count(b"\n")]


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    """The error names the command; a line in the middle that is no outcome is named by its number."""
    with pytest.raises(kept.NoRun, match=r"ragkit eval run .* --to"):
        kept.load_info(tmp_path)
    (tmp_path / kept.OUTCOMES).write_text("{}\n", "utf-8")
    with pytest.raises(kept.NoRun, match="line 1, is not an outcome"):
        kept.load_outcomes(tmp_path)
