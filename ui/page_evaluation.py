"""The page of evaluations: a run's measures and plots, what went wrong, and every question with the passages that it cites."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ragkit.errors import RagkitError
from ragkit.eval.reports import Page, page_of
from ragkit.eval.reports.faults import FAULTS
from ragkit.eval.reports.svg import alone
from ragkit.eval.stored import load
from ragkit.ui import evaluation, parts
from ragkit.ui.escaping import escape
from ragkit.ui.evaluation import Choice


def main() -> None:
    """Draws the page."""
    shared = parts.opened()
    parts.status(shared)
    st.html('<h1 class="rk-title">Evaluation</h1>')
    try:
        runs = evaluation.runs_of(shared.kit.path)
    except RagkitError as error:
        parts.notice("error", str(error))
        return
    if not runs:
        parts.notice("info", "No run is kept beside this store yet. Make one with: ragkit eval run QUESTIONS.jsonl")
        return
    found = _page(_chosen(runs))
    if found is None:
        return
    for note in found.notes:
        parts.notice("info", note)
    for run in found.runs:
        wrong = ", ".join(f"{count} {name}" for name, count in run.faults.items()) or "nothing went wrong"
        st.html(f'<p class="rk-help">{escape(run.name)}: {run.questions} questions, {run.unanswerable} unanswerable; {wrong}</p>')
    measures, plots, questions = st.tabs(["Measures", "Plots", "Questions"])
    with measures:
        _measures(found)
    with plots:
        _plots(found)
    with questions:
        _questions(found)


def _chosen(runs: list[Choice]) -> list[Choice]:
    left, right = st.columns(2)
    first = left.selectbox("Run", runs, format_func=lambda run: run.label, key="run")
    others = [None, *(run for run in runs if run != first)]
    second = right.selectbox("Compare with", others, format_func=lambda run: run.label if run else "nothing", key="other-run")
    return [run for run in (first, second) if run is not None]


def _page(runs: list[Choice]) -> Page | None:
    try:
        return _read(tuple((run.folder, run.stamp) for run in runs))
    except (RagkitError, OSError) as error:
        parts.notice("error", str(error))
        return None


@st.cache_resource(max_entries=4, show_spinner="Measuring…")
def _read(runs: tuple[tuple[Path, tuple[int, int]], ...]) -> Page:
    """A report is a frozen record, so sessions can share it."""
    return page_of([load(folder) for folder, _ in runs])


def _measures(page: Page) -> None:
    rows = evaluation.measure_rows(page)
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name.endswith("value")} if rows else {}
    st.dataframe(rows, hide_index=True, column_config=numbers, height=38 + 35 * max(1, len(rows)), alt="Measures with their intervals")
    if page.differences:
        st.html('<h2 class="rk-side">Differences, second less first</h2>')
        names = ("Difference", page.runs[0].name, page.runs[1].name)
        numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in names}
        numbers["p"] = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(evaluation.difference_rows(page), hide_index=True, column_config=numbers, alt="Differences of the two runs")


def _plots(page: Page) -> None:
    dark = st.context.theme.type == "dark"
    columns = st.columns(2)
    for number, plot in enumerate(page.plots):
        with columns[number % 2]:
            st.html(f'<h2 class="rk-side">{escape(plot.title)}</h2>')
            st.image(alone(plot.svg, dark=dark), alt=plot.alt, width="stretch")


def _questions(page: Page) -> None:
    left, right = st.columns([1, 3])
    kinds = [evaluation.WRONG, evaluation.ALL, *(fault.name for fault in FAULTS)]
    wanted = left.selectbox("Show", kinds, key="fault")
    asked = evaluation.chosen(page, wanted)
    if not asked:
        parts.notice("info", "No question is one of these.")
        return
    place = right.selectbox("Question", range(len(asked)), format_func=lambda n: evaluation.label(asked[n]), key="asked")
    one = asked[place if place < len(asked) else 0]
    st.html(evaluation.gold(one))
    for column, run, side in zip(st.columns(len(page.runs)), page.runs, one.sides, strict=True):
        with column:
            if len(page.runs) > 1:
                st.html(f'<h2 class="rk-side">{escape(run.name)}</h2>')
            st.html(evaluation.answer(side))


if __name__ == "__main__":
    main()
