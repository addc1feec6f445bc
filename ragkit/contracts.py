"""The contracts that plug-ins keep: one to three methods each. ``ragkit.testing`` has a conformance suite for every one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from ragkit.records import Failure, Parsed, SourceItem, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Connector(Protocol):
    """A kind of source. Entry point group ``ragkit.connectors``; the entry point's name is the connector's name.

    Traps: ``items`` must yield in a stable order; the same thing must keep its URI for ever; the token must change
    whenever the bytes may have changed; what cannot be read is yielded as a :class:`Failure`, never raised, so that
    one bad item loses nothing else. Raise :class:`ragkit.errors.SourceError` only when the whole source is unusable.
    Options are named parameters of the constructor; they are kept in plain text, so none may be a secret.

    A connector that has to know something from the listing before (ETags, the links of a page) has an attribute
    ``state``: a dict of JSON values, which ragkit sets to what it was before it asks for ``items``, and keeps whenever
    what was listed is committed.
    """

    @classmethod
    def accepts(cls, source: str) -> bool:
        """Whether ``source`` (as typed by the user) is one that this connector reads. Cheap; opens nothing."""
        ...

    def __init__(self, source: str, **options: Any) -> None: ...

    def items(self) -> Iterator[SourceItem | Failure]:
        """Everything that the source holds now."""
        ...


@runtime_checkable
class Parser(Protocol):
    """A kind of content. Entry point group ``ragkit.parsers``. Runs in a child process with limits.

    Traps: offsets count code points, not bytes; ``text[block.start:block.end]`` must be the block, exactly; an
    empty result is an error with a reason, never silent; text that a reader cannot see does not belong in ``text``.

    A class may declare ``options: ClassVar[tuple[str, ...]]``, names of settings of the part ``parsing`` that it takes as
    keyword arguments, each with a default.
    """

    media_types: ClassVar[tuple[str, ...]]
    suffixes: ClassVar[tuple[str, ...]]

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """Canonical text, blocks and anchors of ``data``.

        Raises:
            ParseError: one line that says what is wrong with this document.
        """
        ...


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """Contextual token vectors of one text: ``vectors`` is ``(n, dimension)`` float32 or float16 with L2-normalised rows; token
    ``i`` covers the characters ``[starts[i], ends[i])`` (``(n,)`` int32)."""

    vectors: NDArray[np.float32] | NDArray[np.float16]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


@runtime_checkable
class Embedder(Protocol):
    """Text to vectors. ``id`` and ``sha256`` name the model and its weights; ``dimension`` is the vectors' width.

    Traps: vectors are L2-normalised float32; the same text must give the same vector whatever the batch; counting
    tokens must not load the model.
    """

    @property
    def id(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int:
        """The most tokens of text that one vector can cover, special tokens left out."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens left out, nothing truncated."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, L2-normalised. What exceeds ``max_tokens`` is cut off."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """For each text its contextual token vectors, special tokens left out."""
        ...


@runtime_checkable
class BothEmbedder(Protocol):
    """An embedder that gives a text's vector and those of its tokens in one pass over the model, as :meth:`Embedder.embed` and
    :meth:`Embedder.embed_tokens` would give them."""

    def embed_both(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[TokenVectors]]: ...


class Codes(Protocol):
    """Kept codes of the token vectors of some passages."""

    @property
    def there(self) -> NDArray[np.bool_]:
        """``(passages,)``: which passages have codes."""
        ...

    def best(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(passages, query tokens)`` float32: the best cosine of each of the query's token vectors in each passage."""
        ...


@runtime_checkable
class LayeredEmbedder(Embedder, Protocol):
    """An embedder that can also show what it makes of tokens one layer before its last, which keeps more of the words and is better
    at telling what meets what (Zhang et al. 2020, BERTScore)."""

    def embed_inner_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """As :meth:`embed_tokens`, of the layer before the last."""
        ...


@runtime_checkable
class CodeReranker(Protocol):
    """A reranker that scores passages by kept codes of their tokens, as :meth:`Reranker.score` would by their texts, but for the codes'
    error."""

    def score_codes(self, query: str, codes: Codes, *, idf: Mapping[str, float] | None = None) -> NDArray[np.float32]: ...


@runtime_checkable
class Reranker(Protocol):
    """Scores passages against a query, in [0, 1], higher is better. ``id`` names the method and its model.

    Traps: a passage's score must not depend on the other passages. ``keys`` identify passages whose representation may
    be cached: equal keys mean equal texts, for ever. ``idf`` gives the weights of the query's index terms; a model that
    knows by itself which words matter ignores it.
    """

    @property
    def id(self) -> str: ...

    def score(
        self, query: str, passages: Sequence[str], *, keys: Sequence[int] | None = None, idf: Mapping[str, float] | None = None
    ) -> NDArray[np.float32]:
        """``(len(passages),)`` float32."""
        ...


@runtime_checkable
class Generator(Protocol):
    """A language model that continues a prompt. ``id`` and ``sha256`` name the model; ``sha256`` may be empty for a
    remote one.

    Traps: greedy decoding with the same prompt must repeat; a generator that cannot follow a grammar must ignore
    it (the answer is checked anyway), not fail.
    """

    @property
    def id(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def count_tokens(self, text: str) -> int: ...

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        """Pieces of the reply as they are made. ``grammar`` is GBNF. Closing the iterator stops the generation."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A generator that knows its context window: ``context`` is how many tokens prompt and reply may have together."""

    @property
    def context(self) -> int: ...


@runtime_checkable
class Verifier(Protocol):
    """Judges whether a claim is backed by evidence. Must fail closed: an error is "not supported"."""

    @property
    def id(self) -> str: ...

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict: ...


@runtime_checkable
class SearchIndex(Protocol):
    """One channel of retrieval (lexical or dense) over the rows that a caller may see.

    Traps: ``allowed`` is a mask over all rows, and a row outside it must influence neither results nor scores.
    """

    def search(self, query: Any, k: int, *, allowed: NDArray[np.bool_] | None = None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """At most ``k`` row numbers and their scores, best first, ties by row number."""
        ...
