"""Stores that are brought in step with sources on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ragkit import Ragkit
from ragkit.records import IngestReport
from ragkit.settings import Settings
from ragkit.testing.fakes import SyntheticEmbedder


@contextmanager
def store() -> Iterator[Ragkit]:
    """An empty store that needs no model, and may fetch from this machine."""
    settings = Settings().with_values(**{"sources.allow_hosts": ["127.0.0.1"]})
    with Ragkit.in_memory(settings=settings, embedder=SyntheticEmbedder(32)) as kit:
        yield kit


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    """Added, updated, unchanged, removed."""
    return report.added, report.updated, report.unchanged, report.removed
