"""Verifiers of other packages, by entry point."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ragkit import Ragkit, Settings
from ragkit.answer import verifiers
from ragkit.answer.judging import NotJudged
from ragkit.contracts import Verifier
from ragkit.errors import PluginError, SettingsError
from ragkit.models.rerank import TokenCache
from ragkit.records import Verdict
from ragkit.testing import SyntheticEmbedder

SAMPLE = """
from ragkit.records import Verdict

class Words:
    id = "words-1"

    def judge(self, claim, evidence):
        if not claim or not evidence:
            return Verdict(support=0.0)
        said = " ".join(evidence).casefold().split()
        share = sum(word in said for word in claim.casefold().split()) / len(claim.split())
        return Verdict(support=share)

def words(settings):
    return Words()

def broken(settings):
    raise RuntimeError("no weights")

def nothing(settings):
    return 3
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package of four verifiers: one that works, one that cannot be made, one that is none, one that is gone."""
    (tmp_path / "sample_verifiers.py").write_text(SAMPLE)
    info = tmp_path / "sample_verifiers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-verifiers\nVersion: 1.0\n")
    offered = {"words": "words", "broken": "broken", "three": "nothing"}
    names = [f"{name} = sample_verifiers:{function}" for name, function in offered.items()] + ["gone = no_module:it"]
    (info / "entry_points.txt").write_text(f"[{verifiers.GROUP}]\n" + "\n".join(names) + "\n")
    monkeypatch.syspath_prepend(tmp_path)


def named(name: str) -> Verifier:
    return verifiers.named(Settings().with_values(**{"answering.verifier": name}), TokenCache(SyntheticEmbedder(64)))


@pytest.mark.usefixtures("package")
def test_a_package_offers_a_verifier() -> None:
    """Its name in ``answering.verifier`` is enough, also for what is checked while answering."""
    assert named("words").id == "words:words-1"
    with Ragkit.in_memory(settings=Settings().with_values(**{"answering.verifier": "words"}), embedder=SyntheticEmbedder(64)) as kit:
        assert kit.judge("rye bread", ["Rye bread is baked."]).support == 1.0


@pytest.mark.usefixtures("package")
def test_broken_ones_are_named() -> None:
    """What cannot be loaded or made, and what is no verifier, is an error that names it; an unknown name lists what there is."""
    for name, told in (("gone", "pip uninstall sample-verifiers"), ("broken", "no weights"), ("three", "cannot judge")):
        with pytest.raises(PluginError, match=told):
            named(name)
    with pytest.raises(SettingsError, match=r"judge:MODEL.*, words"):
        named("word")


class _Given:
    """Gives, or raises, what it is told to."""

    id = "given"

    def __init__(self, make: Callable[[], Verdict]) -> None:
        self._make = make

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        return self._make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: 1 / 0,
        lambda: None,
        lambda: Verdict(support=math.nan),
        lambda: Verdict(support=1.5),
        lambda: Verdict(support=0.9, contradiction=-1.0),
        lambda: Verdict(support=0.9, supporting=(1,)),
        lambda: Verdict(support=0.9, unsupported_spans=((0, 99),)),
    ],
)
def test_failures_are_no_support(make: Callable[[], Verdict]) -> None:
    """An exception, a value that is no probability, and places that are not there are "not supported", with the reason."""
    found = verifiers.Guarded("given", _Given(make)).judge("A claim.", ["evidence"])
    assert isinstance(found, NotJudged)
    assert (found.support, found.unsupported_spans) == (0.0, ((0, 8),))
    assert found.reason
