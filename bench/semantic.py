"""The cache for other wordings, on XQuAD: hits among all pairs of different questions, on each question with something changed that
matters, and on simple rewordings of each.

A hit is wrong when the answer that was kept for the one question lacks the gold string of the other. Beside the rule stands what the
cosine alone would do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from bench.answering import SET, load
from bench.common import data, emit, parser
from bench.queries import filled
from ragkit import Ragkit, Settings
from ragkit.answer.cache import normalised
from ragkit.answer.semantic import Meaning, cosine, meaning
from ragkit.eval.measures import contains
from ragkit.eval.questions import Question
from ragkit.models.embedder import SentenceTransformerEmbedder

THRESHOLDS = (0.8, 0.85, 0.9, 0.95)
_YEAR = re.compile(r"^(?:In )?(?:what|which) year\b", re.I)
_LEAD = re.compile(r"^(?P<rest>.+?)(?P<lead>\b[Ii]n (?:1[0-9]|20)\d\d)\s*\?$")
_WORDS = {"built": "constructed", "begin": "start", "began": "started", "big": "large", "purchased": "bought", "founded": "established"}
#: A question in other words; unchanged where the rewording does not fit it.
REWORDINGS: dict[str, Callable[[str], str]] = {
    "in small letters, without its mark": lambda q: q.lower().rstrip(" ?"),
    "asked politely": lambda q: f"Can you tell me {q[0].lower()}{q[1:]}",
    "with please": lambda q: f"{q.rstrip(' ?')}, please?",
    "when for what year": lambda q: _YEAR.sub("When", q),
    "which for what": lambda q: re.sub(r"^What (?=[a-z]+ (?:is|was|did|does|are|were)\b)", "Which ", q),
    "the year first": lambda q: _LEAD.sub(lambda m: f"{m['lead'].capitalize()}, {m['rest'][0].lower()}{m['rest'][1:].rstrip()}?", q),
    "a word of the same meaning": lambda q: re.sub(r"\w+", lambda m: _WORDS.get(m.group(), m.group()), q),
}
#: Another question in nearly the same words; unchanged where the change does not fit it.
ALTERATIONS: dict[str, Callable[[str], str]] = {
    "another number": lambda q: re.sub(r"\d(?!\d)", lambda m: str((int(m.group()) + 1) % 10), q, count=1),
    "another name": lambda q: re.sub(r"(?<=[a-z,] )[A-Z][a-z]{2,}", "Thornbury", q, count=1),
    "when for who or what": lambda q: re.sub(r"^(?:Who|What) (?=was|were|is|are|did|does|do)\b", "When ", q),
    "not": lambda q: re.sub(r"\b(was|were|is|are|did|does|do|has|have|can)\b(?= )", r"\1 not", q, count=1),
    "another time": lambda q: re.sub(r"\b(?:was|is|were|are|did|does)\b", lambda m: _TIMES[m.group()], q, count=1),
    "another noun": lambda q: re.sub(r"\bthe [a-z]{4,}\b(?! of)", "the lighthouse", q, count=1),
    "first for last and the like": lambda q: _OPPOSITE.sub(lambda m: _OPPOSITES[m.group()], q, count=1),
}
_TIMES = {"was": "is", "is": "was", "were": "are", "are": "were", "did": "does", "does": "did"}
_PAIRS = (
    "first last, before after, most least, north south, east west, largest smallest, highest lowest, early late, more less, start end, "
    "began ended, increase decrease, won lost, win lose, old new"
)
_OPPOSITES = {one: other for pair in _PAIRS.split(", ") for a, b in [pair.split()] for one, other in ((a, b), (b, a))}
_OPPOSITE = re.compile(rf"\b(?:{'|'.join(_OPPOSITES)})\b")


class Kept:
    """What a cache would say: questions with their meanings, and answers to those that are needed."""

    def __init__(self, kit: Ragkit) -> None:
        self._kit = kit
        self._model = SentenceTransformerEmbedder()
        self._answers: dict[str, str] = {}

    def meaning(self, question: str) -> Meaning | None:
        return meaning(question, lambda text: self._model.embed([text])[0], lambda text: self._model.embed_tokens([text])[0])

    def vectors(self, questions: list[Question]) -> Any:
        return self._model.embed([q.text for q in questions])

    def lacks(self, cached: Question, asked: Question) -> bool:
        """Whether the answer to ``cached`` is none to ``asked``."""
        if cached.text not in self._answers:
            self._answers[cached.text] = self._kit.ask(cached.text, mode="quote").text
        return not contains(self._answers[cached.text], asked.answers, whole_words=False)


def different(kept: Kept, questions: list[Question]) -> list[dict[str, Any]]:
    """Hits among all pairs in which one question is kept and another is asked."""
    one_each = list({normalised(q.text): q for q in questions}.values())
    vectors = kept.vectors(one_each)
    made = [kept.meaning(q.text) for q in one_each]
    alone = vectors @ vectors.T
    rows = []
    for threshold in THRESHOLDS:
        near = [(a, b) for a, b in permutations(range(len(one_each)), 2) if alone[a, b] >= threshold]
        same = [(a, b) for a, b in near if _cosine(made[a], made[b]) >= threshold]
        rows.append({
            "threshold": threshold,
            "pairs": len(one_each) * (len(one_each) - 1),
            "hits by the cosine alone": len(near),
            "of these wrong": sum(kept.lacks(one_each[a], one_each[b]) for a, b in near),
            "hits": len(same),
            "wrong hits": sum(kept.lacks(one_each[a], one_each[b]) for a, b in same),
        })  # fmt: skip
    return rows


def changed(kept: Kept, questions: list[Question], kind: str, changes: dict[str, Callable[[str], str]]) -> list[dict[str, Any]]:
    """How many questions, once changed, find the answer to the question that they were made of."""
    rows = []
    for name, change in changes.items():
        pairs = [(q.text, change(q.text)) for q in questions]
        made = [(one, other) for one, other in pairs if normalised(one) != normalised(other)]
        found = np.array([_cosine(kept.meaning(one), kept.meaning(other)) for one, other in made])
        hits = {f"hits from {threshold}": round(float((found >= threshold).mean()), 3) for threshold in THRESHOLDS}
        rows.append({kind: name, "questions": len(made), **hits})
    return rows


def _cosine(one: Meaning | None, two: Meaning | None) -> float:
    return -1.0 if one is None or two is None else cosine(one, two)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="the first N questions")
    given = arguments.parse_args()
    texts, numbered = load(data(SET))
    questions = [question for _, question in numbered][: given.limit or None]
    settings = Settings().with_values(**{"generation.model": "none"})
    with filled(texts, settings) as kit:
        kept = Kept(kit)
        rows = different(kept, questions)
        for kind, changes in (("rewording", REWORDINGS), ("alteration", ALTERATIONS)):
            rows += changed(kept, questions, kind, changes)
    emit("semantic", rows, complete=not given.limit, settings=settings)


if __name__ == "__main__":
    main()
