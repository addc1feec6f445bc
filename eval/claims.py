"""Claim files: JSON lines, one claim with its evidence and a person's label a line.

::

    {"_id": "c1", "claim": "The dome was built in 1931.", "evidence": ["It was opened on 14 October 1931.", "It rained."],
     "label": "supported", "source": "history", "supporting": [[0]]}

``evidence`` are passages or sentences, judged together. ``label`` is one of :data:`LABELS`; only ``supported`` is the positive class.
``source`` names where the claim is from, by which figures are told apart. ``supporting`` are the sets of evidence, by index from 0, any
one of which is enough. All but ``claim``, ``evidence`` and ``label`` may be left out; the ``_id`` is then the line's number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

#: What a label may be.
LABELS = ("supported", "partially supported", "unsupported", "contradicted")
#: Truth values, as people's own files have them.
_TRUTH = {True: "supported", False: "unsupported"}


class BadClaim(RagkitError, ValueError):
    """A line of a claim file is not a claim."""


@record
class Claim(Jsonable):
    """A claim, the evidence it is judged against, and the label that people gave it."""

    id: str
    text: str
    evidence: tuple[str, ...]
    label: str
    source: str = ""
    supporting: tuple[tuple[int, ...], ...] = ()

    @property
    def supported(self) -> bool:
        return self.label == "supported"

    def to_line(self) -> dict[str, Any]:
        """The object that stands on the claim's line of a file."""
        made: dict[str, Any] = {"_id": self.id, "claim": self.text, "evidence": list(self.evidence), "label": self.label}
        if self.source:
            made["source"] = self.source
        if self.supporting:
            made["supporting"] = [list(one) for one in self.supporting]
        return made


def read_claims(paths: Iterable[Path]) -> list[Claim]:
    """The claims of some files, in order.

    Raises:
        BadClaim: a line is not a claim, an ``_id`` stands twice in a file, or a file holds no claim at all.
        OSError: a file cannot be read.
    """
    every: list[Claim] = []
    for path in paths:
        found: dict[str, Claim] = {}
        with path.open(encoding="utf-8-sig") as lines:
            for place, claim in parse_claims(lines, str(path)):
                if claim.id in found:
                    raise BadClaim(f"{place}: the _id {claim.id!r} stands on an earlier line too; each needs its own")
                found[claim.id] = claim
        if not found:
            raise BadClaim(f'{path}: no claim; a line is {{"claim", "evidence", "label"}}; convert other forms with: ragkit eval data')
        every += found.values()
    return every


def parse_claims(lines: Iterable[str], name: str = "claims") -> Iterator[tuple[str, Claim]]:
    """The claims of some lines, each with its place in words.

    Raises:
        BadClaim: a line is not a claim.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{name}, line {number}"
            yield place, _claim(line, number, place)


def _claim(line: str, number: int, place: str) -> Claim:
    try:
        tree = json.loads(line)
    except ValueError as error:
        raise BadClaim(f"{place}: not JSON: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("claim"), str) or not tree["claim"].strip():
        raise BadClaim(f'{place}: expected an object with "claim", a string that is not empty')
    evidence, source = tree.get("evidence"), tree.get("source", "")
    if not isinstance(evidence, list) or not all(isinstance(one, str) for one in evidence):
        raise BadClaim(f'{place}: "evidence" is not a list of strings')
    if not isinstance(source, str):
        raise BadClaim(f'{place}: "source" is not a string')
    return Claim(
        id=str(tree.get("_id", number)),
        text=tree["claim"],
        evidence=tuple(evidence),
        label=_label(tree.get("label"), place),
        source=source,
        supporting=_sets(tree.get("supporting", []), len(evidence), place),
    )


def _label(given: Any, place: str) -> str:
    label = _TRUTH.get(given, "") if isinstance(given, bool) else given
    if label not in LABELS:
        raise BadClaim(f'{place}: "label" is {given!r}; it is one of {", ".join(LABELS)}, or true or false')
    return str(label)


def _sets(given: Any, count: int, place: str) -> tuple[tuple[int, ...], ...]:
    sets = given if isinstance(given, list) else [None]
    if not all(isinstance(one, list) and all(type(i) is int and 0 <= i < count for i in one) for one in sets):
        raise BadClaim(f'{place}: "supporting" is a list of lists of whole numbers from 0 to {count - 1}, the places in "evidence"')
    return tuple(tuple(one) for one in sets if one)
