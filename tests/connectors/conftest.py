"""Shared by the connectors' tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one; their helpers stand beside them
sys.path.append(str(Path(__file__).parents[2]))  # the benchmarks, which check places too

from ragkit.connectors.sandbox import ParserPool, open_pool
from ragkit.settings import ParsingSettings


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    """A parsing pool with short limits."""
    with open_pool(ParsingSettings(timeout_s=6, memory_mb=512)) as opened:
        yield opened
