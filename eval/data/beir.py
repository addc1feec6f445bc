"""BEIR's layout: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/SPLIT.tsv`` (Thakur et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from ..questions import Question, Relevant
from .base import BadData, Converter, Item, Text
from .rows import json_lines, tabs

_SPLITS = ("test", "dev", "train")
_HEADER = ("query-id", "corpus-id", "score")


class Beir(Converter):
    """Queries with judgements become questions whose relevant documents have gains; they name no answers."""

    NAME = "beir"
    READS = "a folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv"
    OPTIONS: ClassVar[Mapping[str, str]] = {"split": "which judgements: test, dev or train (default: the first of these that is there)"}

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        judged = judgements(_qrels(files, options.get("split")))
        corpus, queries = (_named(files, name) for name in ("corpus.jsonl", "queries.jsonl"))
        known = set()
        for row in json_lines(corpus):
            known.add(row.name("_id"))
            yield Text(id=row.name("_id"), title=row.text("title", ""), text=row.text("text"))
        for row in json_lines(queries):
            found = judged.pop(row.name("_id"), None)
            if found:
                _check(found, known, row.place)
                relevant = tuple(Relevant(uri=document, gain=gain) for document, gain in found.items())
                yield Question(id=row.name("_id"), text=row.text("text"), ungraded=True, relevant=relevant)
        if judged:
            raise BadData(f"{queries} lacks {len(judged)} queries that are judged, {next(iter(judged))!r} among them")


def judgements(path: Path) -> dict[str, dict[str, int]]:
    """Query to document to gain."""
    found: dict[str, dict[str, int]] = {}
    for row in tabs(path, _HEADER):
        gain = row.text("score")
        if not gain.lstrip("-").isdigit():
            raise BadData(f'{row.place}: "score" is {gain!r}, not a whole number')
        found.setdefault(row.text("query-id"), {})[row.text("corpus-id")] = max(0, int(gain))
    return found


def _check(found: Mapping[str, int], known: set[str], place: str) -> None:
    missing = [document for document, gain in found.items() if gain and document not in known]
    if missing:
        raise BadData(f"{place}: {len(missing)} documents are judged relevant and not in the corpus, {missing[0]!r} among them")


def _qrels(files: Sequence[Path], split: str | None) -> Path:
    there = {path.stem: path for path in files if path.suffix == ".tsv" and path.parent.name == "qrels"}
    chosen = split or next((one for one in _SPLITS if one in there), "")
    if chosen not in there:
        asked = f"qrels/{split}.tsv" if split else "qrels/*.tsv"
        raise BadData(f"there is no {asked}; there are {', '.join(sorted(there)) or 'none'}; choose with --option split=SPLIT")
    return there[chosen]


def _named(files: Sequence[Path], name: str) -> Path:
    found = [path for path in files if path.name == name]
    if len(found) != 1:
        raise BadData(f"{len(found)} files are named {name}, and one is needed; --from names the folder that holds it")
    return found[0]
