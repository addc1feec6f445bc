"""From the setting ``answering.verifier`` to what checks sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ragkit.answer.judging import NotJudged
from ragkit.answer.verify import AlignmentVerifier
from ragkit.contracts import Generator, Verifier
from ragkit.errors import PluginError, SettingsError
from ragkit.models import load
from ragkit.models.rerank import TokenCache
from ragkit.plugins import BROKEN, loaded, offered
from ragkit.records import Verdict
from ragkit.settings import Settings

_CROSS, _JUDGE = "cross-encoder:", "judge:"
_KNOWN = "alignment, cross-encoder:NAME, judge and judge:MODEL"
#: Entry points of other packages' verifiers: what they name is called with the settings, and gives the verifier.
GROUP = "ragkit.verifiers"


def named(settings: Settings, tokens: TokenCache, given: Generator | None = None) -> Verifier:
    """The verifier that the settings name. ``given`` is the generator that was put in place of the settings'; ``judge`` asks it.

    Raises:
        SettingsError: there is no such verifier, or no model to ask.
        ModelError: its model cannot be loaded.
        PluginError: the package that offers it is broken.
    """
    name = settings.answering.verifier
    if name == "alignment":
        return AlignmentVerifier(tokens)
    if name.startswith(_CROSS) and name != _CROSS:
        from ragkit.answer.crossencoder import CrossEncoderVerifier

        return CrossEncoderVerifier(name.removeprefix(_CROSS))
    if name == "judge" or (name.startswith(_JUDGE) and name != _JUDGE):
        return _judge(settings, name.removeprefix("judge").removeprefix(":"), given)
    others = offered(GROUP)
    if name in others:
        return _plugged(name, settings)
    listed = "".join(f", {one}" for one in others) or "; no installed package offers another one"
    raise SettingsError(f"answering.verifier is {name!r}; there are {_KNOWN}{listed}")


class Guarded:
    """Another package's verifier, closed where it fails: an exception, or what is no verdict, is no support."""

    def __init__(self, name: str, verifier: Verifier) -> None:
        self._verifier = verifier
        self.id = f"{name}:{verifier.id}"

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        try:
            verdict = self._verifier.judge(claim, evidence)
            _check(verdict, claim, evidence)
        except BROKEN as error:
            reason = f"{type(error).__name__}: {error}"
            return NotJudged(support=0.0, unsupported_spans=((0, len(claim)),) if claim else (), reason=reason)
        return verdict


def _plugged(name: str, settings: Settings) -> Verifier:
    factory = loaded(GROUP, name)
    try:
        found = factory(settings)
    except BROKEN as error:
        raise PluginError(f"the verifier {name!r} cannot be made: {error}; set answering.verifier to alignment to do without") from error
    if not isinstance(found, Verifier):
        raise PluginError(f"the verifier {name!r} is a {type(found).__name__}, which has no id or cannot judge")
    return Guarded(name, found)


def _check(verdict: Verdict, claim: str, evidence: Sequence[str]) -> None:
    if not isinstance(verdict, Verdict):
        raise TypeError(f"it gave a {type(verdict).__name__}, not a Verdict")
    for value in (verdict.support, verdict.contradiction):
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise ValueError(f"it gave {value} where a probability was asked for")
    if not all(0 <= index < len(evidence) for index in verdict.supporting):
        raise ValueError(f"it named {verdict.supporting} of {len(evidence)} pieces of evidence")
    if not all(0 <= start <= end <= len(claim) for start, end in verdict.unsupported_spans):
        raise ValueError("it named a span outside the claim")


def _judge(settings: Settings, model: str, given: Generator | None) -> Verifier:
    from ragkit.answer.llm_judge import JudgeVerifier

    if given is not None and not model:
        return JudgeVerifier(given)
    # A model of its own: the one that writes is in the middle of a sentence when its last one is checked.
    values = settings.generation.model_copy(update={"temperature": 0.0, "logit_bias": {}} | ({"model": model} if model else {}))
    found = load.generator(values)
    if found is None:
        raise SettingsError("answering.verifier is judge, and generation.model none; name a model, as judge:MODEL, or set it to alignment")
    return JudgeVerifier(found)
