"""What a model's sentence must be, whatever a verifier makes of it: plain prose that says nothing its evidence does not say.

The words of a sentence stand in one sentence of the evidence in the same order, and what was left out between them is of a kind
whose absence cannot change what is said. That one rule meets changed numbers, names and words, added clauses, merged facts,
swapped subjects and objects, lost negations, hedges, exceptions and quantifiers alike. It refuses true paraphrases too; in their
place the evidence is quoted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ragkit.text.sentences import sentence_spans

#: Web and mail addresses, with and without a scheme, and signs that markup begins with.
_ADDRESS = re.compile(r"[a-z][\w+.-]*:(?=\S)|//|www\.|\S@\S|[^\W\d_][\w-]*[.。．｡][^\W\d_]{2,}", re.IGNORECASE)
_MARKUP = re.compile(r"[<>`\[\]{}\\|*~^]|__")
_TOKEN = re.compile(r"\w+(?:['’.,:/-]\w+)*|[^\w\s]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")

#: Words that say whether, how far, when or by whose word something holds: none of them may be left out.
_OPERATORS = frozenset(
    "lie lies lied legend hoax fiction fictional invented mistaken mistake error joke pretend pretends pretended that whether "
    "no not never none nobody nothing neither nor without cannot hardly barely scarcely rarely seldom lack lacks fail fails failed "
    "refused unable false falsely untrue myth wrong wrongly deny denies denied rumour rumours rumor rumors alleged allegedly "
    "supposed supposedly reportedly apparently claim claims claimed say says said tell tells told write writes wrote believe believes "
    "believed think thinks thought suggest suggests suggested hope hopes hoped expect expects expected propose proposed plan plans "
    "planned intend intends intended according if unless except excluding but only until till before after than rather instead would "
    "could may might should must can will shall perhaps possibly probably likely maybe almost nearly about around approximately roughly "
    "least most more less fewer fewest up some many few several all every each any both either half partly mostly often sometimes "
    "usually always once formerly originally when while as during though although however".split()
)
_PREPOSITIONS = frozenset("in on at near by of from".split())
#: Words that begin a phrase which may stand at either end of a sentence.
_MOVED = _PREPOSITIONS | frozenset("after before between during for since until with".split())
_ARTICLES = frozenset("a an the".split())
_AFTER_PHRASE = frozenset("in on at near by of from with for to is are was were has had and".split())
#: Forms that tell of something that happened: where and when it did may be left out. What is usual may not hold elsewhere.
_TOLD = frozenset("was were had".split())
_CALENDAR = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?$|(?:spring|summer|autumn|winter|christmas|easter)s?$", re.IGNORECASE)
_CLAUSES = frozenset("and or but , ; : ( ) which who whose that while when".split())
_PAUSES = frozenset(', ; ( ) : — – " “ ”'.split())
#: Words that speak of what was said before them: "…, and this is not so".
_BACK = frozenset("this that it which such so".split())
_LONGEST = 160


def fault(claim: str, evidence: Sequence[str]) -> str | None:
    """Why ``claim`` must not be shown as backed by ``evidence``; ``None`` when nothing speaks against it."""
    if any(unicodedata.category(c)[0] == "C" for c in claim):
        return "hidden characters"
    if _ADDRESS.search(claim):
        return "an address"
    if _MARKUP.search(claim):
        return "markup"
    said = [part for text in evidence for part in _sentences(text)]
    if not all(any(_extracts(part, one) for one in said) for part in _sentences(claim)):
        return "not what one sentence of the evidence says"
    return None


def _sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_THOUSANDS.sub("", text).replace("’", "'"))


def _extracts(claim: str, sentence: str) -> bool:
    """Whether ``claim`` is ``sentence`` with nothing, or only what may be left out, left out."""
    wanted, said = _closed(_tokens(claim)), _closed(_tokens(sentence))
    if wanted[:1] == ['"'] and wanted.count('"') == 1:
        wanted = wanted[1:]  # opened, never closed: no quotation
    if not wanted or len(said) > _LONGEST or sentence.rstrip().endswith("?") != claim.rstrip().endswith("?"):
        return False
    return _Alignment(wanted, said).found() or _fronted(wanted, said)


def _closed(tokens: list[str]) -> list[str]:
    while tokens and tokens[-1] in ".!?":
        tokens = tokens[:-1]
    return tokens


def _fronted(wanted: list[str], said: list[str]) -> bool:
    """A sentence of one clause, its phrase of place or time moved to the front: "In 1871 the mill was built"."""
    if wanted[0].casefold() not in _MOVED or _CLAUSES & {token.casefold() for token in said}:
        return False
    folded = [token.casefold() for token in said]
    front = [token.casefold() for token in wanted]
    if any(front == folded[at:] + folded[:at] for at in range(1, len(said)) if folded[at] in _MOVED):
        return True
    for length in range(2, min(6, len(wanted) - 1)):
        rest = wanted[length + (wanted[length] == ",") :]
        if not _Alignment(wanted[:length], wanted[:length]).is_phrase(0, length):
            continue
        places = (at for at in range(1, len(said) - length + 1) if folded[at : at + length] == front[:length])
        if any(rest and _Alignment(rest, said[:at] + said[at + length :]).found() for at in places):
            return True
    return False


class _Alignment:
    """The tokens of a claim among those of a sentence."""

    def __init__(self, wanted: Sequence[str], said: Sequence[str]) -> None:
        self._wanted = [token.casefold() for token in wanted]
        self._said = said
        self._folded = [token.casefold() for token in said]
        self._told = bool(_TOLD & set(self._wanted))
        self._reach = lru_cache(None)(self._reaches)

    def found(self) -> bool:
        """Whether all of the claim is there, in order, with gaps that may be."""
        starts = [0, *(k for k in range(1, len(self._said)) if self._lead(k))]
        return any(self._reach(0, start) for start in starts)

    def _reaches(self, i: int, j: int) -> bool:
        """Whether the claim from ``i`` on is in the sentence from ``j`` on."""
        if i == len(self._wanted):
            return j == len(self._said) or self._tail(j) or any(self._reach(i, k) for k in self._gaps(j))
        if j < len(self._said) and self._wanted[i] == self._folded[j] and self._reach(i + 1, j + 1):
            return True
        return i > 0 and any(self._reach(i, k) for k in self._gaps(j))

    def _gaps(self, j: int) -> list[int]:
        """Ends of what may be left out from ``j`` on."""
        ends = range(j + 1, min(len(self._said), j + 24) + 1)
        return [k for k in ends if self._plain(j, k) and (self._aside(j, k) or (self._told and self.is_phrase(j, k)) or self._title(j, k))]

    def _plain(self, j: int, k: int) -> bool:
        return not any(token in _OPERATORS or token.endswith("n't") or token in ('"', "“", "”") for token in self._folded[j:k])

    def _aside(self, j: int, k: int) -> bool:
        """Between two commas, or in round brackets. A claim may leave the commas themselves out, nothing else."""
        inside = self._said[j + 1 : k - 1]
        pair = (self._said[j], self._said[k - 1])
        return k - j > 2 and ((pair == (",", ",") and not _PAUSES & set(inside)) or (pair == ("(", ")") and not {"(", ")"} & set(inside)))

    def is_phrase(self, j: int, k: int) -> bool:
        """A preposition and a name or a year: "in 1871", "on Skerry Point", "by the engineer Ada Thornbury"."""
        if self._folded[j] not in _PREPOSITIONS or k - j < 2:
            return False
        if k < len(self._said) and self._folded[k] not in _AFTER_PHRASE and self._folded[k] not in _PAUSES:
            return False
        inner = [token for token in self._said[j + 1 : k] if token.casefold() not in _ARTICLES]
        plain = [token for token in inner if not (token[0].isupper() or re.fullmatch(r"1\d\d\d|20\d\d", token))]
        named = inner and inner[-1] not in plain and not any(_CALENDAR.match(token) for token in inner)
        return bool(named) and len(plain) <= 1 and all(token.isalpha() and not token.endswith(("ed", "ing")) for token in plain)

    def _title(self, j: int, k: int) -> bool:
        """What somebody is, between "by" and the name: "by [the engineer] Ada"."""
        if j == 0 or self._folded[j - 1] != "by" or k == len(self._said) or not self._said[k][0].isupper():
            return False
        inner = [token for token in self._folded[j:k] if token not in _ARTICLES]
        return k - j <= 2 and len(inner) == 1 and inner[0].isalpha() and self._said[k - 1].islower()

    def _tail(self, j: int) -> bool:
        """What follows the claim: another clause, after a comma or "and"; never the rest of a number or a phrase."""
        rest = self._folded[j:]
        if not self._plain(j, len(self._said)) or len(rest) < 3:
            return False
        relative = rest[1] == "which" and self._said[j + 2][0].isupper()
        return rest[0] == ";" or (rest[0] == "," and (relative or (rest[1] in ("and", "who", "where") and rest[2] not in _BACK)))

    def _lead(self, k: int) -> bool:
        """What precedes the claim: a whole clause; or, where the claim tells what happened, anything up to a first comma."""
        before = self._folded[:k]
        if not self._plain(0, k) or (before[0] in _PREPOSITIONS and not self._told):
            return False
        fronted = self._told and before[-1] == "," and before.count(",") == 1 and before[0] in _PREPOSITIONS
        return before[-1] == ";" or before[-2:] == [",", "and"] or fronted
