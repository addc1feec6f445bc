"""CLAPnq's JSON lines: long answers with the sentences of the passage that they rest on (Rosenthal et al. 2024)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..gold import find_quote
from ..questions import Question, Relevant
from .base import BadData, Converter, Item, Text
from .rows import Row, json_lines


class Clapnq(Converter):
    """Each passage is a document, once. Questions whose answer is empty are unanswerable; their passage only nearly answers them."""

    NAME = "clapnq"
    READS = "JSON lines with input, passages (title, text, sentences) and output (answer, selected_sentences)"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        known: dict[str, str] = {}
        for path in files:
            for row in json_lines(path):
                names = []
                for passage in row.rows("passages"):
                    text = passage.text("text")
                    digest = hashlib.sha256(text.encode()).hexdigest()
                    if digest not in known:
                        known[digest] = digest[:12]
                        yield Text(id=known[digest], title=passage.text("title", ""), text=text)
                    names.append((known[digest], text))
                yield _question(row, names)


def _question(row: Row, passages: Sequence[tuple[str, str]]) -> Question:
    outputs = row.rows("output")
    answers = tuple(dict.fromkeys(said for one in outputs if (said := one.text("answer").strip())))
    relevant = []
    for one in outputs if answers else ():
        for sentence in one.texts("selected_sentences"):
            home = next((name for name, text in passages if find_quote(text, sentence)), None)
            if home is None:
                raise BadData(f"{one.place}: a selected sentence is in no passage: {sentence[:60]!r}")
            relevant.append(Relevant(uri=home, quote=sentence))
    near = [Relevant(uri=name, gain=0) for name, _ in passages]
    places = tuple(dict.fromkeys(relevant or near))
    return Question(id=row.name("id"), text=row.text("input"), answers=answers, relevant=places)
