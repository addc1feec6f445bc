"""Rich text (.rtf), by striprtf."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder

_TOKEN = re.compile(
    r"\\(?P<word>[a-z]{1,32})(?P<number>-?[0-9]{1,10})?[ ]?|\\'[0-9a-fA-F]{2}|\\[^a-z]|(?P<brace>[{}])|[^\\{}]+|\\", re.DOTALL
)
_TITLE = re.compile(r"\{\\title ([^{}\\]{1,500})\}")
_AUTHOR = re.compile(r"\{\\author ([^{}\\]{1,500})\}")
_SHOWN = frozenset(["par", "line", "tab", "cell", "row", "u", "sect", "page", "emdash", "endash", "bullet", "lquote", "rquote"])
_DEPTH = 5_000
_COLOURS = re.compile(r"\{\\colortbl([^{}]{0,10000})\}")
_COLOUR = re.compile(r"\\(red|green|blue)([0-9]{1,3})")
#: What paints a ground that white type shows on.
_GROUND = re.compile(r"\\(?:highlight|cb|chcbpat|chshdng|cbpat|shading|clcbpat|clshdng|cfpat|shpinst|background)(?![a-z])")
_LOUD = {"v": "hidden", "deleted": "deleted"}


class _Type(NamedTuple):
    """The type that is set at a place: marked hidden, deleted, smaller than a point, white."""

    hidden: bool = False
    deleted: bool = False
    tiny: bool = False
    white: bool = False

    def after(self, word: str, number: str | None, white: frozenset[str]) -> _Type:
        """The type behind a control word."""
        if word == "plain":
            return _Type(deleted=self.deleted)
        if word == "fs":
            return self._replace(tiny=(number or "24") in ("0", "1", "2"))
        if word == "cf":
            return self._replace(white=(number or "0") in white)
        return self._replace(**{_LOUD[word]: number != "0"})


_WORDS = frozenset(["plain", "fs", "cf", *_LOUD])


class RtfParser:
    """Paragraphs and rows of tables; anchors say "paragraph 12" or "row 3", each counted from 1. Hidden text stays out."""

    media_types: ClassVar[tuple[str, ...]] = ("application/rtf", "text/rtf")
    suffixes: ClassVar[tuple[str, ...]] = (".rtf",)
    sample: ClassVar[bytes] = b"{\\rtf1\\ansi Hello\\par w\\'f6rld\\par}"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: it is no RTF, broken, or empty.
        """
        if not data.lstrip().startswith(b"{\\rtf"):
            raise ParseError("no RTF: it does not begin with {\\rtf")
        raw = re.sub(rb"[\x80-\xff]", lambda found: b"\\'%02x" % found.group()[0], data).decode("ascii")
        seen, hidden = _without_hidden(raw)
        out = Builder()
        _lines(out, _text(seen), rows="\\row" in raw)
        if hidden:
            out.warnings.append(f"{hidden} hidden characters left out")
        out.left_out.update({"comment": comments} if (comments := raw.count("\\*\\annotation")) else {})
        title, author = _TITLE.search(raw), _AUTHOR.search(raw)
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title.group(1).strip() if title else None,
            metadata={"author": author.group(1).strip()} if author else {},
            warnings=tuple(out.warnings),
        )


def _text(raw: str) -> str:
    from striprtf.striprtf import rtf_to_text

    try:
        text = str(rtf_to_text(raw, errors="replace"))  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, OverflowError, TypeError, RecursionError) as error:
        raise ParseError(f"the RTF is broken: {type(error).__name__}") from error
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # emoji are spelled as two halves


def _without_hidden(raw: str) -> tuple[str, int]:
    """``raw`` without the text that is marked hidden or deleted, and how many characters that was."""
    parts: list[str] = []
    stack: list[_Type] = []
    now, count, white = _Type(), 0, _whites(raw)
    for token in _TOKEN.finditer(raw):
        word, brace = token["word"], token["brace"]
        if brace == "{":
            stack.append(now)
            if len(stack) > _DEPTH:
                raise ParseError(f"the RTF is nested more than {_DEPTH:,} deep")
        elif brace:
            now = stack.pop() if stack else _Type()
        elif word in _WORDS:
            now = now.after(word, token["number"], white)
        if not any(now) or brace or (word and word not in _SHOWN):
            parts.append(token.group())
        elif not word:
            count += 1 if token.group().startswith("\\") else len("".join(token.group().split()))
    return "".join(parts), count


def _whites(raw: str) -> frozenset[str]:
    """The numbers of the colours that are white, where nothing paints another ground."""
    table = _COLOURS.search(raw)
    if table is None or _GROUND.search(raw):
        return frozenset()
    parts = [_COLOUR.findall(part) for part in table.group(1).split(";")]
    return frozenset(str(number) for number, found in enumerate(parts) if len(found) == 3 and all(int(value) >= 245 for _, value in found))


def _lines(out: Builder, text: str, *, rows: bool) -> None:
    paragraphs, row = 0, 0
    for line in text.replace("\r", "\n").split("\n"):
        if not line.strip(" |\t"):
            continue
        out.place = None
        if rows and line.rstrip().endswith("|"):
            row += 1
            if not out.idle:
                out.add("\n")
            out.place = f"row {row}"
            out.add(" | ".join(cell.strip() for cell in line.rstrip().removesuffix("|").split("|")))
            continue
        out.flush("table")
        paragraphs += 1
        out.place = f"paragraph {paragraphs}"
        out.add(line)
        out.flush()
    out.place = None
    out.flush("table")
