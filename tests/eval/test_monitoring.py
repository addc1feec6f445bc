"""Live answers of a store watched: windows, samples, scores, alerts, and what does not come out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.cli import main
from ragkit.eval import kept
from ragkit.eval.monitoring import BadAlert, BadWindow, Monitor, parse_alert, parse_window
from ragkit.eval.monitoring.alerts import fired
from ragkit.eval.monitoring.looking import FIGURES, LEAST
from ragkit.eval.monitoring.scores import sample
from ragkit.eval.monitoring.windows import sampled, split
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Response
from ragkit.recordkeeping import AnswerInfo
from ragkit.testing import SyntheticEmbedder

NOW = datetime(2026, 1, 10, tzinfo=UTC)
VALUES = {"generation.model": "none", "answering.mode": "quote", "answering.sentences": 1, "answering.min_answerable": 0.0}


def given_at(*hours: float) -> list[AnswerInfo]:
    """Answers so many hours before now, the newest first."""
    return [
        AnswerInfo(record_id=str(h), created_at=(NOW - timedelta(hours=h)).isoformat(), generation=1, question="?", abstained=False)
        for h in sorted(hours)
    ]


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Ragkit]:
    """A store of one document that answers whatever it is asked."""
    settings = Settings().with_values(**VALUES)
    with Ragkit.open(tmp_path / "store", settings=settings, embedder=SyntheticEmbedder(64)) as made:
        made.add_text("The mill was built in 1740. It grinds ninety sacks a day.", uri="mill")
        yield made


@pytest.mark.parametrize("text", ["", "0", "0h", "-3", "3y", "1.5h", "a"])
def test_what_is_no_window_is_refused(text: str) -> None:
    """A window is a number or a time, and not empty."""
    with pytest.raises(BadWindow, match="24h"):
        parse_window(text)


def test_windows_by_time_and_by_count() -> None:
    """The window ends now, the baseline where the window begins; what is older is in neither."""
    answers = given_at(1, 5, 30, 50, 400)
    day, week = parse_window("24h"), parse_window("7d")
    assert [[a.record_id for a in part] for part in split(answers, day, week, NOW)] == [["1", "5"], ["30", "50"]]
    assert [[a.record_id for a in part] for part in split(answers, 3, 1, NOW)] == [["1", "5", "30"], ["50"]]
    assert [[a.record_id for a in part] for part in split(answers, 1, timedelta(hours=5), NOW)] == [["1"], ["5"]]


@given(window=st.integers(1, 6), baseline=st.integers(1, 6), count=st.integers(0, 9))
def test_no_answer_is_in_both_windows(window: int, baseline: int, count: int) -> None:
    """Together they are the newest answers, in order."""
    answers = given_at(*range(count))
    current, before = split(answers, window, baseline, NOW)
    assert current + before == answers[: window + baseline]


def test_a_sample_is_steady_and_nested() -> None:
    """The share is about what is asked for; whoever is in a small sample is in a larger one; all and none are exact."""
    ids = [f"{n:032x}" for n in range(4000)]
    few, more = ({id for id in ids if sampled(id, rate)} for rate in (0.1, 0.4))
    assert few < more
    assert 320 < len(few) < 480
    assert all(sampled(id, 1.0) and not sampled(id, 0.0) for id in ids)


@pytest.mark.parametrize("text", ["abstention rate", "abstention rate=0.3", ">0.3", "x>", "x>1.2.3", "x<>1"])
def test_what_is_no_alert_is_refused(text: str) -> None:
    """An alert has a name, a sign and a number."""
    with pytest.raises(BadAlert, match=r"abstention rate>0\.3"):
        parse_alert(text)


def test_alerts_hold_by_their_sign() -> None:
    """At the limit itself only the signs with = hold; a figure without a value holds none."""
    alerts = [parse_alert(text) for text in ("a>1", "a>=1", "a<1", "a<=1.0", "b<5")]
    assert [str(one.alert) for one in fired(alerts, {"a": 1.0, "b": None})] == ["a >= 1", "a <= 1"]


def test_a_look_scores_without_gold(kit: Ragkit) -> None:
    """Quoted answers are grounded and verbatim; every figure that an alert may name is there."""
    for number in range(6):
        kit.ask(f"When was the mill built, asked {number} times?")
    look = Monitor(kit, window=4, baseline=10).look()
    assert (look.answers, look.baseline_answers, look.scored) == (4, 2, 4)
    found = {one.name: one for one in look.watched}
    assert [found[name].value for name in ("grounding", "verbatim citations", "citation coverage", "abstention rate")] == [1, 1, 1, 0]
    assert found["rejected sentences"].value is None
    assert found["seconds"].answers == 4
    assert look.worst == ()
    assert tuple(look.figures) == FIGURES
    assert look.figures["grounding"] is None, f"fewer than {LEAST} answers are no ground for an alert"


def test_a_record_that_was_altered_is_named(kit: Ragkit) -> None:
    """A sentence that does not say what it cites is not grounded, a citation of other words not verbatim."""
    asked = kit.ask("When was the mill built?").record_id
    right = kit.answer_record(asked)
    wrong = json.loads(json.dumps(right))
    wrong["sentences"][0]["text"] = "The mill was built in 1840."
    found = kit.verify_answer(asked)
    assert sample(right, found).values["grounding"] == 1.0
    from ragkit.answer import recheck

    verification = recheck.Verification(
        record_id=asked, citations=found.citations, sentences=tuple(recheck.sentences_now(wrong, None))
    )
    assert sample(wrong, verification).values["grounding"] == 0.0


def test_a_changed_document_is_not_the_answer_s_fault(kit: Ragkit) -> None:
    """Its citations are no longer current; whether they were verbatim cannot be told any more."""
    kit.ask("When was the mill built?")
    kit.add_text("Nothing of that stands here now.", uri="mill")
    found = {one.name: one for one in Monitor(kit, window=5, baseline=5).look().watched}
    assert found["current citations"].value == 0.0
    assert found["verbatim citations"].value is None


def test_feedback_is_labels(kit: Ragkit) -> None:
    """Up and down are an accuracy with its interval, whether sampled or not; corrections are counted."""
    ids = [kit.ask(f"When was the mill built? {n}").record_id for n in range(4)]
    for id in ids[:3]:
        kit.feedback(id, "up")
    kit.feedback(ids[3], "down", answer="1740")
    look = Monitor(kit, window=10, baseline=10, rate=0.0).look()
    assert look.scored == 0
    assert (look.labels.up, look.labels.down, look.labels.accuracy, look.labels.corrected) == (3, 1, 0.75, 1)
    assert look.labels.interval is not None


def test_drift_of_questions(kit: Ragkit) -> None:
    """Other questions than before are noticed, the same ones are not; alerts on it name its p."""
    for n in range(LEAST):
        kit.ask(f"When was the mill built and by whom? {n}")
    time.sleep(1.1)  # records know their second
    for n in range(LEAST):
        kit.ask(f"zebra quagga okapi giraffe {n}")
    look = Monitor(kit, window=LEAST, baseline=LEAST, alerts=[parse_alert("question drift p<0.01")]).look()
    assert look.questions is not None
    assert look.questions.distance > 0.2
    assert [str(one.alert) for one in look.fired] == ["question drift p < 0.01"]
    calm = Monitor(kit, window=LEAST // 2, baseline=LEAST // 2).look()
    assert calm.questions is not None
    assert calm.questions.p > 0.05


def test_whose_answers_are_watched(kit: Ragkit) -> None:
    """With a principal only those given to exactly that one; replays and evaluations are never live."""
    kit.ask("When was the mill built?", principal="ada")
    kit.ask("When was the mill built?", principal=["ada", "staff"])
    first = kit.ask("When was the mill built?").record_id
    kit.replay(first)
    assert Monitor(kit, window=9, baseline=9).look().answers == 3
    assert Monitor(kit, window=9, baseline=9, principal="ada").look().answers == 1
    assert Monitor(kit, window=9, baseline=9, without={first}).look().answers == 2


def test_an_unknown_figure_is_named(kit: Ragkit) -> None:
    """The error lists what is watched."""
    with pytest.raises(BadAlert, match="there are answers, abstention rate"):
        Monitor(kit, window=1, baseline=1, alerts=[parse_alert("accuracy>1")])


def test_a_monitor_scores_each_answer_once(kit: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look checks what is new alone; what is erased is forgotten."""
    asked: list[str] = []
    verify = kit.verify_answer
    monkeypatch.setattr(kit, "verify_answer", lambda id: (asked.append(id), verify(id))[1])
    watch = Monitor(kit, window=9, baseline=9)
    kit.ask("When was the mill built?")
    watch.look()
    kit.ask("How many sacks a day?")
    assert watch.look().scored == 2
    assert len(asked) == len(set(asked)) == 2


def test_the_command(kit: Ragkit, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3 when an alert holds, 0 when none does; one JSON value, or with --every a line a look; no word of a question in it; a
    run's answers are left out."""
    ids = [kit.ask(f"When was the mill built, secretly {n}?").record_id for n in range(LEAST + 1)]
    monkeypatch.setattr("ragkit.models.load.embedder", lambda settings: SyntheticEmbedder(64))
    info = kept.RunInfo(id="r", name="r", created="", system="s", about={}, questions={}, k=10, versions={}, machine={})
    kept.begin(tmp_path / "store-runs" / "r", info)
    kept.append(tmp_path / "store-runs" / "r", Outcome(question=Question(id="q", text="?"), response=Response(record_id=ids[0])))
    command = ["--store", str(tmp_path / "store"), "--json", "eval", "monitor", "--window", "100", "--set", "generation.model=none"]
    assert main([*command, "--alert", "abstention rate<0.5", "--alert", "grounding<0.5"]) == 3
    out = capsys.readouterr().out
    told = json.loads(out)
    assert (told["answers"], [one["alert"]["name"] for one in told["fired"]]) == (LEAST, ["abstention rate"])
    assert "secretly" not in out
    assert main([*command, "--every", "0.01", "--looks", "2"]) == 0
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 2
    assert main([*command, "--alert", "nothing>1"]) == 1
    assert main(["--store", str(tmp_path / "store"), "eval", "monitor", "--set", "generation.model=none"]) == 0
    shown = capsys.readouterr().out
    assert "grounding" in shown
    assert "secretly" not in shown
