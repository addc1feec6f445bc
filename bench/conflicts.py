"""Do contrary documents come to light, and do others stay quiet? XQuAD's paragraphs as they are; each with a copy that agrees; and each
question with a copy of its paragraph in which the answer is another one: another number, year or name in its place.

A question is counted where its answer is such a thing. What a copy says is grammatical, and false.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bench.answering import SET, load
from bench.common import data, emit, machine, parser
from ragkit import Ragkit
from ragkit.eval.questions import Question

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?|\d+")
_YEAR = re.compile(r"1\d\d\d|20\d\d")
_NAME = re.compile(r"[A-Z]\w+(?: [A-Z]\w+){0,2}")
#: Copies in one store.
AT_ONCE = 40


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only N questions of each kind, spread over all articles")
    limit = arguments.parse_args().limit
    texts, numbered = load(data(SET))
    questions = [q for _, q in numbered]
    plain = quiet(texts, {}, questions)
    copies = quiet(texts, {f"copy_{name}": text for name, text in texts.items()}, questions)
    rows = [
        {"documents": "as they are", "questions": len(questions), "contradictory_sources": plain},
        {"documents": "each twice, word by word", "questions": len(questions), "contradictory_sources": copies},
    ]
    for kind, asked in by_kind(questions).items():
        some = asked[:: max(1, len(asked) // limit)][:limit] if limit else asked
        found = contrary(texts, some, kind, asked)
        rows.append({"documents": f"with another {kind}", "questions": len(some), "contradictory_sources": found})
    emit("conflicts", rows, complete=not limit, machine=machine())


def by_kind(questions: Sequence[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {"year": [], "number": [], "name": []}
    for question in questions:
        answer = question.answers[0]
        for kind, pattern in (("year", _YEAR), ("number", _NUMBER), ("name", _NAME)):
            if pattern.fullmatch(answer):
                found[kind].append(question)
                break
    return found


def changed(question: Question, kind: str, others: Sequence[Question]) -> str:
    """Another answer of the kind: later by seven years, three more, or the next question's name."""
    answer = question.answers[0]
    if kind == "year":
        return str(int(answer) + 7)
    if kind == "number":
        value = answer.replace(",", "")
        return f"{float(value) + 3:.1f}" if "." in value else f"{int(value) + 3:,}" if "," in answer else str(int(value) + 3)
    names = [q.answers[0] for q in others]
    at = others.index(question)
    return next(name for name in [*names[at + 1 :], *names] if not set(name.split()) & set(answer.split()))


def quiet(texts: dict[str, str], more: dict[str, str], questions: Sequence[Question]) -> int:
    with Ragkit.in_memory() as kit:
        for name, text in {**texts, **more}.items():
            kit.add_text(text, uri=name)
        return Counter(kit.ask(q.text, mode="quote").reason for q in questions)["contradictory_sources"]


def contrary(texts: dict[str, str], questions: Sequence[Question], kind: str, others: Sequence[Question]) -> int:
    """How many are found; a store has so many false copies at once, none of the same paragraph as another."""
    left, found = list(questions), 0
    while left:
        batch: dict[str, Question] = {}
        for question in left:
            if len(batch) < AT_ONCE:
                batch.setdefault(question.relevant[0].uri, question)
        left = [q for q in left if q not in batch.values()]
        false = {
            f"other_{name}": re.sub(rf"\b{re.escape(q.answers[0])}\b", lambda _, q=q: changed(q, kind, others), texts[name])  # type: ignore[misc]
            for name, q in batch.items()
        }
        found += quiet(texts, false, list(batch.values()))
    return found


if __name__ == "__main__":
    main()
