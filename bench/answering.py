"""Answers, citations and abstention on XQuAD: each paragraph is a text file, each question of every paragraph is asked.

For abstention the questions of every third article are asked once more of a store without that article. An abstention counts
as an answer that does not contain the gold string. The gold string is looked for as a substring after SQuAD's normalisation.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.common import data, emit, parser
from ragkit import Ragkit, Settings
from ragkit.eval.measures import (
    AnswerContains,
    FalseAnswerRate,
    FalseRefusalRate,
    HitAt,
    Measure,
    SentencesPerAnswer,
    VerbatimCitations,
    auroc,
    contains,
)
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question, Relevant
from ragkit.eval.runs import run
from ragkit.eval.systems import StoreSystem

SET = "answering/xquad_en_dev.json"
#: Every third article is held out.
THIRD = 3
FULL: tuple[Measure, ...] = (HitAt(k=1), AnswerContains(whole_words=False), SentencesPerAnswer(), FalseRefusalRate())


def held_out(article: int) -> bool:
    return article % THIRD == 0


def load(path: Path) -> tuple[dict[str, str], list[tuple[int, Question]]]:
    """Texts by file name, and the questions with their article's number."""
    texts: dict[str, str] = {}
    questions = []
    for number, article in enumerate(json.loads(path.read_text("utf-8"))["data"]):
        for part, paragraph in enumerate(article["paragraphs"]):
            name = f"{number:02d}_{part:02d}.txt"
            texts[name] = paragraph["context"]
            for q in paragraph["qas"]:
                answers = tuple(a["text"] for a in q["answers"])
                questions.append((number, Question(id=q["id"], text=q["question"], answers=answers, relevant=(Relevant(uri=name),))))
    return texts, questions


def outcomes(
    texts: dict[str, str], questions: Sequence[Question], mode: Any, settings: Settings, noise: Path | None
) -> tuple[list[Outcome], float]:
    """What comes of the questions, and the seconds a question took (search for the ranking included)."""
    with tempfile.TemporaryDirectory() as folder, Ragkit.in_memory(settings=settings) as kit:
        for name, text in texts.items():
            Path(folder, name).write_bytes(text.encode())
        report = kit.ingest(folder, *([noise] if noise else []))
        if report.failed:
            raise SystemExit(f"not ingested: {report.failed[0].uri}: {report.failed[0].reason}")
        kit.ask(questions[0].text, mode=mode)
        began = time.perf_counter()
        found = list(run(StoreSystem(kit, mode=mode), questions))
        return found, (time.perf_counter() - began) / len(questions)


def cites(found: Sequence[Outcome], test: Callable[[Outcome], bool]) -> float:
    return round(sum(map(test, found)) / len(found), 4)


def is_source(texts: dict[str, str], found: Sequence[Outcome]) -> tuple[int, int]:
    """Citations that are the bytes of the file at their span, and all citations: asked of the data, not of the store."""
    # not those of documents that are beside the point
    cited = [c for o in found for c in o.response.citations if Path(c.uri).name in texts]
    return sum(texts[Path(c.uri).name][c.start : c.end] == c.text for c in cited), len(cited)


def measure(limit: int, mode: Any, settings: Settings, noise: Path | None) -> dict[str, Any]:
    texts, numbered = load(data(SET))
    numbered = numbered[:: max(1, len(numbered) // limit)][:limit] if limit else numbered
    full, seconds = outcomes(texts, [q for _, q in numbered], mode, settings, noise)
    missing = [replace(q, answers=(), relevant=()) for number, q in numbered if held_out(number)]
    absent, _ = outcomes({n: t for n, t in texts.items() if not held_out(int(n[:2]))}, missing, mode, settings, noise)
    scores = {o.question.id: o.response.answerable or 0.0 for o in full}
    gone = {o.question.id: o.response.answerable or 0.0 for o in absent}
    same, cited = is_source(texts, full + absent)
    return {
        "questions": len(full),
        **{str(m): round(value, 4) for m in FULL if (value := m.summary(full)) is not None},
        "cited text contains gold": cites(
            full, lambda o: any(contains(c.text, o.question.answers, whole_words=False) for c in o.response.citations)
        ),
        "most sentences": max((len(o.response.statements) for o in full), default=0),
        "citations": cited,
        "citations equal to the source": round(same / max(1, cited), 4),
        str(VerbatimCitations()): VerbatimCitations().summary(full + absent),
        "questions without their article": len(absent),
        str(FalseAnswerRate()): FalseAnswerRate().summary(absent),
        "AUROC of answerable": auroc(list(scores.values()), list(gone.values())),
        "AUROC, same questions": auroc([scores[name] for name in gone], list(gone.values())),
        "seconds a question": round(seconds, 3),
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="about N questions, spread over the articles")
    arguments.add_argument("--modes", nargs="+", choices=("auto", "quote", "compose"), default=("auto", "quote"))
    arguments.add_argument("--sentences", type=int, default=Settings().answering.sentences, metavar="N", help="most sentences of an answer")
    arguments.add_argument("--noise", action="store_true", help="with the abstracts of SciFact in the same store")
    given = arguments.parse_args()
    settings = Settings().with_values(**{"answering.sentences": given.sentences})
    noise = data("retrieval/scifact") / "corpus.jsonl" if given.noise else None
    rows = [{"mode": mode, **measure(given.limit, mode, settings, noise)} for mode in given.modes]
    emit("answering", rows, complete=not given.limit, settings=settings)


if __name__ == "__main__":
    main()
