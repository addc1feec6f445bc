"""What the pages have in common: the store, and pieces of HTML in which every word from outside is escaped."""

from __future__ import annotations

import atexit
from importlib.resources import files

import streamlit as st

from ragkit.errors import RagkitError
from ragkit.ui.escaping import escape
from ragkit.ui.shared import Shared
from ragkit.ui.state import Context, status_rows


def _close(shared: Shared) -> None:
    atexit.unregister(shared.close)
    shared.close()


@st.cache_resource(show_spinner="Opening the store…", on_release=_close)
def shared() -> Shared:
    """The store, opened once for this process."""
    found = Shared.open()
    atexit.register(found.close)
    found.warm_up()
    return found


def opened() -> Shared:
    """The store; where it cannot be opened the page says why and ends."""
    try:
        return shared()
    except RagkitError as error:
        notice("error", str(error))
        st.stop()


def style() -> None:
    """The style sheet."""
    st.html("<style>" + (files("ragkit.ui") / "style.css").read_text("utf-8") + "</style>")


def notice(kind: str, text: str, *, title: str = "") -> None:
    """A message in a box; ``kind`` is ``info``, ``warn`` or ``error``. Both texts may come from outside."""
    head = f"<strong>{escape(title)}</strong> " if title else ""
    role = "alert" if kind == "error" else "status"
    st.html(f'<div class="rk-notice rk-{kind}" role="{role}">{head}{escape(text)}</div>')


def status(found: Shared) -> None:
    """What the store holds, in the sidebar."""
    with st.sidebar:
        st.html('<h2 class="rk-side">Store</h2>')
        pairs(status_rows(found.kit.status()))


def passage(context: Context) -> None:
    """A passage marked in its context. The paragraphs above it are in a box that starts at its end, so that the mark is in sight."""
    above, line_end, begun = (("… " if context.cut_before else "") + context.before).rpartition("\n")
    after = context.after + (" …" if context.cut_after else "")
    earlier = f'<div class="rk-above" tabindex="0"><div>{escape(above.rstrip())}</div></div>' if line_end else ""
    body = f"{earlier}{escape(begun)}<mark>{escape(context.passage)}</mark>{escape(after)}"
    st.html(f'<div class="rk-context" tabindex="0" role="region" aria-label="The passage in its document">{body}</div>')


def pairs(rows: list[tuple[str, str]]) -> None:
    """Names and values, one pair a line."""
    st.html('<dl class="rk-pairs">' + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows) + "</dl>")
