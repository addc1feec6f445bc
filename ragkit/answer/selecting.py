"""Evidence for a question that has several wordings, or asks of several things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

from ragkit.answer.evidence import Selection
from ragkit.records import Evidence


def selected(choose: Callable[[str], Selection], wordings: Sequence[str], parts: Sequence[str], count: int) -> Selection:
    """What ``choose`` finds for the wording that is answered best; of a question that asks of several things, each part's evidence in
    turn, so that none of them goes without."""
    best = max(map(choose, wordings), key=lambda selection: selection.answerable)
    if not parts or not best.evidence:
        return best
    turns = [one for turn in zip_longest(*(choose(part).evidence for part in parts)) for one in turn if one is not None]
    places = {_place(one): one for one in reversed(turns)}
    order = list(dict.fromkeys(map(_place, turns)))[:count]
    return replace(best, evidence=tuple(replace(places[place], id=number) for number, place in enumerate(order, 1)))


def _place(evidence: Evidence) -> tuple[int, int, int]:
    return evidence.document_id, evidence.start_char_index, evidence.end_char_index
