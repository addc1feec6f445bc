"""Gold passages: where a question's answer stands, as spans of the documents in the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ragkit.records import Jsonable, record

from .questions import Relevant

Span = tuple[int, int]

#: What may stand before the end of a URI that names a document.
_BORDERS = "/#:"


@record
class Gold(Jsonable):
    """One place that holds the answer. ``uris`` are the store's documents that it names, ``spans`` the passages of each.

    No ``uris``: the store has no such document, or the quote is not in it; then nothing can match it, and it still
    counts among what should have been found. An empty list of spans stands for the whole document.
    """

    id: str
    uris: tuple[str, ...]
    spans: tuple[tuple[Span, ...], ...]

    def matches(self, uri: str, start: int, end: int) -> bool:
        """Whether ``[start, end)`` of the document is this place, or overlaps it by a character or more."""
        if uri not in self.uris:
            return False
        spans = self.spans[self.uris.index(uri)]
        return not spans or any(start < high and low < end for low, high in spans)


def names(suffix: str, uri: str) -> bool:
    """Whether ``suffix`` is ``uri`` or an end of it.

    >>> names("history.html", "/docs/history.html"), names("story.html", "/docs/history.html")
    (True, False)
    """
    return uri == suffix or (uri.endswith(suffix) and (suffix[0] in _BORDERS or uri[-len(suffix) - 1] in _BORDERS))


def find_quote(text: str, quote: str) -> tuple[Span, ...]:
    """Every place of ``text`` where ``quote`` stands, white space aside."""
    words = [re.escape(word) for word in quote.split()]
    return tuple(match.span() for match in re.finditer(r"\s+".join(words), text)) if words else ()


def locate(relevant: Sequence[Relevant], uris: Iterable[str], text: Callable[[str], str]) -> tuple[Gold, ...]:
    """The gold places of one question; ``text`` gives a document's canonical text."""
    known = tuple(uris)
    return tuple(_gold(f"gold:{number}", item, known, text) for number, item in enumerate(relevant))


def _gold(name: str, item: Relevant, known: tuple[str, ...], text: Callable[[str], str]) -> Gold:
    found = [uri for uri in known if names(item.uri, uri)]
    if item.quote is None:
        return Gold(id=name, uris=tuple(found), spans=((),) * len(found))
    places = {uri: find_quote(text(uri), item.quote) for uri in found}
    places = {uri: spans for uri, spans in places.items() if spans}
    return Gold(id=name, uris=tuple(places), spans=tuple(places.values()))
