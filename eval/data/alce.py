"""ALCE's JSON: questions with their retrieved documents, and a model's output with markers such as ``[1][2]`` (Gao et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..questions import Question
from ..response import Passage, Response
from ..systems.shapes import response
from .base import BadData, Converter, Item, Recorded
from .rows import Row, json_tree


class Alce(Converter):
    """Questions, and for those with an ``output`` the recorded response: its sentences, what each cites, and ``docs`` as the passages.

    A marker ``[n]`` is the passage ``n - 1``; one outside of the list is kept, as an invented citation. ASQA's short answers, QAMPARI's
    answers and ELI5's answer are the gold strings. The documents are the passages of each response, not a collection of their own.
    """

    NAME = "alce"
    READS = "a JSON list of question, docs and output, or the same under the key data, as ALCE's run.py writes it"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        for path in files:
            tree = json_tree(path)
            listed = tree.get("data") if isinstance(tree, dict) else tree
            if not isinstance(listed, list):
                raise BadData(f'{path}: expected a JSON list, or an object whose "data" is one')
            for number, one in enumerate(listed):
                row = Row(one, f"{path}, item {number}")
                name = next((row.name(key) for key in ("sample_id", "id", "question_id") if row.tree.get(key)), f"{path.stem}-{number}")
                answers = _answers(row)
                yield Question(id=name, text=row.text("question").strip(), answers=answers, ungraded=not answers)
                if row.tree.get("output") is not None:
                    yield Recorded(id=name, response=_response(row))


def _answers(row: Row) -> tuple[str, ...]:
    found: list[Any] = [said for pair in row.rows("qa_pairs", needed=False) for said in pair.many("short_answers")]
    if not found:
        given = row.tree.get("answers") or row.tree.get("answer")
        found = [said for one in given for said in (one if isinstance(one, list) else [one])] if isinstance(given, list) else [given]
    return tuple(dict.fromkeys(said.strip() for said in found if isinstance(said, str) and said.strip()))


def _response(row: Row) -> Response:
    passages = [
        Passage(uri=str(doc.tree.get("id") or doc.tree.get("url") or f"docs[{number}]"), text=doc.text("text"))
        for number, doc in enumerate(row.rows("docs"))
    ]
    return response(row.text("output").replace("<|im_end|>", "").strip(), passages)
