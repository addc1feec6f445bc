"""What a message says about itself, and what is attached to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from io import BytesIO
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .naming import uri_of

#: A message whose attachments are documents of their own.
MESSAGE_TYPE = "application/vnd.ragkit.message+rfc822"
MAX_MESSAGE = 64 << 20
_MAX_ATTACHMENTS = 100
_MAX_ATTACHED = 64 << 20
_MAX_PARTS = 1000
_ID = re.compile(r"<([^<>\s]{1,500})>")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-encrypted")
#: What the standard library's parser raises for messages that are broken in ways of their own.
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Attached(NamedTuple):
    """An attachment: its number from 1, its name."""

    number: int
    name: str


def headers_of(data: bytes) -> dict[str, str]:
    """Metadata from the head of a message: from, to, date, subject, message_id, thread, in_reply_to, those that it has."""
    try:
        message = message_from_bytes(data.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0][: 1 << 20] + b"\n\n")
    except _BROKEN:
        return {}
    found = {name: text(message.get(name))[:1000] for name in ("from", "to", "subject")}
    ids = {name: _ID.findall(str(message.get(name) or "")) for name in ("message-id", "references", "in-reply-to")}
    found["message_id"] = next(iter(ids["message-id"]), "")
    found["in_reply_to"] = next(iter(ids["in-reply-to"]), "")
    found["thread"] = next(iter([*ids["references"], *ids["in-reply-to"], *ids["message-id"]]), "")
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        found["date"] = parsedate_to_datetime(str(message.get("date"))).isoformat()
    return {name: uri_of(value) for name, value in found.items() if value}


def text(value: object) -> str:
    """A header in plain Unicode, on one line."""
    shown = str(value or "")
    with suppress(HeaderParseError, *_BROKEN):  # what cannot be decoded is shown as it stands
        shown = str(make_header(decode_header(shown)))
    return " ".join(shown.encode("utf-8", "replace").decode().split())


def attachments(data: bytes) -> list[Attached]:
    """What is attached to a message, in its order. Pictures inside the text and signatures are left out.

    Raises:
        SourceError: the message is broken, or has too many parts.
    """
    return [attached for attached, _ in _walk(data)]


def attachment(data: bytes, number: int) -> bytes:
    """The content of an attachment.

    Raises:
        SourceError: there is none of that number.
    """
    for attached, part in _walk(data):
        if attached.number == number:
            return _content(part)
    raise SourceError(f"the message has no attachment {number} any more; sync again")


def _walk(data: bytes) -> Iterator[tuple[Attached, Message]]:
    try:
        found = list(_attached(message_from_bytes(data)))
    except _BROKEN as error:
        raise SourceError(f"the message is broken: {type(error).__name__}") from error
    for number, (name, part) in enumerate(found[:_MAX_ATTACHMENTS], start=1):
        yield Attached(number, name), part


def _attached(message: Message) -> Iterator[tuple[str, Message]]:
    waiting: list[Message] = [message]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        children = part.get_payload() if part.is_multipart() else None
        if part.get_content_maintype() == "multipart" and isinstance(children, list):
            waiting += reversed([child for child in children if isinstance(child, Message)])
            continue
        kind, how, name = part.get_content_type(), part.get_content_disposition(), text(part.get_filename())
        inside = kind.startswith("image/") and (how != "attachment" or part.get("Content-ID"))
        if part is not message and kind not in _SIGNATURES and not inside and (how == "attachment" or name or not kind.startswith("text/")):
            yield _name(name, kind), part
    raise SourceError(f"the message has more than {_MAX_PARTS:,} parts")


def _name(name: str, kind: str) -> str:
    """A name that is one segment of a URI; its suffix may tell what it is."""
    plain = re.sub(r"[\x00-\x1f/\\?#%]", "_", name).strip(" .")[-120:]
    return plain or ("message.eml" if kind == "message/rfc822" else "unnamed")


def _content(part: Message) -> bytes:
    children = part.get_payload() if part.is_multipart() else None
    if part.get_content_type() == "message/rfc822" and isinstance(children, list) and children and isinstance(children[0], Message):
        return bytes(children[0])
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def items(
    uri: str, token: str, metadata: Mapping[str, str], attached: list[Attached], read: Callable[[], bytes]
) -> Iterator[SourceItem | Failure]:
    """A message and its attachments as documents; ``read`` gives the message's bytes, later."""
    title = metadata.get("subject")
    yield SourceItem(uri=uri, token=token, open=partial(_open, read, 0), media_type=MESSAGE_TYPE, title=title, metadata=metadata)
    for each in attached:
        own = {**metadata, "attachment": uri_of(each.name), "attached_to": uri}
        yield SourceItem(
            uri=f"{uri}/attachment-{each.number}/{uri_of(each.name)}", token=token, open=partial(_open, read, each.number),
            title=uri_of(each.name), metadata=own,
        )  # fmt: skip
    if len(attached) == _MAX_ATTACHMENTS:
        yield Failure(uri=f"{uri}/attachments", reason=f"attachments after the first {_MAX_ATTACHMENTS} are not read")


def _open(read: Callable[[], bytes], number: int) -> BinaryIO:
    data = read()
    content = attachment(data, number) if number else data
    if len(content) > _MAX_ATTACHED:
        raise SourceError(f"the attachment has more than {_MAX_ATTACHED:,} bytes")
    return BytesIO(content)


def key(text: str) -> str:
    """A message's id as one segment of a URI."""
    return quote(text, safe="@.+=_-$!*")
