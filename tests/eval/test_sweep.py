"""Many settings over the same documents and questions."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ragkit import load_settings
from ragkit.cli import main
from ragkit.errors import SettingsError
from ragkit.eval import kept
from ragkit.eval.kept import RunInfo
from ragkit.eval.measures import FalseRefusalRate, Recall
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import parse_questions
from ragkit.eval.stored import Stored
from ragkit.eval.sweep import Plan, Sweep, judged, named, on_front, points, store_of, variations
from ragkit.eval.sweep_report import svg
from ragkit.testing import SyntheticEmbedder

VARY = {"chunking.max_tokens": ["16", "64"], "retrieval.dense_weight": ["0", "0.5", "1"]}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Four texts, and a question on each."""
    (tmp_path / "docs").mkdir()
    for n in range(4):
        (tmp_path / "docs" / f"{n}.txt").write_text(f"Mill {n} grinds grain {n}. " * 12, "utf-8")
    lines = [json.dumps({"question": f"What does mill {n} grind?", "answers": ["x"], "relevant": [{"uri": f"{n}.txt"}]}) for n in range(4)]
    (tmp_path / "q.jsonl").write_text("\n".join(lines), "utf-8")
    settings = load_settings(environ={}, values={"generation.model": "none"})
    return Plan(
        folder=tmp_path / "sweep", documents=[str(tmp_path / "docs")], file=tmp_path / "q.jsonl", questions=parse_questions(lines),
        settings=settings, k=3, retrieval_only=True,
    )  # fmt: skip


def test_the_grid_and_a_part_of_it() -> None:
    """All combinations, or some of them, each once and the same for one seed."""
    assert len(points(VARY)) == 6
    some = points(VARY, some=4, seed=1)
    assert some == points(VARY, some=4, seed=1) != points(VARY, some=4, seed=2)
    assert len({named(one) for one in some}) == 4
    assert points(VARY, some=99) == points(VARY)


@pytest.mark.parametrize("given", [["retrieval.k"], ["retrieval.k="], ["retrieval.k=1", "retrieval.k=2"]])
def test_what_cannot_be_varied(given: list[str]) -> None:
    """A key without values, or twice, is refused; values that repeat count once."""
    with pytest.raises(SettingsError, match="--vary"):
        variations(given)
    assert variations(["retrieval.k=1, 2,1"]) == {"retrieval.k": ["1", "2"]}


def test_points_that_hold_the_same_share_a_store() -> None:
    """What is read when a question is asked makes no new store; what is cut, embedded or stemmed does."""
    base = load_settings(environ={})
    same = ("retrieval.dense_weight", 0.1), ("retrieval.reranker", "none"), ("answering.sentences", 1), ("generation.model", "none")
    other = ("chunking.max_tokens", 99), ("embedding.model", "x"), ("retrieval.language", "german"), ("pii.at_ingest", "redact")
    assert {store_of(base.with_values(**dict([one]))) for one in same} == {store_of(base)}
    assert len({store_of(base.with_values(**dict([one]))) for one in other} | {store_of(base)}) == 5


def test_a_sweep_makes_a_store_a_way_and_a_run_a_point(plan: Plan) -> None:
    """Six points on two stores; a second time nothing is asked, and the results are the same."""
    going = Sweep(plan, embedder=SyntheticEmbedder(64))
    ordered = going.ordered([{"retrieval.dense_weight": w, "chunking.max_tokens": t} for w in ("0", "0.5", "1") for t in ("16", "64")])
    assert [one["chunking.max_tokens"] for one in ordered] == ["16"] * 3 + ["64"] * 3
    runs = [(values, going.carry_out(values)) for values in ordered]
    assert len(list((plan.folder / "stores").iterdir())) == 2
    assert len({stored.folder for _, stored in runs}) == 6
    found = judged(runs, Recall(k=3))
    assert all(point.latency_ms is not None and point.questions == 4 for point in found)
    again = Sweep(plan, embedder=SyntheticEmbedder(64))
    assert judged([(values, again.carry_out(values)) for values in ordered], Recall(k=3)) == found
    with pytest.raises(SettingsError, match=r"retrieval\.weight"):
        going.ordered([{"retrieval.weight": "1"}])


def test_a_broken_off_sweep_goes_on(plan: Plan) -> None:
    """Of a point that was broken off only what is left is asked."""
    going, values = Sweep(plan, embedder=SyntheticEmbedder(64)), {"retrieval.dense_weight": "0.5"}
    whole = going.carry_out(values)
    file = Path(whole.folder) / kept.OUTCOMES
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2][:5])
    resumed = Sweep(plan, embedder=SyntheticEmbedder(64)).carry_out(values)
    assert file.read_bytes().splitlines(keepends=True)[:2] == lines[:2]
    assert [replace(o, response=replace(o.response, timings={})) for o in resumed.outcomes] == [
        replace(o, response=replace(o.response, timings={})) for o in whole.outcomes
    ]


def test_the_front() -> None:
    """A point is on it unless another is as good and as fast and better in one; equal points both are; what has no time is not."""
    assert on_front([(0.9, 20.0), (0.9, 20.0), (0.9, 21.0), (0.5, 1.0), (0.4, 2.0), None, (1.0, None)]) == [
        True, True, False, True, False, False, False,
    ]  # fmt: skip


def test_points_are_sorted_and_tested(outcome: Callable[..., Outcome]) -> None:
    """The best is first, in the measure's own direction; the others have a p beside it, corrected."""

    def run(refused: int, seconds: float) -> Stored:
        made = [outcome(text="" if n < refused else "gold", abstained=n < refused) for n in range(20)]
        outcomes = tuple(
            replace(o, question=replace(o.question, id=str(n)), response=replace(o.response, timings={"total_s": seconds}))
            for n, o in enumerate(made)
        )
        info = RunInfo(id="", name="", created="", system="", about={}, questions={}, k=1, versions={}, machine={})
        return Stored(folder="f", info=info, outcomes=outcomes)

    found = judged([({"a": "1"}, run(20, 0.1)), ({"a": "2"}, run(0, 0.3)), ({"a": "3"}, run(1, 0.4))], FalseRefusalRate())
    assert [point.values["a"] for point in found] == ["2", "3", "1"]
    assert [point.on_front for point in found] == [True, False, True]
    assert [point.latency_ms for point in found] == [300.0, 400.0, 100.0]
    assert found[0].p is None
    assert found[1].p is not None
    assert found[2].p is not None
    assert found[2].p < 0.001 < 0.5 <= found[1].p
    tree = ET.fromstring(svg(found))  # noqa: S314 - it was written just now
    assert len([e for e in tree.iter() if e.tag.endswith("circle")]) == 3


def test_the_command_sweeps(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    """With the real model: JSON, a drawing without links, and wrong usage before anything is done."""
    sweep = ["--json", "eval", "sweep", str(plan.file), *plan.documents, "--retrieval-only", "-k", "3", "--to", str(plan.folder)]
    assert main([*sweep, "--vary", "retrieval.dense_weight=0,1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [point["measure"] for point in told["points"]] == ["nDCG@3"] * 2
    assert json.loads((plan.folder / "sweep.json").read_text("utf-8")) == told
    tree = ET.fromstring((plan.folder / "sweep.svg").read_text("utf-8"))  # noqa: S314 - it was written just now
    assert not [e for e in tree.iter() if any("href" in key for key in e.attrib)]
    assert main([*sweep, "--vary", "retrieval.dense_weight=2"]) == 2
    assert len(list((plan.folder / "runs").iterdir())) == 2
