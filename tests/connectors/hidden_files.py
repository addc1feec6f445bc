"""Files with a word that a reader does not see, one for each way of hiding it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import samples
import samples_office
import samples_old
import samples_open

WORD = "Zanzibar"
SEEN = "The crane lifts forty tonnes."
#: The word in Unicode's tag characters, and in variation selectors.
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in WORD)
SELECTORS = "".join(chr(0xFE00 + half) for letter in WORD.encode() for half in divmod(letter, 16))
BITS = "".join("\u200b" if bit == "0" else "\u200c" for letter in WORD.encode() for bit in f"{letter:08b}")


class HiddenCase(NamedTuple):
    """A file; ``told``: what a warning says; ``never``: what must not be in the text."""

    name: str
    data: bytes
    told: str = "hidden"
    never: str = WORD


_PDF: dict[str, tuple[bytes, bytes, bytes]] = {
    "render-mode-3": (b"BT 3 Tr /F 12 Tf 72 600 Td (%s) Tj ET", b"", b""),
    "clip-mode": (b"BT 7 Tr /F 12 Tf 72 600 Td (%s) Tj ET", b"", b""),
    "white": (b"1 g BT /F 12 Tf 72 600 Td (%s) Tj ET", b"", b""),
    "tiny": (b"BT /F 0.5 Tf 72 600 Td (%s) Tj ET", b"", b""),
    "tiny-by-matrix": (b"q .01 0 0 .01 72 600 cm BT /F 12 Tf (%s) Tj ET Q", b"", b""),
    "beside-the-page": (b"BT /F 12 Tf -900 600 Td (%s) Tj ET", b"", b""),
    "transparent": (b"/G gs BT /F 12 Tf 72 600 Td (%s) Tj ET", b"/Resources<</Font<</F 9 0 R>>/ExtGState<</G<</ca 0/CA 0>>>>>>", b""),
    "covered": (b"BT /F 12 Tf 72 600 Td (%s) Tj ET 0.5 g 60 590 300 30 re f", b"", b""),
    "outside-the-crop-box": (b"BT /F 12 Tf 72 100 Td (%s) Tj ET", b"/CropBox[0 400 595 842]", b""),
}
_FONT = b"9 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"


def pdfs() -> Iterator[HiddenCase]:
    seen = b"BT /F 12 Tf 72 700 Td (%s) Tj ET " % SEEN.encode()
    for name, (content, page, extra) in _PDF.items():
        yield HiddenCase(f"{name}.pdf", samples.raw_pdf(seen + content % WORD.encode(), page=page, extra=extra + _FONT))
    layer = b"/OC /L BDC BT /F 12 Tf 72 600 Td (%s) Tj ET EMC" % WORD.encode()
    page = b"/Resources<</Font<</F 9 0 R>>/Properties<</L 8 0 R>>>>"
    made = samples.raw_pdf(seen + layer, page=page, extra=_FONT + b"8 0 obj<</Type/OCG/Name(L)>>endobj\n")
    catalog = b"<</Type/Catalog/OCProperties<</OCGs[8 0 R]/D<</OFF[8 0 R]>>>>/Pages 2 0 R>>"
    yield HiddenCase("layer.pdf", made.replace(b"<</Type/Catalog/Pages 2 0 R>>", catalog))


_STYLES = {
    "display": "display:none",
    "visibility": "visibility: hidden",
    "opacity": "opacity:0",
    "font-size": "font-size:0",
    "white": "color:#fff",
    "white-on-white": "background:white;color:#fefefe",
    "transparent": "color:transparent",
    "left": "position:absolute;left:-9999px",
    "right-of-it": "position:absolute;left:200vw",
    "clip": "position:absolute;clip:rect(0,0,0,0)",
    "clip-path": "clip-path: inset(100%)",
    "flat": "height:0;overflow:hidden",
    "dot": "position:absolute;width:1px;height:1px;overflow:hidden",
    "text-indent": "text-indent:-9999px",
    "pushed": "text-indent:100%;white-space:nowrap;overflow:hidden",
    "scale": "transform:scale(0)",
    "translate": "transform:translateX(-9999px)",
}


def pages() -> Iterator[HiddenCase]:
    def page(body: str, head: str = "") -> bytes:
        return f"<html><head>{head}</head><body><p>{SEEN}</p>{body}</body></html>".encode()

    for name, style in _STYLES.items():
        yield HiddenCase(f"style-{name}.html", page(f"<p style='{style}'>{WORD}</p>"))
        if name in ("display", "visibility", "opacity", "left", "dot", "white"):
            yield HiddenCase(f"class-{name}.html", page(f"<p class='a x'>{WORD}</p>", f"<style>/* a */ .y, .x {{ {style} }}</style>"))
    yield HiddenCase("id.html", page(f"<p id=x>{WORD}</p>", "<style>@media screen{p{margin:0}} #x{display:none}</style>"))
    yield HiddenCase("tag.html", page(f"<aside>{WORD}</aside>", "<style>aside{display:none!important}</style>"))
    yield HiddenCase("attribute.html", page(f"<p hidden>{WORD}</p>"))
    yield HiddenCase("aria.html", page(f"<div aria-hidden='true'><p>{WORD}</p></div>"))
    yield HiddenCase("font.html", page(f"<font color=white>{WORD}</font>"))
    yield HiddenCase("comment.html", page(f"<!-- {WORD} -->"), "1 comment left out")
    yield HiddenCase("open-comment.html", page(f"<!-- {WORD}"), "1 comment left out")
    yield HiddenCase("template.html", page(f"<template><p>{WORD}</p></template>"), "1 template left out")
    chapter = {"a.xhtml": f"<p>{SEEN}</p><p style='display:none'>{WORD}</p>"}
    yield HiddenCase("style.epub", samples_open.epub(chapter))
    yield HiddenCase("comment.epub", samples_open.epub({"a.xhtml": f"<p>{SEEN}</p><!-- {WORD} -->"}), "1 comment left out")
    yield HiddenCase("comment.md", f"# {SEEN}\n\n<!-- {WORD} -->\n\nMore <!-- {WORD} --> words.\n".encode(), "2 comments left out")
    yield HiddenCase("style.md", f"# {SEEN}\n\n<p style='display:none'>{WORD}</p>\n".encode())
    yield HiddenCase("inline.md", f"{SEEN} <span style='display:none'>{WORD} *{WORD}*</span> More.\n".encode())
    yield HiddenCase("paragraph.md", f"{SEEN}\n\n<div hidden>\n\n{WORD}\n\n</div>\n\nMore.\n".encode())


def _run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def words() -> Iterator[HiddenCase]:
    for name, properties in (("vanish", "<w:vanish/>"), ("white", '<w:color w:val="FFFFFF"/>'), ("tiny", '<w:sz w:val="2"/>')):
        yield HiddenCase(f"{name}.docx", samples.raw_docx(f"<w:p>{_run(SEEN)}{_run(WORD, properties)}</w:p>"))
    deleted = f"<w:p>{_run(SEEN)}<w:del><w:r><w:delText>{WORD}</w:delText></w:r></w:del></w:p>"
    yield HiddenCase("deleted.docx", samples.raw_docx(deleted), "1 deleted revision left out")
    yield HiddenCase("comment.docx", _commented(), "1 comment left out")
    for name, code in (("v", "\\v "), ("deleted", "\\deleted "), ("fs1", "\\fs1 "), ("white", "\\cf2 ")):
        table = "{\\colortbl;\\red0\\green0\\blue0;\\red255\\green255\\blue255;}"
        yield HiddenCase(f"{name}.rtf", f"{{\\rtf1\\ansi{table} {SEEN} {{{code}{WORD}}}\\par}}".encode())
    for name, properties in (("hidden", samples_old.HIDDEN), ("white", samples_old.WHITE), ("tiny", samples_old.TINY)):
        yield HiddenCase(f"{name}.doc", samples_old.word([samples_old.Par([(SEEN, b""), (WORD, properties)])]))
    for name, part in (
        ("section", f'<text:section text:display="none"><text:p>{WORD}</text:p></text:section>'),
        ("style", f'<text:p><text:span text:style-name="Unseen">{WORD}</text:span></text:p>'),
        ("white", f'<text:p><text:span text:style-name="White">{WORD}</text:span></text:p>'),
    ):
        yield HiddenCase(f"{name}.odt", samples_open.odf("text", f"<text:p>{SEEN}</text:p>{part}"))


def _commented() -> bytes:
    import docx

    document = docx.Document()
    run = document.add_paragraph(SEEN).runs[0]
    document.add_comment(run, text=WORD, author="A")
    return samples_office.saved(document)


def sheets_and_slides() -> Iterator[HiddenCase]:
    def row(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    def column(sheet: Any) -> None:
        sheet.move_range("A3:A3", cols=5)
        sheet.column_dimensions["F"].hidden = True

    def form(sheet: Any) -> None:
        sheet["A3"].number_format = ";;;"

    def white(sheet: Any) -> None:
        from openpyxl.styles import Font

        sheet["A3"].font = Font(color="FFFFFFFF")

    def whole(sheet: Any) -> None:
        sheet.move_range("A3:A3", cols=0, rows=0)
        sheet["A3"] = None
        other = sheet.parent.create_sheet("Other")
        other["A1"], other.sheet_state = WORD, "hidden"

    for change in (row, column, form, white, whole):
        yield HiddenCase(f"{change.__name__}.xlsx", _book(change))
    yield HiddenCase("slide.pptx", _deck(hidden_slide=True))
    yield HiddenCase("beside.pptx", _deck(hidden_slide=False))
    body = "<draw:page><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>"
    off = body.replace("<draw:page>", '<draw:page draw:style-name="Off">')
    yield HiddenCase("slide.odp", samples_open.odf("presentation", body.format(SEEN) + off.format(WORD)))
    table = '<table:table table:name="{}"{}><table:table-row><table:table-cell><text:p>{}</text:p></table:table-cell></table:table-row>'
    sheets = table.format("One", "", SEEN) + "</table:table>" + table.format("Two", ' table:style-name="Gone"', WORD) + "</table:table>"
    yield HiddenCase("sheet.ods", samples_open.odf("spreadsheet", sheets))


def _book(change: Callable[[Any], None]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["A2"], sheet["A3"] = "Machine", SEEN, WORD
    change(sheet)
    return samples_office.saved(book)


def _deck(*, hidden_slide: bool) -> bytes:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    for text in (SEEN, WORD):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        left = Inches(1 if text == SEEN or hidden_slide else 40)
        slide.shapes.add_textbox(left, Inches(1), Inches(2), Inches(1)).text_frame.text = text
        if text == WORD and hidden_slide:
            slide._element.set("show", "0")
    return samples_office.saved(deck)


def mails() -> Iterator[HiddenCase]:
    def alternative(plain: str, page: str) -> bytes:
        head = 'From: a@x.example\nSubject: Crane\nContent-Type: multipart/alternative; boundary="b"\n\n'
        return f"{head}--b\nContent-Type: text/plain\n\n{plain}\n--b\nContent-Type: text/html\n\n<p>{page}</p>\n--b--\n".encode()

    yield HiddenCase("plain.eml", alternative(f"{SEEN}\n{WORD} pays nine hundred crowns tomorrow", SEEN))
    yield HiddenCase("style.eml", b"From: a@x.example\nContent-Type: text/html\n\n" + f"<p>{SEEN}<p hidden>{WORD}".encode())
    text = f"From: a@x.example\nContent-Type: text/plain; charset=utf-8\n\n{SEEN} {TAGS}\n"
    yield HiddenCase("tags.eml", text.encode(), "invisible", TAGS[0])


def characters() -> Iterator[HiddenCase]:
    kinds = {"tags": TAGS, "selectors": SELECTORS, "bits": BITS, "override": "\u202e" + WORD[::-1] + "\u202c"}
    for kind, hidden in kinds.items():
        for suffix in ("txt", "md", "py", "json", "csv", "html", "rst"):
            line = f"{SEEN}{hidden} End"
            made = {"py": f"word = '{line}'\n", "json": json.dumps({"a": line}, ensure_ascii=False), "csv": f"a,b\n1,{line}\n"}
            yield HiddenCase(f"{kind}.{suffix}", made.get(suffix, f"{line}\n").encode(), "invisible", hidden[0])
    yield HiddenCase("escaped.json", json.dumps({"a": SEEN + TAGS}).encode(), "invisible", TAGS[0])
    for suffix in ("txt", "md", "py", "json", "csv"):
        made = {"py": f"word = '{SEEN}\u200b'\n", "json": json.dumps({"a": f"{SEEN}\u200b"}, ensure_ascii=False)}
        yield HiddenCase(f"single.{suffix}", made.get(suffix, f"{SEEN}\u200b\n").encode(), "zero-width", "\u200b")


def everything() -> list[HiddenCase]:
    """All of them."""
    makers = (pdfs, pages, words, sheets_and_slides, mails, characters)
    return [case for make in makers for case in make()]


