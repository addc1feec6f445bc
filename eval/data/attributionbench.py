"""AttributionBench's claims (Li et al. 2024), gathered from seven sets of attributed answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..claims import Claim
from .base import Converter, Item
from .rows import json_lines

_LABELS = {"attributable": "supported", "not attributable": "unsupported"}


class AttributionBench(Converter):
    """``references`` are the evidence, ``src_dataset`` is the source."""

    NAME = "attributionbench"
    READS = "JSON lines with claim, references, attribution_label, src_dataset and id"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        for path in files:
            for row in json_lines(path):
                yield Claim(
                    id=row.name("id"),
                    text=row.text("claim"),
                    evidence=tuple(row.texts("references")),
                    label=row.choice("attribution_label", _LABELS),
                    source=row.text("src_dataset", ""),
                )
