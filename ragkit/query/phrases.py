"""The things that an English question speaks of, by its words alone: names, and nouns with their articles."""

from __future__ import annotations

import re

from ragkit.records import record

#: Words that end a noun phrase: prepositions, conjunctions, auxiliaries, pronouns.
_ENDS = frozenset(
    "in on at of to from for by with without near during before after since until into onto over under about between against through "
    "as than and or but if when where while that which who whose how why what is are was were be been being am do does did has have had "
    "can could will would shall should may might must not there he she it they them him his her its their we you i me my your our this "
    "these those also still ever first".split()
)
#: Verbs that stand behind their subject and look like nouns to a table of endings.
_VERBS = frozenset(
    "built made won lost found begin began begun start stop open opens close closes take takes took taken give gives gave given go goes "
    "went gone come comes came become became get gets got say says said see saw seen know knew known call work works live lives stand "
    "stands stood hold holds held keep keeps kept leave left run runs grow grew grown fall fell fallen rise rose write wrote written "
    "sell sells sold buy bought pay paid cost costs mean means meant happen happens end ends use uses "
    "need needs die dies born burn burns lie lies "
    "look last have lead led bring brought think thought win lose make put set cut read eat drink weigh weighs measure contain contains "
    "drawn shown sent spent taught told understood worn broken chosen driven flown frozen hidden spoken stolen thrown grind grinds speak "
    "change move reach produce play serve belong belongs join create develop appear occur exist begin".split()
)
_DETERMINERS = frozenset("the a an his her its their our my your".split())
#: Behind these come the subject and then the verb.
_HELPERS = frozenset("do does did can could will would shall should may might must".split())
#: What may stand within a name.
_LINKS = frozenset("of de der van von".split())
_PLACES = frozenset("in on at near during from before after since until".split())
_TOKEN = re.compile(r"[^\W_][\w’'./-]*[^\W_]|[^\W_]|[^\w\s]")
_QUESTION_WORDS = frozenset("what which who whom whose when where why how".split())


@record
class Phrase:
    """A thing that a text names. ``[start, end)`` is its place; ``name``: it is a proper name; ``place``: it stands behind a
    preposition of place or time."""

    text: str
    start: int
    end: int
    name: bool
    place: bool


def phrases(text: str) -> list[Phrase]:
    """The names and the nouns with an article in ``text``, in order."""
    words = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
    found: list[Phrase] = []
    at = 0
    while at < len(words):
        size = _name(words, at) or _noun(words, at)
        if size:
            start, end = words[at][1], words[at + size - 1][2]
            before = words[at - 1][0].lower() if at else ""
            own = text[start:end]
            named = any(word[:1].isupper() for word in own.split()[(0 if at else 1) :])
            found.append(Phrase(text=own, start=start, end=end, name=named, place=before in _PLACES))
        at += size or 1
    return found


def _name(words: list[tuple[str, int, int]], at: int) -> int:
    """How many words from ``at`` are a capitalised name; the first word of a sentence is one only where another follows."""
    size = 0
    while at + size < len(words) and _capital(words[at + size][0]):
        size += 1
    first = at == 0 or words[at - 1][0] in ".?!"
    if first and (size < 2 or words[at][0].lower() in _ENDS | _DETERMINERS | _QUESTION_WORDS):
        return 0
    while size and at + size + 1 < len(words) and words[at + size][0] in _LINKS and _capital(words[at + size + 1][0]):
        size += 2
        while at + size < len(words) and _capital(words[at + size][0]):
            size += 1
    return size


def _noun(words: list[tuple[str, int, int]], at: int) -> int:
    """How many words from ``at`` are an article with its nouns; 0 where there is no article."""
    if words[at][0].lower() not in _DETERMINERS:
        return 0
    size = 1
    while at + size < len(words) and size < 6 and _nominal(words[at + size][0], many=size > 1):
        size += 1
    after = words[at + size][0].lower() if at + size < len(words) else "?"
    if size > 2 and at and words[at - 1][0].lower() in _HELPERS and after not in _VERBS:  # a verb that is not known stands within
        size = size - 1 if after in "?.!" else 2
    return size if size > 1 else 0


def _nominal(word: str, *, many: bool) -> bool:
    """Whether a word may go on a noun phrase that has a noun already if ``many``."""
    lower = word.lower()
    if not word[0].isalnum() or lower in _ENDS or lower in _DETERMINERS:
        return False
    return not (many and (lower in _VERBS or lower.endswith("ed")))


def _capital(word: str) -> bool:
    return word[0].isupper() and word != "I" and word.lower() not in _QUESTION_WORDS
