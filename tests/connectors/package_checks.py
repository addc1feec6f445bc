"""What the tests of packages (Office, OpenDocument, EPUB) ask of a parsed document."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ragkit.connectors import wire
from ragkit.connectors.anchoring import covering
from ragkit.contracts import Parser
from ragkit.errors import ParseError
from ragkit.records import Parsed

LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, parsed.text[block.start : block.end]) for block in parsed.blocks]


def place_of(parsed: Parsed, phrase: str) -> list[str | None]:
    at = parsed.text.index(phrase)
    return [anchor.place for anchor in covering(parsed.anchors, at, at + len(phrase))]


def flat(text: str) -> str:
    return " ".join(text.split())


def round_trip(parsed: Parsed, resolve: Callable[[str], str], *, spans: int = 200) -> None:
    """The text of random spans is found at the places that their anchors name; all text but separators has a place."""
    assert wire.check(parsed) is None
    rng = random.Random(11)
    for _ in range(spans):
        start = rng.randrange(len(parsed.text))
        end = min(len(parsed.text), start + rng.randint(1, 120))
        at = start
        for anchor in covering(parsed.anchors, start, end):
            assert not parsed.text[at : max(at, anchor.start)].strip(" |\n"), "text without a place"
            at = min(end, anchor.end)
            assert anchor.place is not None
            assert flat(parsed.text[max(start, anchor.start) : at]) in flat(resolve(anchor.place)), anchor.place
        assert not parsed.text[at:end].strip(" |\n"), "text without a place"


def refused(parser: Parser, data: bytes, words: str, kind: type[ParseError] = ParseError) -> None:
    with pytest.raises(kind, match=words) as caught:
        parser.parse(data)
    assert "\n" not in str(caught.value)
