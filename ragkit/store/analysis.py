"""Which analysis of texts a store's terms come from: recorded with the first passages, and kept until all are indexed anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragkit.errors import StoreError
from ragkit.text.words import Analyzer, analyzer

#: What stores that recorded nothing were analysed as.
DEFAULT = "english"


def recorded(state: Mapping[str, Any]) -> Analyzer:
    """The analyzer of the recorded language, as it is installed; English when nothing is recorded."""
    return analyzer((state.get("analysis") or DEFAULT).partition("/")[0])


def difference(state: Mapping[str, Any], wanted: Analyzer) -> str | None:
    """How the recorded analysis differs from ``wanted``, and what mends it; ``None``: it does not, or nothing is recorded."""
    found = state.get("analysis")
    # Stores of the second format recorded no version.
    if found is None or wanted.id == found or wanted.name == found:
        return None
    name = found.partition("/")[0]
    mend = "ragkit reindex" if name == wanted.name else f"set retrieval.language to {name}, or index all anew: ragkit reindex"
    return f"the store's terms were made by the analysis {found}, the settings and the installed Snowball ask for {wanted.id}; {mend}"


def require(state: Mapping[str, Any], wanted: Analyzer) -> None:
    """Refuse to mix the terms of two analyses in one index.

    Raises:
        StoreError: the recorded one is another; the message has the command that mends it.
    """
    fault = difference(state, wanted)
    if fault is not None:
        raise StoreError(fault)
