"""Hostile texts: deep nesting, includes, bombs in mail and rich text, truncated files, polyglots, characters."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import samples
from hostile_kinds import Hostile

_SECRET = "root:"


def nested() -> Iterator[Hostile]:
    """Nesting of a depth that nobody writes."""
    yield Hostile("deep.xml", b"<x>" + b"<a>" * 100_000 + b"Bottom")
    yield Hostile("deep-closed.xml", b"<x>" + b"<a>" * 20_000 + b"Bottom" + b"</a>" * 20_000 + b"</x>")
    yield Hostile("deep.rtf", b"{\\rtf1 " + b"{" * 100_000 + b"Bottom", reason="nested")
    yield Hostile("deep.tex", b"\\documentclass{a}\\begin{document}Top " + b"{" * 20_000 + b"Bottom" + b"}" * 20_000 + b"\\end{document}")
    yield Hostile("deep-groups.tex", b"\\documentclass{a}\\begin{document}Top " + b"\\begin{center}" * 3000 + b"\\end{document}")
    yield Hostile("deep.py", b"x = " + b"(" * 100_000 + b")" * 100_000)
    yield Hostile("deep.js", b"x = " + b"[" * 100_000 + b"]" * 100_000)
    yield Hostile("deep.ipynb", b'{"nbformat": 4, "cells": ' + b"[" * 100_000)
    yield Hostile("deep.rst", b"".join(b" " * n + b"* item\n\n" for n in range(400)))
    yield Hostile("deep.adoc", b"".join(b"*" * n + b" item\n" for n in range(1, 800)))
    yield Hostile("deep-object.json", b'{"a":' * 100_000, reason="nested")
    yield Hostile("deep-lists.html", b"<html>" + b"<ul><li>" * 50_000 + b"Bottom", text="Bottom")


def including() -> Iterator[Hostile]:
    """Texts that ask for other files, for programs and for the network."""
    tex = b"\\documentclass{a}\\begin{document}Words \\input{/etc/passwd} \\immediate\\write18{touch /tmp/ragkit-ran}"
    yield Hostile("input.tex", tex + b"\\end{document}", text="Words", never=_SECRET)
    directives = (
        ".. include:: /etc/passwd",
        ".. raw:: html\n   :file: /etc/passwd",
        ".. csv-table:: T\n   :file: /etc/passwd",
        ".. raw:: html\n   :url: http://127.0.0.1:9/",
        ".. literalinclude:: /etc/passwd",
    )
    for number, line in enumerate(directives):
        yield Hostile(f"include-{number}.rst", f"Words before.\n\n{line}\n\nWords after.\n".encode(), text="Words before", never=_SECRET)
    for number, line in enumerate(("include::/etc/passwd[]", "include::http://127.0.0.1:9/[]", "image::/etc/passwd[]")):
        text = f"= Title\n\nWords before.\n\n{line}\n\nWords after.\n"
        yield Hostile(f"include-{number}.adoc", text.encode(), text="Words before", never=_SECRET)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><image href="http://127.0.0.1:9/"/><text>Drawn</text></svg>'
    yield Hostile("script.svg", svg)
    frames = b"<html><iframe src='file:///etc/passwd'></iframe><object data='/etc/passwd'></object><p>Words"
    yield Hostile("frames.html", frames, text="Words", never=_SECRET)


def mails() -> Iterator[Hostile]:
    """E-mail with bombs in its structure."""
    head = b"From: a@x.example\nSubject: Subject\n"
    depth = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000))
    yield Hostile("deep.eml", head + depth + b"\nBottom")
    yield Hostile("rings.eml", head + b"Content-Type: message/rfc822\n\n" * 2000 + b"Bottom")
    parts = b"--b\n\npart\n" * 20_000
    yield Hostile("parts.eml", head + b'Content-Type: multipart/mixed; boundary="b"\n\n' + parts + b"--b--\n", reason="parts")
    yield Hostile("boundary.eml", head + b'Content-Type: multipart/mixed; boundary="' + b"b" * 1_000_000 + b'"\n\nBody')
    yield Hostile("headers.eml", head + b"".join(b"X-%d: y\n" % n for n in range(100_000)) + b"\nBody")
    yield Hostile("long-header.eml", head + b"To: " + b"a@x.example, " * 100_000 + b"\n\nBody")
    yield Hostile("encoded.eml", head + b"To: " + b"=?utf-8?q?=41?= " * 20_000 + b"\n\nBody")
    yield Hostile("charset.eml", head + b'Content-Type: text/plain; charset="zlib_codec"\n\nBody words', text="Body words")


def rich() -> Iterator[Hostile]:
    """Rich text with lengths and numbers that lie."""
    lies = {"bin": b"\\bin2147483647 ", "unicode": b"\\u99999999?", "page": b"\\ansicpg99999 ", "uc": b"\\uc2147483647\\u65?"}
    for name, code in lies.items():
        yield Hostile(f"{name}.rtf", b"{\\rtf1\\ansi Words " + code + b"and more\\par}")
    yield Hostile("pictures.rtf", b"{\\rtf1 Words {\\pict" + b"00" * 2_000_000 + b"}\\par}")
    yield Hostile("open.rtf", b"{\\rtf1 Words " + b"\\'" * 100_000)


def vast() -> Iterator[Hostile]:
    """Much of one thing."""
    yield Hostile("columns.csv", b",".join(b"c%d" % n for n in range(300_000)) + b"\n")
    yield Hostile("formulas.csv", b'Name,Sum\nA,"=cmd|\'/c calc\'!A0"\nB,"=HYPERLINK(""http://127.0.0.1:9/"")"\n', text="Name")
    yield Hostile("open-quote.csv", b'a,b\n"' + b'""' * 500_000)
    yield Hostile("cues.srt", b"".join(b"%d\n00:00:01,000 --> 00:00:02,000\nwords\n\n" % n for n in range(1, 60_000)))
    yield Hostile("cues.vtt", b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nwords\n\n" * 60_000)
    cell = {"cell_type": "code", "source": "1", "outputs": [{"output_type": "stream", "text": "x" * 20_000_000}]}
    yield Hostile("outputs.ipynb", json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode(), reason="characters")
    yield Hostile("numbers.json", b"[" + b"9" * 1_000_000 + b"]")
    yield Hostile("records.jsonl", b"{\n" * 50_000)
    yield Hostile("table.md", b"|a" * 5000 + b"|\n" + b"|-" * 5000 + b"|\n" + b"|b" * 5000 + b"|\n")


def truncated() -> Iterator[Hostile]:
    """Texts that end in the middle of something."""
    yield Hostile("half.json", b'{"title": "Words", "a": [1, 2', reason="JSON")
    yield Hostile("half.ipynb", b'{"nbformat": 4, "cells": [{"cell_type"', reason="")
    yield Hostile("half.xml", b"<?xml version='1.0'?><book><title>Words</tit")
    yield Hostile("half.rtf", b"{\\rtf1\\ansi Words {\\b bold", text="Words")
    yield Hostile("half.html", b"<html><body><p>Words <a href='x", text="Words")
    mail = b"From: a@x.example\nSubject: Words\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-"
    yield Hostile("half.eml", mail, text="Words")
    yield Hostile("half.tex", b"\\documentclass{a}\\begin{document}Words \\textbf{bold", text="Words")
    yield Hostile("half.srt", b"1\n00:00:01,000 --> 00:00:02,000\nWords\n\n2\n00:00:0", text="Words")
    yield Hostile("half.py", b"def words(:\n    return '", text="words")
    yield Hostile("half.rst", b"Words\n=====\n\n.. note:", text="Words")
    yield Hostile("half.adoc", b"= Words\n\n----\nopen", text="Words")
    yield Hostile("half.csv", b'a,b\nWords,"open', text="Words")
    yield Hostile("half-utf8.txt", "Words é".encode()[:-1], text="Words")


def polyglots() -> Iterator[Hostile]:
    """Files that are two things at once, and files by a wrong name."""
    page = samples.pdf([[(72, 700, 12, "Good words")]])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("a.txt", "zipped")
    zipped = buffer.getvalue()
    yield Hostile("pdf-and-zip.pdf", page + zipped, text="Good words", never="zipped")
    yield Hostile("html-and-zip.html", b"<html><p>Page words</p><!--" + zipped)
    yield Hostile("gif-and-script.gif", b"GIF89a/*" + bytes(100) + b"*/=1;alert(1)")
    yield Hostile("gif-and-script.js", b"GIF89a/*" + bytes(100) + b"*/=1;alert(1)")
    yield Hostile("document.xlsx", samples.docx(), text="The crane")
    yield Hostile("page.json", b"<html><body><p>Page words</p></body></html>")
    yield Hostile("text.docx", b"Plain words in a file with the wrong name", text="Plain words")
    yield Hostile("script.txt", b"#!/bin/sh\ntouch /tmp/ragkit-ran\n", text="touch")


def characters() -> Iterator[Hostile]:
    """Characters that nobody sees, that turn the order round, or that are no text."""
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "ignore")
    for suffix in ("txt", "md", "html", "csv", "json", "rst", "adoc", "srt"):
        line = f"Plain\u200b words {hidden}\u202eafter"
        if suffix == "json":
            line = json.dumps({"a": line}, ensure_ascii=False)
        if suffix == "srt":
            line = f"1\n00:00:01,000 --> 00:00:02,000\n{line}\n"
        yield Hostile(f"unseen.{suffix}", line.encode(), text="Plain words", never="\U000e0069")
        yield Hostile(f"zero-byte.{suffix}", b"", reason="")
    yield Hostile("homoglyphs.txt", "Раураl \u0440\u0430y".encode(), text="\u0440")
    yield Hostile("combining.txt", b"Words a" + "\u0301".encode() * 100_000, text="Words")
    yield Hostile("surrogates.txt", b"Words \xed\xa0\x80\xed\xb0\x80 after", text="Words")
    yield Hostile("overlong.txt", b"Words \xc0\xaf\xe0\x80\xaf after", text="Words")
    yield Hostile("utf16.html", "<html><p>Words in UTF-16".encode("utf-16-le"), text="Words in UTF-16")
