"""The models that measures ask, by name. Each is loaded when it is first needed, once a process."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Sequence

from ragkit.answer import verifiers
from ragkit.contracts import Embedder, Generator, Verifier
from ragkit.errors import SettingsError
from ragkit.models import load
from ragkit.models.rerank import TokenCache
from ragkit.records import Verdict
from ragkit.settings import load_settings

from ..floor import LexicalFloor

#: The verifier that needs no model.
LEXICAL = "lexical"
#: Verdicts that are kept: several measures ask about the same sentence and the same evidence.
_VERDICTS = 50_000


class Remembering:
    """A verifier that is asked the same question once."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._kept: OrderedDict[tuple[str, ...], Verdict] = OrderedDict()

    @property
    def id(self) -> str:
        return self._verifier.id

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        key = (claim, *evidence)
        if key not in self._kept:
            self._kept[key] = self._verifier.judge(claim, evidence)
            if len(self._kept) > _VERDICTS:
                self._kept.popitem(last=False)
        return self._kept[key]


def verifier(name: str | Verifier) -> Verifier:
    """``lexical``, or a verifier as the setting ``answering.verifier`` names them; one that is given is taken as it is.

    Raises:
        SettingsError: there is no such verifier, or no model to ask.
        ModelError: its model cannot be loaded.
    """
    return _verifier(name) if isinstance(name, str) else name


def embedder(name: str | Embedder = "") -> Embedder:
    """The embedder of a name as in ``embedding.model``; the default one when it is empty."""
    return _embedder(name) if isinstance(name, str) else name


def generator(name: str | Generator = "") -> Generator:
    """The language model of a name as in ``generation.model``; the default one when it is empty. It decodes greedily.

    Raises:
        SettingsError: the name is ``none``.
    """
    return _generator(name) if isinstance(name, str) else name


@functools.cache
def _verifier(name: str) -> Verifier:
    if name == LEXICAL:
        return Remembering(LexicalFloor())
    return Remembering(verifiers.named(load_settings(values={"answering.verifier": name}), TokenCache(embedder())))


@functools.cache
def _embedder(name: str) -> Embedder:
    return load.embedder(load_settings(values={"embedding.model": name} if name else {}).embedding)


@functools.cache
def _generator(name: str) -> Generator:
    values: dict[str, str | float] = {"generation.temperature": 0.0} | ({"generation.model": name} if name else {})
    found = load.generator(load_settings(values=values).generation)
    if found is None:
        raise SettingsError("generation.model is none; name a language model to judge answers, as in: judged right(model=NAME)")
    return found
