"""What the pages show, without a browser: citations' numbers, passages in context, upload names, words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ragkit.ui
from ragkit.records import Answer, Candidate, Citation, DocumentInfo, Failure, IngestReport, Progress, Sentence
from ragkit.ui import state, uploads

Boxes = tuple[tuple[int, float, float, float, float], ...]


def citation(start: int = 0, *, uri: str = "/a.pdf", page: int | None = None, boxes: Boxes = ()) -> Citation:
    """A citation of five characters."""
    return Citation(
        cited_text="words", uri=uri, document_title="A", document_version=2, document_index=0, start_char_index=start,
        end_char_index=start + 5, start_page_number=page, end_page_number=page, boxes=boxes,
    )  # fmt: skip


def sentence(*citations: Citation, status: str = "quoted") -> Sentence:
    """A sentence with these citations."""
    return Sentence(text="Words.", status=status, support=1.0, citations=citations)  # type: ignore[arg-type]


def test_a_passage_keeps_its_number() -> None:
    """Passages are numbered from 1 in the order in which they are first cited; one cited again has the same number."""
    a, b = citation(0), citation(9)
    citations, marks = state.numbered([sentence(a), sentence(b, a, a), sentence()])
    assert citations == [a, b]
    assert marks == [[1], [1, 2], []]


def test_an_unverified_sentence_is_never_shown() -> None:
    """Only what was verified or quoted is."""
    given_ = [sentence(), sentence(status="unverified"), sentence(status="verified")]
    assert [s.status for s in state.shown(given_)] == ["quoted", "verified"]


@given(text=st.text("ab \n", max_size=400), start=st.integers(0, 400), length=st.integers(0, 100), margin=st.integers(0, 150))
def test_a_context_is_a_part_of_the_text(text: str, start: int, length: int, margin: int) -> None:
    """The three pieces stand in the text side by side, the middle one is the passage, and no side is longer than the margin."""
    start = min(start, len(text))
    end = min(start + length, len(text))
    found = state.in_context(text, start, end, margin)
    assert found.passage == text[start:end]
    first = start - len(found.before)
    assert text[first : end + len(found.after)] == found.before + found.passage + found.after
    assert max(len(found.before), len(found.after)) <= margin
    assert found.cut_before == (first > 0)
    assert found.cut_after == (end + len(found.after) < len(text))


def test_a_context_is_cut_between_words() -> None:
    """No half words stand at its ends where a space is near."""
    text = "alpha beta gamma delta epsilon"
    found = state.in_context(text, 11, 16, margin=8)
    assert (found.before, found.passage, found.after) == ("beta ", "gamma", " delta")


def test_places_in_words() -> None:
    """Version, page or place, and characters."""
    assert state.place(citation(7, page=3)) == "version 2 · page 3 · characters 7–12"
    assert state.place(citation(7)) == "version 2 · characters 7–12"
    assert state.where(citation(7, page=3)) == "page 3"


def test_boxes_stand_by_page() -> None:
    """The boxes of each page are together; after a few pages no more are drawn."""
    boxes = tuple((page, 1.0, 2.0, 3.0, 4.0) for page in (1, 1, 2, 3, 4))
    found = state.boxes_by_page(citation(boxes=boxes))
    assert {page: len(some) for page, some in found.items()} == {1: 2, 2: 1, 3: 1}


def test_every_reason_has_words() -> None:
    """Each reason of an abstention, each mode and each status that is shown is said in words."""
    from typing import get_args

    from ragkit.records import Mode, Reason, Status

    assert set(state.REASONS) == set(get_args(Reason))
    assert set(state.MODES) == set(get_args(Mode))
    assert set(state.LABELS) == set(get_args(Status)) - {"unverified"}


def test_timings_in_words() -> None:
    """Only the known ones, in their order."""
    took = {"total_s": 2, "retrieve_s": 0.5, "other_s": 1}
    answer = Answer(record_id="1", question="?", abstained=False, reason=None, answerable=1.0, text="", sentences=(), timings=took)
    assert state.timings(answer) == "found in 0.50 s · 2.00 s in all"


def test_status_rows_name_failures_when_there_are_any() -> None:
    """What could not be read is counted in the sidebar; without any there is no such line."""
    none: list[object] = []
    status = {"documents": 1200, "chunks": 3, "bytes": 2048, "generation": 4, "embedding_model": None, "store": "/s", "failures": none}
    assert dict(state.status_rows(status)) == {
        "Documents": "1,200", "Passages": "3", "On disk": "2.0 kB", "Generation": "4", "Embedder": "none yet", "Store": "/s"
    }  # fmt: skip
    assert ("Not readable", "1") in state.status_rows(status | {"failures": [{"uri": "u", "reason": "r"}]})


def test_documents_are_found_by_words() -> None:
    """Each word must stand in the title or in the URI."""
    documents = [
        DocumentInfo(
            document_id=n, uri=uri, title=title, version=1, media_type="text/plain", sha256="",
            characters=1, chunks=1, added_at="2026-01-02T03:04:05",
        )
        for n, (uri, title) in enumerate([("/a/one.txt", "First"), ("/b/two.txt", "Second")])
    ]
    assert [row["URI"] for row in state.document_rows(documents, "second TWO")] == ["/b/two.txt"]
    assert len(state.document_rows(documents)) == 2


def test_candidates_show_each_stage() -> None:
    """Ranks and scores stand side by side; what a stage did not see is empty."""
    span = {"start_char_index": 1, "end_char_index": 9}
    row = state.candidate_rows([Candidate(chunk_id=1, uri="/a/b.md", ranks={"dense": 2}, scores={"dense": 0.5}, dropped="late", **span)])[0]
    assert (row["#"], row["Outcome"], row["Document"], row["dense rank"], row["dense score"]) == (1, "late", "b.md", 2, 0.5)
    assert row["lexical rank"] is None


def test_progress_only_grows() -> None:
    """The bar never runs back through the stages."""
    reading = [Progress(stage="reading", done=n) for n in (1, 5, 99)]
    steps = [*reading, Progress(stage="embedding", done=0), Progress(stage="writing", done=1)]
    shares = [state.fraction(step, expected=5) for step in (None, *steps)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_reports_in_words() -> None:
    """Counts that are not nought, and what failed."""
    report = IngestReport(added=2, failed=(Failure(uri="u", reason="r"),))
    assert state.report_words(report) == "2 added, 1 not readable"
    assert state.report_words(IngestReport()) == "nothing to do"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("report 2024.pdf", "report 2024.pdf"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.docx", "y.docx"), ("..", "file"),
        (".gitignore", "gitignore"), ("a\x00b\n.md", "a_b_.md"), ("![x](http://h).md", "h).md"), ("März–Mai.txt", "März_Mai.txt"),
        ("con\u202etxt.exe", "con_txt.exe"), ("", "file"),
    ],
)  # fmt: skip
def test_upload_names_are_plain(given_name: str, kept: str) -> None:
    """Of the sender's name the last part is kept, without signs that mean something to a path, a page or a terminal."""
    assert uploads.safe_name(given_name) == kept


@given(st.text())
def test_no_upload_name_leaves_the_folder(name: str) -> None:
    """Whatever the sender calls it: one part, not hidden, short enough for any file system."""
    kept = uploads.safe_name(name)
    assert Path(kept).name == kept
    assert not kept.startswith(".")
    assert 0 < len(kept.encode()) <= 120


class Sent:
    """A file as the browser sends it."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data

    def getbuffer(self) -> memoryview:
        """Its bytes."""
        return memoryview(self.data)


def test_uploads_are_kept_apart_and_replaced(tmp_path: Path) -> None:
    """Two files of one name in one batch are both kept; a later one takes the earlier one's place; nothing else is left."""
    first, second = uploads.save(tmp_path, [Sent("a.txt", b"1"), Sent("x/a.txt", b"2")])
    assert (first.name, second.name) == ("a.txt", "a (2).txt")
    uploads.save(tmp_path, [Sent("a.txt", b"3")])
    assert (first.read_bytes(), second.read_bytes(), uploads.count(tmp_path)) == (b"3", b"2", 2)


def test_only_uploaded_files_are_removed(tmp_path: Path) -> None:
    """Deleting a document removes its file when it was uploaded, and never anybody else's."""
    (mine,) = uploads.save(tmp_path / "store", [Sent("a.txt", b"1")])
    other = tmp_path / "b.txt"
    other.write_text("2")
    assert uploads.forget(tmp_path / "store", str(mine))
    assert not uploads.forget(tmp_path / "store", str(other))
    assert not uploads.forget(tmp_path / "store", str(tmp_path / "store" / "uploads" / ".." / ".." / "b.txt"))
    assert (mine.exists(), other.exists()) == (False, True)


def test_no_module_hides_one_of_python() -> None:
    """Streamlit puts the script's folder first on the path, so no file there may have a standard module's name."""
    names = {path.stem for path in Path(ragkit.ui.__path__[0]).glob("*.py")} - {"__init__"}
    assert names & set(sys.stdlib_module_names) == set()
