"""The page of evaluations, on runs that are kept beside the store."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ragkit import Ragkit
from ragkit.eval import kept
from ragkit.eval.gold import Gold
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.testing import SyntheticEmbedder
from ragkit.ui import evaluation

TRAP = "<img src=x onerror=alert(1)> [a](javascript:b)"
TEXT = "The dome was built in 1931. " + TRAP


def outcome(id: str, cited: str, *, text: str = "When was the dome built?") -> Outcome:
    """A question whose answer quotes ``cited`` from the passage."""
    start = TEXT.index(cited)
    cites = Cited(uri="dome.txt", text=cited, start=start, end=start + len(cited), verbatim=True)
    return Outcome(
        question=Question(id=id, text=text, answers=("1931",)),
        gold=(Gold(id="gold:0", uri="dome.txt", quote=TEXT[:27]),),
        response=Response(
            passages=(Passage(uri="dome.txt", text=TEXT, start=0, end=len(TEXT), score=0.5),),
            statements=(Statement(text=cited, citations=(cites,)),),
            text=cited,
            answerable=0.7,
            timings={"total_s": 0.1},
        ),
    )


def keep(folder: Path, name: str, *outcomes: Outcome) -> None:
    created = f"2026-01-01T00:00:0{len(name)}Z"
    info = kept.RunInfo(id=name, name=name, created=created, system="s", about={}, questions={}, k=10, versions={}, machine={})
    kept.begin(folder / name, info)
    for one in outcomes:
        kept.append(folder / name, one)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A store that is empty, and the folder of its runs."""
    Ragkit.open(tmp_path / "store", embedder=SyntheticEmbedder(64)).close()
    return tmp_path / "store-runs"


@pytest.fixture
def app(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The interface on the store."""
    monkeypatch.setenv("RAGKIT_STORE", str(runs.with_name("store")))
    st.cache_resource.clear()
    monkeypatch.setattr("ragkit.models.load.embedder", lambda settings: SyntheticEmbedder(64))
    yield AppTest.from_file(str(files("ragkit.ui") / "app.py"), default_timeout=60).run()
    st.cache_resource.clear()


def page(app: AppTest) -> str:
    """The page's HTML but the style sheet."""
    app.switch_page("page_evaluation.py").run()
    return shown(app)


def shown(app: AppTest) -> str:
    assert list(app.exception) == []
    return "\n".join(body for body in (element.value for element in app.html) if not body.startswith("<style"))


def test_without_a_run_the_page_says_how_to_make_one(app: AppTest) -> None:
    """The command is named."""
    assert "ragkit eval run" in page(app)


def test_a_run_is_shown_with_what_went_wrong(app: AppTest, runs: Path) -> None:
    """Measures with intervals, plots with texts, the wrong question first with its cited span marked; markup stays text."""
    keep(runs, "one", outcome("right", TEXT[:27]), outcome("wrong", TRAP, text=f"{TRAP}?"))
    body = page(app)
    table = app.dataframe[0].value
    assert float(table[table["Measure"] == "answer contains"]["value"].iloc[0]) == 0.5
    assert app.selectbox(key="asked").options == [f"wrong: {TRAP}?"]
    assert "<img" not in body
    assert '<mark class="rk-cited">&#60;img' in body
    assert '<mark class="rk-gold">The dome was built in 1931&#46;</mark>' in body
    app.selectbox(key="fault").select(evaluation.ALL).run()
    assert len(app.selectbox(key="asked").options) == 2


def test_two_runs_are_compared(app: AppTest, runs: Path) -> None:
    """A second run adds the table of differences and a second column for each question."""
    keep(runs, "one", outcome("a", TEXT[:27]), outcome("b", TEXT[:27]))
    keep(runs, "three", outcome("a", TEXT[:27]), outcome("b", TRAP))
    page(app)
    app.selectbox(key="other-run").select_index(1).run()
    shown(app)
    table = app.dataframe[1].value
    row = table[table["Measure"] == "answer contains"].iloc[0]
    assert (float(row["Difference"]), row[""]) == (0.5, "better")
    assert shown(app).count('class="rk-outcome"') == 2


def test_runs_are_found_beside_the_store(runs: Path) -> None:
    """The newest first; what is no run is passed over, and a run that grows has another stamp."""
    assert evaluation.runs_of(runs.with_name("store")) == []
    keep(runs, "one", outcome("a", TEXT[:27]))
    keep(runs, "newer", outcome("a", TEXT[:27]))
    (runs / "stray").mkdir()
    found = evaluation.runs_of(runs.with_name("store"))
    assert [choice.folder.name for choice in found] == ["newer", "one"]
    kept.append(runs / "one", outcome("b", TEXT[:27]))
    assert evaluation.runs_of(runs.with_name("store"))[1].stamp != found[1].stamp
