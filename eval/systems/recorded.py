"""Recorded answers as a system: JSON lines, each with the question's ``_id``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError

from ..questions import Question
from ..response import Response
from .shapes import BadResponse, response


class BadRecording(RagkitError, ValueError):
    """A line of recorded answers cannot be read."""


class RecordedSystem:
    """The answers in ``path``, in one of the shapes of :func:`~ragkit.eval.systems.shapes.response`. A question that has none is a failure.

    Raises:
        BadRecording: a line is no object, has no ``_id`` or one that stands twice, or no answer in it.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        raw = path.read_bytes()
        self._sha256 = hashlib.sha256(raw).hexdigest()
        self._found: dict[str, Response] = {}
        for number, line in enumerate(raw.decode("utf-8-sig").splitlines(), 1):
            if line.strip():
                name, made = self._read(line, f"{path}, line {number}")
                self._found[name] = made

    def _read(self, line: str, place: str) -> tuple[str, Response]:
        try:
            tree = json.loads(line)
            if not isinstance(tree, dict) or "_id" not in tree:
                raise BadResponse('it is no object with the question\'s "_id"')
            name = str(tree.pop("_id"))
            if name in self._found:
                raise BadResponse(f"the _id {name!r} stands on an earlier line too")
            return name, response(tree)
        except ValueError as error:
            raise BadRecording(f"{place}: {error}") from error

    @property
    def name(self) -> str:
        return self._path.stem

    def about(self) -> dict[str, Any]:
        return {"recorded": str(self._path), "sha256": self._sha256, "answers": len(self._found)}

    def respond(self, question: Question, k: int) -> Response:
        return self._found.get(question.id, Response(failure=f"{self._path.name} holds no answer to {question.id!r}"))
