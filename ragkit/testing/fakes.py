"""Fakes for tests: parts that fail on demand, and parts that need no model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ragkit.contracts import TokenVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Blown", "Fuse", "FusedEmbedder", "ScriptedGenerator", "SyntheticEmbedder"]

_TOKEN = re.compile(r"\S+")
_EDGE = "".join(c for c in map(chr, range(33, 127)) if not c.isalnum())
_KEPT_WORDS = 8192



class ScriptedGenerator:
    """A generator that says what it is told, however false, in small pieces; then raises ``error``, if there is one."""

    id, sha256 = "scripted", ""

    def __init__(self, reply: str, *, error: Exception | None = None, piece: int = 7) -> None:
        self._reply = reply
        self._error = error
        self._piece = piece

    def count_tokens(self, text: str) -> int:
        """Words."""
        return len(text.split())

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        """The script, whatever is asked."""
        for at in range(0, len(self._reply), self._piece):
            yield self._reply[at : at + self._piece]
        if self._error is not None:
            raise self._error


class SyntheticEmbedder:
    """Vectors without a model: a text's is the sum of a random one for each word, made from the word's hash.

    Texts that share words are near one another, the same text has the same bits in every process, and nothing heavier than
    numpy is loaded: for tests of what is done with vectors, not of what they mean. Tokens are runs of characters that are no
    white space. Another ``seed`` or ``dimension`` is another model, with another ``sha256``.
    """

    def __init__(self, dimension: int = 384, *, seed: int = 0, max_tokens: int = 256) -> None:
        self.id = f"synthetic-{dimension}-{seed}"
        self.sha256 = hashlib.sha256(self.id.encode()).hexdigest()
        self.dimension = dimension
        self.max_tokens = max_tokens
        self._word = lru_cache(_KEPT_WORDS)(self._make_word)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Runs of characters that are no white space, of each text."""
        return [len(_TOKEN.findall(text)) for text in texts]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, L2-normalised; a text without words has a vector of its own."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            words = [_bare(match) for match in _TOKEN.findall(text)[: self.max_tokens]] or [""]
            total = np.sum([self._word(word) for word in words], axis=0, dtype=np.float64)
            vectors[i] = total / np.linalg.norm(total)
        return vectors

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """For each text the vectors of its words, wherever they stand."""
        import numpy as np

        found = []
        for text in texts:
            places = list(_TOKEN.finditer(text))
            words = [self._word(_bare(place.group())) for place in places]
            vectors = np.array(words, np.float32).reshape(-1, self.dimension)
            starts, ends = (np.array([cut(place) for place in places], np.int32) for cut in (re.Match.start, re.Match.end))
            found.append(TokenVectors(vectors, starts, ends))
        return found

    def _make_word(self, word: str) -> NDArray[np.float32]:
        import numpy as np

        digest = hashlib.blake2b(f"{self.id} {word}".encode(), digest_size=16).digest()
        vector = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little"))).standard_normal(self.dimension)
        unit: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


def _bare(token: str) -> str:
    """The token without case and without punctuation around it."""
    return token.casefold().strip(_EDGE) or token


class Blown(BaseException):
    """What a blown :class:`Fuse` raises: no handler of errors takes it for one, as none outlives the process."""


class Fuse:
    """Ends a piece of work at a chosen step, as if its process were killed there.

    Until :meth:`set` says otherwise it lets everything pass. Once blown, every further step blows as well, those of the
    cleaning up among them.
    """

    def __init__(self) -> None:
        self._left: int | None = None
        self.blown = False

    def set(self, steps: int | None) -> None:
        """Let ``steps`` steps pass from now on and none after; ``None``: all of them."""
        self._left, self.blown = steps, False

    def step(self) -> None:
        """One step.

        Raises:
            Blown: it is beyond the last that passes.
        """
        if self._left is None:
            return
        self.blown = self._left <= 0
        if self.blown:
            raise Blown
        self._left -= 1


class FusedEmbedder(SyntheticEmbedder):
    """A :class:`SyntheticEmbedder` whose every call of :meth:`embed` is a step of ``fuse``."""

    def __init__(self, fuse: Fuse, dimension: int = 384) -> None:
        super().__init__(dimension)
        self._fuse = fuse

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the class above does, while the fuse holds."""
        self._fuse.step()
        return super().embed(texts)
