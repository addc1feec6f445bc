"""Plug-ins: found by entry point, here and in the parsing child; a broken one is reported and takes nothing else down."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ragkit.connectors import find_connector, installed
from ragkit.connectors.parsers import Registry
from ragkit.connectors.sandbox import open_pool
from ragkit.errors import ParseError
from ragkit.records import SourceItem
from ragkit.settings import ParsingSettings

PLUGIN = str(Path(__file__).parent / "sample_plugin")


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLUGIN)


def test_a_broken_plugin_takes_nothing_down(caplog: pytest.LogCaptureFixture) -> None:
    """The plug-in's good connector and the built-in ones are there; the broken entry point is one logged line."""
    with caplog.at_level(logging.WARNING, "ragkit"):
        names = [name for name, _ in installed()]
    assert [name for name in names if name in ("beir", "shout", "folder")] == ["beir", "shout", "folder"]
    assert ["ragkit_shout_missing" in record.getMessage() for record in caplog.records] == [True]
    assert len(Registry().broken) == 1


def test_a_plugin_goes_from_source_to_text() -> None:
    """Its connector is found, and its parser runs in the child, whose faults become one-line errors."""
    items = [item for item in find_connector("shout:hello,raise,lie").items() if isinstance(item, SourceItem)]
    with open_pool(ParsingSettings()) as pool:
        assert pool.parse(items[0]).text == "HELLO"
        with pytest.raises(ParseError, match=r"^the parser failed: LookupError: a fault of the plug-in$"):
            pool.parse(items[1])
        with pytest.raises(ParseError, match="broke its contract"):
            pool.parse(items[2])
