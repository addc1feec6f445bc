"""A Python callable as a system."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..questions import Question
from ..response import Response
from .shapes import response


class CallableSystem:
    """``function`` takes the question's text and returns what :func:`~ragkit.eval.systems.shapes.response` reads: a text with ``[1]``
    markers, an object with ``answer`` and ``passages``, or a :class:`~ragkit.eval.response.Response`.

    Whatever it raises is the question's failure.

    >>> system = CallableSystem(lambda question: {"answer": "On Fridays [1].", "passages": ["Rye bread is baked on Fridays."]})
    >>> system.respond(Question(id="1", text="When is rye bread baked?"), 10).statements[0].citations[0].passage
    0
    """

    def __init__(self, function: Callable[[str], Any], *, name: str = "", about: Mapping[str, Any] | None = None) -> None:
        self._function = function
        self._name = name or getattr(function, "__qualname__", type(function).__name__)
        self._about = dict(about or {})

    @property
    def name(self) -> str:
        return self._name

    def about(self) -> dict[str, Any]:
        return {"function": f"{getattr(self._function, '__module__', '')}:{self._name}", **self._about}

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: response(self._function(question.text)), k)


def timed(run: Callable[[], Response], k: int) -> Response:
    """What ``run`` gives, its first ``k`` passages, with the seconds that it took; what it raises as a failure."""
    began = time.perf_counter()
    try:
        made = run()
    except Exception as error:  # noqa: BLE001 - somebody else's system: whatever goes wrong in it is what is measured
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return Response(failure=told, timings={"total_s": time.perf_counter() - began})
    seconds = {"total_s": time.perf_counter() - began}
    cut = made.passages if made.statements else made.passages[:k]  # indices of citations stay what they are
    return replace(made, passages=cut, timings={**seconds, **made.timings})
