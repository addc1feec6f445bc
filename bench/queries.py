"""What help with a question changes, on XQuAD: each paragraph is a text, questions are asked as they stand and with a seeded typing error.

For questions that the texts do not answer, those of every third article are asked of a store without that article.
"""

from __future__ import annotations

import random
import re
import time
from typing import Any

from bench.answering import SET, held_out, load
from bench.common import data, emit, parser
from ragkit import Ragkit, Settings
from ragkit.eval.measures import contains
from ragkit.eval.questions import Question
from ragkit.text.words import STOP_WORDS

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
Row = dict[str, Any]


def mistyped(question: str, chance: random.Random) -> str:
    """One of the longer words with a letter left out, put in, taken for another, or exchanged with its neighbour; never the first."""
    words = [m for m in re.finditer(r"[A-Za-z]{5,}", question) if m.group().lower() not in STOP_WORDS]
    if not words:
        return question
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 1)
    head, one, two, tail = question[:at], question[at], question[at + 1], question[at + 2 :]
    letter = chance.choice(_LETTERS)
    return chance.choice([head + two + tail, head + letter + one + two + tail, head + letter + two + tail, head + two + one + tail])


def filled(texts: dict[str, str], settings: Settings) -> Ragkit:
    kit = Ragkit.in_memory(settings=settings)
    for name, text in texts.items():
        kit.add_text(text, uri=name)
    return kit


def measure(kit: Ragkit, questions: list[Question], mode: Any) -> Row:
    """How often the right paragraph comes first, and among six, and all of them among six and in the evidence; how often an answer holds
    the gold string, or is none; what was changed."""
    first = among = both = backed = gold = none = changed = 0
    began = time.perf_counter()
    for question in questions:
        answer = kit.ask(question.text, mode=mode)
        kept = kit.answer_record(answer.record_id)
        uris = [candidate["uri"] for candidate in kept["candidates"]][:6]
        wanted = [relevant.uri for relevant in question.relevant]
        first += bool(set(uris[:1]) & set(wanted))
        among += bool(set(uris) & set(wanted))
        both += set(wanted) <= set(uris)
        backed += set(wanted) <= {one["uri"] for one in kept["evidence"]}
        gold += bool(question.answers) and contains(answer.text, question.answers, whole_words=False)
        none += answer.abstained
        changed += bool(kept.get("corrections"))
    n = len(questions)
    shares = {
        "hit@1": first,
        "hit@6": among,
        "all of them among six": both,
        "all of them in the evidence": backed,
        "gold string in the answer": gold,
        "no answer": none,
        "corrected": changed,
    }
    return {**{name: round(value / n, 4) for name, value in shares.items()}, "ms": round(1000 * (time.perf_counter() - began) / n, 1)}


def spelling(texts: dict[str, str], numbered: list[tuple[int, Question]]) -> list[Row]:
    """Every question as it stands, and mistyped, with and without help; of the held-out ones only whether there is an answer."""
    chance = random.Random(5)
    clean = [question for _, question in numbered]
    typed = [Question(id=q.id, text=mistyped(q.text, chance), answers=q.answers, relevant=q.relevant) for q in clean]
    rest = {name: text for name, text in texts.items() if not held_out(int(name[:2]))}
    gone = [question for number, question in numbered if held_out(number)]
    rows: list[Row] = []
    for help_ in (False, True):
        settings = Settings().with_values(**{"retrieval.spelling": help_, "generation.model": "none"})
        with filled(texts, settings) as kit:
            kit.ask("Who?", mode="quote")
            rows += [
                {"questions": name, "spelling": help_, **measure(kit, some, "quote")} for name, some in (("clean", clean), ("typed", typed))
            ]
        with filled(rest, settings) as kit:
            rows.append({"questions": "without their article", "spelling": help_, **measure(kit, gone, "quote")})
    return rows


def joined(one: Question, two: Question) -> Question:
    """A question that asks what both ask; its gold string is that of either."""
    text = f"{one.text.rstrip(' ?')} and {two.text[0].lower()}{two.text[1:]}"
    return Question(id=f"{one.id}+{two.id}", text=text, answers=(*one.answers, *two.answers), relevant=(*one.relevant, *two.relevant))


def pairs(questions: list[Question]) -> list[Question]:
    """Questions of different paragraphs, each of which begins with a question word, two and two."""
    asking = [q for q in questions if re.match(r"(?:who|what|which|when|where|why|how)\b", q.text, re.I)]
    random.Random(7).shuffle(asking)
    return [joined(a, b) for a, b in zip(asking[::2], asking[1::2], strict=False) if a.relevant != b.relevant]


def several(texts: dict[str, str], numbered: list[tuple[int, Question]], count: int) -> list[Row]:
    """Each way of making several queries of a question: of one thing, and of two; those that ask the model of ``count`` questions."""
    rows: list[Row] = []
    every = [q for _, q in numbered]
    single = every[:: max(1, len(every) // count)][:count]
    for way in ("one", "parts", "model", "hyde"):
        with filled(texts, Settings().with_values(**{"answering.queries": way})) as kit:
            kit.ask("Who?", mode="quote")
            more = [("of two", pairs(every))] if way in ("one", "parts") else []
            for name, some in (("of one thing", single), ("of two", pairs(single)), *more):
                rows.append({"questions": f"{len(some)} {name}", "queries": way, **measure(kit, some, "quote")})
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="about N questions, spread over the articles")
    arguments.add_argument(
        "--several", type=int, default=100, metavar="N", help="about N questions for the ways of several queries; 0: none"
    )
    given = arguments.parse_args()
    texts, numbered = load(data(SET))
    some = numbered[:: max(1, len(numbered) // given.limit)][: given.limit] if given.limit else numbered
    rows = spelling(texts, some)
    if given.several:
        rows += several(texts, some, given.several)
    emit("queries", rows, complete=not given.limit and given.several > 0, settings=Settings())


if __name__ == "__main__":
    main()
