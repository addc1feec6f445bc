"""Citations and abstention on CLAPnq's development questions: each with its own passage, and all passages as one store.

The 150 answerable questions have the sentences of their passage annotated that a good answer rests on; the 153 others stand beside
a passage that nearly answers them. Every question is quoted an answer whatever ``answerable`` says. A sentence of the passage is
cited when a citation covers at least half of it; precision and recall are over the sentences of all answerable questions
(``micro``) and as the mean over questions. What is cited of another passage is wrong.

``answerable`` was fitted on these questions, so its AUROC and the risk-coverage curve are of models that did not see the question:
the same signals, ridge and folds as the shipped fit, on this set alone; the shipped fit's own cross-validation is beside it. None
of the signals is the passage's length. An answer is wrong when it cites no annotated sentence, as every answer to an unanswerable
question does. The area is under the risk over the coverage, of all questions.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np

from bench.common import data, emit, json_lines, parser
from ragkit import Ragkit, Settings
from ragkit.answer.risk import drawn
from ragkit.records import Answer, SourceItem
from tools.logistic import FOLDS, SEEDS, auroc, fit

#: Coverages at which the risk is shown.
SHOWN = (0.1, 0.25, 0.5, 0.75, 1.0)
SETTINGS = {"answering.min_answerable": 0.0}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question, its passage, where the passage's sentences stand, and which of them are annotated."""

    uri: str
    question: str
    text: str
    spans: tuple[tuple[int, int], ...]
    gold: frozenset[int]


class Texts:
    """A connector of the passages."""

    source = "texts"

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases

    def items(self) -> Iterator[SourceItem]:
        for case in self._cases:
            raw = case.text.encode()
            yield SourceItem(uri=case.uri, token=case.uri, open=partial(io.BytesIO, raw), size=len(raw), media_type="text/plain")


def load(kind: str, limit: int) -> list[Case]:
    rows = json_lines(data(f"answering/clapnq_{kind}_dev.jsonl"))[: limit or None]
    return [_case(f"{kind}{number}", row) for number, row in enumerate(rows)]


def _case(uri: str, row: Mapping[str, Any]) -> Case:
    passage = row["passages"][0]
    spans, at = [], 0
    for sentence in passage["sentences"]:
        start = passage["text"].find(sentence, at)
        if start < 0:
            raise SystemExit(f"{uri}: a sentence is not in its passage: {sentence[:60]!r}")
        at = start + len(sentence)
        spans.append((start, at))
    chosen = set(row["output"][0]["selected_sentences"])
    gold = frozenset(i for i, sentence in enumerate(passage["sentences"]) if sentence in chosen)
    return Case(uri=uri, question=row["input"], text=passage["text"], spans=tuple(spans), gold=gold)


def asked(kit: Ragkit, cases: Sequence[Case], stored: Sequence[Case]) -> list[tuple[Answer, dict[str, float]]]:
    """The answers, and the signals behind ``answerable``, from a store of ``stored``."""
    with Ragkit.in_memory(embedder=kit.embedder, settings=kit.settings) as store:
        store.ingest(Texts(stored))
        answers = [store.ask(case.question, mode="quote") for case in cases]
        return [(answer, store.answer_record(answer.record_id)["signals"]) for answer in answers]


def cited(answer: Answer, by_uri: Mapping[str, Case]) -> set[tuple[str, int]]:
    """The sentences that citations cover by half or more."""
    found = set()
    for citation in (c for sentence in answer.sentences for c in sentence.citations):
        for number, (start, end) in enumerate(by_uri[citation.uri].spans):
            both = min(end, citation.end_char_index) - max(start, citation.start_char_index)
            if 2 * both >= end - start:
                found.add((citation.uri, number))
    return found


def citations(named: Sequence[set[tuple[str, int]]], cases: Sequence[Case]) -> dict[str, float]:
    gold = [{(case.uri, number) for number in case.gold} for case in cases]
    right = [len(n & g) for n, g in zip(named, gold, strict=True)]
    answered = [(r, len(n)) for r, n in zip(right, named, strict=True) if n]
    return {
        "sentences cited": round(sum(map(len, named)) / len(named), 3),
        "precision, micro": round(sum(right) / max(1, sum(map(len, named))), 4),
        "recall, micro": round(sum(right) / sum(map(len, gold)), 4),
        "precision, mean": round(sum(r / n for r, n in answered) / max(1, len(answered)), 4),
        "recall, mean": round(sum(r / len(g) for r, g in zip(right, gold, strict=True)) / len(gold), 4),
    }


def held_out(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Probabilities by models that did not see the row."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(y))
    found = np.zeros(len(y))
    for k in range(FOLDS):
        beta = fit(x[fold != k], y[fold != k], np.ones(int((fold != k).sum())))
        found[fold == k] = 1 / (1 + np.exp(-(x[fold == k] @ beta[:-1] + beta[-1])))
    return found


def abstention(signals: Sequence[Mapping[str, float]], named: Sequence[set[tuple[str, int]]], cases: Sequence[Case]) -> dict[str, Any]:
    names = list(json.loads((files("ragkit.answer") / "answerable.json").read_text("utf-8"))["weights"])
    x = np.array([[row.get(name, 0.0) for name in names] for row in signals])
    y = np.array([float(bool(case.gold)) for case in cases])
    wrong = [not any((case.uri, number) in found for number in case.gold) for case, found in zip(cases, named, strict=True)]
    tries = [held_out(x, y, seed) for seed in range(SEEDS)]
    curves = [drawn(p.tolist(), wrong, len(wrong)) for p in tries]
    return {
        "AUROC, cross-validated": round(float(np.mean([auroc(p[y == 1], p[y == 0]) for p in tries])), 4),
        "area under risk-coverage": round(float(np.mean([curve.area for curve in curves])), 4),
        **{
            f"risk at coverage {share:g}": round(
                float(np.mean([next(p.risk for p in c.points if p.coverage >= share - 1e-9) for c in curves])), 4
            )
            for share in SHOWN
        },
        "curve": [[round(p.coverage, 4), round(p.risk, 4)] for p in curves[0].points],
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N questions of each kind")
    given = arguments.parse_args()
    shipped = json.loads((files("ragkit.answer") / "answerable.json").read_text("utf-8"))["cross_validated_auroc"]
    yes, no = (load(kind, given.limit) for kind in ("answerable", "unanswerable"))
    cases = yes + no
    by_uri = {case.uri: case for case in cases}
    settings = Settings().with_values(**SETTINGS)
    rows, curves = [], {}
    with Ragkit.in_memory(settings=settings) as kit:
        for name in ("each question with its own passage", "all passages in one store"):
            own = name.startswith("each")
            found = [pair for case in cases for pair in asked(kit, [case], [case])] if own else asked(kit, cases, cases)
            named = [cited(answer, by_uri) for answer, _ in found]
            told = abstention([signals for _, signals in found], named, cases)
            curves[name] = told.pop("curve")
            recorded = shipped.get(f"CLAPnq dev, {name}")
            head = {"set": name, "questions": len(cases), **citations(named[: len(yes)], yes)}
            rows.append({**head, "AUROC, the shipped fit's cross-validation": recorded, **told})
    emit("clapnq", rows, complete=not given.limit, curves=curves, settings=settings.model_dump(exclude={"parsing", "generation"}))


if __name__ == "__main__":
    main()
