"""Summaries over many documents: each document is answered for by itself, then what they say is put together.

The first step ("map") is that of a question, for one document at a time: its evidence, sentences from it, the check. The second
("reduce") writes nothing: it chooses among sentences that have passed, so each keeps its citation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, zip_longest

from ragkit.answer import provenance
from ragkit.answer.asker import RELATED, Asker, _Run, _says
from ragkit.answer.compose import Draft
from ragkit.answer.evidence import Selection
from ragkit.records import Answer, Hit, Mode, Reason, Sentence
from ragkit.search import Found, Pinned
from ragkit.store.auditlog import Origin
from ragkit.store.visibility import Principals

#: Sentences that one document may contribute, and passages that are looked at for each document, on average.
PER_DOCUMENT, PASSAGES = 3, 4


def summarise(
    asker: Asker, topic: str, *, documents: int, sentences: int, mode: Mode, expression: str | None, principal: Principals
) -> Answer:
    """At most ``sentences`` sentences on ``topic`` from at most ``documents`` documents, the best first, each with its citation."""
    with asker.searcher.pin() as pinned:
        return _Summary(asker, pinned, topic, mode).made(documents, sentences, expression, principal)


class _Summary(_Run):
    """One summary."""

    def __init__(self, asker: Asker, pinned: Pinned, topic: str, mode: Mode) -> None:
        super().__init__(asker, pinned, topic, mode, Origin(), lambda _: None)
        self._most = PER_DOCUMENT

    def made(self, documents: int, sentences: int, expression: str | None, principal: Principals) -> Answer:
        """The summary, which by then is on record."""
        self._request = provenance.asked(self._mode, expression, principal)
        found = self._meant.search(
            lambda query, k: self._pinned.search(query, k, expression=expression, principal=principal, operators=False, collapse=True),
            documents * PASSAGES,
        )
        self._timings["search_s"] = self._elapsed()
        selections = list(self._selected(found, documents))
        self._timings["retrieve_s"] = self._elapsed()
        replies: list[str] = []
        stated: list[list[Sentence]] = []
        for selection in selections:
            self._draft = Draft()
            before = len(self._sentences)
            self._sentences.extend(step for step in self._answer(selection.evidence) if isinstance(step, Sentence))
            stated.append(self._sentences[before:])
            replies.append(self._draft.reply)
        self._draft = Draft("\n\n".join(filter(None, replies)))
        self._sentences = _chosen(stated, sentences)
        return self._finish(found, _joined(selections), None if self._sentences else self._missing(found))

    def _selected(self, found: Found, documents: int) -> Iterator[Selection]:
        """The evidence of each document that is about the topic, best document first."""
        for hits in _by_document(found.hits)[:documents]:
            selection = self._selection(replace(found, hits=hits), PER_DOCUMENT)
            if selection.evidence and selection.signals.get("dense", 0.0) >= RELATED:
                yield selection

    def _missing(self, found: Found) -> Reason:
        if not found.searchable:
            return "empty_index"
        return "no_relevant_passage" if found.visible else "filter_empty"


def _by_document(hits: list[Hit]) -> list[list[Hit]]:
    order = {uri: rank for rank, uri in enumerate(dict.fromkeys(hit.uri for hit in hits))}
    ranked = sorted(hits, key=lambda hit: (order[hit.uri], hit.rank))
    return [list(group) for _, group in groupby(ranked, key=lambda hit: hit.uri)]


def _chosen(stated: list[list[Sentence]], count: int) -> list[Sentence]:
    """Every document's first sentence, then every document's second, …, none said twice; in the documents' order."""
    chosen: list[tuple[int, int, Sentence]] = []
    for turn, row in enumerate(zip_longest(*stated)):
        for document, sentence in enumerate(row):
            if sentence is None or len(chosen) >= count:
                continue
            if not _says([s.text for _, _, s in chosen], sentence.text):
                chosen.append((document, turn, sentence))
    return [sentence for _, _, sentence in sorted(chosen, key=lambda one: one[:2])]


def _joined(selections: list[Selection]) -> Selection:
    evidence = [one for selection in selections for one in selection.evidence]
    best = max(selections, key=lambda selection: selection.answerable, default=Selection((), 0.0, {}))
    return Selection(tuple(replace(one, id=n) for n, one in enumerate(evidence, 1)), best.answerable, best.signals)
