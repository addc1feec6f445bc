"""What came of one question: the record that every measure reads."""

from __future__ import annotations

from ragkit.records import Answer, Citation, Hit, Jsonable, record

from .gold import Gold
from .questions import Question


@record
class Outcome(Jsonable):
    """A question, what should have been found, what was found and what was answered.

    ``answer`` is ``None`` when only retrieval was run. ``verbatim`` says of each citation, in the order of
    :meth:`citations`, whether the source's text at its span is its ``cited_text``.
    """

    question: Question
    gold: tuple[Gold, ...] = ()
    hits: tuple[Hit, ...] = ()
    answer: Answer | None = None
    verbatim: tuple[bool, ...] = ()

    def citations(self) -> list[Citation]:
        """Every citation of the answer's sentences, in order."""
        return [] if self.answer is None else [c for sentence in self.answer.sentences for c in sentence.citations]

    def is_gold(self, citation: Citation) -> bool:
        """Whether a citation overlaps a gold place."""
        return any(g.matches(citation.uri, citation.start_char_index, citation.end_char_index) for g in self.gold)

    def ranking(self) -> list[str]:
        """The hits as a ranking of ids in which nothing stands twice.

        A hit counts as the gold places that it overlaps. Other hits count by themselves where the gold is given as
        quotes, and by their document where it is given as documents; a document then has the rank of its best passage.
        """
        quoted = any(spans for g in self.gold for spans in g.spans)
        found: dict[str, None] = {}
        for hit in self.hits:
            span = (hit.start_char_index, hit.end_char_index)
            places = [g.id for g in self.gold if g.matches(hit.uri, *span)]
            other = f"{hit.uri}[{span[0]}:{span[1]}]" if quoted else hit.uri
            found.update(dict.fromkeys(places or [other]))
        return list(found)

    def judged(self) -> dict[str, int]:
        """The gold places as judgements: id to gain."""
        return {g.id: 1 for g in self.gold}
