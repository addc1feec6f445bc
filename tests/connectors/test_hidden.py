"""Text that a reader does not see is no text of the document, and a warning says so; ordinary documents give no such warning."""

from __future__ import annotations

import pytest
from hidden_files import SEEN, HiddenCase, everything

from ragkit.connectors.parsers import Registry
from ragkit.records import Parsed

CASES = {case.name: case for case in everything()}


def parsed(name: str, data: bytes) -> Parsed:
    """What the parser for a file makes of it."""
    registry = Registry()
    return registry.parser(registry.media_type(data, name))().parse(data, uri=name)


def test_there_are_enough() -> None:
    """There are more than 40 ways of hiding, each with a name of its own."""
    assert len(CASES) == len(everything()) > 40


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_hidden_is_left_out_and_told(case: HiddenCase) -> None:
    """The hidden word is not in the text, what a reader sees is, and a warning says what kind of thing was left out."""
    found = parsed(case.name, case.data)
    assert case.never not in found.text
    assert SEEN in " ".join(found.text.split())
    assert any(case.told in line and "left out" in line for line in found.warnings), found.warnings
