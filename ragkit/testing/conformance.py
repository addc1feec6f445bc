"""Conformance suites for the contracts: classes of pytest tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import get_args

from ragkit.contracts import Connector, Embedder, Generator, Parser, Reranker, Verifier
from ragkit.errors import ParseError
from ragkit.records import BlockKind, Failure, Parsed, SourceItem

__all__ = [
    "ConnectorConformance",
    "EmbedderConformance",
    "GeneratorConformance",
    "ParserConformance",
    "RerankerConformance",
    "VerifierConformance",
    "require",
]


def require(condition: object, message: str) -> None:
    """Fails the test with ``message`` unless ``condition`` holds.

    Raises:
        AssertionError: it does not.
    """
    if not condition:
        raise AssertionError(message)


# --- parsers ------------------------------------------------------------------------------------------------


class ParserConformance:
    """What every :class:`ragkit.contracts.Parser` keeps. Override :meth:`parser` and :meth:`samples`."""

    def parser(self) -> Parser:
        """A new parser."""
        raise NotImplementedError

    def samples(self) -> Sequence[bytes]:
        """Contents that the parser reads, at least one."""
        raise NotImplementedError

    def _parsed(self) -> list[Parsed]:
        return [self.parser().parse(data, uri="sample") for data in self.samples()]

    def test_is_a_parser(self) -> None:
        """It has the contract's method, names its media types, and its suffixes begin with a dot."""
        parser = self.parser()
        require(isinstance(parser, Parser), f"{type(parser).__name__} lacks part of the contract ragkit.contracts.Parser")
        require(parser.media_types, "media_types is empty: nothing would ever be given to the parser")
        require(all("/" in name for name in parser.media_types), f"media_types must read type/subtype: {parser.media_types}")
        require(all(suffix.startswith(".") for suffix in parser.suffixes), f"suffixes must begin with a dot: {parser.suffixes}")

    def test_text_is_canonical(self) -> None:
        """The text is not empty, and has no control characters but line feed and tab."""
        for parsed in self._parsed():
            require(parsed.text.strip(), "the text is empty; raise ParseError with the reason instead")
            wrong = sorted({char for char in parsed.text if (char < " " and char not in "\n\t") or "\x7f" <= char <= "\x9f"})
            require(not wrong, f"control characters in the text: {wrong}")

    def test_blocks_hold_all_text(self) -> None:
        """Blocks are in order, do not overlap, have known kinds, and leave out white space only."""
        for parsed in self._parsed():
            at = 0
            for block in parsed.blocks:
                require(block.kind in get_args(BlockKind), f"unknown kind of block {block.kind!r}")
                require(at <= block.start < block.end <= len(parsed.text), f"block out of order or out of the text: {block}")
                require(not parsed.text[at : block.start].strip(), f"text in no block: {parsed.text[at : block.start]!r}")
                require(parsed.text[block.start : block.end].strip(), f"a block of white space: {block}")
                at = block.end
            require(not parsed.text[at:].strip(), f"text in no block: {parsed.text[at:]!r}")

    def test_anchors_are_in_order(self) -> None:
        """Anchors are in order, do not overlap, and say where: bytes of the sample, a page and a box on it, or words."""
        for data, parsed in zip(self.samples(), self._parsed(), strict=True):
            at = 0
            for anchor in parsed.anchors:
                require(at <= anchor.start < anchor.end <= len(parsed.text), f"anchor out of order or out of the text: {anchor}")
                require(anchor.byte_start is not None or anchor.page is not None or anchor.place, f"an anchor that says nothing: {anchor}")
                if anchor.byte_start is not None:
                    require(0 <= anchor.byte_start < (anchor.byte_end or 0) <= len(data), f"no such bytes: {anchor}")
                if anchor.box is not None:
                    require(anchor.page is not None and anchor.page >= 1, f"a box on no page: {anchor}")
                    require(anchor.box.x0 <= anchor.box.x1 and anchor.box.y0 <= anchor.box.y1, f"a box inside out: {anchor}")
                at = anchor.end

    def test_repeats(self) -> None:
        """The same bytes give the same result."""
        require(self._parsed() == self._parsed(), "parsing the same bytes twice gave two results")

    def test_nothing_is_an_error(self) -> None:
        """No bytes at all is a ParseError of one line, not an empty text."""
        try:
            parsed = self.parser().parse(b"", uri="empty")
        except ParseError as error:
            require(str(error) and "\n" not in str(error), f"the reason must be one line: {str(error)!r}")
        else:
            require(False, f"no bytes gave {parsed!r}")


# --- connectors ---------------------------------------------------------------------------------------------


class ConnectorConformance:
    """What every :class:`ragkit.contracts.Connector` keeps. Override :meth:`connector` and :meth:`source`."""

    def connector(self) -> type[Connector]:
        """The connector's class."""
        raise NotImplementedError

    def source(self) -> str:
        """A source that the connector reads, with at least one item, the same at every call within a test."""
        raise NotImplementedError

    def _items(self, source: str) -> list[SourceItem | Failure]:
        return list(self.connector()(source).items())

    def test_accepts_its_source(self) -> None:
        """It takes its own source, and a source of no kind it leaves to others."""
        require(self.connector().accepts(self.source()), "accepts() refuses the suite's own source")
        require(not self.connector().accepts("no-such-scheme://\0nowhere"), "accepts() takes a source that nothing can read")

    def test_is_a_connector(self) -> None:
        """It has the contract's methods."""
        require(isinstance(self.connector()(self.source()), Connector), "it lacks part of the contract ragkit.contracts.Connector")

    def test_items_repeat(self) -> None:
        """Listing twice gives the same URIs and tokens in the same order; no URI stands for two items."""
        source = self.source()
        first, second = ([(i.uri, getattr(i, "token", None)) for i in self._items(source)] for _ in range(2))
        require(first, "the suite's source has no items")
        require(first == second, "listing twice gave different URIs or tokens")
        require(len({uri for uri, _ in first}) == len(first), "two items have the same URI")

    def test_uris_are_text(self) -> None:
        """URIs are one line of valid Unicode, tokens are not empty, reasons are one line."""
        for item in self._items(self.source()):
            item.uri.encode("utf-8")
            require(item.uri and item.uri.isprintable(), f"the URI is no printable line: {item.uri!r}")
            line = item.reason if isinstance(item, Failure) else item.token
            require(line and "\n" not in line, f"{item.uri}: the token or reason is empty or more than a line: {line!r}")

    def test_items_open_again(self) -> None:
        """An item opens as bytes, more than once, after the listing has ended; ``size`` is right where it is given."""
        for item in self._items(self.source()):
            if isinstance(item, SourceItem):
                with item.open() as one, item.open() as two:
                    data = one.read()
                    require(isinstance(data, bytes) and data == two.read(), f"{item.uri} gave different bytes when opened twice")
                    require(item.size is None or item.size == len(data), f"{item.uri}: size {item.size}, read {len(data)}")

    def test_state_is_plain(self) -> None:
        """What it remembers from one listing for the next, if anything, is JSON; listing with it gives the same items."""
        source = self.source()
        first = self.connector()(source)
        listed = [(item.uri, getattr(item, "token", None)) for item in first.items()]
        if hasattr(first, "state"):
            second = self.connector()(source)
            second.state = json.loads(json.dumps(first.state))  # type: ignore[attr-defined]
            require(second.state == first.state, f"the state does not come back from JSON as it was: {first.state!r}")  # type: ignore[attr-defined]
            again = [(item.uri, getattr(item, "token", None)) for item in second.items()]
            require(again == listed, "listing with what was remembered gave different URIs or tokens")


# --- models -------------------------------------------------------------------------------------------------


class EmbedderConformance:
    """What every :class:`ragkit.contracts.Embedder` keeps. Override :meth:`embedder`."""

    TEXTS = ("A short text.", "Another one, which is somewhat longer than the first.", "Ein dritter.", "A short text.")

    def embedder(self) -> Embedder:
        """The embedder; may be the same one each time."""
        raise NotImplementedError

    def test_vectors_are_unit_length(self) -> None:
        """``(n, dimension)`` float32, rows L2-normalised; no text, no row."""
        embedder = self.embedder()
        vectors = embedder.embed(self.TEXTS)
        require(vectors.shape == (len(self.TEXTS), embedder.dimension), f"shape is {vectors.shape}")
        require(vectors.dtype.name == "float32", f"dtype is {vectors.dtype}")
        require(abs((vectors**2).sum(axis=1) - 1).max() < 1e-4, "rows are not of length 1")
        require(embedder.embed([]).shape == (0, embedder.dimension), "no texts must give no rows")

    def test_a_text_has_one_vector(self) -> None:
        """The same text gives the same bits, alone or with others."""
        embedder = self.embedder()
        together, alone = embedder.embed(self.TEXTS), embedder.embed(self.TEXTS[:1])
        require((together[0] == together[3]).all(), "equal texts in one call differ")
        require((together[0] == alone[0]).all(), "a text's vector depends on what is embedded with it")

    def test_tokens_are_counted_and_placed(self) -> None:
        """Token vectors are unit length, as many as are counted, and name the characters they stand for."""
        embedder = self.embedder()
        counts = embedder.count_tokens(self.TEXTS)
        for text, count, tokens in zip(self.TEXTS, counts, embedder.embed_tokens(self.TEXTS), strict=True):
            require(
                len(tokens.vectors) == len(tokens.starts) == len(tokens.ends) == count,
                f"{count} tokens counted, {len(tokens.vectors)} given",
            )
            require(all(0 <= a < b <= len(text) for a, b in zip(tokens.starts, tokens.ends, strict=True)), "a token lies outside its text")

    def test_identity(self) -> None:
        """The model has a name, a hash and a limit."""
        embedder = self.embedder()
        require(embedder.id and len(embedder.sha256) == 64 and embedder.max_tokens > 0, "id, sha256 or max_tokens is missing")


class RerankerConformance:
    """What every :class:`ragkit.contracts.Reranker` keeps. Override :meth:`reranker`."""

    def reranker(self) -> Reranker:
        """The reranker."""
        raise NotImplementedError

    def test_scores_do_not_depend_on_the_company(self) -> None:
        """One score a passage, in [0, 1], the same whatever else is scored; the passage on the subject wins."""
        passages = ["The mill was built in 1790.", "Bananas are yellow.", "A mill grinds corn."]
        scores = self.reranker().score("When was the mill built?", passages)
        alone = [float(self.reranker().score("When was the mill built?", [p])[0]) for p in passages]
        require(scores.shape == (3,) and scores.min() >= 0 and scores.max() <= 1.001, f"scores are {scores}")
        require(max(abs(a - b) for a, b in zip(scores.tolist(), alone, strict=True)) < 1e-6, "a score depends on the other passages")
        require(scores.argmax() == 0, "the passage that answers does not score highest")
        require(len(self.reranker().score("x", [])) == 0, "no passages must give no scores")


class GeneratorConformance:
    """What every :class:`ragkit.contracts.Generator` keeps. Override :meth:`generator`."""

    def generator(self) -> Generator:
        """The generator; may be the same one each time."""
        raise NotImplementedError

    def test_greedy_decoding_repeats(self) -> None:
        """The same prompt gives the same words, in pieces that add up to some text."""
        first, second = ("".join(self.generator().stream("Be brief.", "Name a colour.", max_tokens=12)) for _ in range(2))
        require(first.strip(), "the reply is empty")
        require(first == second, f"two replies to one prompt differ: {first!r}, {second!r}")

    def test_a_stream_can_be_left(self) -> None:
        """Closing the iterator ends the generation; the generator goes on working."""
        pieces = self.generator().stream("Be long.", "Count to a hundred.", max_tokens=64)
        next(pieces)
        getattr(pieces, "close", lambda: None)()
        require("".join(self.generator().stream("Be brief.", "Say yes.", max_tokens=4)), "nothing came after a stream was left")


class VerifierConformance:
    """What every :class:`ragkit.contracts.Verifier` keeps. Override :meth:`verifier`."""

    def verifier(self) -> Verifier:
        """The verifier."""
        raise NotImplementedError

    def test_it_fails_closed(self) -> None:
        """No evidence, no support."""
        for claim, evidence in (("The mill burned.", []), ("The mill burned.", [""]), ("", ["The mill burned."])):
            require(self.verifier().judge(claim, evidence).support == 0, f"{claim!r} is supported by {evidence!r}")

    def test_support_is_a_probability_that_follows_the_evidence(self) -> None:
        """In [0, 1]; what is said word for word has more of it than what is not said."""
        evidence = ["The mill was built in 1790 by Jonas Hale.", "It has two wheels."]
        said = self.verifier().judge("The mill was built in 1790 by Jonas Hale.", evidence)
        unsaid = self.verifier().judge("The parliament met on a Sunday.", evidence)
        require(0 <= unsaid.support < said.support <= 1, f"support {said.support} for what is said, {unsaid.support} for what is not")
        require(0 in said.supporting, "the evidence that says it is not named")
