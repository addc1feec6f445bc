"""Tables of one's own, as CSV: which column is what is said by options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from ..claims import LABELS, Claim
from ..questions import Question, Relevant
from .base import BadData, Converter, Item, Text
from .rows import Row, table

_TRUTH = {"true": "supported", "yes": "supported", "1": "supported", "false": "unsupported", "no": "unsupported", "0": "unsupported"}
_KEYS = {
    "question": "the column of the question",
    "answers": "the column of the right answers",
    "uri": "the column that names the relevant document",
    "quote": "the column of the passage in it",
    "class": "the column of the question's kind",
    "claim": "the column of a claim; then evidence and label are needed too",
    "evidence": "the column of the evidence",
    "label": f"the column of the label: {', '.join(LABELS)}, or true or false",
    "source": "the column that says where a claim is from",
    "text": "the column of a document's text",
    "title": "the column of its title",
    "_id": "the column of the id (default: the row's number)",
}


class Columns(Converter):
    """``--option question=COLUMN`` and so on: questions, claims, or documents, by which of the three is named."""

    NAME = "csv"
    READS = "a CSV file with a header (or with delimiter=tab or ; another), and options that say which column is what"
    OPTIONS: ClassVar[Mapping[str, str]] = {
        **_KEYS,
        "delimiter": "what stands between fields: one character, or tab (default: a comma)",
        "separator": "what stands between several answers, or pieces of evidence, in one field (default: none, the field is one)",
    }

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        make = next((maker for key, maker in _MAKERS.items() if key in options), None)
        if make is None:
            raise BadData(f"say which column is what: --option {' or --option '.join(f'{key}=COLUMN' for key in _MAKERS)}")
        delimiter = {"tab": "\t"}.get(options.get("delimiter", ""), options.get("delimiter", ","))
        if len(delimiter) != 1:
            raise BadData(f"--option delimiter={delimiter}: it is one character, or tab")
        columns = {key: options[key] for key in _KEYS if key in options}
        for path in files:
            for number, row in enumerate(table(path, list(columns.values()), delimiter), 1):
                own = Row({key: row.tree[column].strip() for key, column in columns.items()}, row.place)
                yield make(own, own.text("_id", "") or (str(number) if len(files) == 1 else f"{path.stem}-{number}"), options)


def _question(row: Row, name: str, options: Mapping[str, str]) -> Item:
    if not row.text("question"):
        raise BadData(f"{row.place}: the question is empty")
    uri, quote = row.text("uri", ""), row.text("quote", "")
    return Question(
        id=name,
        text=row.text("question"),
        answers=_parts(row.text("answers", ""), options),
        relevant=(Relevant(uri=uri, quote=quote or None),) if uri else (),
        kind=row.text("class", ""),
        ungraded="answers" not in row.tree,
    )


def _claim(row: Row, name: str, options: Mapping[str, str]) -> Item:
    label = row.text("label").lower()
    if _TRUTH.get(label, label) not in LABELS:
        raise BadData(f"{row.place}: the label is {row.text('label')!r}; it is one of {', '.join([*LABELS, *_TRUTH])}")
    evidence = _parts(row.text("evidence"), options)
    return Claim(id=name, text=row.text("claim"), evidence=evidence, label=_TRUTH.get(label, label), source=row.text("source", ""))


def _text(row: Row, name: str, options: Mapping[str, str]) -> Item:
    return Text(id=name, text=row.text("text"), title=row.text("title", ""))


_MAKERS = {"question": _question, "claim": _claim, "text": _text}


def _parts(field: str, options: Mapping[str, str]) -> tuple[str, ...]:
    separator = options.get("separator")
    parts = field.split(separator) if separator else [field]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
