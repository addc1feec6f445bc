"""SciFact's claims (Wadden et al. 2020) against the abstracts that they cite, with the sentences that support or contradict them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from ragkit.text.sentences import sentence_spans

from ..claims import Claim
from .base import BadData, Converter, Item
from .rows import Row, json_lines, table

_LABELS = {"SUPPORT": "supported", "CONTRADICT": "contradicted", "": "unsupported"}
_HEADER = ("id", "claim", "evidence_doc_id", "evidence_label", "evidence_sentences", "cited_doc_ids")
_NUMBERS = re.compile(r"\[[\s,\d]*\]")

#: A document to what is annotated of it: its label, and sets of sentences.
Annotated = dict[str, tuple[str, list[list[int]]]]


class SciFact(Converter):
    """A claim for each abstract that it cites; one that is cited and not annotated does not support it.

    Of the original corpus, whose abstracts are lists of sentences, the supporting ones are kept by their places. BEIR's corpus has whole
    abstracts: these are cut into sentences here, and nothing is said of which support.
    """

    NAME = "scifact-claims"
    READS = "claims_SPLIT.jsonl, or the same as CSV, beside corpus.jsonl (SciFact's own, or BEIR's)"
    OPTIONS: ClassVar[Mapping[str, str]] = {"split": "which claims, as in the file's name: train or dev (default: all that have labels)"}

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        corpus = next((path for path in files if path.name == "corpus.jsonl"), None)
        claims = [path for path in files if "claims" in path.name and path.suffix in (".jsonl", ".csv")]
        claims = [path for path in claims if options.get("split", "") in path.stem and not path.stem.endswith("test")]
        if corpus is None or not claims:
            raise BadData("it takes corpus.jsonl and a file claims_SPLIT.jsonl; name both: --from claims_dev.jsonl --from corpus.jsonl")
        abstracts, cut = _abstracts(corpus)
        for path in claims:
            for name, text, annotated, place in _csv(path) if path.suffix == ".csv" else _lines(path):
                for document, (label, sets) in annotated.items():
                    if document not in abstracts:
                        raise BadData(f"{place}: the claim cites document {document}, which is not in {corpus}")
                    supporting = () if cut else tuple(tuple(one) for one in sets if one)
                    evidence = abstracts[document]
                    yield Claim(id=f"{name}-{document}", text=text, evidence=evidence, label=label, source="SciFact", supporting=supporting)


def _abstracts(path: Path) -> tuple[dict[str, tuple[str, ...]], bool]:
    """The sentences of each abstract, and whether they were cut here."""
    found: dict[str, tuple[str, ...]] = {}
    cut = False
    for row in json_lines(path):
        if "abstract" in row.tree:
            found[row.name("doc_id")] = tuple(one.strip() for one in row.texts("abstract"))
        else:
            cut, text = True, row.text("text")
            found[row.name("_id")] = tuple(text[a:b] for a, b in sentence_spans(text))
    return found, cut


def _lines(path: Path) -> Iterator[tuple[str, str, Annotated, str]]:
    for row in json_lines(path):
        found: Annotated = {str(one): (_LABELS[""], []) for one in row.many("cited_doc_ids")}
        for document, parts in Row(row.tree.get("evidence"), f"{row.place}, evidence").tree.items():
            rows = [Row(part, f"{row.place}, evidence {document}") for part in parts]
            found[document] = (rows[0].choice("label", _LABELS), [one.many("sentences") for one in rows])
        yield row.name("id"), row.text("claim"), found, row.place


def _csv(path: Path) -> Iterator[tuple[str, str, Annotated, str]]:
    """Rows of one claim stand together, one a set of sentences."""
    for name, rows in groupby(table(path, _HEADER), key=lambda row: row.name("id")):
        found: Annotated = {}
        for row in rows:
            for one in _list(row, "cited_doc_ids"):
                found.setdefault(str(one), (_LABELS[""], []))
            document = row.text("evidence_doc_id")
            if document:
                sets = found.get(document, ("", []))[1]
                found[document] = (row.choice("evidence_label", _LABELS), [*sets, _list(row, "evidence_sentences")])
        yield name, row.text("claim"), found, row.place


def _list(row: Row, key: str) -> list[int]:
    """A list of whole numbers in a field, with commas as JSON has them or without, as NumPy prints it."""
    field = row.text(key).strip()
    if field and not _NUMBERS.fullmatch(field):
        raise BadData(f'{row.place}: "{key}" is {field[:40]!r}, not a list of whole numbers')
    return [int(number) for number in re.findall(r"\d+", field)]
