"""Fits ``ragkit/answer/answerable.json``: does the evidence answer the question?

    python tools/fit_answerable.py DATA > ragkit/answer/answerable.json

``DATA`` holds ``answering/xquad_en_dev.json`` and ``answering/clapnq_{answerable,unanswerable}_dev.jsonl``. Positives: XQuAD
questions with all articles in the store, CLAPnq's answerable questions. Negatives: XQuAD questions while every third article,
theirs among them, is missing; CLAPnq's unanswerable questions beside their near-miss passages, those of all questions in one
store and each alone. The three sets weigh the same.
The figures in the file come from five-fold cross-validation.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from logistic import fitted

from ragkit import Ragkit
from ragkit.answer.asked import KINDS
from ragkit.answer.evidence import select
from ragkit.records import SourceItem

SIGNALS = ("alignment", "union", "dense", "sentence", "pair", "content", "unmatched", "expected", *(f"asks_{one}" for one in KINDS[:-1]))


class _Texts:
    """A connector of what is at hand."""

    source = "texts"

    def __init__(self, items: list[SourceItem]) -> None:
        self._items = items

    def items(self) -> Iterator[SourceItem]:
        return iter(self._items)


def signals_of(texts: dict[str, str], questions: list[str], kit: Ragkit) -> np.ndarray:
    """``(questions, signals)`` of a store that holds just ``texts``."""
    with Ragkit.in_memory(embedder=kit.embedder) as store:
        items = [
            SourceItem(uri=uri, token=uri, open=partial(io.BytesIO, text.encode()), size=len(text), media_type="text/plain")
            for uri, text in texts.items()
        ]
        store.ingest(_Texts(items))
        rows = []
        with store._searcher.pin() as pinned:
            for question in questions:
                found = pinned.search(question, store.settings.answering.passages)
                signals = select(question, found, pinned, store._tokens, 3).signals
                rows.append([signals.get(name, 0.0) for name in SIGNALS])
        return np.array(rows)


def xquad(data: Path, kit: Ragkit) -> tuple[np.ndarray, np.ndarray]:
    articles = json.loads((data / "answering/xquad_en_dev.json").read_text("utf-8"))["data"]
    texts = {f"{i}_{j}": p["context"] for i, a in enumerate(articles) for j, p in enumerate(a["paragraphs"])}
    asked = [(i, q["question"]) for i, a in enumerate(articles) for p in a["paragraphs"] for q in p["qas"]]
    positive = signals_of(texts, [q for _, q in asked], kit)
    negative = []
    for hole in range(3):
        kept = {uri: text for uri, text in texts.items() if int(uri.split("_")[0]) % 3 != hole}
        negative.append(signals_of(kept, [q for i, q in asked if i % 3 == hole], kit))
    return positive, np.concatenate(negative)


def clapnq(data: Path, kit: Ragkit) -> list[tuple[np.ndarray, np.ndarray]]:
    """Answerable and not: with all passages in one store, and each question with its own passage."""
    sets = {
        name: [json.loads(line) for line in (data / f"answering/clapnq_{name}_dev.jsonl").read_text("utf-8").splitlines()]
        for name in ("answerable", "unanswerable")
    }
    texts = {f"{name}{i}": row["passages"][0]["text"] for name, rows in sets.items() for i, row in enumerate(rows)}
    together = [signals_of(texts, [row["input"] for row in rows], kit) for rows in sets.values()]
    alone = [
        np.concatenate([signals_of({"passage": row["passages"][0]["text"]}, [row["input"]], kit) for row in rows]) for rows in sets.values()
    ]
    return [(together[0], together[1]), (alone[0], alone[1])]


def main(data: Path) -> dict[str, Any]:
    with Ragkit.in_memory() as kit:
        together, alone = clapnq(data, kit)
        sets = {
            "XQuAD-en dev, article missing": xquad(data, kit),
            "CLAPnq dev, all passages in one store": together,
            "CLAPnq dev, each question with its own passage": alone,
        }
    return fitted(sets, SIGNALS, "tools/fit_answerable.py")


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1])), indent=2))
