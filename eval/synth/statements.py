"""From a statement to the questions that it answers, by rules that move words and never guess at their sense.

A sentence is taken apart into subject, finite verb and rest. Where any of the three is in doubt (a pronoun whose meaning stands elsewhere,
a verb that is not in the table, a negation), it makes no question: few good ones are worth more than many.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial

from . import values
from .base import Draft, Kind, Sentence
from .values import Value
from .verbs import AUXILIARIES, asked_with, before_number

_ARTICLES = frozenset("the a an every each".split())
#: What may not stand in a question: its meaning is elsewhere, or the question would ask for the opposite.
_ELSEWHERE = frozenset(
    "it its they them their he him his she her hers we us our you your i me my this these those there here such another other others same "
    "not never no none nobody nothing neither nor cannot then thus so also instead however both former latter one whoever whatever".split()
)
#: With one of these at its head a sentence does not begin with its subject.
NOT_FIRST = _ELSEWHERE | frozenset(
    "in on at by for from with without within after before during since until when where while if because although though as but and or to "
    "under over between through about against among most many some few several all any more less only even still once what who whose which "
    "why how please whether unless despite of later earlier than that everybody everyone anybody somebody nobody people those".split()
)
_BREAKS = frozenset("who whom whose which that if when where while because although as than but by not".split())
_BE = frozenset("is are was were".split())
_HAVING = frozenset("has have had".split())
_CUT = re.compile(
    r"\s*(?:[,;:]|\u2013|\u2014|\bbut\b|\bbecause\b|\bwhich\b|\bwho\b|\bso that\b|\bwhen\b|\bif\b|\bunless\b|\bwhere\b|\buntil\b|\band\b)"
)
_NAME = re.compile(r"(?:[A-Z][\w'\u2019-]+ ){1,2}[A-Z][\w'\u2019-]+$")
_WORD = re.compile(r"[\w'\u2019-]+")
_LEAST, _MOST = 5, 20


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Subject (as it stands inside a sentence), finite verb, and what follows it."""

    subject: str
    verb: str
    rest: str

    @property
    def plural(self) -> bool | None:
        """What the verb shows of the subject; ``None``: nothing, as a past and an auxiliary like "may" do."""
        if self.verb in ("are", "were", "have"):
            return True
        found = before_number(self.verb)
        if self.verb in ("is", "was", "has") or (found is not None and found[0] == "does"):
            return False
        return True if found is not None and found[0] == "do" else None


def drafts(sentence: Sentence, *, common: Collection[str] = (), persons: Collection[str] = ()) -> Iterator[Draft]:
    """Every question that a rule makes of a sentence. ``common`` are words that lose their capital inside a sentence."""
    text = sentence.text.rstrip(" .")
    if re.search(r"[?!\"“”()\[\]|]", text) or sentence.text[-1:] != ".":
        return
    for question, answer, kind, clause in _questions(text, common, persons):
        words = _WORD.findall(question)
        if _LEAST <= len(words) <= _MOST and not _ELSEWHERE & {word.lower() for word in words}:
            yield Draft(
                question=question,
                answers=values.spellings(answer),
                kind=kind,
                uri=sentence.uri,
                start=sentence.start,
                end=sentence.end,
                statement=sentence.text,
                subject=clause.subject if clause else "",
                plural=clause.plural if clause else None,
            )


def _questions(text: str, common: Collection[str], persons: Collection[str]) -> Iterator[tuple[str, str, Kind, Clause | None]]:
    """Question, answer, kind, and the clause where another subject could stand in it."""
    small = text[:1].lower() + text[1:]
    counted = values.count(small)
    if counted is not None:
        yield from ((*made, None) for made in _of_many(text, counted))
        return
    clause = parsed(text, common)
    if clause is not None:
        for rule in (_of_rest, _of_object, partial(_of_agent, persons=persons)):
            yield from ((*made, clause) for made in rule(clause))
        for made in (*_of_subject(clause, persons), *_of_kind(clause)):
            yield (*made, None)
        return
    fronted = next((value for value in values.phrases(small) if value.start == 0), None)
    clause = parsed(text[fronted.end :].lstrip(" ,"), common) if fronted else None
    if fronted is not None and clause is not None:
        question = _asked(fronted.ask, clause, _whole(clause.rest), counted=_counts([clause.rest]))
        yield question, fronted.answer, fronted.kind, clause


def parsed(text: str, common: Collection[str] = ()) -> Clause | None:
    """The clause that ``text`` begins with; ``None`` where it is in doubt.

    >>> parsed("The lens was ground in 1894 by Josef Corvane")
    Clause(subject='the lens', verb='was', rest='ground in 1894 by Josef Corvane')
    """
    words = text.split(" ")
    first = words[0].lower()
    if not words[0][:1].isalpha() or first in NOT_FIRST:
        return None
    at = _verb_at(words)
    subject = words[:at]
    if at < 1 or at > 9 or len(words) < at + 2 or not _is_subject(subject):
        return None
    if first in _ARTICLES or first in common:
        subject = [first, *subject[1:]]
    return Clause(subject=" ".join(subject), verb=words[at], rest=" ".join(words[at + 1 :]))


def _verb_at(words: list[str]) -> int:
    """Where the finite verb is; an auxiliary that follows soon shows that what looked like one was a noun or a participle. -1: nowhere."""
    for at, word in enumerate(words):
        if word[-1:] in ",;:" or word in _BREAKS:
            return -1
        if word in AUXILIARIES:
            return at
        if at and before_number(word) is not None and _counts(words[at + 1 :]):
            return at
        if at and asked_with(word) is not None and words[at - 1].lower() not in _ARTICLES | {"of", "and", "in", "for"}:
            later = next((n for n, one in enumerate(words[at + 1 : at + 7], at + 1) if one in AUXILIARIES), -1)
            clear = later < 0 or any(one in _BREAKS or one[-1:] in ",;:" or one == "and" for one in words[at + 1 : later])
            return at if clear else later
    return -1


def _counts(rest: list[str]) -> bool:
    text = " ".join(rest)
    return values.count(text) is not None or values.money(text) is not None


def _is_subject(words: list[str]) -> bool:
    lower = {word.lower() for word in words}
    if lower & _ELSEWHERE or "," in "".join(words):
        return False
    alone = words[0].lower() in _ARTICLES
    return len(words) >= 2 if alone else all(word[:1].isupper() for word in words if word not in ("of", "the", "and"))


def _whole(rest: str) -> str:
    """The rest as far as it is one piece: up to a comma, a dash or a word that begins another clause."""
    cut = _CUT.search(rest)
    return rest[: cut.start()] if cut else rest


def _is_whole(rest: str) -> bool:
    return _whole(rest) == rest and not _BREAKS & set(rest.split(" "))


def _asked(ask: str, clause: Clause, rest: str, *, counted: bool = False) -> str:
    """The question: the verb moves before the subject, with "do" where it is no auxiliary, or counts things that are had."""
    if clause.verb in AUXILIARIES and not (counted and clause.verb in _HAVING):
        parts = [ask, clause.verb, clause.subject, rest]
    else:
        helper, base = (before_number if counted else asked_with)(clause.verb) or ("did", clause.verb)
        parts = [ask, helper, clause.subject, base, rest]
    return " ".join(part for part in parts if part).strip(" ,") + "?"


def _of_rest(clause: Clause) -> Iterator[tuple[str, str, Kind]]:
    """A prepositional phrase with a date, a time or a number is asked for; what follows it is left out."""
    for value in values.phrases(clause.rest):
        before = clause.rest[: value.start].rstrip(" ,")
        stranded = clause.verb in _BE and value.ask.startswith("With ")
        complete = (before or clause.verb not in AUXILIARIES) and _is_whole(before) and not before.endswith((" and", " or", " to", " of"))
        known = clause.verb in AUXILIARIES or asked_with(clause.verb) is not None
        if complete and known and not stranded:
            yield _asked(value.ask, clause, before), value.answer, value.kind


def _of_object(clause: Clause) -> Iterator[tuple[str, str, Kind]]:
    """A number of things, or a sum, directly behind the verb, or behind an auxiliary and its verb."""
    lead, _, tail = clause.rest.partition(" ")
    modal = clause.verb in AUXILIARIES - _BE - _HAVING and asked_with(lead) is None and before_number(lead) is not None
    before, rest = (lead, tail) if modal else ("", clause.rest)
    value = values.count(rest) or (None if clause.verb in _HAVING else values.money(rest))
    if value is None or (clause.verb in _BE and rest[value.end :].strip(" .")):
        return
    yield _asked(value.ask, clause, before, counted=True), value.answer, value.kind


def _of_many(text: str, counted: Value) -> Iterator[tuple[str, str, Kind]]:
    """A sentence whose subject is a number of things: nothing moves."""
    rest = text[counted.end :].strip()
    verb = rest.split(" ")[0]
    if verb in AUXILIARIES or asked_with(verb) is not None:
        yield f"{counted.ask} {_whole(rest)}?", text[: counted.end].strip(), "number"


def _of_agent(clause: Clause, persons: Collection[str]) -> Iterator[tuple[str, str, Kind]]:
    """Who did it, of a passive."""
    if clause.verb not in _BE:
        return
    for match in re.finditer(r"\bby ((?:[A-Z][\w'\u2019-]+ ){1,2}[A-Z][\w'\u2019-]+)", clause.rest):
        before = clause.rest[: match.start()].rstrip(" ,")
        if match[1] in persons and before and _is_whole(before):
            yield _asked("By whom", clause, before), match[1], "name"


def _of_subject(clause: Clause, persons: Collection[str]) -> Iterator[tuple[str, str, Kind]]:
    """Who it was: the subject is a person, and nothing moves."""
    if clause.subject in persons and _NAME.match(clause.subject):
        rest = _whole(clause.rest)
        if len(rest.split()) >= 3:
            yield f"Who {clause.verb} {rest}?", clause.subject, "name"


def _of_kind(clause: Clause) -> Iterator[tuple[str, str, Kind]]:
    """What something is."""
    rest = _whole(clause.rest)
    if clause.verb in ("is", "are") and re.match(r"(?:a|an|the) \w+ \w+", rest) and len(clause.subject.split()) <= 4:
        yield f"What {clause.verb} {clause.subject}?", rest, "definition"
