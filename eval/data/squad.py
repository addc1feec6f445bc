"""SQuAD's JSON, 1.1 and 2.0, which XQuAD and MLQA use as well (Rajpurkar et al. 2016, 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ragkit.text.sentences import sentence_spans

from ..questions import Question, Relevant
from .base import BadData, Converter, Item, Text
from .rows import Row, json_tree


class Squad(Converter):
    """Each paragraph is a document, each gold passage the sentence that holds the answer. SQuAD 2.0's impossible questions have none."""

    NAME = "squad"
    READS = "JSON files in the form of SQuAD 1.1 or 2.0"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        for path in files:
            top = Row(json_tree(path), str(path))
            for number, article in enumerate(top.rows("data")):
                for part, paragraph in enumerate(article.rows("paragraphs")):
                    name = f"{number}-{part}" if len(files) == 1 else f"{path.stem}-{number}-{part}"
                    text = paragraph.text("context")
                    yield Text(id=name, title=article.text("title", "").replace("_", " "), text=text)
                    yield from (_question(qa, name, text) for qa in paragraph.rows("qas"))


def _question(row: Row, name: str, text: str) -> Question:
    impossible = row.tree.get("is_impossible") is True
    answers: dict[str, None] = {}
    quotes: dict[str, None] = {}
    for answer in () if impossible else row.rows("answers"):
        start, said = answer.tree.get("answer_start"), answer.text("text")
        if type(start) is not int or text[start : start + len(said)] != said:
            raise BadData(f'{answer.place}: {said!r} does not stand at "answer_start" {start!r} of its paragraph')
        answers[said] = None
        quotes[_sentences(text, start, start + len(said))] = None
    if not impossible and not answers:
        raise BadData(f"{row.place}: no answer, and not marked as impossible")
    relevant = [Relevant(uri=name, quote=quote) for quote in quotes] or [Relevant(uri=name, gain=0)]
    return Question(id=row.name("id"), text=row.text("question").strip(), answers=tuple(answers), relevant=tuple(relevant))


def _sentences(text: str, start: int, end: int) -> str:
    """The sentences that ``[start, end)`` stands in."""
    touched = [(a, b) for a, b in sentence_spans(text) if a < end and start < b]
    return text[touched[0][0] : touched[-1][1]] if touched else text[start:end]
