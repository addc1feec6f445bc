"""TREC's files, as trec_eval reads them: topics, judgements (qrels) and a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..questions import Question, Relevant
from ..response import Passage, Response
from .base import BadData, Converter, Item, Recorded
from .rows import fields, first_line, json_lines


class Trec(Converter):
    """Judgements become questions with gains, a run the recorded rankings: by score, ties by document id descending, as trec_eval has it.

    Which file is which is told by its lines: four fields are judgements, six a run, and ``ID<tab>TEXT`` or BEIR's JSON the topics.
    Without topics a question's text is its id, which is enough to measure a recorded run and not to ask anything.
    """

    NAME = "trec"
    READS = "qrels (four fields), a run (six fields) and topics (ID<tab>TEXT, or queries.jsonl); each may be missing"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        kinds = {path: _kind(path) for path in files}
        topics = {name: text for path, kind in kinds.items() if kind == "topics" for name, text in _topics(path)}
        judged: dict[str, dict[str, int]] = {}
        for path in (path for path, kind in kinds.items() if kind == "qrels"):
            _judgements(path, judged)
        ranked: dict[str, dict[str, float]] = {}
        for path in (path for path, kind in kinds.items() if kind == "run"):
            _ranking(path, ranked)
        for name in dict.fromkeys(judged or [*topics, *judged, *ranked]):
            relevant = tuple(Relevant(uri=document, gain=gain) for document, gain in judged.get(name, {}).items())
            yield Question(id=name, text=topics.get(name, name), relevant=relevant, ungraded=True)
            if ranked:
                yield Recorded(id=name, response=_response(ranked.get(name, {})))


def _kind(path: Path) -> str:
    line = first_line(path)
    if line.lstrip().startswith("{") or ("\t" in line and len(line.split("\t")) == 2):
        return "topics"
    parts = line.split()
    if len(parts) == 4 and parts[3].lstrip("-").isdigit():
        return "qrels"
    if len(parts) == 6:
        return "run"
    raise BadData(f"{path}, line 1: {len(parts)} fields; judgements have four (QUERY 0 DOC GAIN), a run six (QUERY Q0 DOC RANK SCORE TAG)")


def _topics(path: Path) -> Iterator[tuple[str, str]]:
    if first_line(path).lstrip().startswith("{"):
        yield from ((row.name("_id"), row.text("text")) for row in json_lines(path))
        return
    for place, parts in fields(path):
        if len(parts) < 2:
            raise BadData(f"{place}: a topic is its id, a tab and its text")
        yield parts[0], " ".join(parts[1:])


def _judgements(path: Path, judged: dict[str, dict[str, int]]) -> None:
    for place, parts in fields(path):
        if len(parts) != 4 or not parts[3].lstrip("-").isdigit():
            raise BadData(f"{place}: judgements have four fields, QUERY 0 DOC GAIN, the last a whole number")
        judged.setdefault(parts[0], {})[parts[2]] = max(0, int(parts[3]))


def _ranking(path: Path, ranked: dict[str, dict[str, float]]) -> None:
    for place, parts in fields(path):
        try:
            query, _, document, _, score, _ = parts
            value = float(score)
        except ValueError as error:
            raise BadData(f"{place}: a run has six fields, QUERY Q0 DOC RANK SCORE TAG, the fifth a number") from error
        if value != value:
            raise BadData(f"{place}: the score is not a number")
        found = ranked.setdefault(query, {})
        if document in found:
            raise BadData(f"{place}: {document} is ranked twice for {query}; only one run is read at a time")
        found[document] = value


def _response(ranking: Mapping[str, float]) -> Response:
    order = sorted(ranking, key=lambda document: (ranking[document], document), reverse=True)
    return Response(passages=tuple(Passage(uri=one, score=ranking[one]) for one in order), asked=False)
