"""The page of questions: the conversation on the left, the passage that is looked at on the right."""

from __future__ import annotations

from contextlib import closing
from typing import Literal

import streamlit as st

from ragkit.errors import RagkitError
from ragkit.records import Answer, Mode, Sentence
from ragkit.ui import parts, passage, state
from ragkit.ui.escaping import escape
from ragkit.ui.shared import Shared
from ragkit.ui.state import Turn


def main() -> None:
    """Draws the page; a new question is answered where its answer will stand."""
    shared = parts.opened()
    turns: list[Turn] = st.session_state.setdefault("turns", [])
    mode = _controls(shared.kit.settings.answering.mode, turns)
    parts.status(shared)
    question = st.chat_input("Ask a question about your documents", key="question")
    left, right = st.columns([11, 9], gap="medium")
    with right, st.container(key="panel"):
        passage.panel(shared, turns, asking=bool(question))
    with left, st.container(key="conversation", height=560, border=False, autoscroll=True):
        if not turns and not question:
            _welcome()
        for index, turn in enumerate(turns):
            _turn(index, turn)
        if question:
            _ask(shared, turns, question, mode)


def _controls(default: Mode, turns: list[Turn]) -> Mode:
    modes = list(state.MODES)
    with st.sidebar:
        chosen = st.radio("Answers", modes, index=modes.index(default), key="mode", captions=list(state.MODES.values()))
        if turns and st.button("Clear the conversation", key="clear", width="stretch"):
            turns.clear()
            st.session_state.pop("selected", None)
            st.rerun()
    return chosen


def _welcome() -> None:
    st.html(
        '<div class="rk-welcome"><h1>Ask your documents</h1><p>Every sentence of an answer is followed by the numbers of the passages '
        "that back it. Select a number to read the passage where it stands.</p></div>"
    )


def _question(text: str) -> None:
    st.html(f'<div class="rk-question"><span class="rk-hidden">Question: </span>{escape(text)}</div>')


def _turn(index: int, turn: Turn) -> None:
    _question(turn.question)
    if turn.answer is None:
        parts.notice("warn", turn.note or "This question was stopped before it was answered. Ask it again.")
        return
    answer = turn.answer
    if answer.abstained:
        _abstention(answer)
    if answer.sentences:
        sentences = state.shown(answer.sentences)
        for number, (sentence, marks) in enumerate(zip(sentences, state.numbered(sentences)[1], strict=True)):
            _sentence(index, number, sentence, marks)
    for note in answer.notes:
        parts.notice("info", note)
    st.html(f'<div class="rk-timings">{escape(turn.mode)} · {escape(state.timings(answer))}</div>')


def _sentence(index: int, number: int, sentence: Sentence, marks: list[int]) -> None:
    """A sentence, a button for each passage that it cites, and its label, in one line of text."""
    with st.container(key=f"sentence-{index}-{number}"):
        st.html(_words(sentence))
        for mark in marks:
            # The label is made of a number alone; the brackets are drawn by the style sheet.
            chosen = st.session_state.get("selected") == (index, mark)
            kind: Literal["primary", "secondary"] = "primary" if chosen else "secondary"
            st.button(f"{mark}", key=f"cite-{index}-{number}-{mark}", type=kind, on_click=_select, args=(index, mark))
        st.html(_label(sentence))


def _words(sentence: Sentence) -> str:
    text = escape(sentence.text)
    return f'<span class="rk-sentence">{f"“{text}”" if sentence.status == "quoted" else text}</span>'


def _label(sentence: Sentence) -> str:
    return f'<span class="rk-label rk-{sentence.status}" title="{escape(state.LABELS[sentence.status])}">{sentence.status}</span>'


def _select(index: int, number: int) -> None:
    st.session_state["selected"] = (index, number)


def _abstention(answer: Answer) -> None:
    reason = state.REASONS.get(answer.reason or "", "The check let nothing through.")
    title = "The documents do not answer this." if answer.reason != "contradictory_sources" else "The documents contradict each other."
    parts.notice("warn", reason, title=title)


def _ask(shared: Shared, turns: list[Turn], question: str, mode: Mode) -> None:
    """Answer in place, then draw the page anew with numbers that can be selected."""
    turns.append(Turn(question=question, mode=mode))  # stands as it is should this run be stopped half-way
    st.session_state.pop("selected", None)
    _question(question)
    try:
        answer = _streamed(shared, question, mode)
    except RagkitError as error:
        turns[-1] = Turn(question=question, mode=mode, note=str(error))
    else:
        turns[-1] = Turn(question=question, mode=mode, answer=answer)
    st.rerun()


def _streamed(shared: Shared, question: str, mode: Mode) -> Answer | None:
    """Sentences as they pass their check. What the model drafts is not shown: it is not checked yet."""
    said = st.container()
    doing = st.empty()
    sentences: list[Sentence] = []
    answer = None
    _doing(doing, "Waiting for its turn…" if shared.busy else "Reading…")
    with shared.turn() as kit:
        _doing(doing, "Reading…")
        drafting = False
        with closing(kit.stream(question, mode=mode)) as events:  # type: ignore[type-var]
            for event in events:
                if event.kind == "token" and not drafting:
                    drafting = True
                    _doing(doing, "Drafting…")
                if event.sentence is not None and state.shown([event.sentence]):
                    sentences.append(event.sentence)
                    marks = "".join(f" [{n}]" for n in state.numbered(sentences)[1][-1])
                    said.html(f'<div class="rk-line">{_words(event.sentence)}{marks} {_label(event.sentence)}</div>')
                answer = event.answer or answer
    doing.empty()
    return answer


def _doing(place: st.delta_generator.DeltaGenerator, what: str) -> None:
    place.html(f'<div class="rk-doing" role="status">{escape(what)}</div>')


if __name__ == "__main__":
    main()
