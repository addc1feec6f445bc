"""A small store with the real embedding model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ragkit import Ragkit, Settings
from ragkit.models.embedder import SentenceTransformerEmbedder

MakeKit = Callable[..., Ragkit]

LIGHTHOUSE = """The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury. It stands 34 metres above the sea.

The last keeper, Tom Reid, left on 4 May 1988. Since then the light has been automatic, and the harbour office in Dunmore watches it.
"""
GLACIER = "The Hallan glacier lost eleven metres of length a year between 1990 and 2015. Visitors may walk on the ice only with a guide."


@pytest.fixture(scope="session")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture
def make_kit(embedder: SentenceTransformerEmbedder) -> Iterator[MakeKit]:
    """Stores with two texts, of which only the staff may see the second one."""
    made: list[Ragkit] = []

    def make(generator: object = None, **values: object) -> Ragkit:
        settings = Settings().with_values(**{key.replace("__", "."): value for key, value in values.items()})
        kit = Ragkit.in_memory(embedder=embedder, generator=generator, settings=settings)  # type: ignore[arg-type]
        kit.add_text(LIGHTHOUSE, uri="lighthouse", title="Skerry Point")
        kit.add_text(GLACIER, uri="glacier", title="Hallan", acl=["staff"])
        made.append(kit)
        return kit

    yield make
    for kit in made:
        kit.close()
