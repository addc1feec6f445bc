"""What the fuzzer found stays mended: each of these once failed in a way that no reader of a report could use."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from ragkit.connectors.naming import one_line
from ragkit.connectors.sandbox import ParserPool, open_pool
from ragkit.errors import ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings
from tests.fuzz import seeds

W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    """A pool with short limits."""
    with open_pool(ParsingSettings(timeout_s=6, memory_mb=1024), workers=1) as opened:
        yield opened


def _parse(pool: ParserPool, name: str, data: bytes, media_type: str | None = None) -> Parsed:
    return pool.parse(SourceItem(uri=name, token="", open=lambda: io.BytesIO(data), media_type=media_type))


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"])
def test_a_package_whose_beginning_is_missing(pool: ParserPool, kind: str) -> None:
    """The places in its directory lie before its start; it is called broken."""
    data = seeds.hostile_archives.good()[kind]
    with pytest.raises(ParseError, match=r"^(?!the parser failed)"):
        _parse(pool, f"a.{kind}", data[20:])


def test_a_word_document_of_another_element(pool: ParserPool) -> None:
    """A document part whose root is a paragraph is a broken document."""
    data = seeds.hostile.samples_office.repack(seeds.samples.raw_docx(""), {"word/document.xml": b"<w:p " + W + b"/>"})
    with pytest.raises(ParseError, match=r"^the Word document is broken"):
        _parse(pool, "a.docx", data)


def test_a_message_with_charsets_that_are_none(pool: ParserPool) -> None:
    """A charset with a NUL, or with bytes that are no ASCII in a subject, takes nothing of the text away."""
    nul = b"From: a\nSubject: b\nContent-Type: text/plain; charset=\0x\"\n\nBody wo\xffds\n"
    odd = b"From: a\nSubject: =?u\xfff-8?q?=C3=A9?=\n\nBody words\n"
    assert "Body wo" in _parse(pool, "a.eml", nul, "message/rfc822").text
    assert "Body words" in _parse(pool, "a.eml", odd, "message/rfc822").text


def test_a_macro_without_its_argument(pool: ParserPool) -> None:
    """LaTeX that ends in a macro whose argument is missing is read up to it."""
    assert _parse(pool, "a.tex", b"\\section{A} Words \\footnote").text.startswith("A")


def test_a_blank_record_in_any_encoding(pool: ParserPool) -> None:
    """A record without title and text is kept as blank by the child as well, with the warning that says so."""
    for encoding in ("utf-8", "utf-16"):
        parsed = _parse(pool, "a.jsonl#1", '{"_id": "1", "text": ""}'.encode(encoding), "application/vnd.ragkit.record+json")
        assert (parsed.text, parsed.warnings) == ("", ("the record's title and text are empty",))


def test_reasons_are_printable() -> None:
    """Characters that nobody sees, or that turn the line round, do not get into a reason."""
    assert one_line("broken: \ufeff\u202ereversed") == "broken: \ufffd\ufffdreversed"
