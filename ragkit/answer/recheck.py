"""Checking an answer that was given: each citation against the document as it is now, each sentence against what it cites.

The generator takes no part. What is recorded is trusted in nothing: it may be a file that somebody had in hands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import sqlalchemy as sa

from ragkit.answer.anchoring import find
from ragkit.answer.checking import Check, check
from ragkit.answer.citations import quoted
from ragkit.answer.provenance import context_of, text_sha256
from ragkit.contracts import Verifier
from ragkit.records import Jsonable, record
from ragkit.store.catalog import Catalog

Standing = Literal["valid", "moved", "source changed", "source removed", "altered", "not compared"]
#: What a citation may be without anything being wrong.
SOUND: tuple[Standing, ...] = ("valid", "moved", "not compared")
#: Two supports that differ by less are the same: models that compute in half precision round by what else is computed with them.
TOLERANCE = 0.02
#: A text as it was shown: with personal data masked, or as it is.
Shown = Callable[[str], str]


@record
class CitationNow(Jsonable):
    """A citation of an old answer, as it stands now.

    ``standing``: ``valid``: the text is where it was; ``moved``: the document has changed, and the exact text was found again at
    ``start_char_index``, ``end_char_index`` of its version ``document_version``; ``source changed``: it was not, or at places that
    cannot be told apart; ``source removed``: the document is no longer in the store; ``altered``: the record says what its
    own version of the document does not; ``not compared``: there was no store to look in. Both offsets are ``None`` where the text
    was not found. ``sentence`` and ``citation`` count from 0, ``citation`` within its sentence.
    """

    sentence: int
    citation: int
    uri: str
    cited_text: str
    standing: Standing
    document_version: int | None = None
    start_char_index: int | None = None
    end_char_index: int | None = None


@record
class SentenceNow(Jsonable):
    """A sentence of an old answer, checked again. ``recorded`` and ``support`` are the support then and now, in [0, 1]; ``fault`` says
    what is wrong, ``None``: nothing."""

    sentence: int
    text: str
    status: str
    recorded: float
    support: float
    fault: str | None = None


@record
class Verification(Jsonable):
    """What checking a recorded or exported answer found. ``faults`` are about the record as a whole, ``notes`` are no faults."""

    record_id: str
    citations: tuple[CitationNow, ...] = ()
    sentences: tuple[SentenceNow, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong: every citation holds, every verdict is the same, nothing was altered."""
        return not self.faults and all(c.standing in SOUND for c in self.citations) and all(s.fault is None for s in self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command line, with ``sound``."""
        return {"record_id": self.record_id, "sound": self.sound, **Jsonable.to_dict(self)}


def citations_now(
    catalog: Catalog, connection: sa.Connection, kept: Mapping[str, Any], *, own: bool = True, shown: Shown = str
) -> list[CitationNow]:
    """Where each citation of the record ``kept`` stands now. ``own``: the store itself gave the answer, so numbers of documents
    mean what they say. ``shown`` masks a document's text as the answer's was."""
    found = []
    for i, sentence in enumerate(kept["sentences"]):
        for j, citation in enumerate(sentence["citations"]):
            source = _source(kept, citation, own=own)
            standing, version, span = _standing(catalog, connection, citation, source, context_of(kept, citation), shown)
            found.append(
                CitationNow(
                    sentence=i,
                    citation=j,
                    uri=citation["uri"],
                    cited_text=citation["cited_text"],
                    standing=standing,
                    document_version=version,
                    start_char_index=span[0] if span else None,
                    end_char_index=span[1] if span else None,
                )
            )
    return found


def citations_alone(kept: Mapping[str, Any]) -> list[CitationNow]:
    """The citations of a record that no store is at hand for: what they cite is compared with the record's own evidence only."""
    said = {(e["uri"], e["start_char_index"], e["end_char_index"], e["document_version"]): e["text"] for e in kept.get("evidence", ())}
    found = []
    for i, sentence in enumerate(kept["sentences"]):
        for j, citation in enumerate(sentence["citations"]):
            place = tuple(citation[key] for key in ("uri", "start_char_index", "end_char_index", "document_version"))
            standing: Standing = "altered" if said and said.get(place) != citation["cited_text"] else "not compared"
            found.append(CitationNow(sentence=i, citation=j, uri=citation["uri"], cited_text=citation["cited_text"], standing=standing))
    return found


def _source(kept: Mapping[str, Any], citation: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    """What the record says of the cited document's version: its number (``None`` in another store) and its hashes."""
    documents, at = kept.get("documents") or [], citation.get("document_index")
    if isinstance(at, int) and 0 <= at < len(documents):
        return {**documents[at], "document_id": documents[at]["document_id"] if own else None}
    key = (citation["uri"], citation["document_version"])
    same = [e["document_id"] for e in kept.get("evidence", ()) if (e["uri"], e["document_version"]) == key]
    return {"uri": citation["uri"], "version": citation["document_version"], "document_id": same[0] if same and own else None}


def _standing(
    catalog: Catalog,
    connection: sa.Connection,
    citation: Mapping[str, Any],
    source: Mapping[str, Any],
    context: tuple[str, str],
    shown: Shown,
) -> tuple[Standing, int | None, tuple[int, int] | None]:
    """How the citation stands, in which version, and where."""
    if (source["uri"], source["version"]) != (citation["uri"], citation["document_version"]):
        return "altered", None, None
    live = catalog.live_version(connection, citation["uri"])
    if live is None:
        return "source removed", None, None
    canonical = catalog.parsed(connection, live.document_id).text
    same = source.get("sha256", live.sha256) == live.sha256 and source.get("text_sha256") in (None, text_sha256(canonical))
    text = shown(canonical)
    start, end, cited = citation["start_char_index"], citation["end_char_index"], citation["cited_text"]
    holds = 0 <= start < end and text[start:end] == cited
    if live.document_id == source["document_id"]:
        whole = holds and same and live.version == source["version"]
        return ("valid", live.version, (start, end)) if whole else ("altered", None, None)
    if holds and same and "sha256" in source:
        return "valid", live.version, (start, end)
    span = find(text, cited, *context)
    return ("moved", live.version, span) if span else ("source changed", live.version, None)


def sentences_now(kept: Mapping[str, Any], verifier: Verifier | None, *, same_verifier: bool = True) -> Iterator[SentenceNow]:
    """Each sentence against what it cites. Where the verifier is another one than then, its numbers may differ, not its decision."""
    checks = kept.get("checks") or [None] * len(kept["sentences"])
    for i, sentence in enumerate(kept["sentences"]):
        recorded = checks[i] if i < len(checks) else None
        now, fault = _CHECKS.get(sentence["status"], _unknown)(kept, sentence, recorded, verifier, same_verifier)
        yield SentenceNow(
            sentence=i, text=sentence["text"], status=sentence["status"], recorded=sentence["support"], support=now, fault=fault
        )


def _unknown(kept: Any, sentence: Mapping[str, Any], *_: Any) -> tuple[float, str | None]:
    return 0.0, f"no sentence of an answer is {sentence['status']!r}"


def _quoted(kept: Any, sentence: Mapping[str, Any], *_: Any) -> tuple[float, str | None]:
    texts = [c["cited_text"] for c in sentence["citations"]]
    if not 1 <= len(texts) <= 2 or quoted(texts) != sentence["text"]:
        return 0.0, "the quote is not the text that it cites"
    return 1.0, None if sentence["support"] == 1.0 else "the support of a quote is 1"


def _verified(
    kept: Mapping[str, Any], sentence: Mapping[str, Any], recorded: Mapping[str, Any] | None, verifier: Verifier | None, same: bool
) -> tuple[float, str | None]:
    """Judge a composed sentence again, by the evidence that it was judged by then."""
    citations = sentence["citations"]
    if not citations or verifier is None:
        return 0.0, "nothing is cited"
    evidence = [e for e in kept.get("evidence", ()) if e["id"] in recorded["evidence"]] if recorded is not None else []
    places = {(e["uri"], e["start_char_index"], e["end_char_index"], e["text"]) for e in evidence}
    if recorded is not None and any(
        (c["uri"], c["start_char_index"], c["end_char_index"], c["cited_text"]) not in places for c in citations
    ):
        return 0.0, "it cites what it was not checked against"
    found = check(verifier, sentence["text"], [e["text"] for e in evidence] or [c["cited_text"] for c in citations])
    return found.support, _verdict_fault(kept, sentence, recorded, found, same)


def _verdict_fault(
    kept: Mapping[str, Any], sentence: Mapping[str, Any], recorded: Mapping[str, Any] | None, found: Check, same: bool
) -> str | None:
    least = kept.get("settings", {}).get("answering", {}).get("min_support", 0.0)
    if found.support < least - TOLERANCE:
        return f"its support is {found.support:.2f} now, below the {least:.2f} that an answer needs"
    if not same:
        return None
    if abs(found.support - sentence["support"]) > TOLERANCE and recorded is not None:
        return f"its support is {found.support:.2f} now, recorded is {sentence['support']:.2f}"
    if recorded is not None and _differs(recorded, found):
        return "its verdict is another one now"
    return None


def _differs(recorded: Mapping[str, Any], found: Check) -> bool:
    then, now = recorded["verdict"], found.verdict.to_dict()
    near = all(abs(then[name] - now[name]) <= TOLERANCE for name in ("support", "contradiction"))
    return not near or any(then[name] != now[name] for name in ("supporting", "unsupported_spans"))


_CHECKS: Mapping[str, Any] = {"quoted": _quoted, "verified": _verified}


def record_faults(kept: Mapping[str, Any]) -> Iterator[str]:
    """What does not agree within the record."""
    sentences = kept["sentences"]
    abstained, sides = kept["abstained"], kept["reason"] == "contradictory_sources"
    if kept["text"] != ("" if abstained else " ".join(s["text"] for s in sentences)):
        yield "the answer's text is not that of its sentences"
    if abstained != (sides or not sentences) or abstained != (kept["reason"] is not None):
        yield "an abstention has a reason, and no sentences but those that contradict each other; an answer has sentences and no reason"


def evidence_faults(catalog: Catalog, connection: sa.Connection, kept: Mapping[str, Any], *, shown: Shown = str) -> Iterator[str]:
    """Evidence that its document, at the recorded version, does not hold."""
    for item in kept.get("evidence", ()):
        live = catalog.live_version(connection, item["uri"])
        if live is None or live.document_id != item["document_id"]:
            continue
        text = shown(catalog.parsed(connection, live.document_id).text)
        if text[item["start_char_index"] : item["end_char_index"]] != item["text"]:
            yield f"evidence {item['id']} is not what its document says"
