"""Telling what bytes are, by looking at the bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

from ragkit.errors import UnsupportedFormat

from .compound import top_names
from .source import utf16_guess

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = _OPEN_XML + "wordprocessingml.document"
XLSX = _OPEN_XML + "spreadsheetml.sheet"
PPTX = _OPEN_XML + "presentationml.presentation"
_OASIS = "application/vnd.oasis.opendocument."
ODT, ODS, ODP = _OASIS + "text", _OASIS + "spreadsheet", _OASIS + "presentation"
EPUB = "application/epub+zip"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Names in a compound file, as its directory writes them, that tell what it is; the media type.
_COMPOUND = {
    "WordDocument": "application/msword",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "__properties_version1.0": "application/vnd.ms-outlook",
}
#: Where a prefix stands, what it says, and whether text may begin with it too. Searched in order.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x7fELF", "an ELF program"),
    (0, b"MZ\x90", "a Windows program"),
    (0, b"\xcf\xfa\xed\xfe", "a Mach-O program"),
    (0, b"\x89PNG\r\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"BM", "a BMP image"),
    (8, b"WAVE", "a WAV recording"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (4, b"ftyp", "an MP4 film or recording"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, _OLE, "an old Office file; save it in the new format"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"\x80\x02", "a Python pickle, which is never opened"),
    (0, b"\x80\x04", "a Python pickle, which is never opened"),
)
#: Pictures, which OCR may read.
_IMAGES = {f"a {name} image": f"image/{name.lower()}" for name in ("PNG", "JPEG", "GIF", "TIFF", "WebP", "BMP")}
_ZIPS: tuple[tuple[bytes, str], ...] = (
    (b"xl/workbook.bin", "a binary Excel workbook; save it as .xlsx"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file that is no text, spreadsheet or presentation"),
)
#: A member that tells what a package is; its media type.
_MEMBERS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX, "META-INF/container.xml": EPUB}
#: Told by their content alone; a suffix that claims one of them is not believed.
_TOLD = frozenset(["application/pdf", ODT, ODS, ODP, *_MEMBERS.values(), *_COMPOUND.values()])
#: OpenDocument and EPUB packages begin with a member "mimetype", which is not compressed: where its content stands.
_MIMETYPE = re.compile(rb"PK\x03\x04.{26}mimetype(?:[^a].{0,60}?)?(application/[a-z.+-]{1,60})", re.DOTALL)
#: The name, in an old kind of container, under which new Office files stand that have a password.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
#: Kinds of text that say what they are at their beginning. Searched in order.
_SIGNS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\{\\rtf"), "application/rtf"),
    (re.compile(rb"WEBVTT(?:[ \t\r\n]|\Z)"), "text/vtt"),
    (re.compile(rb"\s*<\?xml\s"), "application/xml"),
    (
        re.compile(rb"(?:Return-Path|Received|Delivered-To|Message-ID|MIME-Version):[ \t][^\n]*\n(?:[ \t][^\n]*\n)*[A-Z][\w-]*:[ \t]"),
        "message/rfc822",
    ),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}\Z")
_TEXT_SUFFIXES = {".md": "text/markdown", ".markdown": "text/markdown", ".html": "text/html", ".htm": "text/html", ".xhtml": "text/html"}
#: Kinds that are text although their names do not say so.
_TEXTUAL = frozenset("application/json application/xml application/rtf application/x-tex application/x-subrip message/rfc822".split())
_HEAD = 1 << 16


def detect(data: bytes, uri: str = "", suffixes: Mapping[str, str] = _TEXT_SUFFIXES) -> str:
    """The media type of ``data`` (its head, or better all of it).

    Content decides: a PDF named ``.txt`` is a PDF. The suffix of ``uri`` is asked where the content leaves it open: among
    kinds of text, and for a kind whose first bytes ragkit does not know but which ``suffixes`` names.

    Raises:
        UnsupportedFormat: the bytes are no text and nothing is known to read them; the message says what they look like.

    >>> detect(b"%PDF-1.7 ...", "notes.txt")
    'application/pdf'
    >>> detect(b"# Title", "notes.md")
    'text/markdown'
    """
    head = data[:_HEAD]
    named = suffixes.get((_SUFFIX.search(uri) or [""])[0].lower())
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith(b"PK"):
        return _zip(data, named)
    looks = next((what for at, magic, what in _MAGIC if head.startswith(magic, at)), None)
    if looks == "a BMP image" and head[6:10] != bytes(4):  # two letters alone may begin a text
        looks = None
    if looks is None and not _is_text(head):
        looks = "binary data"
    if looks in _IMAGES and _IMAGES[looks] in suffixes.values():
        return _IMAGES[looks]
    if looks is not None:
        if _ENCRYPTED in data:
            looks = "an Office file that is encrypted with a password"
        elif data.startswith(_OLE) and (kind := _compound(data)) in suffixes.values():
            return kind
        return _other(looks, named)
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(head):
        return "text/html"
    told = next((media_type for sign, media_type in _SIGNS if sign.match(head)), None)
    return told or (named if named and _textual(named) else "text/plain")


def _textual(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("+json", "+xml")) or media_type in _TEXTUAL


def _zip(data: bytes, named: str | None) -> str:
    if (first := _MIMETYPE.match(data)) and (kind := first.group(1).decode().removesuffix("-template")) in _TOLD:
        return kind
    names = _members(data)
    for name, media_type in _MEMBERS.items():
        if name in names:
            return media_type
    return _other(next((what for name, what in _ZIPS if name in data), "a zip archive"), named)


def _compound(data: bytes) -> str:
    """What a compound file holds at its top, for documents may be embedded in others; where its directory cannot be read, what it
    names anywhere: a message may have documents attached, so that is asked first."""
    names = top_names(data)
    found = [kind for name, kind in _COMPOUND.items() if name in names or (not names and f"{name}\0".encode("utf-16-le") in data)]
    return found[-1] if found else ""


def _members(data: bytes) -> set[str]:
    """The names in a package's directory; where it has none (a head, a truncated file), those that stand in the bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return set(package.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return {name for name in _MEMBERS if name.encode() in data}


def _other(looks: str, named: str | None) -> str:
    """A plug-in may read what ragkit itself only knows by name; the built-in kinds were told by their content already."""
    if named and not _textual(named) and named not in _TOLD:
        return named
    raise UnsupportedFormat(f"nothing reads this: it looks like {looks}")


def _is_text(head: bytes) -> bool:
    """Text has next to no control characters; UTF-16 and UTF-32 are told by their marks or their NULs."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or utf16_guess(head):
        return True
    return len(_CONTROL.findall(head)) <= max(3, len(head) // 50)
