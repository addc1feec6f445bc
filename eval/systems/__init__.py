"""What can be measured: a store of ragkit's, a Python callable, an HTTP endpoint, recorded answers, pipelines of other frameworks.

``ragkit.eval.systems.langchain``, ``.llamaindex`` and ``.haystack`` hold the adapters of those.
"""

from __future__ import annotations

from .base import System, Texts
from .called import CallableSystem
from .endpoint import EndpointSystem
from .recorded import RecordedSystem
from .store import StoreSystem

__all__ = ["CallableSystem", "EndpointSystem", "RecordedSystem", "StoreSystem", "System", "Texts"]
