"""E-mail (.eml), by the standard library's email package."""

from __future__ import annotations

import re
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .html import HtmlParser
from .plain import PlainParser
from .source import decode

_HEADERS = ("From", "To", "Cc", "Subject", "Date")
_DEPTH = 20
_PARTS = 1000
_WORD = re.compile(r"[^\W_]{2,}")
_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)\S+|\S+@\S+|\[(?:image|cid)\b[^\]\n]{0,500}\]")


class MailParser:
    """The main headers, then the text: plain rather than HTML where there are both. Anchors say "header From", "part 2"; parts
    are counted from 1, those that hold others left out. Attachments are named in the warnings, and not read."""

    media_types: ClassVar[tuple[str, ...]] = ("message/rfc822",)
    suffixes: ClassVar[tuple[str, ...]] = (".eml",)
    #: Whether what is attached is no document of its own, so that somebody must be told.
    names_attachments: ClassVar[bool] = True
    sample: ClassVar[bytes] = b"From: a@x.example\nTo: b@x.example\nSubject: S\nDate: Mon, 1 Jan 2024 09:00:00 +0000\n\nText.\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of the message ``data``.

        Raises:
            ParseError: it is no message.
        """
        from email import message_from_bytes

        try:
            message = message_from_bytes(data)
        except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
            raise ParseError(f"the message is broken: {type(error).__name__}") from error
        if not any(message.get(name) for name in (*_HEADERS, "Message-ID", "Received")):
            raise ParseError("no e-mail: it has no headers such as From or Subject")
        out = Builder()
        headers = {name: _header(message.get(name)) for name in _HEADERS}
        write_head(out, headers)
        reader = _Reader(out)
        reader.part(message)
        if reader.attachments and self.names_attachments:
            out.warnings.append(f"{len(reader.attachments)} attachments are not read here: {', '.join(reader.attachments[:50])}")
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=headers["Subject"] or None,
            metadata=_metadata(headers),
            warnings=tuple(out.warnings),
        )


class MessageParser(MailParser):
    """A message of a mailbox, whose attachments the connector gives as documents of their own."""

    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ragkit.message+rfc822",)
    suffixes: ClassVar[tuple[str, ...]] = ()
    names_attachments: ClassVar[bool] = False


def write_head(out: Builder, headers: dict[str, str]) -> None:
    """The headers that have a value, a line each, as one block."""
    for name, value in headers.items():
        if value:
            out.place = None
            if not out.idle:
                out.add("\n")
            out.place = f"header {name}"
            out.add(f"{name}: {value}")
    out.place = None
    out.flush()


def _metadata(headers: dict[str, str]) -> dict[str, str]:
    found = {name.lower(): value for name, value in headers.items() if value}
    if "from" in found:
        found["author"] = found["from"]
    try:
        found["created"] = parsedate_to_datetime(headers["Date"]).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        found.pop("created", None)
    return found


def _header(value: object) -> str:
    """A header's value in plain Unicode, on one line."""
    text = str(value or "")
    with suppress(MessageError, LookupError, ValueError, TypeError):  # what cannot be decoded is shown as it stands
        text = str(make_header(decode_header(text)))
    return " ".join(text.encode("utf-8", "replace").decode().split())


class _Reader:
    def __init__(self, out: Builder) -> None:
        self.out = out
        self.parts = 0
        self.attachments: list[str] = []

    def part(self, part: Message, depth: int = 0, wanted: bool = True) -> None:
        """Reads a part, or passes it where the reader of mail would show another; every one is counted."""
        children = part.get_payload() if part.is_multipart() else None  # any other is decoded by a charset that may be none
        if part.get_content_maintype() == "multipart" and isinstance(children, list) and depth < _DEPTH:
            inner = [child for child in children if isinstance(child, Message)]
            chosen = self._chosen(inner) if part.get_content_subtype() == "alternative" and wanted else None
            for child in inner:
                self.part(child, depth + 1, wanted and (chosen is None or child is chosen))
            return
        self.parts += 1
        if self.parts > _PARTS:
            raise ParseError(f"the message has more than {_PARTS:,} parts")
        kind = part.get_content_type()
        name = _name(part)
        if part.get_content_disposition() == "attachment" or name or kind not in ("text/plain", "text/html"):
            if wanted:
                self.attachments.append(name or kind)
        elif wanted:
            self._text(part, kind)

    def _text(self, part: Message, kind: str) -> None:
        if parsed := _parsed(part, kind):
            self.out.embed(parsed, f"part {self.parts}")

    def _chosen(self, parts: list[Message]) -> Message | None:
        """Of several versions of one text the plain one, unless it says what the HTML one, which programs show, does not."""
        chosen = _chosen(parts)
        page = next((part for part in parts if part.get_content_type() == "text/html"), None)
        if chosen is None or page is None or chosen.get_content_type() != "text/plain":
            return chosen
        plain, shown = _parsed(chosen, "text/plain"), _parsed(page, "text/html")
        if plain is None or shown is None or not (gone := _foreign(plain.text, shown.text)):
            return chosen
        self.out.warnings.append(f"{gone} lines of plain text that the HTML version does not show are hidden and left out")
        return page


def _parsed(part: Message, kind: str) -> Parsed | None:
    """The text of a part; ``None`` where it is empty."""
    source = decode(_bytes(part), hint=_charset(part), tags=True)
    try:
        return (HtmlParser() if kind == "text/html" else PlainParser()).parse(source.text.encode("utf-8", "replace"))
    except ParseError:
        return None


def _foreign(plain: str, shown: str) -> int:
    """Lines of ``plain`` of four words or more, most of which ``shown`` does not have; addresses and picture's names apart."""
    known = set(_WORD.findall(shown.lower()))
    lines = (_WORD.findall(_ADDRESS.sub(" ", line.lower())) for line in plain.split("\n"))
    return sum(len(words) >= 4 and 2 * sum(word not in known for word in words) > len(words) for words in lines)


def _chosen(parts: list[Message]) -> Message | None:
    """Of several versions of one text the plain one, if it says anything, else the HTML one, else what holds one of them."""
    plain = [part for part in parts if part.get_content_type() == "text/plain" and _bytes(part).strip()]
    pages = [part for part in parts if part.get_content_type() == "text/html"]
    return next(iter([*plain, *pages, *(part for part in parts if part.is_multipart()), *parts[-1:]]), None)


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _name(part: Message) -> str:
    try:
        return re.sub(r"[^\w .()+@-]", "_", _header(part.get_filename()))[:100]
    except (LookupError, ValueError, TypeError, AttributeError):
        return "an attachment whose name cannot be read"


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
