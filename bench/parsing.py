"""What parsing costs: pages a second beside PDFium itself, what isolation adds to ingest, and memory over many files.

PDF: the same files, as many processes as cores, for each of: PDFium's text of every page; PDFium's text with the box of every
character, asked as pypdfium2 documents it; and ragkit's parsers, the sandbox included, which gives text, boxes, headings, tables, the
order of columns, and leaves out what does not show. Each is started once before; rounds are taken in turn; OCR is off.

Isolation: the same documents parsed in children of one helper, and by the same parsers in this process; the difference is given as a
share of the time in which these documents are ingested. Of plain formats and of office formats.

Memory: files of eleven formats in turn, through one pool; resident memory of this process and of its helpers as they go.
"""

from __future__ import annotations

import hashlib
import html
import io
import itertools
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bench.common import data, emit, json_lines, median, parser
from ragkit import Ragkit, Settings
from ragkit.connectors.language import language_of
from ragkit.connectors.parsers import Registry, make
from ragkit.connectors.sandbox import ParserPool
from ragkit.records import SourceItem
from ragkit.settings import ParsingSettings

Row = dict[str, Any]
CORES = len(os.sched_getaffinity(0))
SETTINGS = ParsingSettings(ocr="off")


def item(uri: str, content: bytes) -> SourceItem:
    return SourceItem(uri=uri, token=uri, open=lambda: io.BytesIO(content))


# --- PDF ---


def raw_text(path: str) -> int:
    """How many pages; the text of each is read."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            page.get_textpage().get_text_range()
        return len(document)


def raw_boxes(path: str) -> int:
    """Likewise, with the box of every character."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text = page.get_textpage()
            text.get_text_range()
            for index in range(text.count_chars()):
                text.get_charbox(index)
        return len(document)


def pages(rounds: int) -> Row:
    folder = data("parsers").parent
    files = [str(path) for path in sorted(folder.rglob("*.pdf")) if "scan" not in path.name]
    names = ("PDFium, text", "PDFium, text and boxes", "ragkit")
    taken: dict[str, list[float]] = {name: [] for name in names}
    count = 0
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn")) as raw, ParserPool(SETTINGS, workers=CORES) as pool:
        read: tuple[Callable[[], int], ...] = (
            lambda: sum(raw.map(raw_text, files)),
            lambda: sum(raw.map(raw_boxes, files)),
            lambda: sum(1 for _ in pool.documents(item(path, Path(path).read_bytes()) for path in files)),
        )
        for turn in range(rounds + 1):
            for name, work in zip(names, read, strict=True):
                began = time.perf_counter()
                result = work()
                count = result if work is read[0] else count
                if turn:
                    taken[name].append(time.perf_counter() - began)
    ratio = {f"ragkit by {name}": median(a / b for a, b in zip(taken[name], taken["ragkit"], strict=True)) for name in names[:2]}
    return {"files": len(files), "pages": count} | {f"{name}, pages/s": round(count / median(taken[name]), 1) for name in names} | ratio


# --- isolation ---


def isolation(kind: str, documents: list[tuple[str, bytes]], rounds: int) -> Row:
    registry, limits = Registry(), SETTINGS.model_dump(mode="json")

    def here() -> None:
        for uri, content in documents:
            parsed = make(registry.parser(registry.media_type(content, uri)), limits).parse(content, uri=uri)
            hashlib.sha256(content).hexdigest(), language_of(parsed.text)

    times: dict[str, list[float]] = {"here": [], "isolated": [], "ingest": []}
    with ParserPool(SETTINGS) as pool, tempfile.TemporaryDirectory() as folder:
        for name, content in documents:
            Path(folder, name).write_bytes(content)
        isolated = lambda: sum(1 for _ in pool.documents(item(*document) for document in documents))  # noqa: E731
        for turn in range(rounds + 1):
            with Ragkit.in_memory(settings=Settings(parsing=SETTINGS)) as kit:
                kit.embedder.embed(["Loads the model."])
                for name, work in (("here", here), ("isolated", isolated), ("ingest", lambda kit=kit: kit.ingest(folder))):
                    began = time.perf_counter()
                    work()
                    if turn:
                        times[name].append(time.perf_counter() - began)
    shares = median((b - a) / c for a, b, c in zip(*times.values(), strict=True))
    return {"documents": kind, "files": len(documents)} | {f"{k}, s": median(v) for k, v in times.items()} | {"isolation / ingest": shares}


# --- memory ---


def resident(process: int | str) -> int:
    """Resident bytes; 0 of a process that has gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


def helpers() -> int:
    """Resident bytes of this process's children."""
    children = (task / "children" for task in Path("/proc/self/task").iterdir())
    return sum(resident(child) for listing in children for child in listing.read_text("utf-8").split())


def memory(count: int) -> list[Row]:
    rows: list[Row] = []
    files = itertools.cycle(office(40) + plain(40))
    with ParserPool(SETTINGS, workers=CORES) as pool:
        stream = (item(f"{at}-{name}", content) for at, (name, content) in enumerate(itertools.islice(files, count), start=1))
        for at, _ in enumerate(pool.documents(stream), start=1):
            if at % (count // 5) == 0:
                rows.append({"files": at, "this process, MiB": resident("self") >> 20, "helpers, MiB": helpers() >> 20})
    return rows


# --- documents ---


def texts(count: int) -> Iterator[str]:
    lines = json_lines(data("retrieval/scifact") / "corpus.jsonl")
    for line in random.Random(1).sample(lines, count):
        yield f"{line['title']}\n\n{line['text']}"


def plain(count: int) -> list[tuple[str, bytes]]:
    """So many files of each of six plain formats."""
    out = []
    for at, text in enumerate(texts(count)):
        title, _, body = text.partition("\n\n")
        rows = "\n".join(f'{n},"{sentence}"' for n, sentence in enumerate(body.split(". ")))
        out += [
            (f"{at}.txt", text),
            (f"{at}.md", f"# {title}\n\n{body}\n"),
            (f"{at}.html", f"<html><body><h1>{title}</h1><p>{body}</p></body></html>"),
            (f"{at}.csv", f"number,sentence\n{rows}\n"),
            (f"{at}.json", json.dumps({"title": title, "text": body})),
            (f"{at}.rst", f"{title}\n{'=' * len(title)}\n\n{body}\n"),
        ]
    return [(name, text.encode()) for name, text in out]


def office(count: int) -> list[tuple[str, bytes]]:
    """So many files of each of five formats that are packed."""
    import docx
    import openpyxl
    import pptx
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    out: list[tuple[str, bytes]] = []
    for at, text in enumerate(texts(count)):
        title, _, body = text.partition("\n\n")
        word, sheet, slides, mail = docx.Document(), openpyxl.Workbook(), pptx.Presentation(), EmailMessage()
        word.add_heading(title)
        word.add_paragraph(body)
        for row in enumerate(body.split(". ")):
            sheet.worksheets[0].append(row)
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
        mail["Subject"], mail["From"] = "Findings", "author@example.org"
        mail.set_content(text)
        for suffix, keep in (("docx", word.save), ("xlsx", sheet.save), ("pptx", slides.save)):
            buffer = io.BytesIO()
            keep(buffer)
            out.append((f"{at}.{suffix}", buffer.getvalue()))
        buffer = io.BytesIO()
        style = getSampleStyleSheet()
        SimpleDocTemplate(buffer).build([Paragraph(html.escape(title), style["Title"]), Paragraph(html.escape(body), style["BodyText"])])
        out += [(f"{at}.pdf", buffer.getvalue()), (f"{at}.eml", mail.as_bytes())]
    return out


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=3, metavar="N")
    arguments.add_argument("--files", type=int, default=10_000, metavar="N", help="for memory")
    given = arguments.parse_args()
    rows = [
        pages(given.rounds),
        isolation("plain", plain(50), given.rounds),
        isolation("office", office(50), given.rounds),
        *memory(given.files),
    ]
    emit("parsing", rows, complete=given.rounds >= 3 and given.files >= 10_000, files=given.files)


if __name__ == "__main__":
    main()
