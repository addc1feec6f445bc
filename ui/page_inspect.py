"""The retrieval inspector: every candidate for a query, its rank and score at each stage, and why it went no further."""

from __future__ import annotations

import streamlit as st

from ragkit.errors import DocumentNotFound, FilterError, RagkitError
from ragkit.records import Candidate
from ragkit.ui import parts, state
from ragkit.ui.shared import Shared

_KEYS = "Keys: uri, title, media_type and those of the documents' metadata."


def main() -> None:
    """Draws the page."""
    shared = parts.opened()
    parts.status(shared)
    st.html('<h1 class="rk-title">Inspect retrieval</h1>')
    with st.form("inspect", border=False):
        query_at, filter_at, go_at = st.columns([5, 4, 1], vertical_alignment="bottom")
        query = query_at.text_input("Query", key="inspect-query", placeholder="What to look for")
        example = "media_type == 'application/pdf'"
        expression = filter_at.text_input("Filter (optional)", key="inspect-filter", placeholder=example, help=_KEYS)
        go_at.form_submit_button("Inspect", type="primary", width="stretch")
    if not query.strip():
        parts.notice("info", "Enter a query to see every candidate, its rank and score at each stage, and why it was dropped.")
        return
    found = _explained(shared, query, expression.strip() or None)
    if found is None:
        return
    if not found:
        parts.notice("warn", "Nothing was found: the store is empty, or no document passes the filter.")
        return
    _table(found)
    _chosen(shared, found)


def _explained(shared: Shared, query: str, expression: str | None) -> list[Candidate] | None:
    try:
        with st.spinner("Searching…"), shared.turn() as kit:
            return kit.explain(query, filter=expression)
    except FilterError as error:
        parts.notice("warn", str(error), title="The filter cannot be read.")
    except RagkitError as error:
        parts.notice("error", str(error))
    return None


def _table(found: list[Candidate]) -> None:
    kept = sum(candidate.dropped is None for candidate in found)
    st.html(f'<p class="rk-help">{len(found)} candidates, {kept} kept</p>')
    rows = state.candidate_rows(found)
    scores = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name.endswith("score")}
    st.dataframe(rows, hide_index=True, height=300, column_config=scores, alt="Every candidate with its ranks and scores")


def _chosen(shared: Shared, found: list[Candidate]) -> None:
    number = st.number_input("Read candidate number", min_value=1, max_value=len(found), value=1, key="inspect-number")
    candidate = found[int(number) - 1]
    parts.pairs([("Document", candidate.uri), ("Outcome", candidate.dropped or "kept")])
    try:
        text = shared.kit.text(candidate.uri)
    except DocumentNotFound:
        parts.notice("warn", "The document has been removed from the store since.")
        return
    parts.passage(state.in_context(text, candidate.start_char_index, candidate.end_char_index, margin=300))


if __name__ == "__main__":
    main()
