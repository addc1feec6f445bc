"""Answers that are given again: to the same question of the same asker, as long as nothing has changed that could change them.

A key holds all that an answer depends on. A question in other words is the same one where :mod:`ragkit.answer.semantic` says so.
Entries of a generation are dropped as soon as one of a later generation comes. The cache is of one process and one open store, so an
erasure takes it along with everything else that the process remembers.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from ragkit.answer.semantic import Meaning, cosine
from ragkit.records import Answer


class Key(NamedTuple):
    """What an answer depends on. ``principal`` is the set of names that asks, ``None``: nobody in particular, who sees all;
    ``models`` are the ids or hashes of the models."""

    question: str
    mode: str
    filter: str | None
    principal: frozenset[str] | None
    generation: int
    settings: str
    models: tuple[str, ...]


class Kept(NamedTuple):
    """An answer, the content of its record, and, where other wordings may ask for it, what its question asks."""

    answer: Answer
    content: Mapping[str, Any]
    meaning: Meaning | None = None


def normalised(question: str) -> str:
    """A question without what can change no answer: its white space, and how its characters are composed.

    >>> normalised(" Who  built\\nit? ")
    'Who built it?'
    """
    return " ".join(unicodedata.normalize("NFC", question).split())


class AnswerCache:
    """The ``size`` answers that were asked for last, all of one generation; with a size of 0 none. Safe for threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._generation = -1
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        """What was kept under ``key``."""
        with self._lock:
            self._come_to(key.generation)
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def near(self, key: Key, meaning: Meaning, threshold: float) -> tuple[Kept, float] | None:
        """What was kept under a key that differs in its question alone, which asks the same; the most similar, and its cosine."""
        with self._lock:
            self._come_to(key.generation)
            found = [
                (cosine(meaning, kept.meaning), other)
                for other, kept in self._kept.items()
                if kept.meaning is not None and other._replace(question=key.question) == key
            ]
            best, other = max(found, key=lambda one: one[0], default=(-1.0, key))
            if best < threshold:
                return None
            self._kept.move_to_end(other)
            return self._kept[other], best

    def put(self, key: Key, kept: Kept) -> None:
        """Keep an answer, unless the store has gone on since."""
        with self._lock:
            self._come_to(key.generation)
            if key.generation == self._generation and self._size:
                self._kept[key] = kept
                self._kept.move_to_end(key)
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)

    def _come_to(self, generation: int) -> None:
        if generation > self._generation:
            self._generation = generation
            self._kept.clear()
