"""Runs side by side: differences, tests, what changed most; and the commands that show it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ragkit.cli import main
from ragkit.eval import kept, stored
from ragkit.eval.compare import OtherQuestions, compare
from ragkit.eval.compare_report import markdown
from ragkit.eval.interval import paired, paired_p
from ragkit.eval.kept import RunInfo
from ragkit.eval.measures import AnswerableAuroc, AnswerContains, FalseRefusalRate, Ndcg, SentencesPerAnswer
from ragkit.eval.outcome import Outcome
from ragkit.eval.statistics import holm
from ragkit.eval.stored import Stored

MakeRun = Callable[..., Stored]
CONTAINS = AnswerContains()


@pytest.fixture
def make_run(tmp_path: Path, outcome: Callable[..., Outcome]) -> MakeRun:
    """Keeps a run: ``texts`` are the answers to questions a, b, …, of which each is right when it says "gold"; ``None``: no answer."""

    def make(name: str, texts: Sequence[str | None], *, first: int = 0, hits: int = 1) -> Stored:
        folder = tmp_path / "runs" / name
        count = {"file": "q.jsonl", "sha256": "0", "count": len(texts)}
        info = RunInfo(id=f"id-{name}", name=name, created="2026", system="s", about={}, questions=count, k=10, versions={}, machine={})
        kept.begin(folder, info)
        for number, text in enumerate(texts, first):
            made = outcome(text=text or "", abstained=text is None, gold=[("d", 0, 9)], hits=[("d", 10 * (hits - 1), 10 * hits)])
            asked = replace(made.question, id=chr(97 + number), text=f"Question {number}?")
            kept.append(folder, replace(made, question=asked))
        return stored.load(folder)

    return make


def test_a_difference_is_that_of_the_pairs(make_run: MakeRun) -> None:
    """Both values, their difference, interval and p are those of the questions' pairs; wins are questions that got better."""
    a = make_run("a", ["gold", "no", "no", "no", "gold", "no", "gold", "no"])
    b = make_run("b", ["gold", "gold", "gold", "gold", "no", "no", "gold", "no"])
    row = compare([a, b], [CONTAINS]).differences[0]
    x, y = [1.0, 0, 0, 0, 1, 0, 1, 0], [1.0, 1, 1, 1, 0, 0, 1, 0]
    assert (row.a, row.b, row.difference, row.questions) == (3 / 8, 5 / 8, 2 / 8, 8)
    assert (row.interval, row.p, row.corrected_p) == (paired(x, y), paired_p(x, y), paired_p(x, y))
    assert row.effect is not None
    assert (row.effect.wins, row.effect.losses, row.effect.ties, row.effect.odds) == (3, 1, 4, 3.0)


def test_wins_are_of_what_is_better(make_run: MakeRun) -> None:
    """Where less is better, a question with a lower value is won."""
    row = compare([make_run("a", [None, None, "gold"]), make_run("b", ["gold", None, "gold"])], [FalseRefusalRate()]).differences[0]
    assert row.difference == pytest.approx(-1 / 3)
    assert row.effect is not None
    assert (row.effect.wins, row.effect.losses) == (1, 0)


def test_only_pairs_are_compared(make_run: MakeRun) -> None:
    """A question to which a measure applies in one run alone counts in neither; a measure without a pair has no value, and one that
    is no mean over questions has no test."""
    found = compare(
        [make_run("a", ["gold", None, "x"]), make_run("b", ["gold", "gold", None])], [SentencesPerAnswer(), AnswerableAuroc(), Ndcg(k=3)]
    )
    pairs, auroc, ndcg = found.differences
    assert pairs.questions <= 1
    assert (auroc.p, auroc.interval) == (None, None)
    assert ndcg.questions == 3
    nothing = compare([make_run("c", [None]), make_run("d", ["gold"])], [SentencesPerAnswer()]).differences[0]
    assert (nothing.a, nothing.difference, nothing.p, nothing.questions) == (None, None, None, 0)


def test_several_runs_are_corrected_together(make_run: MakeRun) -> None:
    """Each is compared with the first, and every test counts for the correction."""
    a, b, c = make_run("a", ["no"] * 8), make_run("b", ["gold"] * 8), make_run("c", ["gold"] * 6 + ["no"] * 2)
    found = compare([a, b, c], [CONTAINS, FalseRefusalRate()])
    assert [(row.run, row.measure) for row in found.differences] == [
        ("b", "answer contains"), ("b", "false refusals"), ("c", "answer contains"), ("c", "false refusals"),
    ]  # fmt: skip
    assert [row.corrected_p for row in found.differences] == holm([row.p or 0.0 for row in found.differences])
    raw = compare([a, b, c], [CONTAINS], correction="none")
    assert [row.p for row in raw.differences] == [row.corrected_p for row in raw.differences]


def test_what_changed_most_comes_first(make_run: MakeRun) -> None:
    """Questions are ordered by their change, with the answers of each run; what stayed is left out."""
    a = make_run("a", ["gold", "gold one two three", "same", "no"])
    b = make_run("b", ["gold", "other", "same", "gold"])
    found = compare([a, b], [CONTAINS, FalseRefusalRate()], by=CONTAINS)
    assert [(change.id, change.size) for change in found.changed] == [("b", 1.0), ("d", 1.0)]
    assert found.changed[0].answers == ("gold one two three", "other")
    assert found.changed[0].values == {"answer contains": (1.0, 0.0)}
    assert compare([a, b], [CONTAINS], changed=1).changed == found.changed[:1]
    assert compare([a, make_run("e", ["gold", None, "same", "no"])], [CONTAINS]).changed[0].answers[1] == "(no answer)"


def test_other_questions_are_refused(make_run: MakeRun) -> None:
    """Runs of different questions are compared only on demand, on those that they share, and it is said how many these are."""
    a, b = make_run("a", ["gold", "no", "no"]), make_run("b", ["gold", "gold", "no"], first=1)
    with pytest.raises(OtherQuestions, match=r"2 are shared, a has 1 more, b has 1 more \(such as a, d\).*--common"):
        compare([a, b], [CONTAINS])
    found = compare([a, b], [CONTAINS], common=True)
    assert (found.questions, found.left_out) == (2, (1, 1))
    with pytest.raises(OtherQuestions, match="share no question"):
        compare([a, make_run("c", ["gold"], first=9)], [CONTAINS], common=True)


def test_markdown_cells_hold(make_run: MakeRun) -> None:
    """What stands in an answer cannot end its cell, nor become markup."""
    text = markdown(compare([make_run("a", ["x | <b>y</b>\n`z`"]), make_run("b", ["gold"])], [CONTAINS]))
    row = next(line for line in text.splitlines() if line.startswith("| a |"))
    assert r"x \| \<b>y\</b> \`z\`" in row
    assert text.count("\n| answer contains |") == 1


@pytest.mark.parametrize("how", [["--json"], ["--markdown"], []])
def test_the_command_compares(make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: list[str]) -> None:
    """As JSON, as Markdown and as a table, with the measures that are asked for."""
    make_run("a", ["gold", "no", "no"])
    make_run("b", ["gold", "gold", "no"])
    folders = [str(tmp_path / "runs" / name) for name in "ab"]
    assert main(["eval", "compare", *folders, "--measures", "answer contains,nDCG@10", *how]) == 0
    out = capsys.readouterr().out
    if how == ["--json"]:
        tree = json.loads(out)
        assert [row["measure"] for row in tree["differences"]] == ["answer contains", "nDCG@10"]
        assert tree["changed"][0]["id"] == "b"
    else:
        assert "+0.333" in out
        assert "Question 1?" in out


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--measures", "contains"], 1, "no measure 'contains'"),
        (["--correction", "bonferroni"], 2, "not one of holm, bh, none"),
        (["nowhere"], 1, "no run 'nowhere'"),
    ],
)
def test_wrong_usage_is_one_line(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], code: int, message: str
) -> None:
    """What there is not is named, with what there is."""
    make_run("a", ["gold"])
    folder = str(tmp_path / "runs" / "a")
    assert main(["eval", "compare", folder, folder, *more]) == code
    assert message in " ".join(capsys.readouterr().err.split())
