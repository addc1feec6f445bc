"""What can be measured: a store of ragkit's, a Python callable, an HTTP endpoint, recorded answers, pipelines of other frameworks."""

from __future__ import annotations

from .base import System, Texts
from .store import StoreSystem

__all__ = ["StoreSystem", "System", "Texts"]
