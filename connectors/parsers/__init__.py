"""Kinds of content, one file each, found by entry point (group ``ragkit.parsers``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragkit.contracts import Parser
from ragkit.errors import UnsupportedFormat

from .. import plugins
from .detection import detect

GROUP = "ragkit.parsers"

__all__ = ["GROUP", "Registry", "detect", "make"]


def make(parser: type[Parser], settings: Mapping[str, Any]) -> Parser:
    """A parser of this class with the settings (by their names in ``parsing``) that its ``options`` ask for."""
    return parser(**{name: settings[name] for name in getattr(parser, "options", ()) if name in settings})


class Registry:
    """The installed parsers by media type and by suffix. Of two that name the same, the first by entry point name wins."""

    def __init__(self) -> None:
        loaded, self.broken = plugins.load(GROUP)
        self.by_type: dict[str, type[Parser]] = {}
        self.by_suffix: dict[str, str] = {}
        for parser in loaded.values():
            for media_type in parser.media_types:
                self.by_type.setdefault(media_type, parser)
            for suffix in parser.suffixes:
                self.by_suffix.setdefault(suffix.lower(), parser.media_types[0])

    def media_type(self, data: bytes, uri: str) -> str:
        """What ``data`` is: by its content first, by the suffix of ``uri`` where the content leaves it open."""
        return detect(data, uri, self.by_suffix)

    def parser(self, media_type: str) -> type[Parser]:
        """The parser of a media type.

        Raises:
            UnsupportedFormat: there is none; the message names those there are.
        """
        kind = media_type.split(";")[0].strip().lower()
        found = self.by_type.get(kind) or self.by_type.get(kind.split("/")[0] + "/*")
        if found is None:
            known = ", ".join(sorted(name for name in self.by_type if not name.endswith("*")))
            raise UnsupportedFormat(f"no installed parser takes {media_type}; there are parsers for {known}")
        return found
