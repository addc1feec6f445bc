"""Questions from what is not running text: the rows of tables, the sections below headings, and sentences with a blank."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragkit.records import Block, Document
from ragkit.text.sentences import sentence_spans, units
from ragkit.text.words import terms

from . import values
from .base import Draft, Sentence

#: A cell that is an answer of its own: it has a digit.
_CELL = re.compile(r"[^|]*\d[^|]*")
_BLANK = re.compile(rf"(?<![\w.,:/£$€-])(?P<year>(?:1[5-9]|20)\d\d)(?![\w:/-]|[.,]\d)|(?<![\w.,:/£$€-])(?P<number>{values.NUMBER})(?![/-])")
_SHORTEST, _LONGEST, _TERMS = 8, 30, 4
#: Fewest and most sentences of a section that a heading asks for, and fewest words of a sentence that answers.
_SECTION, _WORDS = (2, 12), 4


def of_tables(document: Document) -> Iterator[Draft]:
    """For each table whose first row and first column name things: the cells with a digit, by the names of both."""
    text = document.parsed.text
    for block in document.parsed.blocks:
        lines = text[block.start : block.end].split("\n") if block.kind == "table" else []
        rows = [[cell.strip() for cell in line.split(" | ")] for line in lines]
        if len(rows) < 3 or len({len(row) for row in rows}) != 1 or not 2 <= len(rows[0]) <= 8:
            continue
        names = [row[0] for row in rows[1:]]
        if not all([*rows[0], *names]) or len({*names}) != len(names) or len({*rows[0]}) != len(rows[0]):
            continue
        at = block.start + len(lines[0]) + 1
        for line, row in zip(lines[1:], rows[1:], strict=True):
            yield from _of_row(document, rows[0], row, at, at + len(line))
            at += len(line) + 1


def _of_row(document: Document, header: Sequence[str], row: Sequence[str], start: int, end: int) -> Iterator[Draft]:
    for column, cell in zip(header[1:], row[1:], strict=True):
        if _CELL.fullmatch(cell) and not re.search(r"\d", column):
            yield Draft(
                question=f"In “{document.title}”, what stands under “{column}” for “{row[0]}”?",
                answers=(cell,),
                kind="table",
                uri=document.uri,
                start=start,
                end=end,
                statement=document.parsed.text[start:end],
                subject=row[0],
            )


def of_headings(document: Document) -> Iterator[Draft]:
    """For each heading with a section of some sentences below it: what the document says of it, or the heading itself, if it asks."""
    blocks, text = document.parsed.blocks, document.parsed.text
    for number, block in enumerate(blocks):
        if block.kind != "heading":
            continue
        below = list(_section(blocks[number + 1 :]))
        name = re.sub(r"^[\d.]+\s+", "", " ".join(text[block.start : block.end].split()).lstrip("# "))
        if not below or name.casefold() == document.title.casefold() or not terms(name):
            continue
        start, end = below[0].start, below[-1].end
        said = tuple(dict.fromkeys(one.text for one in _of(document, below) if len(one.text.split()) >= _WORDS))
        if _SECTION[0] <= len(said) <= _SECTION[1]:
            question = name if name.endswith("?") else f"What does “{document.title}” say about “{name}”?"
            yield Draft(question=question, answers=said, kind="heading", uri=document.uri, start=start, end=end, statement=said[0])


def _section(blocks: Sequence[Block]) -> Iterator[Block]:
    """The paragraphs and list items before the next heading."""
    for block in blocks:
        if block.kind == "heading":
            return
        if block.kind in ("paragraph", "list_item", "quote"):
            yield block


def sentences(document: Document) -> Iterator[Sentence]:
    """The sentences of running text, with their places."""
    yield from _of(document, [block for block in document.parsed.blocks if block.kind in ("paragraph", "list_item", "quote")])


def _of(document: Document, blocks: Sequence[Block]) -> Iterator[Sentence]:
    text = document.parsed.text
    for block in blocks:
        for start, end in sentence_spans(text, block.start, block.end):
            yield Sentence(uri=document.uri, title=document.title, text=" ".join(text[start:end].split()), start=start, end=end)


def every(document: Document) -> Iterator[Sentence]:
    """All that a document says, piece by piece: sentences, headings, rows of tables."""
    text = document.parsed.text
    for start, end, _ in units(document.parsed):
        yield Sentence(uri=document.uri, title=document.title, text=" ".join(text[start:end].split()), start=start, end=end)


def cloze(sentence: Sentence) -> Iterator[Draft]:
    """A sentence in which one number or year is left out; the words around it must be enough to know it by."""
    found = list(_BLANK.finditer(sentence.text))
    if len(found) != 1 or not _SHORTEST <= len(sentence.text.split()) <= _LONGEST or re.search(r"[\"“”|]|\b[A-Z]{4,}\b", sentence.text):
        return
    match = found[0]
    around = f"{sentence.text[: match.start()]}…{sentence.text[match.end() :]}"
    if len(set(terms(around))) < _TERMS or sentence.text[-1] != "." or not sentence.text[:1].isupper():
        return
    yield Draft(
        question=f"Which {'year' if match['year'] else 'number'} completes “{around.rstrip('.')}”?",
        answers=values.spellings(match.group()),
        kind="cloze",
        uri=sentence.uri,
        start=sentence.start,
        end=sentence.end,
        statement=sentence.text,
    )
