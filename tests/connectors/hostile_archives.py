"""Hostile packages: bombs, entities, truncated and encrypted files of every kind that is a zip archive."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator

import samples
import samples_office
import samples_open
from hostile_kinds import Hostile

_SPACES = b" " * (160 << 20)
_QUADRATIC = f"<!DOCTYPE x [<!ENTITY q '{'a' * 100_000}'>]>"
_PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>'
_HTTP = '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]>'
_FILE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def good() -> dict[str, bytes]:
    """An ordinary package of each kind, by suffix."""
    return {
        "docx": samples.docx(),
        "xlsx": samples_office.xlsx(),
        "pptx": samples_office.pptx(),
        "odt": samples_open.odf("text", samples_open.ODT),
        "ods": samples_open.odf("spreadsheet", samples_open.ODS),
        "odp": samples_open.odf("presentation", samples_open.ODP),
        "epub": samples_open.epub(samples_open.CHAPTERS),
    }


def bombs() -> Iterator[Hostile]:
    """A member of 160 MB in each kind of package."""
    for suffix, data in good().items():
        if suffix != "docx":
            buffer = io.BytesIO(data)
            with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
                package.writestr("bomb.bin", _SPACES)
            yield Hostile(f"member-bomb.{suffix}", buffer.getvalue(), reason="zip bomb")


def entities() -> Iterator[Hostile]:
    """Declared entities: external by file and by network, by parameter, and one that is used ten thousand times."""
    for name, head in (("file", _FILE), ("http", _HTTP), ("parameter", _PARAMETER), ("quadratic", _QUADRATIC)):
        use = "&q;" * 10_000 if name == "quadratic" else "&e;"
        body = f"<w:p><w:r><w:t>{use}</w:t></w:r></w:p>"
        yield Hostile(f"entity-{name}.docx", samples.raw_docx(body, before=head), reason="declares")
        yield Hostile(f"entity-{name}.odt", samples_open.odf("text", f"<text:p>{use}</text:p>", before=head), reason="declares")
        yield Hostile(f"entity-{name}.xml", f"{head}<x>{use}</x>".encode(), never="root:")
        yield Hostile(f"entity-{name}.epub", samples_open.epub({"a.xhtml": use}, before=head), never="root:")


def truncated() -> Iterator[Hostile]:
    """Packages that end in the middle, or after a few bytes."""
    for suffix, data in good().items():
        yield Hostile(f"half.{suffix}", data[: len(data) // 2], reason="")
        yield Hostile(f"head.{suffix}", data[:100], reason="")


def encrypted() -> Iterator[Hostile]:
    """Members marked as encrypted; an Office file that is encrypted as a whole, in its old container."""
    for suffix, data in good().items():
        marked = bytearray(data)
        for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            place = marked.find(signature)
            while place >= 0:
                marked[place + at] |= 1
                place = marked.find(signature, place + 4)
        yield Hostile(f"encrypted.{suffix}", bytes(marked), reason="")
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + "EncryptedPackage".encode("utf-16-le")
    yield Hostile("encrypted-whole.docx", container, reason="")


def escaping() -> Iterator[Hostile]:
    """Members whose names lead out of the package: none is ever unpacked to a file."""
    for number, name in enumerate(("../../../../tmp/ragkit-escaped", "/tmp/ragkit-escaped", "..\\..\\ragkit-escaped", "a" * 255)):
        for suffix, data in good().items():
            if suffix in ("docx", "odt", "epub"):
                yield Hostile(f"escaping-{number}.{suffix}", samples_office.repack(data, {name: b"escaped"}), never="escaped")


def compressed() -> Iterator[Hostile]:
    """Compressed streams, bombs all of them, by their own names and by wrong ones: none is unpacked."""
    zeros = bytes(16 << 20)
    for suffix, data in (("gz", gzip.compress(zeros, mtime=0)), ("bz2", bz2.compress(zeros)), ("xz", lzma.compress(zeros))):
        yield Hostile(f"zeros.{suffix}", data, reason="")
        yield Hostile(f"zeros-{suffix}.txt", data, reason="")
