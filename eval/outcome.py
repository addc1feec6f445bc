"""What came of one question: the record that every measure reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragkit.records import Jsonable, record

from .gold import Gold
from .questions import Question, Relevant
from .response import Cited, Passage, Response


@record
class Outcome(Jsonable):
    """A question, where its answer stands, and what the system gave."""

    question: Question
    gold: tuple[Gold, ...] = ()
    response: Response = Response(asked=False)

    @property
    def answered(self) -> bool:
        """Whether there is an answer: it was asked, and did not fail, abstain or come back empty."""
        return self.response.asked and self.response.state == "answered"

    @property
    def relevant(self) -> tuple[Gold, ...]:
        """The gold places that are relevant; others are judged not to be."""
        return tuple(gold for gold in self.gold if gold.gain > 0)

    def cites_gold(self, cited: Cited) -> bool:
        """Whether a citation overlaps a relevant gold place. An invented one does not."""
        passage = self.response.resolved(cited)
        return passage is not None and self.is_gold(passage)

    def is_gold(self, passage: Passage) -> bool:
        """Whether a passage overlaps a relevant gold place."""
        return any(gold.gain > 0 and gold.covers(passage) for gold in self.gold)

    def ranking(self) -> list[str]:
        """The passages as a ranking of ids in which nothing stands twice.

        A passage counts as the gold places that it overlaps. Others count by themselves where the gold is given as quotes, and by
        their document where it is given as documents; a document then has the rank of its best passage.
        """
        quoted = any(gold.quote or any(gold.spans) for gold in self.gold)
        found: dict[str, None] = {}
        for number, passage in enumerate(self.response.passages):
            places = [gold.id for gold in self.gold if gold.covers(passage)]
            place = f"[{passage.start}:{passage.end}]" if passage.start is not None else f"[{number}]"
            found.update(dict.fromkeys(places or [f"{passage.uri}{place}" if quoted else passage.uri]))
        return list(found)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Outcome:
        """The inverse of ``to_dict``."""
        question = tree["question"]
        relevant = tuple(Relevant(**one) for one in question["relevant"])
        gold = tuple(
            Gold(
                **{
                    **one,
                    "uris": None if one["uris"] is None else tuple(one["uris"]),
                    "spans": tuple(tuple((a, b) for a, b in spans) for spans in one["spans"]),
                }
            )
            for one in tree["gold"]
        )
        return cls(
            question=Question(**{**question, "answers": tuple(question["answers"]), "relevant": relevant}),
            gold=gold,
            response=Response.from_dict(tree["response"]),
        )

    def judged(self) -> dict[str, int]:
        """The gold places as judgements: id to gain."""
        return {gold.id: gold.gain for gold in self.gold}
