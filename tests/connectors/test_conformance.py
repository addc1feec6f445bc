"""Every built-in connector and parser, and the sample plug-in, pass the suites that are shipped to plug-in authors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import samples
from sample_plugin.ragkit_shout import ShoutConnector, ShoutParser

from ragkit.connectors.folder import FolderConnector
from ragkit.connectors.jsonl import BeirConnector
from ragkit.connectors.parsers.asciidoc import AsciidocParser
from ragkit.connectors.parsers.csv import CsvParser
from ragkit.connectors.parsers.docx import DocxParser
from ragkit.connectors.parsers.html import HtmlParser
from ragkit.connectors.parsers.json import JsonParser
from ragkit.connectors.parsers.latex import LatexParser
from ragkit.connectors.parsers.mail import MailParser
from ragkit.connectors.parsers.markdown import MarkdownParser
from ragkit.connectors.parsers.notebook import NotebookParser
from ragkit.connectors.parsers.pdf import PdfParser
from ragkit.connectors.parsers.plain import PlainParser
from ragkit.connectors.parsers.record import RecordParser
from ragkit.connectors.parsers.rst import RstParser
from ragkit.connectors.parsers.rtf import RtfParser
from ragkit.connectors.parsers.subtitles import SubtitleParser
from ragkit.connectors.parsers.xml import XmlParser
from ragkit.testing import ConnectorConformance, ParserConformance


class TestPlain(ParserConformance):
    def parser(self) -> PlainParser:
        return PlainParser()

    def samples(self) -> list[bytes]:
        return ["one\r\ntwo é\r\n\r\nthree\x00four".encode(), "Grüße,\nJürgen".encode("cp1252"), "кириллица".encode("utf-16")]


class TestMarkdown(ParserConformance):
    def parser(self) -> MarkdownParser:
        return MarkdownParser()

    def samples(self) -> list[bytes]:
        return [
            b"---\ntitle: T\n---\n# A\n\nb *c* [d](e) &amp; f\n\n1. g\n   - h\n\n> i\n\n"
            b"```\nj\n```\n\n|k|l|\n|-|-|\n|m|n|\n\n<div>o</div>\n"
        ]


class TestHtml(ParserConformance):
    def parser(self) -> HtmlParser:
        return HtmlParser()

    def samples(self) -> list[bytes]:
        return ["<title>t</title><h1>A</h1><p>b &eacute; <i>ç</i><ul><li>d</ul><table><tr><td>e<td>f</table><pre>g\n h</pre>".encode()]


class TestPdf(ParserConformance):
    def parser(self) -> PdfParser:
        return PdfParser()

    def samples(self) -> list[bytes]:
        return [samples.pdf([[(72, 700, 20, "A heading"), (72, 660, 11, "Some words.")], [(72, 700, 11, "Second page.")]])]


class TestDocx(ParserConformance):
    def parser(self) -> DocxParser:
        return DocxParser()

    def samples(self) -> list[bytes]:
        return [samples.docx()]


class TestRecord(ParserConformance):
    def parser(self) -> RecordParser:
        return RecordParser()

    def samples(self) -> list[bytes]:
        return [b'{"_id": "1", "title": "T", "text": "one\\n\\ntwo"}', b'{"_id": "2", "text": "only text \\ud800"}']


class TestAsciidoc(ParserConformance):
    def parser(self) -> AsciidocParser:
        return AsciidocParser()

    def samples(self) -> list[bytes]:
        return [AsciidocParser.sample, b"= A\n\nb *c*\n. d\n\n----\ne\n----\n"]


class TestCsv(ParserConformance):
    def parser(self) -> CsvParser:
        return CsvParser()

    def samples(self) -> list[bytes]:
        return [CsvParser.sample, 'a;b\n1;"é ""x"""\n'.encode("utf-16")]


class TestJson(ParserConformance):
    def parser(self) -> JsonParser:
        return JsonParser()

    def samples(self) -> list[bytes]:
        return [JsonParser.sample, b'[{"a": "\\u00e9"}, [null, "x\\ty"]]']


class TestLatex(ParserConformance):
    def parser(self) -> LatexParser:
        return LatexParser()

    def samples(self) -> list[bytes]:
        return [LatexParser.sample, b"\\title{T}\n\nA \\'e $x$ \\textbf{b}\n\n\\begin{tabular}{l}a & b\\end{tabular}"]


class TestMail(ParserConformance):
    def parser(self) -> MailParser:
        return MailParser()

    def samples(self) -> list[bytes]:
        return [MailParser.sample, b"From: a\nSubject: =?utf-8?q?=C3=A9?=\n\none\n\ntwo\n"]


class TestNotebook(ParserConformance):
    def parser(self) -> NotebookParser:
        return NotebookParser()

    def samples(self) -> list[bytes]:
        return [NotebookParser.sample, b'{"cells": [{"cell_type": "code", "source": ["a\\n", "b"]}]}']


class TestRst(ParserConformance):
    def parser(self) -> RstParser:
        return RstParser()

    def samples(self) -> list[bytes]:
        return [RstParser.sample, b"A\n=\n\nb ``c``\n\n* d\n"]


class TestRtf(ParserConformance):
    def parser(self) -> RtfParser:
        return RtfParser()

    def samples(self) -> list[bytes]:
        return [RtfParser.sample, b"{\\rtf1 a\\par b\\'e9}"]


class TestSubtitle(ParserConformance):
    def parser(self) -> SubtitleParser:
        return SubtitleParser()

    def samples(self) -> list[bytes]:
        return [SubtitleParser.sample, b"WEBVTT\n\n0:01 --> 0:02\n<v A>b &amp; c\n"]


class TestXml(ParserConformance):
    def parser(self) -> XmlParser:
        return XmlParser()

    def samples(self) -> list[bytes]:
        return [XmlParser.sample, b"<a>b<p>c</p><p>d <i>e</i></p></a>"]


class TestShoutParser(ParserConformance):
    def parser(self) -> ShoutParser:
        return ShoutParser()

    def samples(self) -> list[bytes]:
        return [b"SHOUT hello"]


class TestFolder(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        for name in ("b.txt", "a.md", "sub/c\nd.txt", "sub/é.txt"):
            (tmp_path / name).write_text("text")
        (tmp_path / "broken").symlink_to("nowhere")
        self.folder = tmp_path

    def connector(self) -> type[FolderConnector]:
        return FolderConnector

    def source(self) -> str:
        return str(self.folder)


class TestBeir(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.file = tmp_path / "corpus.jsonl"
        lines = [json.dumps({"_id": str(i), "title": "t", "text": "x"}) for i in range(3)]
        self.file.write_text("\n".join([*lines, "{broken", ""]))

    def connector(self) -> type[BeirConnector]:
        return BeirConnector

    def source(self) -> str:
        return str(self.file)


class TestShoutConnector(ConnectorConformance):
    def connector(self) -> type[ShoutConnector]:
        return ShoutConnector

    def source(self) -> str:
        return "shout:hello,world"
