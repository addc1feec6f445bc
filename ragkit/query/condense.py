"""Follow-up questions completed from the turn before, by rules for English that need no model.

A question that stands alone is returned as it is. The rules look at words alone, so they are made to leave a question alone
where they are in doubt: a follow-up that is not completed finds what it did before, one that is completed wrongly does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ragkit.query.phrases import Phrase, phrases
from ragkit.records import record

_AUX = "is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must"
_PREPOSITIONS = "in|on|at|for|from|to|by|with|without|during|before|after|since|until|under|over|near|between|among|around|through"
_BARE = re.compile(
    r"(?:(?:and|but|so|or)\s+)?(?P<word>why(?: not)?|when|where|who|whom|how|how (?:much|many|long|old|far|often|high|tall|big|come)"
    r"|since when|by whom|for whom|with whom|what for|which one|which ones|which)\s*[?!.]*",
    re.I,
)
_ABOUT = re.compile(r"(?:and |but |so )?(?:what|how) about (?P<thing>.+?)\s*[?!.]*", re.I)
_FRAGMENT = re.compile(r"(?P<lead>and|but|or)\s+(?P<thing>.+?)\s*[?!.]*", re.I)
_OF_TIME = re.compile(rf"(?:and |but |or )?(?P<prep>{_PREPOSITIONS})\s+(?P<rest>[^?]+?)\s*[?!.]*", re.I)
_MORE = re.compile(
    r"(?:and )?(?:tell me more|go on|say more|more(?: details)?|what else|anything else)(?: about (?:it|that|this|them))?\s*[?!.]*", re.I
)
_FRAGMENT_WORDS = 5
_HAS_VERB = re.compile(rf"\b(?:{_AUX}|what|who|whom|when|where|why|how|which)\b", re.I)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_WH = re.compile(rf"(?:what|which|who|whom|whose|when|where|why|how)\b(?:(?!\b(?:{_AUX})\b)[^,?])*?\s*(?=\b(?:{_AUX})\b)", re.I)
_WH_SUBJECT = re.compile(r"(?:who|what)\s+", re.I)
_LEADING = re.compile(
    r"(?:other than|in|after|before|during|despite|while|when|with|besides|because of|like|unlike|upon|on|at|since|for)\b.*?"
    r"(?:,|\b(?:what|who|which|when|where|how)\b)",
    re.I,
)
#: What is asked of a thing, so that "And the height?" asks of the same thing as before.
_PROPERTY = re.compile(
    r"(?:the |its |his |her |their )?(?:height|price|cost|name|age|size|population|author|date|reason|capital|owner|colou?r|weight"
    r"|length|width|depth|speed|address|opening hours|hours|number|year|cause|result|purpose|architect|builder|founder|director"
    r"|language|area|climate|history|origin|meaning|effect|effects|fee|fees|deadline|temperature|currency|location|title|duration|distance)s?",
    re.I,
)
_PERSON = re.compile(r"\b(?:he|him|his|she|her|hers|himself|herself)\b(?!['’])", re.I)
_PLURAL = re.compile(r"\b(?:they|them|their|theirs|themselves)\b", re.I)
_THING = re.compile(r"\b(?:it|its|itself)\b(?!['’])", re.I)
_PLACE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere\b(?!\s+(?:is|are|was|were|be|been|exist)\b)|\bthere(?=\s*[?.!]*$)", re.I
)
_WHOSE = re.compile(r"\b(?:his|her|its|their)\s+\w", re.I)
#: Where "his" points out of the question: in "What was his trade?", not in "Who sold his house?".
_OUTSIDE = re.compile(r"(?:\b(?:is|are|was|were|do|does|did)\s+|^)$", re.I)
_POINTING = re.compile(r"(?<!of )\b(?:this|that|these|those)\b(?=\s*[?.!]*$|\s+(?:mean|happen|cost|matter|work)\b)", re.I)
#: Where another clause begins, whose pronouns stand for what was said before it.
_CLAUSE = re.compile(r"\b(?:and|or|but|after|before|when|if|because|while|that|how|who|which|since|until|once)\b", re.I)
#: Words that name nothing, so that a pronoun behind them stands for none of them.
_NAMELESS = frozenset(f"and or but so not much many long old far often high tall big deep wide {_AUX.replace('|', ' ')}".split())
_POINTED = re.compile(r"\b(?:this|that|these|those)\s+(?P<noun>[a-z]+)\b", re.I)
#: "it" that stands for nothing.
_EMPTY_IT = re.compile(
    r"\bit\s+(?:(?:take|takes|took|taken|rain|rains|snow|snows|seem|seems|matter)\b|(?:possible|necessary|true|likely|important|said|legal"
    r"|known|called when|believed|thought|estimated|common|better|safe|easy|hard|difficult|allowed)\b)",
    re.I,
)
_EMPTY_IT_IS = re.compile(
    r"\bit\s+(?:(?:is|was|would be|has been)\s+\w+\s+(?:that|to|for|who|which)|mean\s+(?:for|to|that|when|if)"
    r"|\w+ed\s+(?:that|how|whether|why|who))\b",
    re.I,
)
#: What "that" is in "the year that", not in "in that year".
_AFTER_IN = re.compile(r"(?:\b(?:in|at|on|of|for|by|from|with|was|is|were|are|did|does|do|about|during|since)\s+|^)$", re.I)


@record
class Before:
    """The turn before: its question, completed; the texts that its answer cites, and the titles of their documents."""

    question: str
    cited: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


def condense(question: str, before: Before) -> str:
    """``question`` so that it stands alone; unchanged where it does already, or where the rules do not tell what it means.

    >>> condense("And when was it closed?", Before(question="Who built the mill?"))
    'And when was the mill closed?'
    """
    text = " ".join(question.split())
    for pattern, complete in _FORMS:
        if (match := pattern.fullmatch(text)) is not None and (found := complete(match, before)) is not None:
            return found
    return _pronouns(text, before) or question


def focus(before: Before) -> Phrase | None:
    """What the turn before was about: the last thing of its question that is no mere place or time, or the first name of a title."""
    found = phrases(before.question)
    return next((p for p in reversed(found) if not p.place), found[-1] if found else None)


def _bare(match: re.Match[str], before: Before) -> str | None:
    """ "Why?": the question before with another question word."""
    word = match["word"][0].upper() + match["word"][1:].lower()
    for pattern in (_WH, _WH_SUBJECT):
        if (lead := pattern.match(before.question)) is not None:
            return f"{word} {before.question[lead.end() :]}"
    return f"{word}: {before.question}"


def _about(match: re.Match[str], before: Before) -> str | None:
    """ "What about the library?": the question before, of another thing."""
    thing = match["thing"]
    if _HAS_VERB.search(thing) or _PERSON.fullmatch(thing) or _THING.fullmatch(thing) or _PLURAL.fullmatch(thing):
        return None
    return _time(_OF_TIME.fullmatch(thing), before) or _sibling(thing, before)


def _fragment(match: re.Match[str], before: Before) -> str | None:
    """ "And the height?", "And Tesla?": something else of the same thing, or the same of something else."""
    thing = match["thing"]
    if _HAS_VERB.search(thing) or len(thing.split()) > _FRAGMENT_WORDS:
        return None
    return _time(_OF_TIME.fullmatch(thing), before) or _sibling(thing, before)


def _sibling(thing: str, before: Before) -> str:
    about = focus(before)
    if _PROPERTY.fullmatch(thing):
        return f"What is {thing} of {about.text}?" if about is not None else f"{thing}: {before.question}"
    if _YEAR.fullmatch(thing) and (year := _YEAR.search(before.question)):
        return before.question[: year.start()] + thing + before.question[year.end() :]
    found = phrases(before.question)
    named = [p for p in found if p.name] if _names(thing) else [p for p in found if not p.name]
    old = next((p for p in reversed(named) if not p.place), named[-1] if named else about)
    if old is None:
        return f"{thing}: {before.question}"
    return before.question[: old.start] + thing + before.question[old.end :]


def _time(match: re.Match[str] | None, before: Before) -> str | None:
    """ "And in 1912?": the question before, of another time or place."""
    if match is None or _HAS_VERB.search(match["rest"]) or len(match["rest"].split()) > _FRAGMENT_WORDS:
        return None
    new, question = f"{match['prep'].lower()} {match['rest']}", before.question
    if _YEAR.search(match["rest"]) and (old := re.search(rf"\b(?:in|since|before|after|until)\s+(?:the year )?{_YEAR.pattern}", question)):
        return question[: old.start()] + new + question[old.end() :]
    for phrase in phrases(question) if not _YEAR.search(match["rest"]) else ():
        lead = re.search(rf"\b{re.escape(match['prep'])}\s+$", question[: phrase.start], re.I)
        if lead is not None:
            return question[: lead.start()] + new + question[phrase.end :]
    return f"{question.rstrip(' ?.!')} {new}?"


def _more(match: re.Match[str], before: Before) -> str | None:
    about = focus(before)
    return None if about is None else f"What else is known about {about.text}?"


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Before], str | None]], ...] = (
    (_BARE, _bare),
    (_MORE, _more),
    (_ABOUT, _about),
    (_FRAGMENT, _fragment),
    (_OF_TIME, _time),
)


def _pronouns(text: str, before: Before) -> str | None:
    """``text`` with what its first pronoun stands for; ``None``: it has none that points out of it."""
    for pattern, meant in ((_PERSON, _person), (_PLURAL, _plural), (_THING, _thing), (_PLACE, _place), (_POINTING, _thing)):
        match = pattern.search(text)
        if match is None or _within(text, match) or (pattern is _THING and (_EMPTY_IT.search(text) or _EMPTY_IT_IS.search(text))):
            continue
        thing = meant(before)
        return None if thing is None else _put(text, pattern, thing)
    match = _POINTED.search(text)
    if match is None or not _AFTER_IN.search(text[: match.start()]) or _within(text, match) or phrases(text[match.end() :]):
        return None
    thing = _thing(before)
    return None if thing is None or match["noun"] in _NO_NOUNS else f"{text[: match.end()]} ({thing}){text[match.end() :]}"


_ASKING = _NAMELESS | frozenset("what which who whom whose when where why how".split())
_NO_NOUNS = frozenset("year time day way kind type sort be is are was were did do does".split())


def _within(text: str, match: re.Match[str]) -> bool:
    """Whether the pronoun may stand for something in its own question: named before it, or behind a subordinate beginning."""
    found = phrases(text)
    if _WHOSE.match(text, match.start()) and not _OUTSIDE.search(text[: match.start()]):
        return True
    for clause in _CLAUSE.finditer(text, 0, match.start()):
        said = {word.lower() for word in re.findall(r"\w+", text[: clause.start()])}
        if not said <= _ASKING:
            return True
    if any(p.end <= match.start() for p in found) or _plural_before(text[: match.start()]):
        return True
    lead = _LEADING.match(text)
    return lead is not None and match.start() < lead.end() and any(p.start > match.end() for p in found)


def _plural_before(text: str) -> bool:
    """Whether a noun without an article stands before: a plural, behind which something is said of it."""
    words = re.findall(r"[a-z]+", re.sub(r"^(?:and |but |so )?(?:who|what)\s+\w+", "", text.lower()))  # behind these stands a verb
    return any(len(w) > 3 and w.endswith("s") and not w.endswith(("ss", "us", "is")) and w not in ("does", "years", "days") for w in words)


def _put(text: str, pattern: re.Pattern[str], thing: str) -> str:
    """The pronoun replaced; one that says whose, by ``thing``'s own form."""

    def shown(match: re.Match[str]) -> str:
        word = match.group().lower()
        whose = word in ("his", "its", "their") or (word == "her" and re.match(r"\s+[a-z]", text[match.end() :]) is not None)
        said = f"{thing}’s" if whose else f"in {thing}" if word == "there" and not _after_preposition(text, match) else thing
        return said[0].upper() + said[1:] if match.start() == 0 else said

    return pattern.sub(shown, text, count=1)


def _after_preposition(text: str, match: re.Match[str]) -> bool:
    return re.search(rf"\b(?:{_PREPOSITIONS})\s+$", text[: match.start()], re.I) is not None


def _names(text: str) -> bool:
    return any(word[0].isupper() for word in text.split())


def _person(before: Before) -> str | None:
    """Who was asked for, where somebody was; else a name of the question, then one of the answer."""
    asked = [p.text for p in phrases(before.question) if p.name]
    told = [p.text for text in before.cited for p in phrases(text) if p.name and not p.place and p.text not in before.question]
    full = [name for name in told if " " in name.removeprefix("the ").removeprefix("The ")] + told
    named = full + asked if re.match(r"(?:by |to |for |with )?who", before.question, re.I) else asked + full
    if named:
        return named[0]
    about = focus(before)
    return None if about is None else about.text


def _thing(before: Before) -> str | None:
    """What the question before was about, or else what its answer was, by its first phrase or its title."""
    about = focus(before)
    if about is not None:
        return about.text
    told = [p.text for text in before.cited for p in phrases(text)]
    return next(iter((*told, *before.titles)), None)


def _plural(before: Before) -> str | None:
    """What the question before named in the plural, or a name, which may be an organisation's; "they" may also be nobody."""
    found = phrases(before.question)
    many = [p.text for p in found if p.text.endswith("s") and not p.text.endswith("ss")]
    bare = re.findall(r"\b(?!(?:does|was|is|has)\b)([a-z]{3,}[^siu\W]s)\b", before.question)
    named = [p.text for p in found if p.name and not p.place]
    return next(iter((*many[::-1], *bare[::-1], *named)), None)


def _place(before: Before) -> str | None:
    found = phrases(before.question)
    placed = [p for p in found if p.place]
    return placed[-1].text if placed else _thing(before)
