"""What a converter is: one file's worth of knowledge of one public format, from rows to ragkit's own four kinds of lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from ..claims import Claim
from ..questions import Question
from ..response import Response


class BadData(RagkitError, ValueError):
    """A file of a data set is not what its format says; the message has the file and, where it is made of lines, the line."""


@record
class Text(Jsonable):
    """A document of a data set. Ingested from a file ``documents.jsonl``, its URI ends in ``#`` and its id."""

    id: str
    text: str
    title: str = ""

    def to_line(self) -> dict[str, Any]:
        """The object that stands on the document's line of a file."""
        return {"_id": self.id, "title": self.title, "text": self.text}


@record
class Recorded(Jsonable):
    """What a system gave for a question, by the question's id; read back by :class:`ragkit.eval.systems.recorded.RecordedSystem`."""

    id: str
    response: Response

    def to_line(self) -> dict[str, Any]:
        """The response's keys beside the question's ``_id``; what is empty or unknown is left out."""
        told = {key: value for key, value in self.response.to_dict().items() if value not in (None, "", [], {})}
        told["passages"] = [_full(one) for one in told.get("passages", [])]
        if "statements" in told:
            told["statements"] = [{**one, "citations": [_full(cited) for cited in one["citations"]]} for one in told["statements"]]
        return {"_id": self.id, **told}


def _full(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if value not in (None, "")}


Item = Question | Text | Claim | Recorded


class Converter(ABC):
    """Reads one format. It opens files as data, one line at a time where the format has lines, and runs nothing."""

    NAME: ClassVar[str]
    #: One sentence: what it reads.
    READS: ClassVar[str]
    #: Names of the options that it takes (``--option KEY=VALUE``), with what each is.
    OPTIONS: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        """Everything in ``files`` (a folder was replaced by what is in it).

        Raises:
            BadData: a file is not in this format, or one that it needs is missing.
        """
