"""What is done about personal data: documents flagged or masked as they come in, answers and hits as they go out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from ragkit.pii.finding import Found, Names, checked, find, mask
from ragkit.pii.kinds import PATTERNED
from ragkit.records import Citation, Document, DocumentInfo, Evidence, Hit, Parsed

#: Documents whose finds are kept.
_KEPT = 64


class Redactor:
    """Finds and masks personal data of ``kinds`` (empty: all that patterns find, and names where there is a model for them)."""

    def __init__(self, kinds: Collection[str] = (), names: Names | None = None) -> None:
        self._kinds = checked(kinds or PATTERNED)
        self._names = names if not kinds or "name" in kinds else None
        self._kept: dict[int, list[Found]] = {}
        self._lock = Lock()

    def find(self, text: str) -> list[Found]:
        kinds = self._kinds if self._names is None else {*self._kinds, "name"}
        return find(text, kinds, names=self._names)

    def text(self, text: str) -> str:
        """``text`` with what was found masked."""
        return mask(text, self.find(text))

    def counts(self, document: Document) -> Counter[str]:
        """How many of each kind stand in the document's text."""
        return Counter(found.kind for found in self.find(document.parsed.text))

    def document(self, document: Document) -> Document:
        """The document with text, titles, metadata, places and warnings masked; its offsets, URI and access list stay."""
        parsed = document.parsed
        return replace(
            document,
            title=self.text(document.title),
            metadata=self.values(document.metadata),
            parsed=replace(
                parsed,
                text=self.text(parsed.text),
                title=None if parsed.title is None else self.text(parsed.title),
                metadata=self.values(parsed.metadata),
                warnings=tuple(map(self.text, parsed.warnings)),
                anchors=tuple(a if a.place is None else replace(a, place=self.text(a.place)) for a in parsed.anchors),
            ),
        )

    def info(self, info: DocumentInfo) -> DocumentInfo:
        """A line of a list of documents with its title and metadata masked."""
        return replace(info, title=self.text(info.title), metadata=self.values(info.metadata))

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Metadata with its texts masked; a key counts as a word that stands before its value."""
        return {key: self._value(key, value) for key, value in values.items()}

    def _value(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            head = f"{key}: "
            return self.text(head + value)[len(head) :]
        if isinstance(value, Mapping):
            return self.values(value)
        if isinstance(value, list | tuple):
            return [self._value(key, one) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            shown = self._value(key, str(value))
            return value if shown == str(value) else shown
        return value

    def span(self, document_id: int, parsed: Parsed, start: int, end: int) -> str:
        """The characters ``[start, end)`` of a document, masked as the whole document is."""
        with self._lock:
            found = self._kept.pop(document_id, None)
        if found is None:
            found = self.find(parsed.text)
        with self._lock:
            self._kept[document_id] = found
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        inside = [f for f in found if f.start < end and f.end > start]
        return mask(parsed.text[start:end], [replace(f, start=max(f.start, start) - start, end=min(f.end, end) - start) for f in inside])

    def hit(self, hit: Hit, parsed: Parsed) -> Hit:
        return replace(
            hit,
            text=self.span(hit.document_id, parsed, hit.start_char_index, hit.end_char_index),
            title=self.text(hit.title),
            headings=tuple(map(self.text, hit.headings)),
        )

    def evidence(self, evidence: Evidence, parsed: Parsed) -> Evidence:
        shown = self.span(evidence.document_id, parsed, evidence.start_char_index, evidence.end_char_index)
        return replace(evidence, text=shown, document_title=self.text(evidence.document_title))

    def citation(self, citation: Citation, evidence: Evidence) -> Citation:
        """A citation of evidence that is masked already."""
        return replace(citation, cited_text=evidence.text, place=None if citation.place is None else self.text(citation.place))


class Intake:
    """What is done with a document before it is cut: its kinds are counted in its metadata, and ``masked`` it is masked.

    ``mark`` tells one way of doing this from another; it is part of a document's version, so that a change of the settings is
    a change of the document.
    """

    def __init__(self, redactor: Redactor, *, masked: bool, mark: str) -> None:
        self.redactor = redactor
        self.masked = masked
        self.mark = mark

    def __call__(self, document: Document) -> tuple[Document, Counter[str]]:
        counts = self.redactor.counts(document)
        if self.masked:
            document = self.redactor.document(document)
        return (replace(document, metadata={**document.metadata, "pii": dict(sorted(counts.items()))}) if counts else document), counts
