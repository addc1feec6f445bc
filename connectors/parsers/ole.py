"""Old Office containers (compound files, OLE 2), by olefile: read in memory, within bounds."""

from __future__ import annotations

import codecs
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ragkit.errors import LimitExceeded, ParseError

if TYPE_CHECKING:
    from olefile import OleFileIO

#: What reading hostile bytes comes to: the library walks the directory by recursion, and believes what lengths say.
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError, struct.error)
_MAX_STREAM = 200_000_000
#: Windows' numbers of encodings that Python knows by another name.
_ENCODINGS: dict[object, str] = {10000: "mac_roman", 65001: "utf-8", 1200: "utf-16-le"}
_PROPERTIES = {"title": "title", "author": "author", "create_time": "created", "last_saved_time": "modified"}


@contextmanager
def opened(data: bytes, what: str) -> Iterator[Container]:
    """The container in ``data``.

    Raises:
        ParseError: it is none, or broken.
    """
    import olefile

    try:
        with warnings.catch_warnings(), olefile.OleFileIO(io.BytesIO(data)) as ole:
            warnings.simplefilter("ignore")
            yield Container(ole)
    except ParseError:
        raise
    except _BROKEN as error:
        raise ParseError(f"the {what} is broken: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from error


class Container:
    """Streams by name, and the document's properties."""

    def __init__(self, ole: OleFileIO) -> None:
        self._ole = ole

    def names(self) -> list[list[str]]:
        """The paths of all streams."""
        return [list(path) for path in self._ole.listdir()]

    def stream(self, *path: str) -> bytes:
        """The bytes of a stream; none where there is no such stream.

        Raises:
            LimitExceeded: it is longer than any document.
        """
        if not self._ole.exists("/".join(path)):
            return b""
        if self._ole.get_size("/".join(path)) > _MAX_STREAM:
            raise LimitExceeded(f"the stream {path[-1]!r} is longer than {_MAX_STREAM:,} bytes")
        return bytes(self._ole.openstream(list(path)).read())

    def properties(self) -> dict[str, str]:
        """Title, author, created and modified, where they are told."""
        if not self._ole.exists("\x05SummaryInformation"):
            return {}
        told = self._ole.get_metadata()
        encoding = _encoding(told.codepage)
        found = {}
        for name, key in _PROPERTIES.items():
            value = getattr(told, name)
            if isinstance(value, bytes):
                value = value.decode(encoding, "replace")
            text = " ".join((value.isoformat() if hasattr(value, "isoformat") else str(value or "")).split()).strip("\0")
            if text:
                found[key] = text[:500]
        return found


def _encoding(codepage: object) -> str:
    try:
        return _ENCODINGS.get(codepage) or codecs.lookup(f"cp{codepage}").name
    except LookupError:
        return "cp1252"
