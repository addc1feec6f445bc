"""A cross-encoder as verifier: models of natural language inference, and those of factual consistency such as HHEM or MiniCheck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragkit.answer import judging
from ragkit.errors import ModelError
from ragkit.records import Verdict

#: How labels of support and of contradiction begin, lower case; a label that begins with a negation is the absence of support.
SUPPORT = ("entail", "support", "consistent", "attribut", "faithful", "factual", "true", "yes")
AGAINST = ("contradict", "refut", "conflict")
#: A reader's patience: pairs that are read at once.
BATCH = 8
_LEAST_TOKENS = 16


class CrossEncoderVerifier:
    """A :class:`ragkit.contracts.Verifier` from a sentence-transformers cross-encoder, a folder or a hub id, that reads
    ``(evidence, claim)``.

    One output is the log-odds of support. Of several, the labels of the model's ``config.json`` say which is support, and which
    contradiction; two without names are taken as "not supported, supported".
    """

    def __init__(self, name: str) -> None:
        from sentence_transformers import CrossEncoder

        self._name = name
        try:
            self._model = CrossEncoder(name, device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"verifier {name!r} cannot be loaded: not a folder, and the hub did not give it ({error}). "
                "Set answering.verifier to alignment to do without"
            ) from error
        self._support, self._against = columns(name, self._model.model.config.id2label)
        self._tokenizer: Any = self._model.tokenizer
        self._room = _room(self._tokenizer, self._model)

    @property
    def id(self) -> str:
        return f"cross-encoder:{self._name}"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """``claim`` against all of ``evidence``, window by window."""
        return judging.read(claim, evidence, lambda text: self._tokens(text, claim) <= self._room, lambda texts: self._scores(texts, claim))

    def _tokens(self, text: str, claim: str) -> int:
        return len(self._tokenizer(text, claim, truncation=False, verbose=False)["input_ids"])

    def _scores(self, texts: list[str], claim: str) -> list[tuple[float, float]]:
        import numpy as np
        import torch

        many = self._support is not None
        shares = torch.nn.Softmax(dim=-1) if many else torch.nn.Sigmoid()
        found = self._model.predict([(text, claim) for text in texts], batch_size=BATCH, activation_fn=shares, show_progress_bar=False)
        table = np.asarray(found, np.float64).reshape(len(texts), -1)
        if self._support is None:
            return [(float(row[0]), 0.0) for row in table]
        return [(float(row[self._support]), 0.0 if self._against is None else float(row[self._against])) for row in table]


def columns(name: str, labels: Mapping[int, str]) -> tuple[int | None, int | None]:
    """Which of the model's outputs are support and contradiction; ``None``: there is but one output, or no such label.

    Raises:
        ModelError: the labels do not say which is support.
    """
    if len(labels) == 1:
        return None, None
    plain = {number: str(label).lower() for number, label in labels.items()}
    support = [number for number, label in plain.items() if label.startswith(SUPPORT)]
    against = [number for number, label in plain.items() if label.startswith(AGAINST)]
    if not support and len(plain) == 2 and all(label == f"label_{number}" for number, label in plain.items()):
        support = [1]
    if len(support) != 1:
        raise ModelError(
            f"verifier {name!r}: its labels {list(labels.values())} do not say which one is support; name it entailment or supported in "
            "id2label of the model's config.json"
        )
    return int(support[0]), int(against[0]) if against else None


def _room(tokenizer: Any, model: Any) -> int:
    """Tokens of a pair that the model reads; what is longer would be cut off."""
    positions = getattr(model.model.config, "max_position_embeddings", None)
    padding = 2 if getattr(model.model.config, "model_type", "") in ("roberta", "xlm-roberta", "camembert") else 0
    limits = (tokenizer.model_max_length, (positions or 0) - padding)
    return max(_LEAST_TOKENS, min((int(most) for most in limits if most and 0 < most < 1e9), default=512))
