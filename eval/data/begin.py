"""BEGIN's responses of dialogue models (Dziri et al. 2022), each against one sentence or passage of knowledge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..claims import Claim
from .base import Converter, Item
from .rows import tabs

#: What is generic says nothing that the knowledge could back.
_LABELS = {"Fully attributable": "supported", "Not fully attributable": "unsupported", "Generic": "unsupported"}
_HEADER = ("model_name", "data_source", "knowledge", "message", "response", "begin_label")


class Begin(Converter):
    """The response is the claim, its knowledge the evidence; the source is the data and the model that wrote it."""

    NAME = "begin"
    READS = "tab-separated lines with model_name, data_source, knowledge, message, response, begin_label"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        for path in files:
            for number, row in enumerate(tabs(path, _HEADER), 1):
                yield Claim(
                    id=f"{row.text('data_source')}-{number}" if len(files) == 1 else f"{path.stem}-{number}",
                    text=row.text("response"),
                    evidence=(row.text("knowledge"),),
                    label=row.choice("begin_label", _LABELS),
                    source=f"{row.text('data_source')}, {row.text('model_name')}",
                )
