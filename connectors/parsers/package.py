"""Zip packages of Office documents: checked for bombs and for XML that reaches out, before anything reads them."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from ragkit.errors import LimitExceeded, ParseError

_MAX_MEMBERS = 5_000
_MAX_TOTAL = 256 << 20
_MAX_MEMBER = 128 << 20
_MAX_RATIO = 200
_RATIO_FROM = 4 << 20
_CHUNK = 1 << 16
_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)|<\0!\0D\0O\0C\0T|\0<\0!\0D\0O\0C", re.IGNORECASE)


_MAX_PROPERTY = 1_000
_NAMES = {
    "title": "title", "creator": "author", "initial-creator": "author",
    "created": "created", "creation-date": "created", "modified": "modified", "date": "modified",
}  # fmt: skip
#: What libraries raise when they meet a package whose parts do not fit together.
_BROKEN = (
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, SyntaxError, NotImplementedError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@contextmanager
def reading(what: str) -> Iterator[None]:
    """While a library reads a package: whatever it raises for one that is broken becomes a ParseError of one line."""
    try:
        yield
    except ParseError:
        raise
    except _BROKEN as error:
        raise ParseError(f"{what} is broken: {type(error).__name__}: {' '.join(str(error).split())[:300]}") from error


def check(data: bytes, only: Container[str] | None = None) -> None:
    """Refuses what would unpack to too much, first by what the directory says, then by unpacking it piece by piece.
    ``only`` names the members that may not declare a document type; by default it is all XML.

    Raises:
        LimitExceeded: too many members, or too many bytes, or too many for the packed size.
        ParseError: no readable zip, an encrypted one, or one with an XML document type, which could pull in other files.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            _declared(members, len(data))
            _unpack(package, members, only)
    except ParseError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:  # places before its start
        raise ParseError(f"the package is broken: {error}") from error


def tree(xml: bytes) -> Any:
    """``xml`` as lxml's tree, which pulls nothing in.

    Raises:
        ParseError: it is no XML, or declares a document type with entities.
    """
    from lxml import etree

    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"broken XML: {error}") from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise ParseError("the XML declares entities, which documents must not")
    return root


def core(data: bytes) -> dict[str, str]:
    """Title, author, created and modified of an Office package, where it has them."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if "docProps/core.xml" not in package.namelist():
            return {}
        return named(tree(package.read("docProps/core.xml")))


def named(root: Any) -> dict[str, str]:
    """The properties among ``root``'s elements that go into a document's metadata."""
    found: dict[str, str] = {}
    for element in root.iter("{*}title", "{*}creator", "{*}initial-creator", "{*}created", "{*}creation-date", "{*}modified", "{*}date"):
        text = " ".join((element.text or "").split())
        if text:
            found.setdefault(_NAMES[element.tag.rpartition("}")[2]], text[:_MAX_PROPERTY])
    return found


def _declared(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > _MAX_MEMBERS:
        raise LimitExceeded(f"the package has {len(members):,} members; the limit is {_MAX_MEMBERS:,}")
    if any(member.flag_bits & 1 for member in members):
        raise ParseError("the package is encrypted")
    total = sum(member.file_size for member in members)
    largest = max((member.file_size for member in members), default=0)
    if total > _MAX_TOTAL or largest > _MAX_MEMBER or (total > _RATIO_FROM and total > size * _MAX_RATIO):
        raise LimitExceeded(f"the package of {size:,} bytes unpacks to {total:,}: a zip bomb, or close to one")


def _unpack(package: zipfile.ZipFile, members: list[zipfile.ZipInfo], only: Container[str] | None) -> None:
    """The directory may lie, so what really comes out is counted, and looked at; nothing is kept."""
    total = 0
    for member in members:
        with package.open(member) as stream:
            text = member.filename.lower().endswith((".xml", ".rels")) if only is None else member.filename in only
            tail = b""
            while piece := stream.read(_CHUNK):
                total += len(piece)
                if total > _MAX_TOTAL:
                    raise LimitExceeded(f"the package unpacks to more than {_MAX_TOTAL:,} bytes: a zip bomb")
                if text and _DECLARES.search(tail + piece):
                    raise ParseError(f"{member.filename[:80]} declares a document type or entities, which Office documents must not")
                tail = piece[-16:]
