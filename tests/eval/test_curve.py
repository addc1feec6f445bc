"""Risk over coverage as ``ragkit eval`` draws it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from ragkit import Ragkit, Settings
from ragkit.answer import risk
from ragkit.cli import main
from ragkit.eval import curve as curves
from ragkit.eval.outcome import Outcome
from ragkit.testing import SyntheticEmbedder

MakeOutcome = Callable[..., Outcome]


def test_what_counts_as_wrong(outcome: MakeOutcome) -> None:
    """An answer without a gold string is wrong, and so is any answer to an unanswerable question."""
    assert not curves.is_wrong(outcome(text="the gold one"))
    assert curves.is_wrong(outcome(text="another"))
    assert curves.is_wrong(outcome(answers=(), text="gold"))


def test_the_curve_counts_abstentions_as_questions(outcome: MakeOutcome) -> None:
    """Whoever abstains, for whatever reason, is answered at no threshold."""
    seen = [outcome(text="gold", answerable=0.9), outcome(text="x", answerable=0.4), outcome(text="", abstained=True, answerable=0.8)]
    with Ragkit.in_memory(embedder=SyntheticEmbedder(64), settings=Settings()) as kit:
        found = curves.curve(kit, seen)
        assert found.about == risk.about(kit.settings, kit.embedder.sha256)
    assert [(p.answered, p.wrong) for p in found.points] == [(1, 0), (2, 1)]
    assert found.points[-1].coverage == pytest.approx(2 / 3)


def test_withheld_answers_are_abstentions(outcome: MakeOutcome) -> None:
    """What lies below the threshold in force is measured as if it had not been answered; the rest stays as it is."""
    low, high = outcome(text="gold", answerable=0.1, verbatim=(True,)), outcome(text="gold", answerable=0.2)
    held = curves.withheld(low, 0.2)
    assert (held.response.state, held.response.statements) == ("abstained", ())
    assert curves.withheld(high, 0.2) is high


def test_the_drawing_is_xml_without_links(tmp_path: Path) -> None:
    """The SVG beside the JSON can be parsed, shows both lines, and refers to nothing outside."""
    found = risk.drawn([i / 500 for i in range(500)], [i % 7 == 0 for i in range(500)], 600)
    drawing = curves.save(found, tmp_path / "c.json")
    tree = ET.fromstring(drawing.read_text("utf-8"))  # noqa: S314 - it was written just now
    assert len([e for e in tree.iter() if e.tag.endswith("polyline")]) == 2
    assert not [e for e in tree.iter() if any("href" in key for key in e.attrib)]
    assert risk.read((tmp_path / "c.json").read_text("utf-8"), "c").points == found.points


def test_the_command_writes_a_curve_that_the_setting_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``ragkit eval --curve`` answers all, measures by the threshold in force, and what it writes is read by ``answering.max_wrong``."""
    store = ["--store", str(tmp_path / "store")]
    (tmp_path / "mill.txt").write_text("The mill was built in 1740 by Jonas Hale.\n", "utf-8")
    asked = [{"question": "When was the mill built?", "answers": ["1740"]}, {"question": "Who won the race in Dunmore?", "answers": []}]
    questions = tmp_path / "q.jsonl"
    questions.write_text("".join(json.dumps(one) + "\n" for one in asked), "utf-8")
    curve = str(tmp_path / "c.json")
    assert main([*store, "--json", "ingest", str(tmp_path / "mill.txt")]) == 0
    capsys.readouterr()
    assert main([*store, "--json", "eval", str(questions), "--mode", "quote", "--curve", curve]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["curve"]["promises"][0]["min_answerable"] is None
    assert [row["abstained"] for row in told["rows"]] == [row["answerable"] < 0.2 for row in told["rows"]]
    assert len(json.loads(Path(curve).read_text("utf-8"))["points"]) == 2
    given = ["--set", "answering.max_wrong=0.99", "--set", f"answering.risk_curve={curve}", "--set", "answering.mode=quote"]
    assert main([*store, "--json", "ask", "When was the mill built?", *given]) == 0
    assert not json.loads(capsys.readouterr().out)["abstained"]
    assert main([*store, "eval", str(questions), "--retrieval-only", "--curve", curve]) == 2
