"""Gold passages: where a question's answer stands, as spans of the documents that a system can open, else as their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ragkit.records import Jsonable, record

from .questions import Relevant
from .response import Passage

Span = tuple[int, int]

#: What may stand before the end of a URI that names a document.
_BORDERS = "/#:"


@record
class Gold(Jsonable):
    """One place that holds the answer: ``uri`` and ``quote`` as the question names it, and its ``gain`` (0: judged, not relevant).

    ``uris`` are the documents that it names, ``spans`` the passages of each; an empty list of spans stands for the whole document.
    No ``uris``: there is no such document, or the quote is not in it; then nothing can match it, and it still counts among what
    should have been found. ``uris`` is ``None`` where the documents cannot be opened; then names and words are compared.
    """

    id: str
    uri: str
    quote: str | None = None
    gain: int = 1
    uris: tuple[str, ...] | None = None
    spans: tuple[tuple[Span, ...], ...] = ()

    def matches(self, uri: str, start: int, end: int) -> bool:
        """Whether ``[start, end)`` of the document is this place, or overlaps it by a character or more."""
        if self.uris is None or uri not in self.uris:
            return False
        spans = self.spans[self.uris.index(uri)]
        return not spans or any(start < high and low < end for low, high in spans)

    def covers(self, passage: Passage) -> bool:
        """Whether a passage is this place or overlaps it: by offsets where both have them, else by the words of the quote."""
        if self.uris is not None and passage.start is not None and passage.end is not None:
            return self.matches(passage.uri, passage.start, passage.end)
        if passage.uri and not names(self.uri, passage.uri):
            return False
        return bool(passage.uri) if self.quote is None else _holds(passage.text, self.quote)


def _holds(text: str, quote: str) -> bool:
    """Whether one of the two stands in the other, white space and case aside."""
    shown, wanted = (" ".join(one.split()).casefold() for one in (text, quote))
    return bool(shown) and (wanted in shown or shown in wanted)


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


def locate(
    relevant: Sequence[Relevant], uris: Iterable[str] | None = None, text: Callable[[str], str] | None = None
) -> tuple[Gold, ...]:
    """The gold places of one question; ``text`` gives a document's text. Without both, places are known by name and words alone."""
    known = None if uris is None or text is None else tuple(uris)
    return tuple(_gold(f"gold:{number}", item, known, text) for number, item in enumerate(relevant))


def _gold(name: str, item: Relevant, known: tuple[str, ...] | None, text: Callable[[str], str] | None) -> Gold:
    made = Gold(id=name, uri=item.uri, quote=item.quote, gain=item.gain)
    if known is None or text is None:
        return made
    found = [uri for uri in known if names(item.uri, uri)]
    if item.quote is None:
        return replace(made, uris=tuple(found), spans=((),) * len(found))
    places = {uri: find_quote(text(uri), item.quote) for uri in found}
    places = {uri: spans for uri, spans in places.items() if spans}
    return replace(made, uris=tuple(places), spans=tuple(places.values()))
