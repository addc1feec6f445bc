"""The panel beside the conversation: one cited passage, in its text and on its page."""

from __future__ import annotations

import streamlit as st

from ragkit.errors import DocumentNotFound
from ragkit.records import Citation, Document
from ragkit.ui import pageimage, parts, state
from ragkit.ui.escaping import escape
from ragkit.ui.shared import Shared
from ragkit.ui.state import Turn


def panel(shared: Shared, turns: list[Turn], *, asking: bool) -> None:
    """The selected citation; else the sources of the last answer."""
    selected = st.session_state.get("selected")
    if selected is None or asking:
        _sources([] if asking or not turns else _citations(turns[-1]))
        return
    index, number = selected
    found = _citations(turns[index]) if index < len(turns) else []
    if number > len(found):
        return
    _passage(shared, number, found[number - 1])


def _citations(turn: Turn) -> list[Citation]:
    return state.numbered(state.shown(turn.answer.sentences))[0] if turn.answer is not None else []


def _sources(citations: list[Citation]) -> None:
    if not citations:
        st.html('<div class="rk-hint">The passage that you select is shown here.</div>')
        return
    lines = "".join(
        f'<li value="{number}"><strong>{escape(c.document_title)}</strong> <span>{escape(state.where(c))}</span></li>'
        for number, c in enumerate(citations, 1)
    )
    st.html(f'<div class="rk-sources"><h2>Sources</h2><ol>{lines}</ol><p>Select a number in the answer to read its passage.</p></div>')


def _passage(shared: Shared, number: int, citation: Citation) -> None:
    head = f'<h2><span class="rk-number">[{number}]</span> {escape(citation.document_title)}</h2>'
    st.html(f'<div class="rk-head">{head}<p>{escape(state.place(citation))}</p><p class="rk-uri">{escape(citation.uri)}</p></div>')
    document = _document(shared, citation)
    if document is None:
        parts.passage(state.Context(before="", passage=citation.cited_text, after="", cut_before=False, cut_after=False))
        return
    pii = shared.kit.settings.pii
    parts.passage(state.in_context(document.parsed.text, citation.start_char_index, citation.end_char_index))
    # A page's picture comes from the source, where nothing is masked.
    if document.media_type == "application/pdf" and citation.boxes and "redact" not in (pii.at_ingest, pii.at_answer):
        whole = st.toggle("Show the whole page", key="whole")
        for page, boxes in state.boxes_by_page(citation).items():
            _page(shared, document, page, boxes, whole)


def _document(shared: Shared, citation: Citation) -> Document | None:
    """The document, when the citation still is what it says; else a notice why it is shown by itself."""
    try:
        document = shared.kit.document(citation.uri)
    except DocumentNotFound:
        parts.notice("warn", "The document has been removed from the store since. These are the words that were cited.")
        return None
    if document.parsed.text[citation.start_char_index : citation.end_char_index] != citation.cited_text:
        parts.notice("warn", "The store holds a newer version of the document by now. These are the words that were cited.")
        return None
    return document


def _page(shared: Shared, document: Document, page: int, boxes: list[pageimage.Rectangle], whole: bool) -> None:
    try:
        data = pageimage.source(document.uri, document.sha256, shared.kit.settings.parsing.max_bytes)
        picture = _picture(document.sha256, page, tuple(boxes), whole, data)
    except pageimage.NoImage as error:
        parts.notice("info", str(error))
        return
    st.image(picture, caption=f"Page {page}", alt=f"Page {page} of the document, with the cited lines marked", width="stretch")


@st.cache_data(max_entries=32, show_spinner="Drawing the page…")
def _picture(sha256: str, page: int, boxes: tuple[pageimage.Rectangle, ...], whole: bool, _data: bytes) -> bytes:
    return pageimage.render(_data, page, boxes, whole=whole)
