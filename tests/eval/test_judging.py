"""Judges of claims are measured: figures by hand, failures, repeatability, names."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragkit.cli import main
from ragkit.errors import ModelError, SettingsError
from ragkit.eval.claims import BadClaim, Claim, parse_claims, read_claims
from ragkit.eval.floor import LexicalFloor
from ragkit.eval.judges import judge_named
from ragkit.eval.judging import measure
from ragkit.records import Verdict
from ragkit.settings import Settings

FACTS = ["The dome was built in 1931.", "The lens was ground in Marrow.", "Rye bread is baked on Fridays.", "The ferry runs all night."]


def claims(count: int = 24) -> list[Claim]:
    """Half of them supported by their evidence, word for word; of two sources."""
    made = []
    for number in range(count):
        fact, other = FACTS[number % 4], FACTS[(number + 1) % 4]
        supported = number % 2 == 0
        made.append(
            Claim(
                id=str(number),
                text=f"{fact[:-1]}, case {number}.",
                evidence=(other, fact) if supported else (other, "Nothing of the kind."),
                label="supported" if supported else "unsupported",
                source="a" if number < count // 2 else "b",
                supporting=((1,),) if supported else (),
            )
        )
    return made


class Oracle:
    """Knows the answer: the fact stands in the evidence, or not."""

    id = "oracle"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        right = [n for n, text in enumerate(evidence) if claim.startswith(text[:-1])]
        return Verdict(support=0.8 if right else 0.1, supporting=tuple(right))


class Fickle(Oracle):
    """Another number each time; every third claim fails, in one way or another."""

    id = "fickle"

    def __init__(self) -> None:
        self.asked = 0

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        self.asked += 1
        if self.asked % 9 == 0:
            raise ModelError("out of breath")
        if self.asked % 3 == 0:
            return Verdict(support=math.nan if self.asked % 2 else 1.5)
        return Verdict(support=self.asked / 1000)


def test_a_judge_that_is_right() -> None:
    """AUROC and balanced accuracy of 1, in each source too; its threshold is between its two scores; its sentences are the right ones."""
    made = measure(Oracle(), claims(), again=10)
    assert (made.judge.auroc.value, made.judge.balanced_accuracy.value, made.judge.at_half.value) == (1, 1, 1)
    assert made.judge.threshold == pytest.approx(0.45)
    assert {name: (judge.claims, judge.auroc.value) for name, (judge, _) in made.sources.items()} == {"a": (12, 1), "b": (12, 1)}
    assert (made.sentences, made.sentences_f1.value) == (12, 1)
    assert (made.failures, made.again, made.different) == (0, 10, 0)
    assert made.labels == {"supported": 12, "unsupported": 12}
    assert json.loads(json.dumps(made.to_dict(), allow_nan=False)) == made.to_dict()


def test_failures_are_no_support_and_are_counted() -> None:
    """What raises and what is no number in [0, 1] has support 0 and says why; every claim is still in every figure; changes are seen."""
    made = measure(Fickle(), claims(), again=6)
    failed = [row for row in made.rows if row.failure]
    assert made.failures == len(failed) == 8
    assert {row.support for row in failed} == {0.0}
    reasons = {row.failure for row in failed}
    assert {"ModelError: out of breath", "support is nan, not a number from 0 to 1", "support is 1.5, not a number from 0 to 1"} == reasons
    assert made.judge.claims == 24
    assert made.different >= 4


def test_the_floor_is_measured_beside_it() -> None:
    """The floor judged as a judge has the floor's figures, and gains nothing over itself."""
    made = measure(LexicalFloor(), claims())
    assert made.judge == made.floor
    assert (made.gain.value, made.gain.interval) == (0, (0, 0))


def test_the_threshold_is_chosen_elsewhere() -> None:
    """With other claims given it is theirs, and all claims are measured; the same claim in both is refused; one class is too few."""
    every = claims(48)
    dev = [claim for claim in every if int(claim.id) >= 24]
    made = measure(Oracle(), every[:24], dev=dev)
    assert made.dev == "24 other claims"
    assert made.judge.balanced_accuracy == made.judge.at_half
    with pytest.raises(BadClaim, match="2 claims of --dev are among those that are measured, '0' first"):
        measure(Oracle(), every[:24], dev=[*every[:2], *dev])
    with pytest.raises(BadClaim, match="have 24 supported ones and 0 others"):
        measure(Oracle(), [claim for claim in every if claim.supported] * 2)


def test_the_half_is_drawn_by_seed() -> None:
    """The same seed gives the same figures, of which only the times differ."""

    def figures(seed: int) -> dict[str, object]:
        made = measure(LexicalFloor(), claims(40), seed=seed).to_dict()
        return {key: value for key, value in made.items() if key not in ("milliseconds", "rows")}

    assert figures(1) == figures(1)
    assert figures(1)["dev"] != figures(2)["dev"]


def as_function(claim: str, evidence: Sequence[str]) -> float:
    return Oracle().judge(claim, evidence).support


def test_judges_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class, an instance and a function of a module; the floor; what is none of these, or not there, is said."""
    module = sys.modules[__name__]
    monkeypatch.setitem(sys.modules, "own_judges", module)
    monkeypatch.setattr(module, "ready", Oracle(), raising=False)
    for name, known in (
        ("own_judges:Oracle", "oracle"),
        ("own_judges:ready", "oracle"),
        ("own_judges:as_function", "own_judges:as_function"),
    ):
        with judge_named(name, Settings()) as found:
            assert found.id == known
            assert found.judge(FACTS[0], FACTS[:1]).support == 0.8
    with judge_named("lexical", Settings()) as found:
        assert found.judge("", []).support == 0
    for name, said in (
        ("own_judges:FACTS", "neither a verifier"),
        ("own_judges:gone", "has no attribute 'gone'"),
        ("no.such.module:x", "No module named"),
        ("nonsense", "there are alignment, cross-encoder:NAME"),
    ):
        with pytest.raises(SettingsError, match=said), judge_named(name, Settings()):
            pass


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "claims, line 1: not JSON"),
        ('{"claim": ""}', 'expected an object with "claim"'),
        ('{"claim": "c", "evidence": "e"}', '"evidence" is not a list of strings'),
        ('{"claim": "c", "evidence": [], "label": "attributable"}', "\"label\" is 'attributable'; it is one of supported, partially"),
        ('{"claim": "c", "evidence": ["e"], "label": true, "supporting": [[1]]}', "whole numbers from 0 to 0"),
    ],
)
def test_bad_claims(line: str, said: str) -> None:
    """The line is named, and what is expected there."""
    with pytest.raises(BadClaim, match=said):
        list(parse_claims([line]))


def test_claims_come_back_as_they_were(tmp_path: Path) -> None:
    """What is written is read; truth values are labels; an id that stands twice, and a file without claims, are errors."""
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(claim.to_line()) + "\n" for claim in claims()), "utf-8")
    assert read_claims([file]) == claims()
    file.write_text('{"claim": "c", "evidence": [], "label": false}\n', "utf-8")
    assert [claim.label for claim in read_claims([file, file])] == ["unsupported"] * 2
    file.write_text('{"_id": 1, "claim": "c", "evidence": [], "label": false}\n' * 2, "utf-8")
    with pytest.raises(BadClaim, match="line 2: the _id '1' stands on an earlier line too"):
        read_claims([file])
    file.write_text("\n", "utf-8")
    with pytest.raises(BadClaim, match="convert other forms with: ragkit eval data"):
        read_claims([file])


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the real verifier of the answer path: a table with every source, and JSON with every claim."""
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(claim.to_line()) + "\n" for claim in claims(12)), "utf-8")
    assert main(["eval", "judge", str(file), "--again", "3"]) == 0
    out = capsys.readouterr().out
    assert all(
        text in out for text in ("alignment-3: 12 claims", "balanced accuracy", "another verdict when judged again: 0 of 3", "ms a claim")
    )
    assert main(["eval", "judge", str(file), "--verifier", "lexical", "--json", "--limit", "8"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert (tree["verifier"], len(tree["rows"]), tree["gain"]["value"]) == ("lexical-floor-1", 8, 0)
