"""How long 1,000 recorded answers take to be scored by every measure that needs no model, bootstrap intervals and classes included.

The answers are made up, from random words: five sentences with two citations each, ten passages of 120 words and a context of six, two
gold passages, three gold strings. `offsets` is of a system whose documents can be opened, `texts` of one that gives texts alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from bench.common import emit, parser
from ragkit.eval.gold import Gold
from ragkit.eval.measures import Measure, all_measures
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.eval.scoring import by_class, measured

QUESTIONS, WORDS, PASSAGE, SENTENCE = 1000, 5000, 120, 18


def outcome(number: int, rng: random.Random, *, offsets: bool) -> Outcome:
    """A question of one of five classes; every seventh is unanswerable, every ninth came to nothing."""

    def words(count: int) -> str:
        return " ".join(f"w{rng.randrange(WORDS)}" for _ in range(count))

    texts = [words(PASSAGE) for _ in range(10)]
    passages = tuple(_passage(f"doc{rng.randrange(300)}.txt", text, offsets) for text in texts)
    quotes = [(passages[n].uri, " ".join(texts[n].split()[40:70])) for n in (1, 6)]
    said = [" ".join(texts[rng.randrange(10)].split()[30 : 30 + SENTENCE]) for _ in range(5)]
    statements = tuple(Statement(text=one, citations=(Cited(passage=rng.randrange(11)), Cited(passage=rng.randrange(10)))) for one in said)
    answers = () if number % 7 == 0 else (said[0] if number % 2 else words(3), words(4), words(2))
    response = Response(
        passages=passages,
        context=passages[:6],
        statements=statements,
        text=" ".join(said),
        abstained=number % 9 == 0,
        answerable=rng.random(),
        timings={"total_s": rng.random() * 3, "first_token_s": rng.random()},
        tokens={"prompt": 800, "completion": 90},
        peak_bytes=2**30,
    )
    gold = tuple(_gold(n, uri, quote, offsets) for n, (uri, quote) in enumerate(quotes))
    question = Question(id=str(number), text=words(9), answers=answers, kind=f"class {number % 5}")
    return Outcome(question=question, gold=gold if answers else (), response=response)


def _passage(uri: str, text: str, offsets: bool) -> Passage:
    return Passage(uri=uri, text=text, start=100 if offsets else None, end=100 + len(text) if offsets else None)


def _gold(number: int, uri: str, quote: str, offsets: bool) -> Gold:
    spans = (((120, 120 + len(quote)),),) if offsets else ()
    return Gold(id=f"gold:{number}", uri=uri, quote=quote, uris=(uri,) if offsets else None, spans=spans)


def row(name: str, seen: Sequence[Outcome], measures: Sequence[Measure]) -> dict[str, Any]:
    """Seconds in all, and of the five measures that take most of them, each by itself after the whole."""
    began = time.perf_counter()
    found = measured(measures, seen)
    by_class(measures, seen, [values for _, values in found])
    seconds = time.perf_counter() - began
    alone = {str(measure): _seconds(measure, seen) for measure in measures}
    dear = sorted(alone, key=lambda one: -alone[one])[:5]
    return {
        "answers": name,
        "questions": len(seen),
        "measures": len(measures),
        "seconds": round(seconds, 2),
        "dearest, ms": ", ".join(f"{one} {1000 * alone[one]:.0f}" for one in dear),
    }


def _seconds(measure: Measure, seen: Sequence[Outcome]) -> float:
    began = time.perf_counter()
    measured([measure], seen)
    return time.perf_counter() - began


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--questions", type=int, default=QUESTIONS, metavar="N", help="how many answers")
    given = arguments.parse_args()
    rows = []
    for name in ("offsets", "texts"):
        rng = random.Random(7)
        seen = [outcome(number, rng, offsets=name == "offsets") for number in range(given.questions)]
        rows.append(row(name, seen, all_measures()))
    emit("eval_scoring", rows, complete=given.questions == QUESTIONS)


if __name__ == "__main__":
    main()
