"""Whether two questions ask the same thing, so that the answer to one is an answer to the other: by their vectors, and word by word.

The cosine of two questions' vectors says that they are about the same. Questions of another year, another person, or the opposite
have cosines as high as rewordings do, so all that tells two questions apart must be the same as well: the question word, numbers,
names, negations, the words of time, order and direction, and every other word but those that are polite. A word may stand for
another one only where their own vectors, in their questions, are near. The rules are for English; other questions are never the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from ragkit.contracts import TokenVectors
from ragkit.text.detection import by_function_words
from ragkit.text.words import STOP_WORDS, fold, terms

#: Cosine from which one word may stand for another: "built" and "constructed" have 0.89, "bought" and "sold" 0.76.
SAME_WORD = 0.8
#: Longer texts are no questions that are asked twice.
LONGEST = 400

_WORD = re.compile(r"\w+(?:[.,:/’'-]\w+)*")
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million billion half "
    "third quarter dozen double first second last next previous once twice monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december spring summer autumn winter"
)
_DIRECTIONS = (
    "to from by with against for before after over under above below between during since until till into out off up down than near"
)
_POINTING = "i me my we us our you your he she it they him her them his its their this that these those other another else"
_EXACT = frozenset(
    f"{_NUMBERS} {_DIRECTIONS} {_POINTING} not no never none nobody nothing neither nor without except excluding but only cannot most more "
    "least less all every each any some both either still already yet ever always again also besides".split()
)
#: Words that ask politely and change nothing.
_LIGHT = frozenset("please tell know say can could would like want give show find explain exactly actually question answer".split())
_POLITE = re.compile(
    r"^(?:(?:please|hello|hi|hey)[, ]+)?(?:(?:can|could|would|will) you (?:please )?)?(?:tell|show|remind) (?:me|us)\b[, ]*"
    r"|^(?:do you|does anybody) know\b[, ]*|^i(?: would|'d|’d)? (?:want|like) to know\b[, ]*|[, ]*\bplease\b",
    re.I,
)
_ASKING = {"who": "who", "whom": "who", "whose": "whose", "what": "what", "which": "what", "when": "when", "where": "where", "why": "why"}
_WHEN = re.compile(r"\b(?:in |on )?(?:what|which) (?:year|date)\b|\bat what time\b", re.I)
_TENSES = {
    **dict.fromkeys("was were did had".split(), "past"),
    **dict.fromkeys("is are am do does has have".split(), "present"),
    **dict.fromkeys("will shall".split(), "future"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A question with what is compared of it. ``marks`` must be equal; ``words`` are its other words with their index terms, whether
    they are names, and the mean of their token vectors."""

    question: str
    vector: NDArray[np.float32]
    marks: tuple[tuple[str, ...], ...]
    words: tuple[tuple[str, str, bool, NDArray[np.float32]], ...]


def meaning(question: str, vector: Callable[[str], NDArray[np.float32]], tokens: Callable[[str], TokenVectors]) -> Meaning | None:
    """What ``question`` asks; ``None`` where nobody can tell: it is not English, or very long."""
    if len(question) > LONGEST or by_function_words(question) not in ("en", None):
        return None
    plain = _WHEN.sub("when", _POLITE.sub("", " ".join(question.split())))
    plain = plain[:1].upper() + plain[1:].rstrip(" ?.!") + "?"
    found = tokens(plain)
    asking, exact, tenses, words = [], [], [], []
    for number, match in enumerate(_WORD.finditer(plain)):
        whole = fold(match.group()).replace("’", "'")
        word = whole.removesuffix("'s")
        if word in _ASKING or word == "how":
            asking.append(_ASKING.get(word) or "how" + plain[match.end() :].partition(" ")[2].partition(" ")[0].casefold())
        elif word in _EXACT or any(c.isdigit() for c in word) or word.endswith("n't"):
            exact.append(word)
        elif word not in STOP_WORDS and word not in _LIGHT and terms(word):
            inside = (found.starts >= match.start()) & (found.ends <= match.end())
            name = number > 0 and match.group()[0].isupper()
            words.append((word, " ".join(terms(word)), name, _mean(found.vectors[inside])))
        if word in _TENSES or (word in _ASKING and word != whole):  # "what's"
            tenses.append(_TENSES.get(word, "present"))
    if not asking and by_function_words(question) is None:
        return None
    marks = (tuple(asking), tuple(sorted(exact)), tuple(tenses), _directed(plain))
    return Meaning(question=question, vector=vector(question), marks=marks, words=tuple(words))


def cosine(one: Meaning, two: Meaning) -> float:
    """How much the two questions are about the same, in [-1, 1]; -1 where something tells them apart."""
    if one.marks != two.marks or not all(_same(a, b) for a, b in zip_longest(one.words, two.words)):
        return -1.0
    return float(one.vector @ two.vector)


_W = tuple[str, str, bool, NDArray[np.float32]]


def _same(a: _W | None, b: _W | None) -> bool:
    """Whether two words that stand at the same place of their questions are one, or say the same."""
    if a is None or b is None:
        return False
    if a[0] == b[0]:
        return True
    if a[1] == b[1]:  # "owns" and "owned"
        return a[0].endswith("ed") == b[0].endswith("ed")
    return not (a[2] or b[2]) and a[0].endswith("s") == b[0].endswith("s") and float(a[3] @ b[3]) >= SAME_WORD


def _directed(text: str) -> tuple[str, ...]:
    """The words of direction, each with the word behind it: "from 3 to 5" is not "from 5 to 3"."""
    words = [fold(word) for word in _WORD.findall(text)]
    return tuple(
        sorted(" ".join(pair) for pair in zip(words, [*words[1:], ""], strict=True) if pair[0] in ("from", "to", "than", "before", "after"))
    )


def _mean(vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32] | NDArray[np.float16]) -> NDArray[np.float32]:
    if not len(vectors):
        return np.zeros(1, np.float32)
    mean: NDArray[np.float32] = np.asarray(vectors, np.float32).mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    return mean
