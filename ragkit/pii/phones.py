"""Telephone numbers: what looks like one, and is possible (with a country code), valid (national form), or called one nearby."""

from __future__ import annotations

import re
from functools import lru_cache

from ragkit.pii.patterns import MASK, Rule, cue

#: Countries whose national form is known by itself, without a word that says what it is.
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "CH", "AT", "PL", "SE", "AU")

_CUE = cue(
    "phone phones telephone tel tel. tele mobile cell_phone cell_no fax call called calling dial whatsapp sms text_me contact "
    "reach answering hotline helpline landline ring telefon telefonnummer handy mobil mobiltelefon rufnummer durchwahl "
    "téléphone tél portable teléfono móvil celular telefone telemóvel telefono cellulare telefoon mobiel gsm numer_telefonu "
    "komórka puhelin телефон тел 電話 电话 手机"
)
_AFTER = re.compile(r"[ ,\t(-]{0,3}(?i:office|fax|mobile|direct|phone|tel|ext)\b|[ ]?[(](?i:home|work|cell|h|w|m|o)[)]")
_DATE = re.compile(r"(\d{1,4})[-./ ](\d{1,2})[-./ ](\d{1,4})")
_YEARS = re.compile(r"(?:1[89]|20)\d\d[ ./-]{1,3}(?:1[89]|20)\d\d")
_UNIT = re.compile(r" ?(?:%|€|\$|£|eur\b|usd\b|gbp\b|kg\b|km\b|mm\b|cm\b|ml\b|mg\b|people\b|units\b|years\b)", re.IGNORECASE)
_NUMBERED = re.compile(
    r"(?i)(?:[$€£#]|\b(?:isbn|issn|doi|no|nr|order|invoice|ref|reference|account|ticket|case|article|id|zip|code|page|pages|pp|grant|patent)"
    r"(?:[-_ ](?:10|13|no|nr|number|id))?)[.:#]{0,2} ?$"
)
_GAP = r"[ \u00a0\u2009\u202f.\-‐‑–/]"
_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ :]?\d{1,6})?"
#: Not in a word, nor behind `PD-` or in a longer number.
_BEFORE = rf"(?<![\w{MASK}+])(?<![\d{MASK}][.,/:-])(?<![^\W\d][-/])"
_BEHIND = rf"(?![\w{MASK}]|[.,:/-][\d{MASK}])"


#: Six digits in two groups are no number: `call a cab to 12 3456 Elm Road`, `290-315`.
_TWO = re.compile(rf"\d{{1,5}}{_GAP}+\d{{1,5}}")
_RANGE = re.compile(r"(\d{4}) ?[-‐‑–/] ?(\d{4})")


def _range(text: str) -> bool:
    """Whether two numbers of as many digits, the larger one last, are from and to."""
    found = _RANGE.fullmatch(text)
    return found is not None and found[1] < found[2]


def _dated(text: str) -> bool:
    """Whether three groups are a day, in any order that is in use."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    first, second, third = map(int, found.groups())
    if len(found[1]) == 4:
        return second <= 12 and third <= 31
    return len(found[3]) in (2, 4) and ((first <= 31 and second <= 12) or (first <= 12 and second <= 31))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", re.split(r"[xe]", text.lower(), maxsplit=1)[0])


@lru_cache(maxsize=4096)
def _possible(text: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, None))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=4096)
def _valid(text: str) -> bool:
    import phonenumbers

    for region in REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _international(text: str) -> int:
    """All of it, or what is left of it without the last groups: a number behind it may have been taken for one."""
    number = re.sub(r"^00[ .-]?", "+", text).replace("(0)", "")
    while len(_digits(number)) >= 8:
        if _possible(number):
            return len(text)
        shorter = re.match(rf"(.*\d){_GAP}", text, re.DOTALL)
        if not shorter:
            return 0
        text = shorter[1]
        number = re.sub(r"^00[ .-]?", "+", text).replace("(0)", "")
    return 0


def _national(text: str) -> int:
    """Digits that a valid national number is written in: two groups or more, led by a 0 or a code in brackets, or of the US."""
    digits = _digits(text)
    grouped = text[0] in "0(" or re.fullmatch(rf"(?:1{_GAP})?[2-9]\d\d(?:{_GAP}[2-9]\d\d)(?:{_GAP}\d{{4}})", text[:14].strip())
    return len(text) if 9 <= len(digits) <= 12 and grouped and not _dated(text) and _valid(text) else 0


def _called(text: str) -> int:
    digits = len(_digits(text))
    if (digits == 6 and _TWO.fullmatch(text)) or _dated(text) or _YEARS.fullmatch(text) or _range(text):
        return 0
    return len(text) if 6 <= digits <= 14 else 0


def _no_phone(text: str, start: int, end: int) -> bool:
    """An amount, or a number that is said to be of something else."""
    return bool(_UNIT.match(text, end, end + 12) or _NUMBERED.search(text[max(0, start - 24) : start]))


_FORM = re.compile(
    rf"{_BEFORE}(?:\(\d{{1,5}}\){_GAP}?|\d{{1,5}}{_GAP}{{1,2}})\d{{2,10}}(?:{_GAP}{{1,2}}\d{{2,8}}){{0,4}}{_EXTENSION}{_BEHIND}"
)
_BARE = re.compile(rf"{_BEFORE}\d{{6,13}}{_EXTENSION}{_BEHIND}")
_PLUS = rf"{_BEFORE}(?:\(?\+|00[ .-]?)[1-9]\d{{0,3}}\)?(?:{_GAP}{{0,2}}\(?\d{{1,12}}\)?){{1,6}}{_EXTENSION}{_BEHIND}"

RULES: tuple[Rule, ...] = (
    Rule(kind="phone", pattern=re.compile(_PLUS), check=_international),
    Rule(kind="phone", pattern=_FORM, check=_national, refuse=_no_phone),
    Rule(kind="phone", pattern=_FORM, check=_called, refuse=_no_phone, cue=_CUE, behind=_AFTER),
    Rule(kind="phone", pattern=_BARE, check=_called, refuse=_no_phone, cue=_CUE, behind=_AFTER),
)
