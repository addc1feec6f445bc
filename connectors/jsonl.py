"""Collections in BEIR's form: a ``.jsonl`` file with one record ``{"_id", "title", "text", …}`` a line."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .naming import uri_of

RECORD_TYPE = "application/vnd.ragkit.record+json"

_HEAD = 1 << 20
_MAX_LINE = 64 << 20


class BeirConnector:
    """Each line of a ``.jsonl`` file as a document, ``uri`` "FILE#_id", ``token`` a hash of the line.

    Keys beside ``_id``, ``title`` and ``text`` become metadata where they are plain values. The file is read as a
    stream. A line that is no such record is a failure with its line number.
    """

    priority = 10

    def __init__(self, source: str) -> None:
        self.path = os.path.realpath(os.path.expanduser(source))
        if not os.path.isfile(self.path):
            raise SourceError(f"there is no file {uri_of(self.path)!r}")

    @classmethod
    def accepts(cls, source: str) -> bool:
        """A regular ``.jsonl`` file whose first line that is not blank is a record."""
        path = os.path.expanduser(source)
        if "\0" in path or not path.lower().endswith(".jsonl") or not os.path.isfile(path):
            return False
        try:
            with open(path, "rb") as lines:
                head = next((line for line in iter(partial(lines.readline, _HEAD), b"") if line.strip()), b"")
        except OSError:
            return False
        return not isinstance(_record(head.removeprefix(b"\xef\xbb\xbf")), str)

    def items(self) -> Iterator[SourceItem | Failure]:
        """Every record, in the order of the file."""
        base = uri_of(self.path)
        try:
            with open(self.path, "rb") as lines:
                for number, line in enumerate(iter(partial(lines.readline, _MAX_LINE), b""), start=1):
                    if number == 1:
                        line = line.removeprefix(b"\xef\xbb\xbf")
                    if line.strip():
                        yield _item(base, number, line.strip())
        except OSError as error:
            raise SourceError(f"cannot read {base}: {error.strerror}") from error


def _item(base: str, number: int, line: bytes) -> SourceItem | Failure:
    found = _record(line)
    if isinstance(found, str):
        return Failure(uri=f"{base}#line-{number}", reason=f"line {number}: {found}")
    metadata = {k: v for k, v in found.items() if k not in ("_id", "title", "text") and isinstance(v, str | int | float | bool)}
    return SourceItem(
        uri=f"{base}#{uri_of(str(found['_id']))}",
        token=hashlib.sha256(line).hexdigest()[:16],
        open=partial(io.BytesIO, line),
        size=len(line),
        media_type=RECORD_TYPE,
        metadata=metadata,
    )


def _record(line: bytes) -> Mapping[str, Any] | str:
    """The record of a line, or what is wrong with it."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no JSON: {str(error)[:80] or type(error).__name__}"
    if not isinstance(value, dict):
        return "no JSON object"
    if not isinstance(value.get("_id"), str | int) or not isinstance(value.get("text", value.get("title")), str):
        return 'no record: "_id" and "text" are needed'
    return value
