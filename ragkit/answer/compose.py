"""Prose from evidence: the generator's reply cut into sentences with their citations, each checked as it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragkit.answer import prompts
from ragkit.answer.reading import Reply
from ragkit.contracts import Generator
from ragkit.records import Evidence
from ragkit.settings import Settings

#: Characters of one token, at most on average: what writes more takes no notice of its limit.
LONGEST_TOKEN = 16

#: A sentence, then its citations, then something that is no citation (or the end, once the reply is whole).
_CITED = re.compile(r"(?P<text>[^\[\]]*?\S)\s*(?P<ids>(?:\[\d+\]\s*)+)")
_FORBIDDEN = re.compile(r"https?:|www\.|[<>`\[\]\x00-\x1f]|!\[")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence as the generator wrote it, and the evidence ids that it cites."""

    text: str
    ids: tuple[int, ...]


@dataclass(slots=True)
class Draft:
    """What came from the generator: iterate over pieces, read ``ready()`` after each."""

    reply: str = ""
    _taken: int = 0

    def add(self, piece: str) -> None:
        self.reply += piece

    def ready(self, *, whole: bool = False) -> Iterator[Drafted]:
        """Sentences whose citations are complete, each once. What has no citation is not a sentence of an answer."""
        while match := _CITED.match(self.reply, self._taken):
            if not whole and self.reply[match.end() : match.end() + 1] in ("", "["):
                return  # another citation may follow
            self._taken = match.end()
            text = " ".join(match["text"].split())
            if not _FORBIDDEN.search(text):
                yield Drafted(text, tuple(dict.fromkeys(int(i) for i in re.findall(r"\d+", match["ids"]))))


def pieces(generator: Generator, question: str, evidence: Sequence[Evidence], *, items: bool, settings: Settings) -> Iterator[str]:
    """The generator's reply to ``question`` from ``evidence``, under the grammar and within the limits of ``settings``. ``items``: the
    evidence is a list that is asked for."""
    spotlight, limits = settings.answering.spotlight, settings.generation
    most = max(prompts.LENGTHS[settings.answering.length].sentences, len(evidence) if items else 0)
    rules = prompts.grammar([e.id for e in evidence], most, items=items)
    system, user = prompts.chosen(settings.answering, items=items), prompts.user_prompt(question, evidence, spotlight)
    reply = Reply(
        lambda: generator.stream(system, user, grammar=rules, max_tokens=limits.max_tokens),
        seconds=limits.timeout_s,
        characters=LONGEST_TOKEN * limits.max_tokens,
    )
    return map(prompts.unmarked, reply) if spotlight == "datamark" else iter(reply)
