"""ragkit answers questions from your own documents, on your own machine; every sentence of an answer is backed by an
exact passage that you can open, or it is not shown."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragkit.api import Ragkit as Ragkit
    from ragkit.errors import RagkitError as RagkitError
    from ragkit.records import Answer as Answer
    from ragkit.records import Citation as Citation
    from ragkit.records import Hit as Hit
    from ragkit.records import IngestReport as IngestReport
    from ragkit.settings import Settings as Settings
    from ragkit.settings import load_settings as load_settings

__version__ = "0.1.0"

_HOME = {
    "Answer": "ragkit.records",
    "Citation": "ragkit.records",
    "Hit": "ragkit.records",
    "IngestReport": "ragkit.records",
    "Ragkit": "ragkit.api",
    "RagkitError": "ragkit.errors",
    "Settings": "ragkit.settings",
    "load_settings": "ragkit.settings",
}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that ``import ragkit`` stays light (PEP 562)."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'ragkit' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
