"""The script that Streamlit runs: the frame of every page. Started by ``ragkit ui``."""

from __future__ import annotations

import streamlit as st

from ragkit.ui import parts


def main() -> None:
    """Navigation, and the page that is chosen."""
    st.set_page_config(page_title="ragkit", page_icon="📚", layout="wide")
    parts.style()
    page = st.navigation(
        [
            st.Page("page_ask.py", title="Ask", icon=":material/forum:", url_path="ask", default=True),
            st.Page("page_documents.py", title="Documents", icon=":material/folder_open:", url_path="documents"),
            st.Page("page_inspect.py", title="Inspect", icon=":material/manage_search:", url_path="inspect"),
            st.Page("page_evaluation.py", title="Evaluation", icon=":material/monitoring:", url_path="evaluation"),
        ]
    )
    parts.opened()
    page.run()


main()
