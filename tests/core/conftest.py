"""The real models, loaded once a session, and small stores filled from real prose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one; their helpers stand beside them

from ragkit import Ragkit
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator

LIGHTHOUSE = """The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury. It stands 34 metres above the sea.

Its lamp burned whale oil until 1903. In that year the keepers installed a paraffin burner, which used a third of the fuel.

The last keeper, Tom Reid, left on 4 May 1988. Since then the light has been automatic, and the harbour office in Dunmore watches it.
"""
BAKERY = """The bakery in Mill Lane opens at six in the morning and closes at two. It is shut on Mondays.

Rye bread is baked on Tuesdays and Fridays only. A loaf costs 4.20 euros, and members of the cooperative pay 3.50 euros.

Orders for more than ten loaves must be placed two days ahead by telephone.
"""
GLACIER = """The Hallan glacier lost eleven metres of length a year between 1990 and 2015.

Scientists drill ice cores there every second summer. The deepest core reached 212 metres and holds air from the fourteenth century.

Visitors may walk on the ice only with a guide.
"""


@pytest.fixture(scope="session")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture(scope="session")
def generator() -> LlamaCppGenerator:
    return LlamaCppGenerator()


@pytest.fixture
def kit(embedder: SentenceTransformerEmbedder, generator: LlamaCppGenerator) -> Iterator[Ragkit]:
    """An empty store with the real models."""
    with Ragkit.in_memory(embedder=embedder, generator=generator) as made:
        yield made


@pytest.fixture(scope="module")
def filled(embedder: SentenceTransformerEmbedder, generator: LlamaCppGenerator) -> Iterator[Ragkit]:
    """A store of three texts that tests only read."""
    with Ragkit.in_memory(embedder=embedder, generator=generator) as made:
        made.add_text(LIGHTHOUSE, uri="lighthouse", title="Skerry Point", metadata={"year": 1871, "kind": "building"})
        made.add_text(BAKERY, uri="bakery", title="Mill Lane", metadata={"year": 1999, "kind": "shop"}, acl=["anna", "staff"])
        made.add_text(GLACIER, uri="glacier", title="Hallan", metadata={"kind": "nature"})
        yield made
