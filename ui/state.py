"""What the pages show, worked out without Streamlit: numbers of citations, passages in context, words for codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragkit.records import Answer, Candidate, Citation, DocumentInfo, IngestReport, Mode, Progress, Sentence, record

#: Characters of context on each side of a passage.
MARGIN = 600
_SEEK = 40

#: Why an answer is missing, in words.
REASONS = {
    "empty_index": "The store holds no documents yet. Add some on the Documents page.",
    "filter_empty": "No document passes the filter.",
    "no_relevant_passage": "No passage in the documents is close enough to the question.",
    "contradictory_sources": "These passages say different things; ragkit takes no side.",
    "not_supported": "There are passages on the subject, but none of them supports an answer.",
}

#: What each label of a sentence says.
LABELS = {
    "verified": "The model's words, checked against the passages that they cite.",
    "quoted": "The document's own words.",
}

#: What each mode does.
MODES: dict[Mode, str] = {
    "auto": "the model's words where they pass the check, quotations beside them",
    "quote": "the documents' own words only; fast",
    "compose": "the model's words where they pass the check, else quotations",
}

_TIMINGS = (("retrieve_s", "found in {:.2f} s"), ("first_token_s", "first words after {:.2f} s"), ("total_s", "{:.2f} s in all"))
_STAGES = ("lexical", "dense", "fused", "rerank")


@record
class Turn:
    """A question of this session and what came of it; ``note`` says why there is no answer."""

    question: str
    mode: Mode
    answer: Answer | None = None
    note: str = ""


@record
class Context:
    """A passage and the text around it; ``cut_*`` says whether the document goes on there."""

    before: str
    passage: str
    after: str
    cut_before: bool
    cut_after: bool


def shown(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that may be shown: what failed its check never is."""
    return [sentence for sentence in sentences if sentence.status in LABELS]


def numbered(sentences: Sequence[Sentence]) -> tuple[list[Citation], list[list[int]]]:
    """The distinct passages that ``sentences`` cite, and for each sentence their numbers, from 1."""
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    marks: list[list[int]] = []
    for sentence in sentences:
        keys = {(c.uri, c.start_char_index, c.end_char_index): c for c in sentence.citations}
        for key, citation in keys.items():
            if key not in numbers:
                citations.append(citation)
                numbers[key] = len(citations)
        marks.append(sorted(numbers[key] for key in keys))
    return citations, marks


def in_context(text: str, start: int, end: int, margin: int = MARGIN) -> Context:
    """``text[start:end]`` with about ``margin`` characters on each side, cut between words."""
    first, last = max(0, start - margin), min(len(text), end + margin)
    if first:
        space = text.find(" ", first, min(first + _SEEK, start))
        first = space + 1 if space >= 0 else first
    if last < len(text):
        space = text.rfind(" ", max(last - _SEEK, end), last)
        last = space if space >= 0 else last
    cut = {"cut_before": first > 0, "cut_after": last < len(text)}
    return Context(before=text[first:start], passage=text[start:end], after=text[end:last], **cut)


def place(citation: Citation) -> str:
    """Where a passage stands: version, pages or place, and characters."""
    first, last = citation.start_page_number, citation.end_page_number
    pages = "" if first is None else f"page {first}" if last in (None, first) else f"pages {first}–{last}"
    words = [f"version {citation.document_version}", pages or citation.place or ""]
    return " · ".join([*filter(None, words), f"characters {citation.start_char_index}–{citation.end_char_index}"])


def where(citation: Citation) -> str:
    """The short form of the place, for a list of sources."""
    return f"page {citation.start_page_number}" if citation.start_page_number is not None else citation.place or ""


def boxes_by_page(citation: Citation, most: int = 3) -> dict[int, list[tuple[float, float, float, float]]]:
    """A citation's boxes on each of its first ``most`` pages."""
    pages: dict[int, list[tuple[float, float, float, float]]] = {}
    for page, *box in citation.boxes:
        if page in pages or len(pages) < most:
            pages.setdefault(page, []).append((box[0], box[1], box[2], box[3]))
    return pages


def timings(answer: Answer) -> str:
    """How long the parts of an answer took."""
    return " · ".join(words.format(answer.timings[key]) for key, words in _TIMINGS if key in answer.timings)


def size(count: float) -> str:
    """Bytes in a person's units.

    >>> size(2_500_000)
    '2.5 MB'
    """
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def status_rows(status: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of the sidebar about the store."""
    model = status.get("embedding_model") or {}
    rows = [
        ("Documents", f"{status['documents']:,}"),
        ("Passages", f"{status['chunks']:,}"),
        ("On disk", size(status["bytes"])),
        ("Generation", str(status["generation"])),
        ("Embedder", str(model.get("id", "none yet"))),
        ("Store", str(status["store"])),
    ]
    failures = len(status["failures"])
    return [*rows[:2], ("Not readable", f"{failures:,}"), *rows[2:]] if failures else rows


def document_rows(documents: Sequence[DocumentInfo], wanted: str = "") -> list[dict[str, Any]]:
    """The table of documents whose title or URI holds every word of ``wanted``."""
    words = wanted.lower().split()
    kept = [d for d in documents if all(word in f"{d.title} {d.uri}".lower() for word in words)]
    return [
        {
            "Title": d.title, "Version": d.version, "Type": d.media_type, "Characters": d.characters, "Passages": d.chunks,
            "Added": d.added_at[:19].replace("T", " "), "URI": d.uri,
        }
        for d in kept
    ]  # fmt: skip


def candidate_rows(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """The inspector's table: each stage's rank and score, and what became of the candidate."""
    rows = []
    for number, candidate in enumerate(candidates, 1):
        row: dict[str, Any] = {"#": number, "Outcome": candidate.dropped or "kept", "Document": candidate.uri.rsplit("/", 1)[-1]}
        row["Characters"] = f"{candidate.start_char_index}–{candidate.end_char_index}"
        row["final score"] = candidate.scores.get("final")
        for stage in _STAGES:
            row[f"{stage} rank"] = candidate.ranks.get(stage)
            row[f"{stage} score"] = candidate.scores.get(stage)
        rows.append(row)
    return rows


def fraction(step: Progress | None, expected: int) -> float:
    """How much of an ingestion is done, in [0, 1]: reading is half of it; ``expected`` items are to be looked at."""
    if step is None:
        return 0.0
    if step.stage == "reading":
        return 0.5 * min(1.0, step.done / max(expected, 1))
    return 0.6 if step.stage == "embedding" else 0.95


def report_words(report: IngestReport) -> str:
    """What an ingestion did, in a line."""
    counts = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged, "removed": report.removed}
    said = [f"{count} {word}" for word, count in counts.items() if count]
    failed = [f"{len(report.failed)} not readable"] if report.failed else []
    flagged = [f"{len(report.flagged)} flagged (hidden text, or passages that speak to a language model)"] if report.flagged else []
    return ", ".join([*said, *flagged, *failed]) or "nothing to do"
