"""Column types that take damage for damage: a value that cannot be read is :class:`StoreCorrupt`, not a crash of its decoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ragkit.errors import StoreCorrupt
from ragkit.store.seal import damaged


class Json(sa.TypeDecorator[Any]):
    """JSON whose ``None`` is SQL's NULL."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        """A decoder that names the damage instead of the decoder's own errors."""

        def read(value: Any) -> Any:
            if value is None or isinstance(value, dict | list):  # some drivers decode JSON themselves
                return value
            try:
                return json.loads(value)
            except (ValueError, TypeError, RecursionError) as error:
                raise _unreadable("a JSON value", error) from error

        return read


class Bytes(sa.TypeDecorator[bytes]):
    """Bytes; a number or a text where bytes should be is damage."""

    impl = sa.LargeBinary
    cache_ok = True

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], bytes | None] | None:
        """A decoder that never makes bytes of a number: ``bytes(2**40)`` would ask for a terabyte."""

        def read(value: Any) -> bytes | None:
            if value is None or isinstance(value, bytes):
                return value
            if isinstance(value, memoryview | bytearray):
                return bytes(value)
            raise damaged("a value that should be bytes is something else")

        return read


def _unreadable(what: str, error: Exception) -> StoreCorrupt:
    return damaged(f"{what} cannot be read ({error})")
