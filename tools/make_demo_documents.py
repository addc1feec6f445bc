"""Builds the demo's PDF and Word documents from the texts in ``tools/demo_sources``, byte for byte the same each time.

usage: python tools/make_demo_documents.py [FOLDER]      (default: ragkit/demo/documents)

The texts use a few marks of Markdown: headings, lists of one level, tables with a header row, and paragraphs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
TARGET = HERE.parent / "ragkit" / "demo" / "documents"
EPOCH = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


class Part(NamedTuple):
    """A block of a text: ``kind`` is h1 to h3, p, ul, ol or table; ``lines`` are its paragraphs, items or rows."""

    kind: str
    lines: list[str]


_KINDS = (("h3", r"### "), ("h2", r"## "), ("h1", r"# "), ("ul", r"- "), ("ol", r"\d+\. "), ("table", r"\|"))


def parts(text: str) -> list[Part]:
    """The blocks of ``text``, which are parted by blank lines."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        kind, mark = next(((k, m) for k, m in _KINDS if re.match(m, lines[0])), ("p", ""))
        found.append(Part(kind, [" ".join(lines)] if kind == "p" else [re.sub(f"^{mark}", "", line) for line in lines]))
    return found


def rows(part: Part) -> list[list[str]]:
    """The cells of a table; the line of dashes is left out."""
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in part.lines]
    return [row for row in cells if not all(re.fullmatch(r":?-+:?", c) for c in row)]


def make_pdf(text: str) -> bytes:
    """``text`` on A4 pages."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = getSampleStyleSheet()
    styles["BodyText"].fontName, styles["BodyText"].fontSize, styles["BodyText"].leading = "Times-Roman", 11, 14.5
    styles["Heading2"].keepWithNext = 1
    blocks = parts(text)
    flow: list[Any] = []
    for part in blocks:
        if part.kind == "table":
            flow += [_pdf_table(rows(part), styles), Spacer(1, 3 * mm)]
            continue
        style = {"h1": "Title", "h2": "Heading2", "h3": "Heading3"}.get(part.kind, "BodyText")
        flow += [Paragraph(_bullet(part.kind, n) + line, styles[style]) for n, line in enumerate(part.lines, 1)]
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, title=blocks[0].lines[0], author="Corvane Observatory Trust", invariant=1,
        leftMargin=25 * mm, rightMargin=25 * mm, topMargin=22 * mm, bottomMargin=22 * mm,
    )  # fmt: skip
    document.build(flow)
    return out.getvalue()


def _bullet(kind: str, number: int) -> str:
    return {"ul": "\u2022 ", "ol": f"{number}. "}.get(kind, "")


def _pdf_table(cells: list[list[str]], styles: Any) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph, Table, TableStyle

    grid = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table([[Paragraph(c, styles["BodyText"]) for c in row] for row in cells], repeatRows=1, style=TableStyle(grid))


def make_docx(text: str) -> bytes:
    """``text`` with Word's own heading, list and table styles."""
    import docx

    document = docx.Document()
    blocks = parts(text)
    for part in blocks:
        if part.kind == "table":
            _docx_table(document, rows(part))
            continue
        style = {"h1": "Title", "h2": "Heading 1", "h3": "Heading 2", "ul": "List Bullet", "ol": "List Number"}.get(part.kind, "Normal")
        for line in part.lines:
            document.add_paragraph(line, style=style)
    core = document.core_properties
    core.title, core.author, core.comments = blocks[0].lines[0], "Corvane Observatory Trust", ""
    core.created = core.modified = EPOCH
    out = io.BytesIO()
    document.save(out)
    return _with_fixed_times(out.getvalue())


def _docx_table(document: Any, cells: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(cells[0]), style="Table Grid")
    for row in cells:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value


def _with_fixed_times(data: bytes) -> bytes:
    """The same archive, each member dated :data:`EPOCH`: an archive's times are the clock's otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            info = zipfile.ZipInfo(member.filename, date_time=EPOCH.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member))
    return out.getvalue()


#: source's name -> file that is built, and how
DOCUMENTS: tuple[tuple[str, str, Callable[[str], bytes]], ...] = (
    ("volunteers-handbook.md", "volunteers-handbook.pdf", make_pdf),
    ("instruments.md", "instruments.pdf", make_pdf),
    ("safety-rules.md", "safety-rules.docx", make_docx),
    ("annual-report-2024.md", "annual-report-2024.docx", make_docx),
)


def build(target: Path) -> list[Path]:
    """Writes every document into ``target``; returns the paths."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for source, name, make in DOCUMENTS:
        path = target / name
        path.write_bytes(make((HERE / "demo_sources" / source).read_text("utf-8")))
        written.append(path)
    return written


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=TARGET)
    for made in build(arguments.parse_args().folder):
        print(f"{made}  {made.stat().st_size:,} bytes")
