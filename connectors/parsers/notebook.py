"""Jupyter notebooks (.ipynb)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import Parsed

from .builder import Builder
from .markdown import MarkdownParser

#: What colours a terminal's text.
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class NotebookParser:
    """Markdown cells as Markdown, code cells and their text outputs as code; anchors say "cell 4", counted from 1."""

    media_types: ClassVar[tuple[str, ...]] = ("application/x-ipynb+json",)
    suffixes: ClassVar[tuple[str, ...]] = (".ipynb",)
    sample: ClassVar[bytes] = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "markdown", "source": "# A"}]}'

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The cells of ``data``.

        Raises:
            ParseError: it is no notebook, or every cell is empty.
        """
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"the notebook is no JSON: {' '.join(str(error).split())[:200]}") from error
        if not isinstance(value, dict) or not (isinstance(value.get("cells"), list) or isinstance(value.get("worksheets"), list)):
            raise ParseError("the JSON is no notebook: it has no list of cells")
        out, hidden = Builder(), 0
        for number, cell in enumerate(_cells(value), 1):
            hidden += _cell(out, cell, f"cell {number}")
        if hidden:
            out.warnings.append(f"{hidden} hidden cells or outputs left out")
        text = out.text()
        metadata = _dict(value.get("metadata"))
        title = metadata.get("title") or next((text[b.start : b.end] for b in out.blocks if b.kind == "heading" and b.level == 1), None)
        language = _dict(metadata.get("kernelspec")).get("language") or _dict(metadata.get("language_info")).get("name")
        return Parsed(
            text=text,
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=title if isinstance(title, str) else None,
            metadata={"programming_language": language} if isinstance(language, str) else {},
            warnings=tuple(out.warnings),
        )


def _cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cells; the third format kept them in worksheets."""
    sheets = [notebook, *(sheet for sheet in notebook.get("worksheets") or () if isinstance(sheet, dict))]
    for sheet in sheets:
        cells = sheet.get("cells")
        yield from (_dict(cell) for cell in (cells if isinstance(cells, list) else ()))


def _cell(out: Builder, cell: dict[str, Any], place: str) -> int:
    """Adds a cell; returns how many hidden parts were left out."""
    look = _dict(_dict(cell.get("metadata")).get("jupyter"))
    kind, source = cell.get("cell_type"), _text(cell.get("source", cell.get("input")))
    outputs = cell.get("outputs")
    shown = [text for text in map(_output, outputs if isinstance(outputs, list) else ()) if text.strip()]
    hidden = 0
    if look.get("source_hidden"):
        hidden += bool(source.strip())
    elif kind == "markdown":
        _markdown(out, source, place)
    elif kind == "heading":
        level = cell.get("level")
        _add(out, source, place, heading=level if isinstance(level, int) and 1 <= level <= 6 else 1)
    else:
        _add(out, source, place)
    if look.get("outputs_hidden"):
        return hidden + bool(shown)
    for text in shown:
        _add(out, text, f"{place}, output")
    return hidden


def _markdown(out: Builder, source: str, place: str) -> None:
    try:
        parsed = MarkdownParser().parse(source.encode("utf-8", "replace"))
    except ParseError:
        return  # an empty cell, or one that shows nothing
    out.embed(parsed, place)


def _add(out: Builder, text: str, place: str, heading: int = 0) -> None:
    out.add(_ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    out.flush("heading" if heading else "code", heading, place=place)


def _output(value: object) -> str:
    """The text of an output: what was printed, the plain reading of a result, the name of an error."""
    output = _dict(value)
    if output.get("output_type") == "stream":
        return _text(output.get("text"))
    if output.get("output_type") in ("error", "pyerr"):
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    data = _dict(output.get("data")) or output
    return _text(data.get("text/plain", data.get("text")))


def _text(value: object) -> str:
    """Notebooks keep text as one string or as a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
