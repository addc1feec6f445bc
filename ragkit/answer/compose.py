"""Prose from evidence: the generator's reply cut into sentences with their citations, each checked as it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragkit.answer import prompts
from ragkit.answer.reading import Reply
from ragkit.contracts import Generator, Windowed
from ragkit.errors import ModelError
from ragkit.records import Evidence
from ragkit.settings import Settings

#: Characters of one token, at most on average: what writes more takes no notice of its limit.
LONGEST_TOKEN = 16
#: Tokens that a chat format may put around a prompt.
FORMAT_TOKENS = 64

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


def within(generator: Generator, question: str, evidence: Sequence[Evidence], *, items: bool, settings: Settings) -> list[Evidence]:
    """The first of ``evidence``, as many as the prompt has room for in the generator's own tokens: within its context less the longest
    reply, where it tells its context, and within ``answering.evidence_tokens``. Nothing is cut in the middle."""
    spotlight, most = settings.answering.spotlight, settings.answering.evidence_tokens
    system = prompts.chosen(settings.answering, items=items)
    frame = generator.count_tokens(system) + generator.count_tokens(prompts.user_prompt(question, (), spotlight))
    room = generator.context - settings.generation.max_tokens - FORMAT_TOKENS - frame if isinstance(generator, Windowed) else None
    kept: list[Evidence] = []
    used = 0
    for one in evidence:
        used += generator.count_tokens(prompts.line(one, spotlight)) + 1
        if (room is not None and used > room) or (most and used > most):
            break
        kept.append(one)
    return kept


def pieces(
    generator: Generator, question: str, evidence: Sequence[Evidence], *, items: bool, settings: Settings, left_out: list[int]
) -> Iterator[str]:
    """The generator's reply to ``question`` from ``evidence``, under the grammar and within the limits of ``settings``. ``items``: the
    evidence is a list that is asked for. The ids of evidence that the prompt has no room for are put into ``left_out``."""
    spotlight, limits = settings.answering.spotlight, settings.generation

    def start() -> Iterator[str]:
        kept = within(generator, question, evidence, items=items, settings=settings)
        left_out.extend(e.id for e in evidence[len(kept) :])
        if not kept:
            raise ModelError("its prompt has no room for any evidence; raise generation.context or answering.evidence_tokens")
        most = max(prompts.LENGTHS[settings.answering.length].sentences, len(kept) if items else 0)
        rules = prompts.grammar([e.id for e in kept], most, items=items)
        system, user = prompts.chosen(settings.answering, items=items), prompts.user_prompt(question, kept, spotlight)
        return generator.stream(system, user, grammar=rules, max_tokens=limits.max_tokens)

    reply = Reply(start, seconds=limits.timeout_s, characters=LONGEST_TOKEN * limits.max_tokens)
    return map(prompts.unmarked, reply) if spotlight == "datamark" else iter(reply)
