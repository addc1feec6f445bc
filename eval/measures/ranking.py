"""From scores to a ranking, as trec_eval does it."""

from __future__ import annotations

from collections.abc import Mapping


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Ids by falling score; of equal scores, the id that sorts last comes first.

    >>> ranked({"a": 1.0, "b": 2.0, "c": 1.0})
    ['b', 'c', 'a']
    """
    return sorted(scores, key=lambda name: (scores[name], name), reverse=True)


def relevant(judged: Mapping[str, int]) -> set[str]:
    """The ids that are judged relevant: their gain is above 0."""
    return {name for name, gain in judged.items() if gain > 0}
