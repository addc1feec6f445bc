"""Outlook messages (.msg): a compound file with a stream a property.

Source: Microsoft, "[MS-OXMSG]: Outlook Item (.msg) File Format", section 2.
"""

from __future__ import annotations

from contextlib import suppress
from email.parser import HeaderParser
from email.utils import parsedate_to_datetime
from typing import ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .html import HtmlParser
from .mail import write_head
from .ole import Container, opened
from .plain import PlainParser

#: Properties by the numbers of their tags ("[MS-OXPROPS]").
_SUBJECT, _BODY, _HTML, _HEADERS = "0037", "1000", "1013", "007D"
_PEOPLE = {"From": ("0C1A", "5D01", "0C1F"), "To": ("0E04",), "Cc": ("0E03",)}
_NAMES = ("3707", "3704", "3001")


class MsgParser:
    """The main headers, then the text, plain rather than HTML. Anchors say "header From" or "part 1". Attachments are named in the
    warnings, and not read."""

    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ms-outlook",)
    suffixes: ClassVar[tuple[str, ...]] = (".msg",)

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of the message ``data``.

        Raises:
            ParseError: it is no Outlook message, or broken.
        """
        out = Builder()
        with opened(data, "Outlook message") as container:
            names = container.names()
            if ["__properties_version1.0"] not in names:
                raise ParseError("no Outlook message: it has no properties")
            headers = _headers(container)
            write_head(out, headers)
            plain, page = _property(container, _BODY), container.stream(f"__substg1.0_{_HTML}0102")
            attached = sorted({path[0] for path in names if path[0].startswith("__attach_version1.0_")})
            files = [_name(container, folder) for folder in attached[:50]]
        with suppress(ParseError):  # an empty text
            parsed = PlainParser().parse(plain.encode("utf-8", "replace")) if plain.strip() else HtmlParser().parse(page)
            out.embed(parsed, "part 1")
        if files:
            out.warnings.append(f"{len(attached)} attachments are not read here: {', '.join(files)}")
        metadata = {name.lower(): value for name, value in headers.items() if value}
        if "from" in metadata:
            metadata["author"] = metadata["from"]
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            metadata["created"] = parsedate_to_datetime(headers["Date"]).isoformat()
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=headers["Subject"] or None,
            metadata=metadata,
            warnings=tuple(out.warnings),
        )


def _headers(container: Container) -> dict[str, str]:
    found = {}
    for name, tags in _PEOPLE.items():
        values = dict.fromkeys(filter(None, (_property(container, tag) for tag in tags)))
        found[name] = " ".join(list(values)[:1] + [f"<{value}>" for value in values if "@" in value][:1]) if values else ""
    sent = HeaderParser().parsestr(_property(container, _HEADERS)).get("Date", "")
    return {**found, "Subject": _property(container, _SUBJECT), "Date": " ".join(str(sent).split())}


def _name(container: Container, attached: str) -> str:
    return next(filter(None, (_property(container, tag, attached) for tag in _NAMES)), "without a name")


def _property(container: Container, tag: str, folder: str = "") -> str:
    """A property that is text: UTF-16, or, in old messages, of the writer's encoding."""
    path = [folder] if folder else []
    wide = container.stream(*path, f"__substg1.0_{tag}001F")
    text = wide.decode("utf-16-le", "replace") if wide else container.stream(*path, f"__substg1.0_{tag}001E").decode("cp1252", "replace")
    return text.strip("\0") if tag in (_BODY, _HEADERS) else " ".join(text.replace("\0", "").split())
