"""Brings a store in step with a connector that a test has made, as ``Ragkit.sync`` does with one that it finds itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ragkit import Ragkit
from ragkit.contracts import Connector
from ragkit.records import IngestOptions, IngestReport
from ragkit.testing.fakes import SyntheticEmbedder


@contextmanager
def store() -> Iterator[Ragkit]:
    """An empty store that needs no model."""
    with Ragkit.in_memory(embedder=SyntheticEmbedder(32)) as kit:
        yield kit


def sync(kit: Ragkit, connector: Connector, *, source: str = "source") -> IngestReport:
    """One listing of ``connector``, taken in; what it no longer lists is removed."""
    with kit._writing():
        return kit._ingestor().run({source: connector.items()}, IngestOptions(), remove_missing=True)


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    """Added, updated, unchanged, removed."""
    return report.added, report.updated, report.unchanged, report.removed
