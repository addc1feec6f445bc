"""What an answer record holds beside the answer, so that it can be checked later, and asked again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragkit.answer.anchoring import surroundings
from ragkit.records import Sentence
from ragkit.search import Pinned
from ragkit.settings import Settings
from ragkit.store.catalog import Catalog
from ragkit.store.visibility import Principals, principals_of


def asked(mode: str, expression: str | None, principal: Principals) -> dict[str, Any]:
    """How the question was asked. ``principal`` is ``None`` where nobody in particular asked."""
    names = principals_of(principal)
    return {"mode": mode, "filter": expression, "principal": None if names is None else sorted(names)}


def values(settings: Settings) -> dict[str, Any]:
    """The settings that were in force: their hash, and the values that bear on answers."""
    return {"settings_sha256": settings.sha256(), "settings": settings.bearing_on_answers()}


def cited(
    catalog: Catalog, pinned: Pinned, document_ids: Sequence[int], sentences: Sequence[Sentence], shown: Callable[[str], str] = str
) -> dict[str, Any]:
    """The versions of the documents that are cited, by ``document_index``, and what stands around each citation.

    ``sha256`` is the hash of the source's bytes, ``text_sha256`` that of the canonical text in UTF-8. ``shown`` masks a text.
    """
    documents = []
    for document_id in document_ids:
        version = catalog.version(pinned.connection, document_id)
        hashes = {"text_sha256": text_sha256(pinned.parsed(document_id).text)}
        documents.append(version._asdict() | {"title": shown(version.title)} | hashes)
    contexts = {}
    for citation in (c for sentence in sentences for c in sentence.citations):
        start, end = citation.start_char_index, citation.end_char_index
        text = shown(pinned.parsed(document_ids[citation.document_index]).text)
        before, after = surroundings(text, start, end)
        place = {"document_index": citation.document_index, "start_char_index": start, "end_char_index": end}
        contexts[citation.document_index, start, end] = {**place, "before": before, "after": after}
    return {"documents": documents, "contexts": list(contexts.values())}


def context_of(record: Mapping[str, Any], citation: Mapping[str, Any]) -> tuple[str, str]:
    """What stood before and after a recorded citation; nothing where that was not recorded."""
    keys = ("document_index", "start_char_index", "end_char_index")
    for context in record.get("contexts", ()):
        if all(context.get(key) == citation.get(key) for key in keys):
            return str(context.get("before", "")), str(context.get("after", ""))
    return "", ""


def text_sha256(text: str) -> str:
    """Hash of a canonical text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
