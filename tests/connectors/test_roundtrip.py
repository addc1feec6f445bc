"""Every format: what stands at the places that anchors name, asked of the file by other means than the parsers'."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import samples
import samples_office
import samples_old
import samples_open
import samples_xls
from test_data_formats import NOTEBOOK, TABLE
from test_markup_formats import ADOC, RST, RTF, TEX
from test_message_formats import SRT, VTT, XML
from test_text_formats import MARKDOWN

from bench.roundtrip import Checker, check, spans
from ragkit.connectors.parsers import Registry
from ragkit.records import Parsed

WORDS = samples_office.WORDS
PAGE = "<html><h1>T&iuml;des</h1><p>High <b>water</b> &amp; low<br>water.</p><ul><li>hemp<li>rope</ul><table><tr><td>1<td>2</table>"
SOURCE = 'class Berth:\n    """A berth.\n\n    With ropes."""\n\n    def depth(self):\n        return 9  # mètres\n'
MAIL = (
    "From: =?utf-8?q?Ad=C3=A9?= <ada@x.example>\nTo: ben@x.example\nSubject: Ropes\nDate: Mon, 1 Jan 2024 09:00:00 +0000\n"
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
    "Bring r\u00f6pes.\n\nOf hemp.\n--b\nContent-Type: text/html; charset=utf-8\n\n<p>And <i>anchors</i>.</p>\n--b--\n"
)
#: A sample of each format, by its suffix.
SAMPLES: dict[str, Callable[[], bytes]] = {
    "txt": lambda: "First line\r\nof tïdes.\r\n\r\nSecond paragraph.\r\n".encode("cp1252"),
    "md": MARKDOWN.encode,
    "html": PAGE.encode,
    "csv": TABLE.encode,
    "json": lambda: json.dumps({"title": "Tïdes", "authors": [{"name": 'A "B"\n'}, {"name": "C"}], "depth": 9.5}).encode(),
    "jsonl": lambda: b'{"a": 1, "b": [true, null]}\n{"a": "\\u00e9t\\u00e9"}\n',
    "ipynb": lambda: json.dumps(NOTEBOOK).encode(),
    "vtt": VTT.encode,
    "srt": SRT.encode,
    "eml": MAIL.encode,
    "xml": XML.encode,
    "rtf": lambda: RTF,
    "rst": RST.encode,
    "tex": TEX.encode,
    "adoc": ADOC.encode,
    "py": SOURCE.encode,
    "pdf": lambda: samples.pdf([[(72, 700 - 20 * n, 12, f"{page} {' '.join(WORDS[n:])}") for n in range(9)] for page in range(3)]),
    "docx": samples.docx,
    "xlsx": samples_office.large_xlsx,
    "pptx": samples_office.pptx,
    "xls": samples_xls.large_xls,
    "doc": lambda: samples_old.word([samples_old.par(f"{word} {number} äther", number % 3) for number, word in enumerate(WORDS * 9)], 80),
    "msg": samples_old.mail,
    "odt": samples_open.large_odt,
    "ods": samples_open.large_ods,
    "odp": samples_open.large_odp,
    "epub": samples_open.large_epub,
}
#: Read by OCR alone, or whose slides stand in the file in another order than they are shown: test_ocr, test_old_formats.
ELSEWHERE = {"png", "jpg", "ppt"}


def parsed(kind: str, data: bytes) -> Parsed:
    registry = Registry()
    return registry.parser(registry.media_type(data, f"a.{kind}"))().parse(data, uri=f"a.{kind}")


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_spans_stand_at_their_places(kind: str) -> None:
    """Each of 200 random spans is found, character by character, at the places that its anchors name; nothing is without a place."""
    data = SAMPLES[kind]()
    results = check(data, kind, parsed(kind, data), kind)
    assert len(results) == 200
    assert [fault for faults in results for fault in faults] == []


@pytest.mark.parametrize("kind", ["txt", "csv", "json", "pdf", "docx", "xlsx", "pptx", "odt", "vtt", "eml"])
def test_wrong_places_are_found(kind: str) -> None:
    """Where each anchor's place is given to the text of the next one, the check finds faults: it is no check that always passes."""
    data = SAMPLES[kind]()
    good = parsed(kind, data)
    moved = [*good.anchors[1:], good.anchors[0]]
    anchors = tuple(
        replace(here, byte_start=there.byte_start, byte_end=there.byte_end, page=there.page, box=there.box, place=there.place)
        for here, there in zip(good.anchors, moved, strict=True)
    )
    assert any(faults for faults in check(data, kind, replace(good, anchors=anchors), kind))


def test_text_without_a_place_is_found() -> None:
    """A word that no anchor covers is a fault."""
    data = SAMPLES["txt"]()
    good = parsed("txt", data)
    checker = Checker(data, "txt", replace(good, anchors=()))
    assert all(checker.faults(start, end) for start, end in spans(good, "seed", 20) if good.text[start:end].strip(" \n."))


def test_every_format_has_a_sample() -> None:
    """Each parser's media type is among the samples', so that no format is forgotten."""
    registry = Registry()
    read = {registry.by_type[registry.media_type(made(), f"a.{kind}")] for kind, made in SAMPLES.items()}
    forgotten = {parser.__name__ for parser in registry.by_type.values() if parser.suffixes and parser not in read}
    assert forgotten == {registry.parser(registry.by_suffix[f".{kind}"]).__name__ for kind in ELSEWHERE}
