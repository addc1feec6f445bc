"""Subtitles, e-mail and XML: what is read, what stays out, and that every place leads back to the file."""

from __future__ import annotations

import random
import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_data_formats import blocks, parsed_or_none

from ragkit.connectors.anchoring import byte_span, covering
from ragkit.connectors.parsers.mail import MailParser
from ragkit.connectors.parsers.subtitles import SubtitleParser
from ragkit.connectors.parsers.xml import XmlParser
from ragkit.connectors.wire import check

# --- subtitles ---

VTT = """WEBVTT - harbour

STYLE
::cue { color: red }

NOTE nobody sees this

1
00:01.000 --> 00:03.000 align:start
<v Ada>The <i>crane</i> lifts

00:03.000 --> 00:05.500
<v Ada>forty tönnes &amp; more.

00:06.000 --> 00:08.000
<v.loud Ben>Does it?
Really?
"""
SRT = (
    "1\r\n00:00:01,000 --> 00:00:02,500\r\n{\\an8}<b>High water</b>\r\nis at nine.\r\n\r\n"
    "2\r\n01:00:00,000 --> 01:00:02,000\r\n- No.\r\n- Yes.\r\n"
)


def test_webvtt_reads_as_sentences() -> None:
    """Cues of one speaker are joined, notes and styles stay out, every word has its time and its bytes."""
    data = VTT.encode()
    parsed = SubtitleParser().parse(data)
    assert blocks(parsed) == [("paragraph", "Ada: The crane lifts forty tönnes & more."), ("paragraph", "Ben: Does it? Really?")]
    at = parsed.text.index("tönnes")
    assert covering(parsed.anchors, at, at + 6)[0].place == "00:00:03.000-00:00:05.500"
    span = byte_span(parsed, at, at + 6)
    assert span is not None
    assert data[slice(*span)].decode() == "tönnes"


def test_subrip_reads_as_sentences() -> None:
    """Numbers and markup stay out; a pause after a sentence ends the paragraph; each dash begins a line."""
    parsed = SubtitleParser().parse(SRT.encode())
    assert blocks(parsed) == [("paragraph", "High water is at nine."), ("paragraph", "- No.\n- Yes.")]
    assert parsed.anchors[-1].place == "01:00:00.000-01:00:02.000"


def test_subtitles_round_trip() -> None:
    """200 random spans are found between the times that their anchors name."""
    chance = random.Random(3)
    said = [" ".join(chance.choice(["sea", "crane", "äther", "nine.", "<i>mill</i>"]) for _ in range(6)) for _ in range(60)]
    data = "\n\n".join(f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:03,500\n{line}" for n, line in enumerate(said)).encode()
    parsed = SubtitleParser().parse(data)
    for _ in range(200):
        start = chance.randrange(len(parsed.text) - 1)
        for anchor in covering(parsed.anchors, start, start + 20):
            minute = int((anchor.place or "").split(":")[1])
            text = parsed.text[anchor.start : anchor.end]
            assert text in re.sub("<[^>]*>", "", said[minute])
            assert data[anchor.byte_start : anchor.byte_end].decode() == text


@given(st.binary(max_size=200) | st.text("0:1.->< v&amp;\n{}", max_size=60).map(lambda text: f"0:0 --> 0:9\n{text}".encode()))
@settings(max_examples=200, deadline=None)
def test_subtitles_of_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a valid result or a reason."""
    parsed_or_none(SubtitleParser(), data)


# --- e-mail ---


def mail() -> EmailMessage:
    """A message with a plain and an HTML version, and an attachment."""
    message = EmailMessage()
    message["From"], message["To"] = "Ada <ada@x.example>", "ben@x.example"
    message["Subject"], message["Date"] = "Öffnung des Hafens", "Mon, 01 Jan 2024 09:00:00 +0000"
    message.set_content("The harbour opens at eight.\n\nBring röpes.\n", charset="iso-8859-1")
    message.add_alternative("<p>The <b>harbour</b> opens at eight.</p><p>Bring röpes.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    return message


def test_mail_reads_headers_and_text() -> None:
    """Headers first, then the plain version alone; the attachment is named; Subject is the title."""
    parsed = MailParser().parse(bytes(mail()))
    assert check(parsed) is None
    assert blocks(parsed) == [
        ("paragraph", "From: Ada <ada@x.example>\nTo: ben@x.example\nSubject: Öffnung des Hafens\nDate: Mon, 01 Jan 2024 09:00:00 +0000"),
        ("paragraph", "The harbour opens at eight."),
        ("paragraph", "Bring röpes."),
    ]
    assert [anchor.place for anchor in parsed.anchors][-3:] == ["header Date", "part 1", "part 1"]
    assert parsed.title == "Öffnung des Hafens"
    assert parsed.metadata["created"] == "2024-01-01T09:00:00+00:00"
    assert parsed.warnings == ("1 attachments are not read here: plan.pdf",)


def test_mail_of_html_alone_leaves_hidden_text_out() -> None:
    """A message with HTML alone is read as a page, without what it hides."""
    message = EmailMessage()
    message["Subject"] = "S"
    message.set_content("<p>Seen</p><p style='display:none'>Unseen</p>", subtype="html")
    parsed = MailParser().parse(bytes(message))
    assert [text for _, text in blocks(parsed)] == ["Subject: S", "Seen"]
    assert parsed.warnings == ("part 1: 6 hidden characters left out",)


@pytest.mark.parametrize("broken", [b"", b"no headers here", b"\0\1\2", b"X-Nothing: 1\n\ntext"])
def test_broken_mail_is_a_reason(broken: bytes) -> None:
    """What is no message gives a reason of one line."""
    assert parsed_or_none(MailParser(), broken) is None


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "Content-Type: multipart/alternative; boundary=a", "Content-Type: text/html; charset=x\n"]),
)
@settings(max_examples=200, deadline=None)
def test_mail_of_any_bytes(data: bytes, head: str) -> None:
    """Whatever the bytes, there is a valid result or a reason."""
    parsed_or_none(MailParser(), b"Subject: =?x?q?" + data[:20] + b"\n" + head.encode() + b"\n\n--a\n" + data)
    parsed_or_none(MailParser(), data)


# --- XML ---

XML = """<?xml version="1.0"?><!DOCTYPE article SYSTEM "article.dtd"><article xmlns="urn:x"><title>Tïdes</title><!-- unseen -->
<sec><title>High</title><p>Water at <b>nine</b>, daily.</p><p>Second.</p></sec>
<sec><table><tr><th>Berth</th><th>Depth</th></tr><tr><td>North</td><td>nine</td></tr></table><code>a\n  b</code></sec></article>"""


def test_xml_reads_elements() -> None:
    """Elements are blocks, titles headings, tables rows; comments stay out; a document type by name alone is passed over."""
    parsed = XmlParser().parse(XML.encode())
    assert check(parsed) is None
    assert blocks(parsed) == [
        ("heading", "Tïdes"),
        ("heading", "High"),
        ("paragraph", "Water at nine, daily."),
        ("paragraph", "Second."),
        ("table", "Berth | Depth\nNorth | nine"),
        ("code", "a\n  b"),
    ]
    assert parsed.anchors[3].place == "/article/sec[1]/p[2]"
    assert parsed.title == "Tïdes"


def test_xml_round_trip() -> None:
    """200 random spans are found in the elements that their anchors name."""
    from lxml import etree

    root = etree.fromstring(XML.encode())
    parsed, chance = XmlParser().parse(XML.encode()), random.Random(1)
    for _ in range(200):
        start = chance.randrange(len(parsed.text) - 1)
        for anchor in covering(parsed.anchors, start, start + 15):
            path = re.sub(r"/([\w-]+)", r"/*[local-name()='\1']", anchor.place or "")
            (element,) = root.xpath(path)
            assert " ".join(parsed.text[anchor.start : anchor.end].split()) in " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "<a>",
        "<a/>",
        "text",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
        "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>",
        "<x>&unknown;</x>",
        "<a>" * 100_000 + "x" + "</a>" * 100_000,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_broken_xml_is_a_reason(broken: str, encoding: str) -> None:
    """Broken XML, entities and bombs give a reason of one line, in any encoding."""
    assert parsed_or_none(XmlParser(), broken.encode(encoding)) is None


@given(st.binary(max_size=200) | st.text("<>/abp \n&;='![]-", max_size=60).map(lambda text: f"<a>{text}</a>".encode()))
@settings(max_examples=200, deadline=None)
def test_xml_of_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a valid result or a reason."""
    parsed_or_none(XmlParser(), data)


ARTICLE = (
    "<article><front><contrib-group><contrib><name><surname>Quay</surname><given-names>Ada B</given-names></name>"
    "<contrib-id>0000-0002</contrib-id><xref>1</xref></contrib><contrib><name><surname>de Pier</surname>"
    "<given-names>Ben</given-names></name><email>ben@x.example</email></contrib></contrib-group>"
    "<aff><label>1</label><institution>Harbour Institute</institution><country>Norway</country></aff></front><back><ref-list>"
    "<ref><element-citation><person-group><name><surname>Rope</surname><given-names>C</given-names></name><name><surname>Keel</surname>"
    "<given-names>D</given-names></name></person-group><year>2012</year><article-title>On <i>hemp</i></article-title>"
    "<volume>9</volume></element-citation></ref>"
    "<ref><label>2</label><mixed-citation><name><surname>Rao</surname> <given-names>RU</given-names></name>, <etal>et al</etal>. Tides."
    "</mixed-citation></ref></ref-list></back></article>"
)


def test_articles_set_a_reference_on_one_line() -> None:
    """Of an article (JATS), a reference, an affiliation and the list of authors are a paragraph each, every part with its own place."""
    parsed = XmlParser().parse(f"<?xml version='1.0'?>{ARTICLE}".encode())
    assert check(parsed) is None
    assert [text for _, text in blocks(parsed)] == [
        "Ada B Quay, Ben de Pier ben@x.example",
        "1, Harbour Institute, Norway",
        "Rope C, Keel D. 2012. On hemp. 9",
        "2",
        "Rao RU, et al. Tides.",
    ]
    at = parsed.text.index("On hemp")
    places = [anchor.place for anchor in covering(parsed.anchors, at, at + 7)]
    assert places == ["/article/back/ref-list/ref[1]/element-citation/article-title"]
