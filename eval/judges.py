"""A judge of claims by its name."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ragkit.contracts import Verifier
from ragkit.errors import SettingsError
from ragkit.plugins import BROKEN
from ragkit.records import Verdict
from ragkit.settings import Settings

from .floor import LexicalFloor

#: What the setting ``answering.verifier`` knows with a colon, and is no module.
_OWN = ("cross-encoder:", "judge:")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class FunctionJudge:
    """A plain function ``(claim, evidence) -> support`` or ``-> Verdict`` as a :class:`ragkit.contracts.Verifier`."""

    def __init__(self, name: str, function: Callable[[str, Sequence[str]], Any]) -> None:
        self.id = name
        self._function = function

    def judge(self, claim: str, evidence: Sequence[str]) -> Verdict:
        """What the function says."""
        said = self._function(claim, evidence)
        return said if isinstance(said, Verdict) else Verdict(support=float(said))


@contextmanager
def judge_named(name: str | None, settings: Settings) -> Iterator[Verifier]:
    """The judge ``name``: as in the setting ``answering.verifier`` (``None``: the one that is set), ``lexical``, or
    ``package.module:object``: a verifier, a class of them that takes no arguments, or a function of a claim and its evidence.

    Raises:
        SettingsError: there is none by that name.
        ModelError: its model cannot be loaded.
    """
    name = name or settings.answering.verifier
    if name == "lexical":
        yield LexicalFloor()
    elif _ENTRY.fullmatch(name) and not name.startswith(_OWN):
        yield _imported(name)
    else:
        from ragkit.api import Ragkit

        with Ragkit.in_memory(settings=settings.with_values(**{"answering.verifier": name})) as kit:
            yield kit.verifier


def _imported(name: str) -> Verifier:
    place, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(place), attribute)
        found = found() if inspect.isclass(found) else found
    except BROKEN as error:
        raise SettingsError(
            f"verifier {name}: {error}; it is package.module:object of an installed package, or of a folder in PYTHONPATH"
        ) from error
    if isinstance(found, Verifier):
        return found
    if callable(found):
        return FunctionJudge(name, found)
    raise SettingsError(
        f"verifier {name}: it is {type(found).__name__}, neither a verifier (id, judge) nor a function of claim and evidence"
    )
