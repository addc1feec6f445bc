"""For tests: conformance suites for the contracts, and fakes. ragkit's own parts pass the suites, and so should a plug-in's.

Each suite is a class of pytest tests. Subclass it, and give it what it tests by overriding its fixtures-to-be::

    class TestMyParser(ParserConformance):
        def parser(self): return MyParser()
        def samples(self): return [b"some content"]
"""

from __future__ import annotations

from ragkit.testing.conformance import (
    ConnectorConformance,
    EmbedderConformance,
    GeneratorConformance,
    ParserConformance,
    RerankerConformance,
    VerifierConformance,
    require,
)
from ragkit.testing.fakes import Blown, Fuse, FusedEmbedder, ScriptedGenerator, SyntheticEmbedder

__all__ = [
    "Blown",
    "ConnectorConformance",
    "EmbedderConformance",
    "Fuse",
    "FusedEmbedder",
    "GeneratorConformance",
    "ParserConformance",
    "RerankerConformance",
    "ScriptedGenerator",
    "SyntheticEmbedder",
    "VerifierConformance",
    "require",
]
