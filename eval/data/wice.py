"""WiCE's claims (Kamoi et al. 2023): against the sentences of a whole article, with the sets of sentences that support them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..claims import Claim
from .base import Converter, Item
from .rows import Row, json_lines

_LABELS = {"supported": "supported", "partially_supported": "partially supported", "not_supported": "unsupported"}


class Wice(Converter):
    """Claims or subclaims, with their supporting sentences where the file has them."""

    NAME = "wice"
    READS = "JSON lines with claim, evidence, label and perhaps supporting_sentences"

    def items(self, files: Sequence[Path], options: Mapping[str, str]) -> Iterator[Item]:
        for path in files:
            for number, row in enumerate(json_lines(path), 1):
                yield Claim(
                    id=_name(row, f"{path.stem}-{number}" if len(files) > 1 else str(number)),
                    text=row.text("claim"),
                    evidence=tuple(row.texts("evidence")),
                    label=row.choice("label", _LABELS),
                    source="WiCE",
                    supporting=tuple(tuple(one) for one in row.many("supporting_sentences", needed=False) if one),
                )


def _name(row: Row, default: str) -> str:
    meta = row.tree.get("meta")
    return str(meta["id"]) if isinstance(meta, Mapping) and meta.get("id") else default
