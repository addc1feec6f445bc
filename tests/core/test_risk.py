"""The share of wrong answers that a user allows becomes a threshold, by a bound that holds, or an error that says why not."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit, Settings
from ragkit.answer import risk
from ragkit.answer.risk import Curve, bound, drawn, promised
from ragkit.errors import SettingsError
from ragkit.testing import SyntheticEmbedder


def simulated(seed: int, count: int = 400) -> tuple[Curve, random.Random]:
    """Answers that are wrong with probability (1 - score) / 2."""
    chance = random.Random(seed)
    scores = [chance.random() for _ in range(count)]
    return drawn(scores, [chance.random() < (1 - score) / 2 for score in scores], count), chance


def test_the_curve_is_counted_by_hand() -> None:
    """Every score is a point, equal scores are one, and who abstains lowers the coverage."""
    curve = drawn([0.9, 0.5, 0.5, 0.2], [False, True, False, True], 5)
    assert [(p.threshold, p.answered, p.wrong) for p in curve.points] == [(0.9, 1, 0), (0.5, 3, 1), (0.2, 4, 2)]
    assert [p.coverage for p in curve.points] == pytest.approx([0.2, 0.6, 0.8])
    assert curve.area == pytest.approx(0.4 * (0 + 1 / 3) / 2 + 0.2 * (1 / 3 + 1 / 2) / 2)
    assert drawn([], [], 3).area == 0


@pytest.mark.parametrize(("wrong", "answered"), [(0, 1), (0, 59), (3, 80), (17, 40), (120, 1000), (40, 40)])
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, answered: int) -> None:
    """It is the quantile of the beta distribution."""
    stats = pytest.importorskip("scipy.stats")
    wanted = 1.0 if wrong == answered else stats.beta.ppf(0.95, wrong + 1, answered - wrong)
    assert bound(wrong, answered, 0.05) == pytest.approx(wanted, abs=1e-9)


def test_a_promise_holds_in_nineteen_of_twenty_evaluations() -> None:
    """Of 300 simulated evaluations at most one in twenty, and chance, gives a threshold under which more is wrong than was promised."""
    broken = given = 0
    for seed in range(300):
        kept = promised(simulated(seed)[0], 0.2)
        if kept is not None:
            given += 1
            broken += (1 - (1 + kept[0].threshold) / 2) / 2 > 0.2  # the mean of (1 - score) / 2 above the threshold
            assert kept[0].risk <= kept[1] <= 0.2
    assert given > 250
    assert broken <= 0.05 * given


def test_a_stricter_promise_answers_less() -> None:
    """The threshold rises as the promise gets stricter, until none is possible."""
    curve = simulated(1, 2000)[0]
    found = [promised(curve, most) for most in (0.3, 0.2, 0.1)]
    thresholds = [kept[0].threshold for kept in found if kept]
    assert len(thresholds) == 3
    assert thresholds == sorted(thresholds)
    assert promised(curve, 0.0005) is None


def kept(tmp_path: Path, settings: Settings, embedder: SyntheticEmbedder, curve: Curve, **about: Any) -> Path:
    file = tmp_path / "curve.json"
    found = Curve(questions=curve.questions, points=curve.points, about=risk.about(settings, embedder.sha256) | about)
    file.write_text(risk.written(found), "utf-8")
    return file


def opened(file: Path | str, most: float = 0.2, **values: Any) -> tuple[Ragkit, SyntheticEmbedder]:
    embedder = SyntheticEmbedder(64)
    wanted = {"generation.model": "none", "answering.max_wrong": most, "answering.risk_curve": str(file), **values}
    kit = Ragkit.in_memory(embedder=embedder, settings=Settings().with_values(**wanted))
    kit.add_text("The mill was built in 1740. It grinds ninety sacks a day.", uri="mill")
    return kit, embedder


def test_the_record_says_which_threshold_was_applied_and_why(tmp_path: Path) -> None:
    """The curve's threshold takes the place of ``min_answerable``, and stands in the record with its bound; without a promise the
    setting itself does."""
    curve = simulated(3)[0]
    plain = Settings().with_values(**{"generation.model": "none"})
    file = kept(tmp_path, plain, SyntheticEmbedder(64), curve)
    kit, _ = opened(file, **{"answering.min_answerable": 0.99})
    with kit:
        answer = kit.ask("When was the mill built?", mode="quote")
        told = kit.answer_record(answer.record_id)["threshold"]
    found = promised(curve, 0.2)
    assert found is not None
    assert (told["min_answerable"], told["setting"], told["confidence"]) == (found[0].threshold, "answering.max_wrong=0.2", 0.95)
    assert told["bound"] == pytest.approx(found[1], abs=1e-6)
    assert answer.abstained == (answer.answerable < found[0].threshold)
    assert told["notes"] == []
    with opened("", most=1.0)[0] as kit:
        told = kit.answer_record(kit.ask("When was the mill built?", mode="quote").record_id)["threshold"]
    assert (told["min_answerable"], told["setting"], told["bound"]) == (0.2, "answering.min_answerable", None)


def test_other_settings_are_noted(tmp_path: Path) -> None:
    """A curve that was drawn with other settings is used, and the record says so."""
    file = kept(tmp_path, Settings(), SyntheticEmbedder(64), simulated(3)[0])
    with opened(file, **{"answering.passages": 2})[0] as kit:
        told = kit.answer_record(kit.ask("When was the mill built?", mode="quote").record_id)["threshold"]
    assert "other settings" in told["notes"][0]


@pytest.mark.parametrize(
    ("about", "count", "message"),
    [
        ({"embedder_sha256": "0"}, 400, "another embedding model"),
        ({"answerable_sha256": "0"}, 400, "another fit"),
        ({}, 8, "cannot be promised .* answers without a fault"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_an_error(tmp_path: Path, about: dict[str, str], count: int, message: str) -> None:
    """Another model, or too few questions: nothing is answered, and the error says what mends it."""
    file = kept(tmp_path, Settings(), SyntheticEmbedder(64), simulated(5, count)[0], **about)
    with opened(file)[0] as kit, pytest.raises(SettingsError, match=message):
        kit.ask("When was the mill built?")


def test_without_a_curve_there_is_no_promise(tmp_path: Path) -> None:
    """No name, no file, and a file that is something else are errors that name the command which draws one."""
    for name in ("", str(tmp_path / "none.json"), str(tmp_path)):
        with opened(name)[0] as kit, pytest.raises(SettingsError, match="ragkit eval"):
            kit.ask("When was the mill built?")


@pytest.mark.parametrize(
    "change",
    [{"format": "x"}, {"points": [{}]}, {"points": 3}, {"about": None}, {"questions": "many"}, {"questions": 1}],
)
def test_what_is_no_curve_is_refused(change: dict[str, Any]) -> None:
    """A file that lacks a part, or whose counts cannot be, is not taken for a curve."""
    curve = drawn([0.9, 0.5], [False, True], 2)
    assert risk.read(risk.written(curve), "c").points == curve.points
    tree = json.loads(risk.written(curve)) | change
    with pytest.raises(SettingsError, match="no risk-coverage curve"):
        risk.read(json.dumps(tree), "c")
    for text in ("", "[]", "{}", "nan"):
        with pytest.raises(SettingsError, match="no risk-coverage curve"):
            risk.read(text, "c")
