"""Conformance suites for the contracts: ragkit's own parts pass them, and so should a plug-in's.

Each suite is a class of pytest tests. Subclass it, and give it what it tests by overriding its fixtures-to-be::

    class TestMyParser(ParserConformance):
        def parser(self): return MyParser()
        def samples(self): return [b"some content"]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from ragkit.contracts import Connector, Parser
from ragkit.errors import ParseError
from ragkit.records import BlockKind, Failure, Parsed, SourceItem

__all__ = ["ConnectorConformance", "ParserConformance", "require"]


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
