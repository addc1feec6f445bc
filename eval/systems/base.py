"""What a system under measurement is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ..questions import Question
from ..response import Response


@runtime_checkable
class System(Protocol):
    """Anything that answers questions.

    Traps: what goes wrong with one question is a :class:`Response` with a ``failure``, not an exception; the passages are in the order
    of the ranking, each once; an abstention is said so and never told as an answer's text. ``about`` holds what tells two
    systems apart (settings, versions, hashes of models) and no secret.
    """

    @property
    def name(self) -> str: ...

    def about(self) -> dict[str, Any]:
        """Plain values that are kept with the run."""
        ...

    def respond(self, question: Question, k: int) -> Response:
        """The answer, and the ``k`` best passages."""
        ...


@runtime_checkable
class Texts(Protocol):
    """A system whose documents can be opened, so that citations are checked against them and gold is found by offsets."""

    def uris(self) -> Sequence[str]: ...

    def text(self, uri: str) -> str: ...
