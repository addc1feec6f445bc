"""What a hostile file is, shared by the modules that make them."""

from __future__ import annotations

from typing import NamedTuple


class Hostile(NamedTuple):
    """``text`` must be a part of the text, ``reason`` of the reason why there is none; ``never`` must not be in the text."""

    name: str
    data: bytes
    text: str | None = None
    reason: str | None = None
    never: str | None = None
