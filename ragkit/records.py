"""What flows through ragkit. Every record is frozen, keyword-only and made of plain values.

All ``start``/``end`` pairs are half-open offsets ``[start, end)`` in code points of a document's *canonical
text*, so ``text[start:end]`` is the passage. ``to_dict()`` gives the JSON of the command line's contract.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar, dataclass_transform

BlockKind = Literal["heading", "paragraph", "list_item", "table", "code", "quote", "caption"]
Status = Literal["verified", "quoted", "unverified"]
Reason = Literal["empty_index", "filter_empty", "no_relevant_passage", "not_supported", "contradictory_sources"]
Mode = Literal["auto", "quote", "compose"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A frozen, slotted, keyword-only dataclass with :meth:`to_dict`."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


class Jsonable:
    """Adds ``to_dict``: plain dicts, lists, strings, numbers; callables and fields marked ``json=False`` left out."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {f.name: _plain(getattr(self, f.name)) for f in fields if f.metadata.get("json", True)}


def _plain(value: Any) -> Any:
    if isinstance(value, Jsonable):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 6)
    return value


class Box(NamedTuple):
    """A rectangle on a page, in PDF points (1/72 inch) from the page's top left corner; x0 <= x1, y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float


# --- from the source to the index ---------------------------------------------------------------------------


@record
class SourceItem:
    """One thing that a connector found: where it is, which version it is, and how to read it.

    ``token`` changes whenever the content may have changed (a modification time and size, an ETag, a hash);
    an item whose token is the one in the catalog is not opened at all. ``acl`` lists the principals that may
    see the item; ``None`` means everybody. ``media_type`` overrides detection. ``title`` overrides the parser's.
    """

    uri: str
    token: str
    open: Callable[[], BinaryIO] = field(repr=False)
    size: int | None = None
    media_type: str | None = None
    title: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    acl: tuple[str, ...] | None = None


@record
class Failure(Jsonable):
    """A source item that could not be used, with a one-line reason."""

    uri: str
    reason: str


@record
class Block:
    """A structural unit of the canonical text. ``level`` is 1 to 6 for headings, the nesting depth for list items."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0


@record
class Anchor:
    """Where canonical ``[start, end)`` came from. Anchors of a document are sorted and do not overlap.

    ``byte_start``/``byte_end`` are offsets in the source's bytes; ``page`` is 1-based, ``box`` lies on it;
    ``place`` names anything else in words ("paragraph 12", "sheet Costs, B4").
    """

    start: int
    end: int
    byte_start: int | None = None
    byte_end: int | None = None
    page: int | None = None
    box: Box | None = None
    place: str | None = None


@record
class Parsed:
    """A parser's result: canonical text, its blocks in order, and the map back to the source.

    Blocks are sorted and do not overlap; text outside every block is white space. ``warnings`` are one line
    each ("page 3 has no text"). Canonical text has ``\\n`` line ends and no control characters but ``\\n`` and ``\\t``.
    """

    text: str
    blocks: tuple[Block, ...]
    anchors: tuple[Anchor, ...] = ()
    title: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@record
class Document:
    """One version of one document: identity, canonical text, structure and the map back to its source.

    ``sha256`` is the hash of the source's bytes; ``version`` counts from 1 within one ``uri``.
    """

    uri: str
    sha256: str
    token: str
    media_type: str
    title: str
    parsed: Parsed
    metadata: Mapping[str, Any] = field(default_factory=dict)
    acl: tuple[str, ...] | None = None
    source: str = ""


@record
class Chunk:
    """A span of one document's canonical text that is indexed as one passage.

    ``headings`` is the path of headings above it, outermost first; what goes on with a table has the table's first row as
    the last one. ``tokens`` counts the embedder's tokens of the passage, special tokens left out.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    tokens: int = 0


@record
class IngestOptions(Jsonable):
    """How a source is read; remembered with it, so that ``sync`` reads it the same way.

    ``include`` and ``exclude`` are globs in the form of a ``.gitignore``; ``acl`` and ``metadata`` go to every document;
    ``options`` are the kind of source's own (``depth`` of a crawl, ``table`` of a database).
    """

    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    acl: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> IngestOptions:
        """The inverse of :meth:`to_dict`."""
        parts: dict[str, Any] = {name: tuple(values.get(name) or ()) for name in ("include", "exclude")}
        parts |= {name: values.get(name) or {} for name in ("metadata", "options")}
        acl = values.get("acl")
        return cls(recursive=values.get("recursive", True), acl=None if acl is None else tuple(acl), **parts)

    def given(self) -> dict[str, Any]:
        """What a connector is made with: what differs from the default, and its own options."""
        files = {"recursive": self.recursive, "include": self.include, "exclude": self.exclude}
        default = IngestOptions()
        return {name: value for name, value in files.items() if value != getattr(default, name)} | dict(self.options)


@record
class IngestReport(Jsonable):
    """What one ``ingest`` or ``sync`` did. ``chunks`` counts those added; ``seconds`` is wall time; ``pii`` counts by kind.

    ``emptied`` names the sources that list nothing any more, and whose documents were therefore kept; ``flagged`` what is
    suspicious in those added and updated: hidden text, passages that speak to a language model (metadata ``hidden``, ``instructions``).
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: tuple[Failure, ...] = ()
    emptied: tuple[str, ...] = ()
    flagged: tuple[Failure, ...] = ()
    chunks: int = 0
    seconds: float = 0.0
    pii: Mapping[str, int] = field(default_factory=dict)


@record
class DocumentInfo(Jsonable):
    """A line of ``ragkit ls``: one live document."""

    document_id: int
    uri: str
    title: str
    version: int
    media_type: str
    sha256: str
    characters: int
    chunks: int
    added_at: str
    acl: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


# --- from the question to the answer ------------------------------------------------------------------------


@record
class Hit(Jsonable):
    """A passage that was found. ``scores`` holds the stages it went through: lexical, dense, fused, rerank."""

    rank: int
    score: float
    uri: str
    document_id: int
    title: str
    start_char_index: int
    end_char_index: int
    text: str
    page: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    chunk_id: int = 0
    document_version: int = 1


@record
class Candidate(Jsonable):
    """A passage as retrieval saw it: rank and score at each stage, and why it went no further (``None``: it did)."""

    chunk_id: int
    uri: str
    start_char_index: int
    end_char_index: int
    ranks: Mapping[str, int]
    scores: Mapping[str, float]
    dropped: str | None = None


@record
class Evidence(Jsonable):
    """A sentence of a document that may answer the question. ``id`` is the number that the prompt shows, from 1."""

    id: int
    text: str
    uri: str
    document_id: int
    document_title: str
    document_version: int
    start_char_index: int
    end_char_index: int
    score: float
    chunk_id: int = 0


@record
class Citation(Jsonable):
    """An exact passage of one document version: ``source_text[start_char_index:end_char_index] == cited_text``.

    Field names follow the Anthropic citations API. Pages are 1-based, both inclusive; ``boxes`` are
    ``(page, x0, y0, x1, y1)`` in PDF points from the page's top left. ``document_index`` numbers the answer's
    documents from 0. ``place`` says in words where the passage stands when there is no page.
    """

    cited_text: str
    uri: str
    document_title: str
    document_version: int
    document_index: int
    start_char_index: int
    end_char_index: int
    start_page_number: int | None = None
    end_page_number: int | None = None
    boxes: tuple[tuple[int, float, float, float, float], ...] = ()
    place: str | None = None


@record
class Verdict(Jsonable):
    """What a verifier says of a claim: ``support`` and ``contradiction`` in [0, 1], the evidence that supports it
    (indices from 0) and the spans of the claim that nothing supports."""

    support: float
    contradiction: float = 0.0
    supporting: tuple[int, ...] = ()
    unsupported_spans: tuple[tuple[int, int], ...] = ()


@record
class Sentence(Jsonable):
    """A sentence of an answer. ``verified``: the model's words, backed by what they cite; ``quoted``: the source's
    own words; ``unverified``: only in records, never part of ``Answer.text``."""

    text: str
    status: Status
    support: float
    citations: tuple[Citation, ...] = ()


@record
class Answer(Jsonable):
    """The result of ``ask``: sentences with their citations, or an abstention with its reason."""

    record_id: str
    question: str
    abstained: bool
    reason: Reason | None
    answerable: float
    text: str
    sentences: tuple[Sentence, ...]
    evidence: tuple[Evidence, ...] = ()
    mode: Mode = "auto"
    generation: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@record
class StreamEvent:
    """One step of a streamed answer.

    ``token``: text as the generator writes it, unchecked, for progress only; ``sentence``: one sentence, checked;
    ``answer``: the whole answer, always last.
    """

    kind: Literal["token", "sentence", "answer"]
    text: str = ""
    sentence: Sentence | None = None
    answer: Answer | None = None


@record
class Progress:
    """A step of a long job. ``done`` and ``total`` count items of the ``stage``; ``total`` is ``None`` while unknown."""

    stage: Literal["reading", "embedding", "writing", "asking"]
    done: int
    total: int | None = None
    uri: str = ""


# --- the store's files --------------------------------------------------------------------------------------


@record
class FileInfo(Jsonable):
    """A file of a segment as the catalog recorded it: its name in the segments folder, size in bytes, hex sha256."""

    name: str
    bytes: int
    sha256: str


@record
class SegmentInfo(Jsonable):
    """An immutable part of the index: ``rows`` chunks in a lexical and a dense file, and perhaps an approximate index and token codes."""

    name: str
    rows: int
    lexical: FileInfo
    dense: FileInfo
    ann: FileInfo | None = None
    codes: FileInfo | None = None

    @property
    def parts(self) -> dict[str, FileInfo]:
        """The files that are there, by the part that each is."""
        return {part: file for part in ("lexical", "dense", "ann", "codes") if (file := getattr(self, part)) is not None}

    @property
    def files(self) -> tuple[FileInfo, ...]:
        """The files that are there."""
        return tuple(self.parts.values())
