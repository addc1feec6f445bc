"""Names of files as URIs: valid Unicode, one line, and the same for ever."""

from __future__ import annotations

import os
import re

#: Bytes that are no UTF-8 (as surrogates), control characters, line separators, and ``%`` where it would read as an escape.
_UNSAFE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]|%(?=[0-9A-Fa-f]{2})")


def uri_of(path: str) -> str:
    """``path`` as a URI: itself, with what is not printable text percent-encoded byte by byte.

    >>> uri_of("/notes/plain name é.txt")
    '/notes/plain name é.txt'
    >>> uri_of("/notes/two\\nlines.txt")
    '/notes/two%0Alines.txt'
    """
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in os.fsencode(match.group())), path)


def one_line(text: object, limit: int = 300) -> str:
    """``text`` in one printable line of at most ``limit`` characters, fit for a reason in a report."""
    line = " ".join(uri_of(" ".join(str(text).split())).split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)  # what is unseen could turn the line round
    return line if len(line) <= limit else line[: limit - 1] + "…"
