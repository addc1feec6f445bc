"""How a parsed document crosses from the parsing child to its parent: JSON and raw bytes, each with its length before it.

No pickle: the child has read hostile bytes, so its reply is hostile too, and is checked as such.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, cast, get_args

from ragkit import errors
from ragkit.errors import ParseError
from ragkit.records import Anchor, Block, BlockKind, Box, Parsed

from .columns import PageAnchors

_LENGTHS = struct.Struct("<QQ")
_KINDS = frozenset(get_args(BlockKind))
_ERRORS = ("ParseError", "UnsupportedFormat", "LimitExceeded")


def send(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Writes one message."""
    head = json.dumps(header, separators=(",", ":")).encode()
    stream.write(_LENGTHS.pack(len(head), len(body)))
    stream.write(head)
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO, limit: int) -> tuple[dict[str, Any], bytes]:
    """Reads one message of at most ``limit`` bytes.

    Raises:
        EOFError: the stream ends before the message does.
        ValueError: the message is too long, or no message.
    """
    head_length, body_length = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if head_length + body_length > limit:
        raise ValueError("the message is too long")
    header = json.loads(_exactly(stream, head_length))
    if not isinstance(header, dict):
        raise ValueError("no message")
    return header, _exactly(stream, body_length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the other side has gone")
    return data


def encode(parsed: Parsed) -> tuple[dict[str, Any], bytes]:
    """A parser's result as a message."""
    header = {
        "title": parsed.title,
        "metadata": {str(key): value for key, value in parsed.metadata.items() if isinstance(value, str | int | float | bool)},
        "warnings": list(parsed.warnings)[:100],
        "blocks": [[b.kind, b.start, b.end, b.level] for b in parsed.blocks],
        "anchors": [] if isinstance(parsed.anchors, PageAnchors) else [_row(anchor) for anchor in parsed.anchors],
    }
    text = parsed.text.encode("utf-8", "replace")
    if isinstance(parsed.anchors, PageAnchors):
        packed = parsed.anchors.to_bytes()
        return {**header, "packed": len(packed)}, packed + text
    return header, text


def _row(a: Anchor) -> list[Any]:
    return [a.start, a.end, a.byte_start, a.byte_end, a.page, a.box and [round(value, 2) for value in a.box], a.place]


def decode(header: dict[str, Any], body: bytes) -> Parsed:
    """The result in a message, checked against the contract.

    Raises:
        ParseError: the child reports an error, or its result breaks the contract.
    """
    if "error" in header:
        name = header["error"] if header["error"] in _ERRORS else "ParseError"
        raise getattr(errors, name)(str(header.get("reason"))[:2000])
    try:
        packed = int(header.get("packed", 0))
        parsed = Parsed(
            text=body[packed:].decode("utf-8"),
            blocks=tuple(Block(kind=kind, start=start, end=end, level=level) for kind, start, end, level in header["blocks"]),
            anchors=_packed(body[:packed]) if packed else tuple(_anchor(row) for row in header["anchors"]),
            title=header["title"],
            metadata=header["metadata"],
            warnings=tuple(str(line) for line in header["warnings"]),
        )
        fault = check(parsed)
    except (KeyError, ValueError, TypeError) as error:
        fault = f"{type(error).__name__}: {error}"
    if fault:
        raise ParseError(f"the parser broke its contract: {fault}")
    return parsed


def _packed(data: bytes) -> tuple[Anchor, ...]:
    return cast("tuple[Anchor, ...]", PageAnchors.from_bytes(data))


def _anchor(row: list[Any]) -> Anchor:
    start, end, first, last, page, box, place = row
    return Anchor(start=start, end=end, byte_start=first, byte_end=last, page=page, box=box and Box(*map(float, box)), place=place)


def check(parsed: Parsed) -> str | None:
    """What is wrong with a parser's result, in one line; ``None`` when it keeps the contract."""
    text, at = parsed.text, 0
    if not text and parsed.warnings and not parsed.blocks and not parsed.anchors:  # kept as blank, and said to be so
        return None
    if not text.strip():
        return "the text is empty"
    if "\r" in text or "\0" in text:
        return "the text has carriage returns or NULs"
    for block in parsed.blocks:
        if block.kind not in _KINDS or not at <= block.start < block.end <= len(text):
            return f"block {block.kind} [{block.start}, {block.end}) is of no known kind, out of order or out of the text"
        if not text[at : block.start].isspace() and at != block.start:
            return f"text before {block.start} is in no block"
        at = block.end
    if text[at:].strip():
        return f"text after {at} is in no block"
    return _check_anchors(parsed)


def _check_anchors(parsed: Parsed) -> str | None:
    if isinstance(parsed.anchors, PageAnchors):
        return parsed.anchors.fault(len(parsed.text))
    at = 0
    for anchor in parsed.anchors:
        if not at <= anchor.start < anchor.end <= len(parsed.text):
            return f"anchor [{anchor.start}, {anchor.end}) is out of order or out of the text"
        if anchor.byte_start is not None and not 0 <= anchor.byte_start <= (anchor.byte_end or 0):
            return f"anchor at {anchor.start} has bytes [{anchor.byte_start}, {anchor.byte_end})"
        at = anchor.end
    return None
