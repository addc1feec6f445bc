"""ALCE's JSON: questions with their retrieved documents, and a model's output with markers such as ``[1][2]`` (Gao et al. 2023)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragkit.text.sentences import sentence_spans

from ..questions import Question
from ..response import Cited, Passage, Response, Statement
from .base import BadData, Converter, Item, Recorded
from .rows import Row, json_tree

_MARKER = re.compile(r"\s*\[(\d+)\]")
#: Markers that stand behind the full stop belong to the sentence that it ends.
_LEADING = re.compile(r"^(?:\s*\[\d+\])+")


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
    passages = tuple(
        Passage(uri=str(doc.tree.get("id") or doc.tree.get("url") or f"docs[{number}]"), text=doc.text("text"))
        for number, doc in enumerate(row.rows("docs"))
    )
    output = row.text("output").replace("<|im_end|>", "").strip()
    return Response(passages=passages, statements=statements(output), text=_MARKER.sub("", output).strip())


def statements(output: str) -> tuple[Statement, ...]:
    """The sentences of an output, without their markers, and the passages that these name, counted from 0.

    >>> [(s.text, [c.passage for c in s.citations]) for s in statements("It opened in 1931 [1][3]. It rained. [2]")]
    [('It opened in 1931.', [0, 2]), ('It rained.', [1])]
    """
    made: list[tuple[str, list[int]]] = []
    for start, end in sentence_spans(output):
        said = output[start:end]
        leading = _LEADING.match(said)
        if leading and made:
            made[-1][1].extend(_cited(leading.group()))
            said = said[leading.end() :]
        text = _MARKER.sub("", said).strip()
        if text:
            made.append((text, _cited(said)))
        elif made:
            made[-1][1].extend(_cited(said))
    return tuple(
        Statement(text=text, citations=tuple(Cited(passage=number) for number in dict.fromkeys(numbers))) for text, numbers in made
    )


def _cited(text: str) -> list[int]:
    return [int(number) - 1 for number in _MARKER.findall(text)]
