"""What the language model makes of a question before it is searched. What it writes is searched, never shown as an answer."""

from __future__ import annotations

import re

from ragkit.answer.reading import Reply
from ragkit.contracts import Generator
from ragkit.query.condense import Before
from ragkit.settings import GenerationSettings
from ragkit.text.words import terms

#: Characters of one query at most, and tokens that are asked for.
LONGEST, TOKENS = 300, 96
_LINE = "[^\\n\\r<>`\\[\\]]"
_COMPLETE = "You rewrite the last question of a conversation so that it can be understood alone. Write only the question."
_OTHERS = (
    "You help to search documents. Write two short questions that together find what the question asks: its parts if it has parts, "
    "else the same in other words. One on each line, nothing else."
)
_PASSAGE = "Write two sentences of an encyclopedia that answer the question. State facts; do not mention the question."


def completed(generator: Generator, question: str, before: Before, limits: GenerationSettings) -> str | None:
    """``question`` as the model completes it from the turn before; ``None``: it says something that neither of them said.

    Raises:
        ModelError: the model failed.
    """
    said = " ".join(text[:LONGEST] for text in before.cited[:2])
    user = f"Question: {before.question}\nAnswer: {said}\nLast question: {question}"
    found = _reply(generator, _COMPLETE, user, f'root ::= {_LINE}{{3,{LONGEST}}} "?"', limits)
    known = {*terms(question), *terms(before.question), *terms(" ".join((*before.cited, *before.titles)))}
    return found if found and set(terms(found)) <= known else None


def others(generator: Generator, question: str, limits: GenerationSettings) -> tuple[str, ...]:
    """Two questions to search beside ``question``.

    Raises:
        ModelError: the model failed.
    """
    line = f'{_LINE}{{3,150}} "?"'
    found = _reply(generator, _OTHERS, f"Question: {question}", f'root ::= {line} "\\n" {line}', limits)
    lines = (re.sub(r"^\s*(?:\d+[.)]|[-*])\s*", "", text).strip() for text in found.splitlines())
    return tuple(dict.fromkeys(text for text in lines if text and text != question))


def passage(generator: Generator, question: str, limits: GenerationSettings) -> str:
    """A passage such as one that answers ``question`` might be, its facts invented (HyDE: Gao et al. 2022, Precise Zero-Shot Dense
    Retrieval without Relevance Labels).

    Raises:
        ModelError: the model failed.
    """
    return _reply(generator, _PASSAGE, question, None, limits)


def _reply(generator: Generator, system: str, user: str, grammar: str | None, limits: GenerationSettings) -> str:
    reply = Reply(
        lambda: generator.stream(system, user, grammar=grammar, max_tokens=min(TOKENS, limits.max_tokens)),
        seconds=limits.timeout_s,
        characters=16 * TOKENS,
    )
    return "".join(reply).strip()
