"""Small documents of every kind, made when they are needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence


def pdf(pages: Sequence[Sequence[tuple[float, float, float, str]]], *, title: str | None = None, password: str | None = None) -> bytes:
    """A PDF in A4: for each page (x, y from the bottom left, size, text)."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), encrypt=StandardEncryption(password) if password else None, invariant=True)
    if title:
        canvas.setTitle(title)
    for page in pages:
        for x, y, size, text in page:
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def raw_pdf(content: bytes, *, page: bytes = b"", extra: bytes = b"", filters: bytes = b"", pages: bytes | None = None) -> bytes:
    """A PDF written by hand: one page with ``content`` as its stream. Without a cross-reference table, which readers rebuild."""
    tree = pages or b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj" + tree + b"endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F"
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>" + page + b">>endobj\n"
        b"4 0 obj<</Length " + str(len(content)).encode() + filters + b">>stream\n" + content + b"\nendstream endobj\n" + extra
        + b"trailer<</Root 1 0 R>>\n"
    )  # fmt: skip


TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def raw_docx(body: str, *, before: str = "", more: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A Word document from the XML of its body; ``before`` stands before the root element; ``more`` are further members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("_rels/.rels", RELATIONS)
        package.writestr("word/document.xml", f'<?xml version="1.0"?>{before}<w:document {W}><w:body>{body}</w:body></w:document>')
        for name, data in more:
            package.writestr(name, data)
    return buffer.getvalue()


def docx(title: str = "The harbour") -> bytes:
    """A Word document with a heading, paragraphs, a list and a table, made by python-docx."""
    import docx as word

    document = word.Document()
    document.core_properties.title = title
    document.add_heading("The harbour", level=1)
    document.add_paragraph("The crane lifts forty tonnes.")
    document.add_paragraph("Ropes", style="List Bullet")
    document.add_paragraph("Anchors", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("Berth", "Depth"), ("North", "nine metres"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
