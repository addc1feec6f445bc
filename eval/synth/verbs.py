"""English verbs that a question needs in their plain form: "begins" and "began" are "does … begin" and "did … begin".

The list is closed on purpose. A word that is not in it is taken for no verb, and its sentence makes no question of this kind.
"""

from __future__ import annotations

import functools

#: Plain form and past, where the past is not regular.
_IRREGULAR = (
    "become became begin began bind bound bite bit break broke bring brought build built burn burned buy bought catch caught choose chose "
    "come came cost cost cut cut deal dealt draw drew drive drove eat ate fall fell feed fed feel felt fight fought find found fly flew "
    "forbid forbade forget forgot freeze froze get got give gave go went grow grew hang hung hear heard hide hid hit hit hold held hurt "
    "hurt keep kept know knew lay laid lead led leave left lend lent let let lie lay lose lost make made mean meant meet met pay paid put "
    "put quit quit read read ride rode ring rang rise rose run ran say said see saw seek sought sell sold send sent set set shake shook "
    "shine shone shoot shot show showed shut shut sing sang sink sank sit sat sleep slept speak spoke spend spent stand stood steal stole "
    "strike struck swear swore sweep swept swim swam take took teach taught tear tore tell told think thought throw threw understand "
    "understood undertake undertook wake woke wear wore win won withdraw withdrew write wrote"
).split()
_REGULAR = (
    "accept achieve acquire add adopt agree allow amend announce appear apply appoint approve arrive ask attend award belong borrow call "
    "cancel carry cause change charge check claim clean climb close collect complete compose confirm connect consist contain continue "
    "convert cover create cross declare decide decline defeat deliver demand depend describe design destroy develop die direct discover "
    "display divide donate double drop earn elect employ end enter establish exceed expect explain explode extend fail finish fit follow "
    "form found gain govern grant guide happen help hire identify improve include increase inherit inspect install introduce invent invest "
    "invite issue join kill land last launch learn like limit link list live lock look lower maintain manage mark marry measure melt "
    "merge mention move name need number obtain occupy occur offer open operate order organise organize own pass perform place plan plant "
    "play point present print produce promise propose protect prove provide publish raise reach receive recommend record reduce refer "
    "refuse register relate release remain remove renew rent repair replace replied reply report represent require rescue reserve resign "
    "rest result retain retire return rotate rule save score separate serve settle share sign start state stay stop store study succeed "
    "suggest supply support surround survive talk tend test touch train transfer travel treat try turn unite use vary visit vote wait walk "
    "want warn wash watch weigh widen wish work yield"
).split()
#: A final consonant that is doubled: stop, stopped.
_DOUBLED = frozenset("stop drop plan fit refer occur transfer".split())

AUXILIARIES = frozenset("is are was were has have had can could may might must will would shall should".split())


def _third(base: str) -> str:
    """The form with "she", "he" or "it"."""
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return base + "es"
    return base[:-1] + "ies" if base.endswith("y") and base[-2] not in "aeiou" else base + "s"


def _past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return base + base[-1] + "ed" if base in _DOUBLED else base + "ed"


@functools.cache
def _forms() -> dict[str, tuple[str, str]]:
    """A finite form -> the auxiliary that asks for it, and the plain form. Pasts that look like the plain form are the past."""
    made = {_third(base): ("does", base) for base in (*_IRREGULAR[::2], *_REGULAR)}
    made |= {_past(base): ("did", base) for base in _REGULAR}
    return made | {past: ("did", base) for base, past in zip(_IRREGULAR[::2], _IRREGULAR[1::2], strict=True)}


#: Verbs of having, which are asked for like any other where a number of things follows.
_HAVING = {"has": ("does", "have"), "have": ("do", "have"), "had": ("did", "have")}


def before_number(word: str) -> tuple[str, str] | None:
    """As :func:`asked_with`, of a verb that a number follows: then the plain form is a plural's verb, and "has" is no auxiliary.

    >>> before_number("need"), before_number("has")
    (('do', 'need'), ('does', 'have'))
    """
    plain = ("do", word) if word in _IRREGULAR[::2] or word in _REGULAR else None
    return _HAVING.get(word) or asked_with(word) or plain


def asked_with(word: str) -> tuple[str, str] | None:
    """What asks for a finite verb, and its plain form; ``None``: not known as a verb.

    >>> asked_with("begins"), asked_with("gave"), asked_with("observatory")
    (('does', 'begin'), ('did', 'give'), None)
    """
    return _forms().get(word)
