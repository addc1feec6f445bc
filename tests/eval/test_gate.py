"""Limits that a run must keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ragkit.cli import main
from ragkit.eval import kept
from ragkit.eval.choosing import limits
from ragkit.eval.kept import RunInfo
from ragkit.eval.measures import UnknownMeasure
from ragkit.eval.outcome import Outcome

MakeRun = Callable[..., str]


@pytest.fixture
def make_run(tmp_path: Path, outcome: Callable[..., Outcome]) -> MakeRun:
    """Keeps a run with ``right`` right answers and ``wrong`` wrong ones, then ``refused`` questions; the folder's name."""

    def make(name: str, right: int, wrong: int, refused: int = 0, missing: int = 0, first: int = 0) -> str:
        texts: Sequence[str] = ["gold"] * right + ["no"] * wrong + [""] * refused
        count = {"file": "q.jsonl", "sha256": "0", "count": len(texts) + missing}
        info = RunInfo(id=name, name="", created="2026", system="s", about={}, questions=count, k=10, versions={}, machine={})
        kept.begin(tmp_path / name, info)
        for number, text in enumerate(texts, first):
            made = outcome(text=text, abstained=not text)
            kept.append(tmp_path / name, replace(made, question=replace(made.question, id=str(number))))
        return str(tmp_path / name)

    return make


def gate(*arguments: str) -> int:
    return main(["eval", "gate", *arguments])


@pytest.mark.parametrize(("limit", "code"), [("0.1", 0), ("0.09", 1), ("0", 1), ("0.5", 0)])
def test_a_drop_beyond_its_limit_fails(make_run: MakeRun, limit: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Nine of ten against ten of ten is a drop of 0.1: at the limit it passes, beyond it it fails, and it is said why."""
    before, now = make_run("a", 10, 0), make_run("b", 9, 1)
    assert gate(now, "--baseline", before, "--max-drop", f"answer contains={limit}") == code
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("kept" if code == 0 else "FAILED")
    assert "0.1000 worse than 1.0000 (10 questions)" in said
    assert gate(before, "--baseline", now, "--max-drop", f"answer contains={limit}") == 0


def test_with_confidence_the_interval_must_be_beyond(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    """One question of ten is no evidence of a drop, thirty of a hundred are."""
    small = [make_run("b", 9, 1), "--baseline", make_run("a", 10, 0), "--max-drop", "answer contains=0.05", "--confidence"]
    assert gate(*small) == 0
    assert "its 95 % interval is not" in capsys.readouterr().out
    assert gate(make_run("d", 70, 30), "--baseline", make_run("c", 100, 0), "--max-drop", "answer contains=0.05", "--confidence") == 1


def test_less_may_be_better(make_run: MakeRun) -> None:
    """A rise of what should be low is a drop."""
    before, now = make_run("a", 10, 0), make_run("b", 8, 0, refused=2)
    assert gate(now, "--baseline", before, "--max-drop", "false refusals=0.1") == 1
    assert gate(before, "--baseline", now, "--max-drop", "false refusals=0") == 0


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (["--min", "answer contains=0.8"], 0),
        (["--min", "answer contains=0.81"], 1),
        (["--min", "answer contains=0.9", "--confidence"], 0),
        (["--max", "false refusals=0.1"], 0),
        (["--max", "false refusals=0.05,answer contains=0.9"], 1),
        (["--min", "false answers=0"], 1),
    ],
)
def test_floors_and_ceilings_need_no_baseline(make_run: MakeRun, limit: list[str], code: int) -> None:
    """Values have limits by themselves; a measure that applies to no question fails."""
    assert gate(make_run("a", 8, 1, refused=1), *limit) == code


def test_a_baseline_is_a_file_too(make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What ``show --json`` prints holds the questions' values and is as good as the run; plain numbers are numbers."""
    before, now = make_run("a", 10, 0), make_run("b", 9, 1)
    assert main(["eval", "show", before, "--json"]) == 0
    (tmp_path / "baseline.json").write_text(capsys.readouterr().out, "utf-8")
    (tmp_path / "numbers.json").write_text('{"answer contains": 1.0}', "utf-8")
    told = []
    for baseline in (before, tmp_path / "baseline.json", tmp_path / "numbers.json"):
        assert gate(now, "--baseline", str(baseline), "--max-drop", "answer contains=0.05", "--json") == 1
        told.append(json.loads(capsys.readouterr().out)["checks"][0])
    assert told[0] == told[1]
    assert [one["moved"] for one in told] == pytest.approx([0.1] * 3)
    assert all(one["interval"][0] <= 0.1 <= one["interval"][1] for one in told)


@pytest.mark.parametrize("text", ["[]", "{", '{"answer contains": "much"}', '{"results": [{}]}'])
def test_what_is_no_baseline_is_refused(make_run: MakeRun, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read as one fails, and the error says how to make one."""
    (tmp_path / "b.json").write_text(text, "utf-8")
    assert gate(make_run("a", 1, 0), "--baseline", str(tmp_path / "b.json"), "--max-drop", "answer contains=0.1") == 1
    assert "eval show RUN --json" in capsys.readouterr().err


def test_other_questions_are_refused(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    """A baseline of other questions is none, unless those that are shared are enough."""
    asked = [make_run("b", 9, 1), "--baseline", make_run("a", 10, 0, first=5), "--max-drop", "answer contains=0.5"]
    assert gate(*asked) == 1
    assert "5 are shared" in " ".join(capsys.readouterr().err.split())
    assert gate(*asked, "--common") == 0


def test_an_unfinished_run_never_passes(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    """Questions that are still to be asked could be those that fail."""
    assert gate(make_run("a", 10, 0, missing=2), "--min", "answer contains=0.5") == 1
    assert "2 questions of the run are not asked yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "takes a limit"),
        (["--max-drop", "answer contains=0.1"], 1, "takes a baseline"),
        (["--min", "answer=0.1"], 1, "no measure 'answer'"),
        (["--min", "answer contains"], 1, "not of the form MEASURE=NUMBER"),
    ],
)
def test_wrong_usage_never_passes(
    make_run: MakeRun, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gate without a limit, or with one that cannot be read, fails."""
    assert gate(make_run("a", 1, 0), *arguments) == code
    assert message in " ".join(capsys.readouterr().err.split())


def test_limits_are_numbers() -> None:
    """Names may hold blanks and signs; what is no number is refused."""
    assert limits("AUROC of answerable=.5 , nDCG@10=0") == {"AUROC of answerable": 0.5, "nDCG@10": 0.0}
    assert limits(None) == {}
    with pytest.raises(UnknownMeasure):
        limits("nDCG@10=much")
