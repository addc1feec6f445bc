"""The page of documents: add, list, bring in step with their sources, delete."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ragkit.errors import RagkitError
from ragkit.ui import parts, state, uploads
from ragkit.ui.escaping import escape
from ragkit.ui.shared import Job, Shared


def main() -> None:
    """Draws the page."""
    shared = parts.opened()
    parts.status(shared)
    st.html('<h1 class="rk-title">Documents</h1>')
    running = shared.job is not None and not shared.job.done.is_set()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _upload(shared, running)
    with right:
        _sync(shared, running)
    if shared.job is not None:
        _running() if running else _finished(shared.job)
    _failures(shared)
    _listed(shared, running)


def _upload(shared: Shared, running: bool) -> None:
    round_ = st.session_state.setdefault("upload-round", 0)  # a new key empties the widget
    hint = "What a file is, is found from its content. A file takes the place of the uploaded one that has its name."
    chosen = st.file_uploader("Add files", accept_multiple_files=True, key=f"upload-{round_}", help=hint)
    if not st.button("Add to the store", key="add", type="primary", disabled=running or not chosen):
        return
    try:
        uploads.save(shared.kit.path, chosen)
    except OSError as error:
        parts.notice("error", f"The files cannot be saved: {error}")
        return
    folder = shared.kit.path / uploads.FOLDER
    shared.start("Adding files", lambda step: shared.kit.ingest(folder, progress=step), expected=uploads.count(shared.kit.path))
    st.session_state["upload-round"] = round_ + 1
    st.rerun()


def _sync(shared: Shared, running: bool) -> None:
    st.html('<p class="rk-help">Read every source again: what changed is updated, what is gone from its source is removed.</p>')
    if st.button("Sync all sources", key="sync", disabled=running):
        shared.start("Syncing", lambda step: shared.kit.sync(progress=step), expected=max(1, len(shared.kit.documents())))
        st.rerun()


@st.fragment(run_every=0.7)
def _running() -> None:
    """The bar, drawn anew on its own; when the job is done, the whole page is."""
    job = parts.opened().job
    if job is None or job.done.is_set():
        st.rerun()
    step = job.step
    st.progress(state.fraction(step, job.expected), text=f"{job.name}: {step.stage if step else 'starting'}…")
    st.html(f'<div class="rk-help">{escape(step.uri) if step and step.uri else "&nbsp;"}</div>')


def _finished(job: Job) -> None:
    if job.error:
        parts.notice("error", job.error, title=f"{job.name} failed.")
    elif job.report is not None:
        done = f"{state.report_words(job.report)}, {job.report.seconds:.1f} s"
        parts.notice("warn" if job.report.failed else "info", done, title=f"{job.name}:")
        if job.report.emptied:
            _emptied(parts.opened(), job.report.emptied)


def _emptied(shared: Shared, sources: Sequence[str]) -> None:
    """Sources that list nothing any more: an unmounted disk looks so, hence somebody has to say that it is meant."""
    parts.notice("warn", f"Nothing is listed any more by {', '.join(sources)}. The documents that came from there were kept.")
    if st.button("Remove those documents", key="remove-emptied"):
        shared.start("Syncing", lambda step: shared.kit.sync(*sources, allow_empty=True, progress=step), expected=len(sources))
        st.rerun()


def _failures(shared: Shared) -> None:
    failures = shared.kit.status()["failures"]
    if not failures:
        return
    with st.expander(f"Could not be read: {len(failures)}", expanded=True):
        rows = "".join(f"<tr><td>{escape(f['uri'])}</td><td>{escape(f['reason'])}</td></tr>" for f in failures[:200])
        st.html(f'<table class="rk-table"><thead><tr><th>Source</th><th>Reason</th></tr></thead><tbody>{rows}</tbody></table>')


def _listed(shared: Shared, running: bool) -> None:
    documents = shared.kit.documents()
    if not documents:
        parts.notice("info", "The store holds no documents yet.")
        return
    wanted = st.text_input("Find a document", key="find", placeholder="Words of the title or the URI")
    rows = state.document_rows(documents, wanted)
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * max(len(rows), 1), 330), alt="The documents of the store")
    _delete(shared, [row["URI"] for row in rows], running)


def _delete(shared: Shared, uris: list[str], running: bool) -> None:
    round_ = st.session_state.setdefault("delete-round", 0)
    chosen = st.multiselect("Delete documents", uris, key=f"delete-{round_}", placeholder="Choose what to delete", disabled=running)
    if not chosen:
        return
    count = f"{len(chosen)} document{'s' if len(chosen) > 1 else ''}"
    parts.notice("warn", f"Delete {count} from the store? Files that were uploaded here are removed too; other files stay where they are.")
    yes, no, _ = st.columns([1, 1, 3])
    if yes.button(f"Delete {count}", key="delete-yes", type="primary", width="stretch"):
        _deleted(shared, chosen)
    if no.button("Keep", key="delete-no", width="stretch"):
        st.session_state["delete-round"] = round_ + 1
        st.rerun()


def _deleted(shared: Shared, uris: list[str]) -> None:
    try:
        with shared.turn() as kit:
            kit.delete(*uris)
        for uri in uris:
            uploads.forget(shared.kit.path, uri)
    except (RagkitError, OSError) as error:
        parts.notice("error", str(error))
        return
    st.session_state["delete-round"] += 1
    st.rerun()


if __name__ == "__main__":
    main()
