"""From the setting ``answering.verifier`` to what checks sentences."""

from __future__ import annotations

from ragkit.answer.verify import AlignmentVerifier
from ragkit.contracts import Generator, Verifier
from ragkit.errors import SettingsError
from ragkit.models import load
from ragkit.models.rerank import TokenCache
from ragkit.settings import Settings

_CROSS, _JUDGE = "cross-encoder:", "judge:"
_KNOWN = "alignment, cross-encoder:NAME, judge and judge:MODEL"


def named(settings: Settings, tokens: TokenCache, given: Generator | None = None) -> Verifier:
    """The verifier that the settings name. ``given`` is the generator that was put in place of the settings'; ``judge`` asks it.

    Raises:
        SettingsError: there is no such verifier, or no model to ask.
        ModelError: its model cannot be loaded.
    """
    name = settings.answering.verifier
    if name == "alignment":
        return AlignmentVerifier(tokens)
    if name.startswith(_CROSS) and name != _CROSS:
        from ragkit.answer.crossencoder import CrossEncoderVerifier

        return CrossEncoderVerifier(name.removeprefix(_CROSS))
    if name == "judge" or (name.startswith(_JUDGE) and name != _JUDGE):
        return _judge(settings, name.removeprefix("judge").removeprefix(":"), given)
    raise SettingsError(f"answering.verifier is {name!r}; there are {_KNOWN}")


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
