"""The converters on the real sets, where the folder in ``RAGKIT_DATA`` holds them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ragkit.eval.claims import read_claims
from ragkit.eval.data.convert import convert
from ragkit.eval.gold import find_quote
from ragkit.eval.measures import contains
from ragkit.eval.questions import read_questions

#: The set, its files, options, and how many lines of each kind come of it.
SETS = [
    ("cranfield", ["retrieval/cranfield"], {}, {"questions.jsonl": 225, "documents.jsonl": 1400}),
    ("cisi", ["retrieval/cisi"], {}, {"questions.jsonl": 76, "documents.jsonl": 1460}),
    ("npl", ["retrieval/npl"], {}, {"questions.jsonl": 93, "documents.jsonl": 11429}),
    ("scifact", ["retrieval/scifact"], {}, {"questions.jsonl": 809, "documents.jsonl": 5183}),
    ("xquad-en", ["answering/xquad_en_dev.json"], {}, {"questions.jsonl": 473, "documents.jsonl": 100}),
    ("xquad-de", ["answering/xquad_de_dev.json"], {}, {"questions.jsonl": 473, "documents.jsonl": 100}),
    ("xquad-zh", ["answering/xquad_zh_dev.json"], {}, {"questions.jsonl": 473, "documents.jsonl": 100}),
    (
        "clapnq",
        ["answering/clapnq_answerable_dev.jsonl", "answering/clapnq_unanswerable_dev.jsonl"],
        {},
        {"questions.jsonl": 303, "documents.jsonl": 303},
    ),
    ("wice", ["grounding/wice_claims_dev.jsonl"], {}, {"claims.jsonl": 349}),
    ("attributionbench", ["grounding/attributionbench_dev.jsonl"], {}, {"claims.jsonl": 1198}),
    ("begin", ["grounding/begin_dev_wow.tsv"], {}, {"claims.jsonl": 430}),
    ("scifact-claims", ["grounding/scifact_claims_train.csv", "retrieval/scifact/corpus.jsonl"], {}, {"claims.jsonl": 919}),
    (
        "sec-10q",
        ["answering/sec_10q/data/v1/qna_data.csv"],
        {"question": "Question", "answers": "Answer", "class": "Question Type"},
        {"questions.jsonl": 195},
    ),
]
LABELS = {
    "wice": {"supported": 115, "partially supported": 191, "unsupported": 43},
    "attributionbench": {"supported": 599, "unsupported": 599},
    "begin": {"supported": 180, "unsupported": 250},
    "scifact-claims": {"supported": 370, "unsupported": 355, "contradicted": 194},
}


@pytest.mark.parametrize(("name", "sources", "options", "counts"), SETS, ids=[one[0] for one in SETS])
def test_a_real_set(name: str, sources: list[str], options: dict[str, str], counts: dict[str, int], tmp_path: Path) -> None:
    """Every line arrives; each quote stands in the document that it names and holds an answer; labels are those of the set."""
    folder = os.environ.get("RAGKIT_DATA")
    places = [Path(folder or "", one) for one in sources]
    if not folder or not all(place.exists() for place in places):
        pytest.skip(f"RAGKIT_DATA names no folder that holds {', '.join(sources)}")
    assert convert(name, places, tmp_path, options).files == counts
    if "claims.jsonl" in counts:
        assert Counter(claim.label for claim in read_claims([tmp_path / "claims.jsonl"])) == LABELS[name]
    else:
        _check(tmp_path, exact=name.startswith("xquad"))


def _check(folder: Path, *, exact: bool) -> None:
    file = folder / "documents.jsonl"
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    texts = {row["_id"]: row["text"] for row in rows}
    for question in read_questions(folder / "questions.jsonl"):
        for place in question.relevant:
            assert place.uri in texts
            assert place.quote is None or find_quote(texts[place.uri], place.quote)
        if exact:
            quotes = [place.quote or "" for place in question.relevant]
            assert any(contains(quote, question.answers, whole_words=False) for quote in quotes), question.id
