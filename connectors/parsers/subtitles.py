"""Subtitles: SubRip (.srt) and WebVTT (.vtt)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .source import decode

_CLOCK = r"(?:[0-9]{1,4}:)?[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]{1,3})?"
_TIMES = re.compile(rf"[ \t]*({_CLOCK})[ \t]*-->[ \t]*({_CLOCK})[^\n]*")
#: Markup within a cue: tags, times, positions, entities; a line's end.
_MARKUP = re.compile(
    r"<v(?:\.[^\s<>]*)?[ \t]+(?P<speaker>[^<>\n]+)>|</?(?:b|i|u|s|c|v|font|lang|ruby|rt|span|br)\b[^<>\n]*>|</?>|<[0-9][0-9:.]*>"
    r"|\{\\[^{}\n]*\}|(?P<entity>&(?:amp|lt|gt|nbsp|quot|lrm|rlm|#[0-9]{1,6});)|(?P<end>[ \t]*\n[ \t]*)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*\s*\Z")
_LONG = 500
_PAUSE_S = 4.0


class Cue(NamedTuple):
    """Text ``[low, high)`` of the source, shown from ``begin`` to ``until``, in seconds."""

    begin: float
    until: float
    low: int
    high: int


class SubtitleParser:
    """Cues joined to sentences, a paragraph for each speaker; anchors say "00:01:02.000-00:01:05.000" and give the bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("text/vtt", "application/x-subrip")
    suffixes: ClassVar[tuple[str, ...]] = (".vtt", ".srt")
    sample: ClassVar[bytes] = b"1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i>\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The spoken text of ``data``.

        Raises:
            ParseError: there are no cues in it.
        """
        source = decode(data, tags=True)
        cues = list(_cues(source.text))
        if not cues:
            raise ParseError("no subtitles: no line with times (00:00:01.000 --> 00:00:02.000) is in it")
        writer = _Writer(Builder(source), source.text)
        for cue in cues:
            writer.cue(cue)
        out = writer.out
        out.place = None
        out.flush()
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            metadata={**source.metadata, "duration_s": round(max(cue.until for cue in cues), 3)},
            warnings=source.warnings + tuple(out.warnings),
        )


def _cues(text: str) -> Iterator[Cue]:
    """Every line with times, and the text below it up to a blank line or the next one. Notes and styles have no times."""
    at, open_, low = 0, None, 0
    for line in text.split("\n"):
        end = at + len(line)
        times = _TIMES.fullmatch(line)
        if open_ and (times or not line.strip()):
            yield Cue(*open_, low, at)
            open_ = None
        if times:
            open_, low = (_seconds(times.group(1)), _seconds(times.group(2))), min(end + 1, len(text))
        at = end + 1
    if open_:
        yield Cue(*open_, low, len(text))


def _seconds(clock: str) -> float:
    *hours, minutes, seconds = clock.replace(",", ".").split(":")
    return int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + float(seconds)


def _clock(seconds: float) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}.{millis % 1000:03}"


class _Writer:
    def __init__(self, out: Builder, text: str) -> None:
        self.out = out
        self.text = text
        self.speaker = ""
        self.until = 0.0
        self.tail = ""
        self.length = 0

    def cue(self, cue: Cue) -> None:
        """Adds a cue to the paragraph, or to a new one after a pause, a long paragraph's sentence, or for another speaker."""
        first = _MARKUP.match(self.text, cue.low, cue.high)
        speaks = first["speaker"].strip() if first and first["speaker"] else ""
        ended = _SENTENCE_END.search(self.tail)
        if speaks != self.speaker or (ended and (self.length > _LONG or cue.begin - self.until > _PAUSE_S)):
            self._flush()
            self.speaker = ""
        elif not self.out.idle:
            self.out.place = None
            self.out.add(" ")
        self.out.place = f"{_clock(cue.begin)}-{_clock(cue.until)}"
        self._text(cue.low, cue.high)
        self.until = cue.until

    def _flush(self) -> None:
        self.out.place = None
        self.out.flush()
        self.length, self.tail = 0, ""

    def _text(self, low: int, high: int) -> None:
        high = low + len(self.text[low:high].rstrip())
        at = low
        for found in _MARKUP.finditer(self.text, low, high):
            self._add(self.text[at : found.start()], at, found.start())
            at = found.end()
            if found["speaker"]:
                self._speaker(*found.span("speaker"))
            elif found["entity"]:
                self._add(html.unescape(found["entity"]), *found.span())
            elif found["end"]:
                self._add("\n" if self.text.startswith(("-", "–", "—"), at) else " ", *found.span())
        self._add(self.text[at:high], at, high)

    def _speaker(self, low: int, high: int) -> None:
        name = self.text[low:high].strip()
        if name == self.speaker:
            return
        if self.length:
            place = self.out.place
            self._flush()
            self.out.place = place
        self.speaker = name
        self.out.add(self.text[low:high].rstrip(), low, low + len(self.text[low:high].rstrip()))
        self.out.add(": ")

    def _add(self, text: str, low: int, high: int) -> None:
        self.out.add(text, low, high)
        self.length += len(text)
        self.tail = (self.tail + text)[-8:]
