"""People's names in text, by a token-classification model: transformers' or GLiNER's, by folder or hub id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ragkit.errors import MissingExtra, ModelError

#: Characters that the model reads at once, and how many of them it reads again with the next ones.
WINDOW, OVERLAP = 1000, 100
#: What a label ends in when it is of a person (``B-PER``, ``I-PERSON``, ``private_person``).
_PERSON = ("per", "person", "name", "patient", "first_name", "last_name", "givenname", "surname")
_GLINER_LABELS = ["person"]
_GLINER_THRESHOLD = 0.5

Spans = list[tuple[int, int]]


class NamesModel:
    """Calls a model on a text, however long: the spans of names, in order, none over another.

    Raises:
        ModelError: the model cannot be loaded, or has no label for persons; the message says how to get one.
    """

    def __init__(self, name: str) -> None:
        folder = Path(name).expanduser()
        gliner = name.startswith("gliner:") or (folder / "gliner_config.json").is_file()
        self._spans = _gliner(name.removeprefix("gliner:")) if gliner else _transformers(name)

    def __call__(self, text: str) -> Spans:
        found = sorted({span for start, window in _windows(text) for span in ((start + s, start + e) for s, e in self._spans(window))})
        return _joined(text, found)


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """Overlapping parts that begin and end at white space where there is some."""
    start = 0
    while start < len(text):
        end = start + WINDOW
        if end < len(text):
            end = _break(text, start + WINDOW // 2, end) or end
        yield start, text[start:end]
        if end >= len(text):
            return
        start = _break(text, end - OVERLAP, end - 1) or end


def _break(text: str, start: int, end: int) -> int:
    """What follows the last white space of ``[start, end)``; 0 where there is none."""
    return max(text.rfind(c, start, end) for c in " \n") + 1


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Spans:
    """Spans that overlap, or that a space or a hyphen parts, as one; without white space at their ends."""
    joined: Spans = []
    for start, end in spans:
        if joined and (start <= joined[-1][1] or text[joined[-1][1] : start] in (" ", "-")):
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif start < end:
            joined.append((start, end))
    trimmed = [(end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())) for start, end in joined]
    return [(start, end) for start, end in trimmed if start < end]


def _transformers(name: str) -> Any:
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True, trust_remote_code=False)
        model = AutoModelForTokenClassification.from_pretrained(name, trust_remote_code=False, use_safetensors=True).eval()
    except (OSError, ValueError, ImportError, KeyError, json.JSONDecodeError) as error:
        raise _unavailable(name, error) from error
    labels = {number for number, label in model.config.id2label.items() if _of_person(label)}
    if not labels:
        have = ", ".join(map(str, model.config.id2label.values()))
        raise ModelError(f"the names model {name!r} has no label for persons; it has {have}. Set pii.names_model to one that has")

    def spans(text: str) -> Spans:
        batch = tokenizer(text, return_offsets_mapping=True, return_tensors="pt", truncation=True)
        offsets = batch.pop("offset_mapping")[0].tolist()
        with torch.inference_mode():
            best = model(**batch).logits[0].argmax(-1).tolist()
        return [(start, end) for (start, end), label in zip(offsets, best, strict=True) if label in labels and start < end]

    return spans


def _of_person(label: str) -> bool:
    return label.lower().rpartition("-")[2].removeprefix("private_") in _PERSON


def _gliner(name: str) -> Any:
    try:
        from gliner import GLiNER
    except ImportError as error:
        raise MissingExtra(f"the names model {name!r} is a GLiNER model; it takes the package gliner: pip install gliner") from error
    try:
        model = GLiNER.from_pretrained(name)
    except (OSError, ValueError, KeyError) as error:
        raise _unavailable(name, error) from error

    def spans(text: str) -> Spans:
        return [(one["start"], one["end"]) for one in model.predict_entities(text, _GLINER_LABELS, threshold=_GLINER_THRESHOLD)]

    return spans


def _unavailable(name: str, error: Exception) -> ModelError:
    return ModelError(
        f"the names model {name!r} cannot be loaded: not a folder with a token-classification model, and the hub did not give it "
        f"({' '.join(str(error).split())[:200]}). Download one on a machine that has a connection, for instance with "
        "`huggingface-cli download dslim/bert-base-NER --local-dir FOLDER`, and set pii.names_model to FOLDER; "
        "or leave pii.names_model empty: then names are not looked for"
    )
