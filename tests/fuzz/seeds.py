"""What is changed: for each parser some good documents and some hostile ones, made by the scripts that the tests use."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "connectors"))

import hostile
import hostile_archives
import hostile_texts
import samples
import samples_old
import samples_xls

from ragkit.contracts import Parser

#: The longest hostile document, in bytes, that is changed: changing one that takes seconds finds only what is known.
_SHORT = 6000
_WORDS = [(72, 700, 20, "A heading"), (72, 660, 11, "Some words."), (72, 640, 11, "1.  One  two"), (72, 620, 11, "2.  Three four")]
_COLUMNS = [(60 + 260 * (n % 2), 700 - 14 * (n // 2), 10, f"words of line {n} in a column") for n in range(24)]

GOOD: dict[str, tuple[str, ...]] = {
    "plain": ("one\r\ntwo é\r\n\r\nthree\0four",),
    "markdown": (
        "---\ntitle: T\n---\n# A\n\nb *c* [d](e) &amp; f <b>g</b> `h` ![i](j)\n\n1. g\n   - h\n\n> i\n\n```py\nj\n```\n\n|k|l|\n|-"
        "|:-:|\n|m|n|\n",
        "Title\n=====\n\n<div hidden>\no\n</div>\n\n[a]: b 'c'\n\n    code\n\n- [x] p\n\n***q** r*\\\ns~~t~~ "
        "<http://u.example>\n\n$$\nv\n$$\n",
    ),
    "html": (
        "<title>t</title><h1>A</h1><p>b &eacute; <i>ç</i><ul><li>d</ul><table><tr><td rowspan=2>e<td colspan=3>f</table><pre>g\n h</pre>",
        "<html><head><meta charset=utf-8><style>.u{display:none}</style></head><body><p class=u>a<p style='opacity:0'>b<!--c-->"
        "<dl><dt>d<dd>e"
        "</dl><script>f</script><svg><text>g</text></svg><select><option>h</select><a href='i'>j</a><br>k<template>l</template>"
        "</body></html>",
    ),
    "record": ('{"_id": "1", "title": "T", "text": "one\\n\\ntwo", "metadata": {"a": [1]}}', '{"_id": "2", "text": "only text \\ud800"}'),
    "asciidoc": (
        "= A\n:b: c\n\nd *e* _f_ `g` {b} link:h[i]\n\n== J\n. k\n.. l\n* m\n\n----\nn\n----\n\n|===\n|o |p\n\n2+|q\n|===\n\nNOTE:"
        " r\n\n////\ns\n////\n",
    ),
    "csv": ("a,b\n1,\"c \"\"d\"\"\ne\"\n2,f\n", "a;b;c\r\n1;2,5;\r\n;;\r\n", "x\ty\n1\t2\n"),
    "json": ('[{"a": "\\u00e9"}, [null, "x\\ty", 1e5, true]]', '{"a": {"b": [{"c": "d"}]}}\n{"e": -1.5}\n'),
    "latex": (
        "\\documentclass{article}\\title{T}\\newcommand{\\x}[1]{y #1}\n\\begin{document}\n\\section*{A \\'e}\n$x^2$ \\textbf{b}"
        " \\x{z} % c\n"
        "\\begin{tabular}{l|l}a & b\\\\ \\multicolumn{2}{c}{d}\\end{tabular}\n\\begin{itemize}\\item[e] f \\item g\\end{itemize}\n"
        "\\begin{verbatim}\nh\\end{verbatim}\\footnote{i}\\[j\\] \\cite{k}\n\\end{document}",
    ),
    "mail": (
        "From: a@x.example\nTo: =?utf-8?q?=C3=A9?= <b@x.example>\nSubject: =?utf-8?b?w6k=?=\nDate: Mon, 1 Jan 2024 09:00:00"
        " +0000\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:"
        " base64\n\nVGV4dC4K\n"
        "--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\nContent-Type: text/html\n\n<p>a<p"
        " hidden>b\n--C--\n--B\nContent-Type: text/csv\n"
        "Content-Disposition: attachment; filename*=utf-8''a%C3%A9.csv\n\na,b\n1,2\n--B\nContent-Type: message/rfc822\n\nFrom:"
        " c\n\nd\n> e\n--B--\n",
        "From: a\nSubject: =?utf-8?q?=C3=A9?=\n\none\n\ntwo\n",
    ),
    "notebook": (
        '{"nbformat": 4, "metadata": {"kernelspec": {"language": "python"}}, "cells": [{"cell_type": "markdown", "source": "# A"}, '
        '{"cell_type": "code", "source": ["a\\n", "b"], "outputs": [{"output_type": "stream", "text": ["c"]}, '
        '{"output_type": "execute_result", "data": {"text/plain": "d"}}]}]}',
    ),
    "rst": (
        "A\n=\n\nb ``c`` `d <e>`_ [1]_ |f|\n\n* g\n\n  1. h\n\n=== ===\ni   j\n=== ===\nk   l\n=== ===\n\n+---+---+\n| m | n "
        "|\n+---+---+\n\n"
        ".. note::\n   o\n\n.. |f| replace:: p\n.. [1] q\n.. code:: python\n\n   r\n\n:s: t\n\n::\n\n  u\n",
    ),
    "rtf": (
        "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset204 Arial;}}{\\stylesheet{\\s1 heading 1;}}\\pard\\s1\\outlinelevel0"
        " A\\par b\\'e9\\u233?"
        "{\\v c}{\\*\\d e}\\trowd\\cellx100\\cellx200 f\\cell g\\cell\\row{\\pict\\bin3 abc}{\\field{\\*\\fldinst h}{\\fldrslt"
        " i}}\\tab\\uc2\\u8364xxj}",
    ),
    "subtitles": (
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n{\\an8}World\n",
        "WEBVTT\n\nNOTE a\n\nSTYLE\n::cue{}\n\n0:01.000 --> 0:02.000 align:left\n<v A>b &amp; c\n\nid\n00:03.000 --> 00:04.000\n"
        "<00:03.500>d\n",
    ),
    "xml": (
        "<?xml version='1.0' encoding='utf-8'?><a x='y'><title>d</title><p>e <i>f</i>&amp;</p><table><tr><td>j</td></tr></table>"
        "<!--h--><p/></a>",
        "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE a [<!ENTITY b 'c'>]><a x='y'><title>d</title><p>e <i>f</i>&b;</p>"
        "<![CDATA[g]]><!--h--><p/></a>",
    ),
    "code": (
        "import os\n\nclass A:\n    '''b'''\n    @c\n    def d(self, e: int = 1) -> str:\n        return f'{e}'  # g\n\nasync def"
        " h(): ...\n",
        "#include <a.h>\n/* b */ namespace c { template<class T> struct D { int e() { return 1; } }; }\n",
        "export default class A { b = () => `c${d}`; async *e() { yield 1 } }\n// f\n",
    ),
}  # fmt: skip

_SUFFIXES = {
    "plain": "txt", "markdown": "md", "record": "jsonl", "asciidoc": "adoc", "latex": "tex", "mail": "eml", "notebook": "ipynb",
    "subtitles": "srt", "code": "py",
}  # fmt: skip


def suffix(name: str, parser: type[Parser]) -> str:
    """The suffix, without its dot, that documents for the parser of this name have."""
    return _SUFFIXES.get(name) or (parser.suffixes[0].lstrip(".") if parser.suffixes else name)


def seeds(name: str, parser: type[Parser]) -> list[bytes]:
    """Documents for the parser with this name of an entry point: good ones first."""
    found = [text.encode() for text in GOOD.get(name, ())] + _binary(name)
    if name in GOOD:
        found.append(GOOD[name][0].encode("utf-16"))
    if hasattr(parser, "sample"):
        found.append(parser.sample)
    hostile_ones = [data for kind, data in _hostile() if kind == suffix(name, parser)]
    return found * (1 + 2 * len(hostile_ones) // (len(found) or 1)) + hostile_ones or [b"Words.\n"]  # most changes are made to good ones


def _binary(name: str) -> list[bytes]:
    made = {
        "pdf": lambda: [samples.pdf([_WORDS, _COLUMNS], title="T"), samples.raw_pdf(_CONTENT), *(_unpacked(_WORDS + _COLUMNS))],
        "doc": lambda: [samples_old.doc()],
        "ppt": lambda: [samples_old.ppt()],
        "msg": lambda: [samples_old.mail(), samples_old.old_mail()],
        "message": lambda: [GOOD["mail"][0].encode()],
        "xls": lambda: [samples_xls.xls()],
        "image": _images,
        "docx": lambda: [hostile_archives.good()["docx"], samples.raw_docx("<w:p><w:r><w:t>Words</w:t></w:r></w:p>" * 3)],
    }
    if name in made:
        return made[name]()
    package = hostile_archives.good().get(name)
    return [package] if package else []


_CONTENT = b"q BT /F 12 Tf 14 TL 72 700 Td (Words) Tj T* [(of) -250 (a line)] TJ 0 Tr 1 0 0 1 72 600 Tm <41> Tj ET Q 9 9l S 9 9 99 9 re f"


def _unpacked(lines: list[tuple[float, float, float, str]]) -> Iterator[bytes]:
    """A PDF with a cross-reference table whose streams are not compressed, so that a change reaches what they say."""
    parts = [f"/F {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj" for x, y, size, text in lines]
    yield samples.raw_pdf(f"BT {' '.join(parts)} ET".encode())


def _images() -> list[bytes]:
    from io import BytesIO

    from PIL import Image, ImageDraw, ImageFont

    made = []
    for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"):
        picture = Image.new("L", (160, 40), "white")
        ImageDraw.Draw(picture).text((10, 5), "Words", fill="black", font=ImageFont.load_default(24))
        picture.save(buffer := BytesIO(), kind)
        made.append(buffer.getvalue())
    return made


@cache
def _hostile() -> list[tuple[str, bytes]]:
    """Short hostile documents, each with its suffix."""
    archives, texts = hostile_archives, hostile_texts
    kinds = (
        hostile.pdfs, hostile.pdf_structures, hostile.words, hostile.pages, hostile.texts, archives.encrypted, archives.escaping,
        texts.including, texts.mails, texts.rich, texts.truncated, texts.polyglots, texts.characters,
    )  # fmt: skip
    files = [file for kind in kinds for file in kind() if 0 < len(file.data) < _SHORT and "bomb" not in file.name]
    return [(file.name.rpartition(".")[2], file.data) for file in files]


_TOKEN = re.compile(rb"</?[\w:]+[^<>]{0,30}>|\\\W?[a-z]{0,20}|&#?\w{1,8};|/[A-Z]\w{1,20}|[\w-]{1,20}[:=]|[^\w\s]{1,4}|\d+|\w{2,12}")
_ALWAYS = (
    b"\0", b"\r", b"\r\n", b"\n\n", b"\t", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80", b"\xe2\x80\x8b", b"\xf3\xa0\x81\x81", b"\x1b[0m", b"-1", b"0", b"99999999999999999999", b"1e400", b"NaN", b"%s",
    b"&#0;", b"&#xD800;", b"&#1114112;", b"<![CDATA[", b"-->", b"]]>", b"<!--", b"{{", b"}}", b"\\u0000", b"\\ud800", b'"', b"'", b"\\",
    b"[" * 50, b"(" * 50, b"{" * 50, b"<" * 50, b"*_" * 30, b"> " * 30, b"- " * 30, b"`" * 7, b"|" * 20, b" " * 200, b"\xcc\x81" * 20,
)  # fmt: skip


def tokens(documents: list[bytes]) -> list[bytes]:
    """What is put into documents of this kind: pieces that the good ones are made of, and what is seldom right anywhere."""
    found = {token for data in documents for token in _TOKEN.findall(data[:50_000])[:2000]}
    return sorted(found) + list(_ALWAYS) * (1 + len(found) // (2 * len(_ALWAYS)))
