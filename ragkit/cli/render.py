"""Answers, hits and verdicts as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ragkit.cli.output import Output, visible

if TYPE_CHECKING:
    from rich.table import Table

    from ragkit.records import Answer, Candidate, Citation, Hit, Sentence, StreamEvent, Verdict

#: Why an answer is missing, in words.
REASONS = {
    "empty_index": "the store holds no documents yet; `ragkit ingest SOURCE` brings some in",
    "filter_empty": "no document passes the filter, or none may be seen by who asks",
    "no_relevant_passage": "no passage is close enough to the question",
    "contradictory_sources": "these passages say different things, and ragkit takes no side",
    "not_supported": "passages on the subject were found, but none of them supports an answer",
}

#: Timings that are shown, in order, with their words.
_TIMINGS = (("retrieve_s", "found in {:.2f} s"), ("first_token_s", "first words after {:.2f} s"), ("total_s", "{:.2f} s in all"))


class Numbered:
    """Numbers an answer's citations from 1; the same passage keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []

    def sentence(self, sentence: Sentence) -> str:
        """The sentence, in quotation marks where it is the document's own, and the numbers of what backs it."""
        text = visible(sentence.text)
        if sentence.status == "quoted":
            text = f"“{text}”"
        return text + "".join(f" [{number}]" for number in dict.fromkeys(self._number(c) for c in sentence.citations))

    def lines(self) -> Iterator[str]:
        """Every citation: number, title and place, then the quote."""
        for number, citation in enumerate(self._citations, 1):
            yield f"[{number}] {visible(citation.document_title)}, {visible(place(citation))}\n    {visible(citation.uri)}"
            yield "    “" + visible(" ".join(citation.cited_text.split())) + "”"

    def _number(self, citation: Citation) -> int:
        key = (citation.uri, citation.start_char_index, citation.end_char_index)
        if key not in self._numbers:
            self._citations.append(citation)
            self._numbers[key] = len(self._citations)
        return self._numbers[key]


def place(citation: Citation) -> str:
    """Where a cited passage stands: its pages where there are any, its words for the place, and its span."""
    first, last = citation.start_page_number, citation.end_page_number
    pages = "" if first is None else f"page {first}, " if last in (None, first) else f"pages {first}–{last}, "
    words = f"{citation.place}, " if citation.place and first is None else ""
    return f"{pages}{words}characters {citation.start_char_index}:{citation.end_char_index}"


def streamed(out: Output, events: Iterable[StreamEvent]) -> Answer | None:
    """Shows sentences as they come, then the citations and the timings; returns the whole answer."""
    numbered = Numbered()
    shown = 0
    answer = None
    with out.busy("reading") as stop:
        for event in events:
            if event.kind == "sentence" and event.sentence is not None and event.sentence.status != "unverified":
                stop()
                out.show(numbered.sentence(event.sentence))
                shown += 1
            answer = event.answer or answer
    if answer is None:
        return None
    if answer.abstained:
        out.show(abstention(answer))
    if answer.sentences:
        out.show(*(numbered.sentence(sentence) for sentence in answer.sentences[shown:] if sentence.status != "unverified"))
        out.show("", *numbered.lines(), "")
    for note in answer.notes:
        out.note(f"note: {visible(note)}")
    out.note(timings(answer))
    return answer


def abstention(answer: Answer) -> str:
    """That the documents do not answer, and why, in words."""
    reason = answer.reason or "not_supported"
    if reason == "contradictory_sources":
        return f"The documents contradict each other: {REASONS[reason]}."
    return f"The documents do not answer this: {REASONS.get(reason, reason)}."


def timings(answer: Answer) -> str:
    """How long the parts of an answer took, and the name of its record."""
    said = [words.format(answer.timings[key]) for key, words in _TIMINGS if key in answer.timings]
    return "; ".join([*said, f"record {answer.record_id}"])


def hits(found: Sequence[Hit]) -> list[str]:
    """Each passage with its rank, score and place."""
    return [_hit(hit) for hit in found] or ["Nothing was found."]


def _hit(hit: Hit) -> str:
    page = "" if hit.page is None else f", page {hit.page}"
    head = f"{hit.rank}. {visible(hit.title)}{page}  ({hit.score:.3f})"
    return f"{head}\n   {visible(hit.uri)} {hit.start_char_index}:{hit.end_char_index}\n   {visible(' '.join(hit.text.split()))}\n"


def candidates(found: Sequence[Candidate]) -> Table:
    """One line a candidate: its place, its rank and score at each stage, and why it went no further."""
    from rich.table import Table

    stages = list(dict.fromkeys(stage for candidate in found for stage in (*candidate.ranks, *candidate.scores)))
    table = Table(box=None, pad_edge=False)
    for head in ("uri", "span", *stages, "dropped"):
        table.add_column(head, overflow="fold")
    for candidate in found:
        span = f"{candidate.start_char_index}:{candidate.end_char_index}"
        cells = [_stage(candidate, stage) for stage in stages]
        table.add_row(visible(candidate.uri), span, *cells, visible(candidate.dropped or ""))
    return table


def _stage(candidate: Candidate, stage: str) -> str:
    rank = f"#{candidate.ranks[stage]}" if stage in candidate.ranks else ""
    score = f"{candidate.scores[stage]:.3f}" if stage in candidate.scores else ""
    return f"{rank} {score}".strip()


def verdict(claim: str, found: Verdict) -> str:
    """Support and contradiction, the evidence that supports, and the words that nothing supports."""
    backed = ", ".join(str(index + 1) for index in found.supporting) or "none"
    loose = "; ".join(repr(visible(claim[start:end])) for start, end in found.unsupported_spans) or "none"
    return f"support {found.support:.2f}, contradiction {found.contradiction:.2f}\nsupported by: {backed}\nnot backed: {loose}"
