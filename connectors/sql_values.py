"""Values of a database as text and as metadata."""

from __future__ import annotations

import datetime
import json
import math
import string
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ragkit.errors import SourceError


class Template:
    r"""A text with the names of columns in braces; ``{{`` and ``}}`` are braces, ``\n``, as a shell passes it, is a line's end.
    Nothing but names: no attributes, no formats.

    Raises:
        SourceError: something else stands in the braces.
    """

    def __init__(self, text: str) -> None:
        try:
            parts = list(string.Formatter().parse(text.replace("\\n", "\n")))
        except ValueError as error:
            raise SourceError(f"the template cannot be read: {error}") from error
        self.parts = [(before, name) for before, name, _, _ in parts]
        for _, name, form, conversion in parts:
            if name is not None and (form or conversion or not name or set(name) & set(".[]")):
                raise SourceError(f"the template has {{{name}…}}; only names of columns may stand in braces")
        self.columns = sorted({name for _, name in self.parts if name is not None})

    def fill(self, values: Mapping[Any, Any]) -> str:
        """The text with ``values`` in it; NULL is nothing."""
        return "".join(before + ("" if name is None else plain(values[name])) for before, name in self.parts)


def plain(value: Any) -> str:
    """A value as text: dates in ISO 8601, JSON as JSON, bytes as the UTF-8 that they should be, NULL as nothing.

    >>> plain(datetime.date(2024, 5, 1)), plain(Decimal("1.50")), plain({"a": 1}), plain(None)
    ('2024-05-01', '1.50', '{"a": 1}', '')
    """
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=plain)
    return str(value)


def metadata_of(values: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """What a filter can use: numbers and truth values as they are, all else as text; NULL and bytes are left out."""
    found: dict[str, str | int | float | bool] = {}
    for name, value in values.items():
        if isinstance(value, Decimal):
            value = float(value)
        if isinstance(value, float) and not math.isfinite(value):
            continue
        if isinstance(value, bool | int | float):
            found[name] = value
        elif value is not None and not isinstance(value, bytes | bytearray | memoryview):
            found[name] = plain(value)
    return found
