"""The bytes of a text file as clean text, with the way back from every character to its bytes."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import NamedTuple

from .unseen import UNSEEN, told

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What is not one character for one of the same width: CRLF, C1 controls, undecodable bytes; without a builder, what is not seen.
_IRREGULAR = re.compile("\r\n|[\x80-\x9f\udc80-\udcff]")
_UNCLEAN = re.compile(f"{_IRREGULAR.pattern}|{UNSEEN.pattern}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_RUN = 4096
#: Never guessed: encodings that are told by their marks or NULs, and rare ones that make Japanese of any noise.
_WIDE = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7"]
_RARE = [
    "shift_jis_2004",
    "shift_jisx0213",
    "euc_jis_2004",
    "euc_jisx0213",
    "cp037",
    "cp500",
    "cp1026",
    "cp1140",
    "cp424",
    "cp864",
    "cp273",
]
_SAMPLE = 1 << 16


class Run(NamedTuple):
    """Characters ``[start, end)`` of the clean text are the source's bytes ``[first, last)``, decoded."""

    start: int
    end: int
    first: int
    last: int


class Source(NamedTuple):
    """Clean text: ``\\n`` line ends, no control characters but ``\\n`` and ``\\t``; ``runs`` lead back to the bytes.

    ``runs`` is empty where the encoding does not give back the same bytes, so that no wrong place is ever told.
    """

    text: str
    encoding: str
    runs: tuple[Run, ...]
    warnings: tuple[str, ...]
    crlf: bool = False

    @property
    def metadata(self) -> dict[str, str]:
        """What :func:`ragkit.connectors.anchoring.byte_span` needs to know."""
        return {"encoding": self.encoding, "newline": "crlf"} if self.crlf else {"encoding": self.encoding}

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The bytes of characters ``[start, end)``, exactly; ``start < end``."""
        if not self.runs:
            return None
        return self._byte(start), self._byte(end - 1, after=True)

    def pieces(self, start: int, end: int) -> list[Run]:
        """``[start, end)`` cut where characters and bytes stop being in step (a CRLF, an undecodable byte)."""
        found: list[Run] = []
        at = max(0, bisect_right(self.runs, start, key=lambda run: run.start) - 1)
        for index in range(at, len(self.runs)):
            run = self.runs[index]
            if run.start >= end:
                break
            low, high = max(run.start, start), min(run.end, end)
            if low < high:
                found.append(Run(low, high, self._byte(low), self._byte(high - 1, after=True)))
        return _merged(found)

    def _byte(self, position: int, *, after: bool = False) -> int:
        run = self.runs[max(0, bisect_right(self.runs, position, key=lambda run: run.start) - 1)]
        if run.end - run.start == 1:
            return run.last if after else run.first
        inside = self.text[run.start : position + after]
        return run.first + width(inside, self.encoding, self.crlf)


def _merged(runs: list[Run]) -> list[Run]:
    """Neighbours that touch in both the text and the bytes, joined; the second of a pair of one character is kept apart."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.end == run.start and last.last == run.first and run.end - run.start > 1 and last.end - last.start > 1:
            joined[-1] = Run(last.start, run.end, last.first, run.last)
        else:
            joined.append(run)
    return joined


def width(text: str, encoding: str, crlf: bool = False) -> int:
    """Bytes of ``text`` in ``encoding``, each line feed counted as CRLF where the source has nothing else."""
    if crlf:
        return width(text, encoding) + text.count("\n") * len("\r".encode(encoding))
    if encoding == "utf-8" and text.isascii():
        return len(text)
    return len(text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "replace"))


def decode(data: bytes, *, hint: str | None = None, tags: bool = False) -> Source:
    """``data`` as clean text, whatever its encoding: a byte order mark, UTF-8, UTF-16 without a mark, else a guess.

    NUL and other control characters, and invisible ones that may carry words, become a space one for one; soft hyphens and the
    like go; CRLF and CR become ``\\n``. Nothing else is changed, so offsets in a clean UTF-8 file are the file's own. ``hint``
    names an encoding that the file declares; it is believed where there is no mark and the bytes are not UTF-8. ``tags`` keeps
    what is invisible, for a builder that drops and counts it.
    """
    encoding, skip = _encoding(data, hint)
    body = data[skip:]
    raw = body.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    exact = encoding.startswith("utf-") or (not _stateful(encoding) and _same(raw, encoding, body))
    crlf = "\r\n" in raw and raw.count("\r\n") == raw.count("\n") == raw.count("\r")
    pieces, runs, length = _clean(raw.replace("\r\n", "\n") if crlf else raw, encoding, skip, tags, crlf)
    exact = exact and length == len(data)
    text = "".join(pieces)
    if _CONTROL.search(text):
        text = _CONTROL.sub(lambda match: "\n" if match.group() == "\r" else " ", text)
    return Source(text, encoding, tuple(runs) if exact else (), tuple(_warnings(raw, encoding, tags)), crlf)


def _clean(raw: str, encoding: str, skip: int, tags: bool, crlf: bool) -> tuple[list[str], list[Run], int]:
    pieces: list[str] = []
    runs: list[Run] = []
    at, chars, offset = 0, 0, skip
    pattern = _IRREGULAR if tags or raw.isascii() else _UNCLEAN
    for match in pattern.finditer(raw):
        chars, offset = _regular(raw[at : match.start()], encoding, crlf, chars, offset, pieces, runs)
        at = match.end()
        for found in ("\r\n",) if match.group() == "\r\n" else match.group():
            length = width(found, encoding)
            if shown := _shown(found, match, pattern):
                pieces.append(shown)
                if found != "\r\n":
                    runs.append(Run(chars, chars + 1, offset, offset + length))
                chars += 1
            offset += length
    _, offset = _regular(raw[at:], encoding, crlf, chars, offset, pieces, runs)
    return pieces, runs, offset


def _shown(found: str, match: re.Match[str], pattern: re.Pattern[str]) -> str:
    """What stands for an irregular character; nothing for an invisible one that carries no words."""
    if found == "\r\n":
        return "\n"
    if "\udc80" <= found <= "\udcff":
        return "\ufffd"
    return " " if found <= "\x9f" or (pattern is _UNCLEAN and match["flag"]) else ""


def _regular(text: str, encoding: str, crlf: bool, chars: int, offset: int, pieces: list[str], runs: list[Run]) -> tuple[int, int]:
    pieces.append(text)
    for low in range(0, len(text), _RUN):
        part = text[low : low + _RUN]
        length = width(part, encoding, crlf)
        runs.append(Run(chars, chars + len(part), offset, offset + length))
        chars, offset = chars + len(part), offset + length
    return chars, offset


def _encoding(data: bytes, hint: str | None) -> tuple[str, int]:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name, len(mark)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _declared(hint) or _guess(data, error), 0
    return (utf16_guess(data) or "utf-8"), 0


def _declared(hint: str | None) -> str | None:
    """The codec of a declared encoding; UTF-8 and UTF-16 were ruled out already, and codecs that are no encodings are none."""
    try:
        codec = codecs.lookup(hint or "")
        "a".encode(codec.name)
    except (LookupError, ValueError, TypeError):
        return None
    return None if codec.name.startswith("utf") else codec.name


def utf16_guess(data: bytes) -> str | None:
    """UTF-16 without a mark shows as NULs in every other byte of what is mostly ASCII."""
    head = data[:4096]
    half = max(1, len(head) // 2)
    odd, even = head[1::2].count(0) / half, head[0::2].count(0) / half
    if len(head) < 4 or max(odd, even) < 0.4 or min(odd, even) > 0.1:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(data: bytes, error: UnicodeDecodeError) -> str:
    if name := utf16_guess(data):
        return name
    sample = data[max(0, error.start - _SAMPLE // 2) : error.start + _SAMPLE // 2]
    tolerant = sample.decode("utf-8", "surrogateescape")
    wrong = sum("\udc80" <= char <= "\udcff" for char in tolerant)
    right = sum(char > "\x7f" for char in tolerant) - wrong
    if right > wrong:
        return "utf-8"
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_exclusion=_WIDE + _RARE)
    best = matches.best()
    if best is None:
        return "cp1252"
    western = [m for m in matches if "cp1252" in m.could_be_from_charset]  # by far the most common one; it wins what is nearly a tie
    if any(m.chaos <= best.chaos + 0.1 and m.coherence >= best.coherence - 0.1 for m in western):
        return "cp1252"
    return codecs.lookup(best.encoding).name


def _stateful(encoding: str) -> bool:
    return encoding.startswith(("iso2022", "hz", "utf-7"))


def _same(raw: str, encoding: str, body: bytes) -> bool:
    try:
        return raw.encode(encoding) == body
    except UnicodeEncodeError:
        return False


def _warnings(raw: str, encoding: str, tags: bool) -> list[str]:
    found = []
    if encoding not in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        found.append(f"not UTF-8; read as {encoding}, a guess")
    wrong = len(re.findall("[\udc80-\udcff\ufffd]", raw))
    if wrong:
        found.append(f"{wrong} bytes that cannot be decoded are shown as \ufffd")
    if tags or raw.isascii():
        return found
    unseen = list(UNSEEN.finditer(raw))
    flagged = sum(len(match.group()) for match in unseen if match["flag"])
    return found + told(flagged, sum(not match["flag"] and len(match.group()) == 1 for match in unseen))
