"""What each kind looks like. Every pattern has bounded repeats, so that a scan takes time in proportion to the text.

A mask counts as part of a word in all that may stand beside a match: what was found once hides no second find.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import replace

from ragkit.pii import checks
from ragkit.records import record

#: What a found character becomes.
MASK = "█"

_B, _E = rf"(?<![\w{MASK}])", rf"(?![\w{MASK}])"
#: Bounds of digits: what goes on behind a point or a hyphen is a longer number.
_DB = rf"(?<![\w{MASK}])(?<![\d{MASK}][.,/-])"
_DE = rf"(?![\w{MASK}]|[.,/-][\d{MASK}])"
_GAPS = " \u00a0\u2007\u2009\u202f"
_SEPARATORS = re.compile(rf"[{_GAPS}\-‐‑–./()]")
#: One separator or none.
_S = rf"[{_GAPS}\-‐‑–.]?"

#: What stands before four numbers that are no address.
_VERSION = re.compile(r"(?i)(?:\bversions?|\brelease|\bver\.?|\bEC|\bv\.?|§|\bsections?|\bclauses?|\bsec\.?)[ :]{0,2}$")
_ITEM = re.compile(r"\.?[ \t]+[^\W\d]")
#: Files are called so: `logo@2x.png`.
_NO_TLD = frozenset("png jpg jpeg gif svg webp ico css js json py txt md html htm xml pdf zip".split())


@record
class Rule:
    """A pattern of one kind. ``check`` says how many characters of a match count (0: none).

    With ``cue``, one of these words has to stand shortly before, or a find of the same kind, or
    ``behind`` right behind. ``refuse`` sees the text, and where
    a match starts and ends.
    """

    kind: str
    pattern: re.Pattern[str]
    check: Callable[[str], int]
    cue: re.Pattern[str] | None = None
    behind: re.Pattern[str] | None = None
    refuse: Callable[[str, int, int], bool] | None = None


def bare(text: str) -> str:
    """A number without what groups it."""
    return _SEPARATORS.sub("", text)


def _whole(valid: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda text: len(text) if valid(bare(text)) else 0


def cue(words: str) -> re.Pattern[str]:
    """Any of ``words``, parted by white space, as a whole word; ``_`` stands for a space."""
    return re.compile(rf"(?i)(?<![^\W_])(?:{'|'.join(re.escape(w).replace('_', '[ _-]?') for w in words.split())})(?![^\W_])")


def _number(kind: str, pattern: str, valid: Callable[[str], bool], near: str = "") -> Rule:
    """A number within the bounds of digits."""
    return Rule(kind=kind, pattern=re.compile(_DB + pattern + _DE), check=_whole(valid), cue=cue(near) if near else None)


def _iban(text: str) -> int:
    """The characters that make up the country's length; the match may run on into the words behind."""
    length = checks.IBAN_LENGTHS.get(text[:2].upper(), 0)
    at = [i for i, c in enumerate(text) if c.isalnum()]
    if not length or len(at) < length:
        return 0
    end = at[length - 1] + 1
    inside = end == len(text) or not text[end].isalnum()
    return end if inside and checks.iban(bare(text[:end]).upper()) else 0


def _email(text: str) -> int:
    local, _, domain = text.rpartition("@")
    tld = domain.rpartition(".")[2].lower()
    proper = ".." not in local and not local.endswith(".") and not any(p[0] == "-" or p[-1] == "-" for p in domain.split("."))
    return len(text) if proper and tld not in _NO_TLD else 0


def _ipv4(text: str) -> int:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return 0
    return 0 if address.is_loopback or address.is_unspecified or text.startswith("255.") else len(text)


def _no_ipv4(text: str, start: int, end: int) -> bool:
    """A version, or the number of a section at the beginning of a line."""
    if _VERSION.search(text[max(0, start - 16) : start]):
        return True
    leads = not text[text.rfind("\n", max(0, start - 16), start) + 1 : start].strip(" #\t")
    at_line = start == 0 or (leads and "\n" in text[max(0, start - 16) : start]) or (start <= 16 and not text[:start].strip(" #\t"))
    return at_line and bool(_ITEM.match(text, end, end + 16)) and all(int(part) < 40 for part in text[start:end].split("."))


def _ipv6(text: str) -> int:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return 0
    groups = [group for group in text.split(":") if group]
    like = len(groups) >= 4 or len(groups[0]) >= 3 if groups else False
    return len(text) if like and any(c.isdigit() for c in text) and not address.is_loopback else 0


def _card_in_line(text: str) -> int:
    return len(text) if text.count("\n") <= 1 and checks.card(bare(text.replace("\n", ""))) else 0


#: What cards are called: near these any number that passes Luhn is one.
_CARD_CUES = "card cards credit_card debit_card visa mastercard maestro amex cc_number kreditkarte carte_bancaire tarjeta carta"


def _cards() -> tuple[Rule, ...]:
    """Bare, and in the groups that are printed on cards; one group may stand on the next line."""
    gap = rf"[{_GAPS}\-‐‑–.\n]"
    groups = (rf"\d{{4}}{gap}\d{{4}}{gap}\d{{4}}{gap}\d{{4}}", rf"\d{{4}}{gap}\d{{6}}{gap}\d{{4,5}}", r"\d{12,19}")
    longest = rf"\d{{4}}{gap}\d{{4}}{gap}\d{{4}}{gap}\d{{4}}{gap}\d{{3}}"
    known = [Rule(kind="card", pattern=re.compile(_DB + group + _DE), check=_card_in_line) for group in (longest, *groups)]
    alone = rf"(?<![\d{MASK}][{_GAPS}])\d{{4}}{_S}\d{{4}}{_S}\d{{4}}(?:{_S}\d{{1,7}})?(?!{_S}[\d{MASK}])"
    return (*known, _number("card", alone, checks.any_card, _CARD_CUES))


_LOCAL = r"\w[\w.+%'-]{0,63}"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_NINO = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_DATED = r"\d\d[01]\d[0-3]\d"

_HETU = Rule(
    kind="fi_hetu",
    pattern=re.compile(rf"{_DB}[0-3]\d[01]\d{{3}}[-+A-FU-Y]\d{{3}}[0-9A-FHJ-NPR-Y]{_DE}"),
    check=lambda text: len(text) if checks.fi_hetu(text) else 0,
)

#: In the order in which they are looked for; what one has found, none after it sees.
RULES: tuple[Rule, ...] = (
    Rule(
        kind="email",
        pattern=re.compile(rf"(?<![\w{MASK}.+%-]){_LOCAL}@(?:[\w-]{{1,63}}\.){{1,8}}(?:xn--[\w-]{{1,59}}|[^\W\d_]{{2,24}})(?![\w{MASK}@])"),
        check=_email,
    ),
    Rule(
        kind="iban",
        pattern=re.compile(
            rf"{_B}[A-Z]{{2}}\d\d(?:[{_GAPS}\n-]?[A-Z0-9]{{4}}){{2,7}}(?:[{_GAPS}\n-]?[A-Z0-9]{{1,3}})?{_E}", re.IGNORECASE | re.ASCII
        ),
        check=lambda text: _iban(text.replace("\n", " ")),
    ),
    *_cards(),
    Rule(
        kind="crypto",
        pattern=re.compile(rf"{_B}(?:0x[0-9a-fA-F]{{40}}|[13][1-9A-HJ-NP-Za-km-z]{{25,34}}|(?:bc1|BC1)[0-9a-zA-Z]{{11,71}}){_E}"),
        check=_whole(checks.crypto),
    ),
    Rule(
        kind="ip",
        pattern=re.compile(rf"(?<![\w{MASK}.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w{MASK}]|\.[\d{MASK}])"),
        check=_ipv4,
        refuse=_no_ipv4,
    ),
    Rule(
        kind="ip",
        pattern=re.compile(
            rf"(?<![\w{MASK}:.])(?:[0-9A-Fa-f]{{1,4}}|:)(?::[0-9A-Fa-f]{{0,4}}){{1,7}}(?:\.\d{{1,3}}){{0,3}}(?![\w{MASK}:]|\.[\d{MASK}])"
        ),
        check=_ipv6,
    ),
    Rule(
        kind="it_codice_fiscale",
        pattern=re.compile(rf"{_B}[A-Z]{{6}}[0-9L-NP-V]{{2}}[A-Z][0-9L-NP-V]{{2}}[A-Z][0-9L-NP-V]{{3}}[A-Z]{_E}", re.IGNORECASE | re.ASCII),
        check=lambda text: len(text) if checks.it_codice_fiscale(text.upper()) else 0,
    ),
    _number("fr_nir", rf"[12378]{_S}\d\d{_S}\d\d{_S}(?:\d\d|2[AB]){_S}\d{{3}}{_S}\d{{3}}{_S}\d\d", checks.fr_nir),
    _number("us_ssn", r"\d{3}-\d\d-\d{4}", checks.us_ssn),
    _number("us_ssn", r"\d{3}[ .]?\d\d[ .]?\d{4}", checks.us_ssn, "ssn ssns social_security social_sec taxpayer_id itin"),
    _number("ch_ahv", rf"756{_S}\d{{4}}{_S}\d{{4}}{_S}\d\d", checks.ch_ahv),
    _number("be_rijksregister", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", checks.be_rijksregister),
    _number("be_rijksregister", r"\d{11}", checks.be_rijksregister, "rijksregister rijksregisternummer registre_national niss insz"),
    _number("br_cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d", checks.br_cpf),
    _number("br_cpf", r"\d{11}", checks.br_cpf, "cpf"),
    _number("pl_pesel", r"\d{11}", checks.pl_pesel, "pesel"),
    _number("no_fodselsnummer", rf"[0-7]\d[01]\d{{3}}{_S}\d{{5}}", checks.no_fodselsnummer),
    _number("de_steuer_id", rf"[1-9]\d{_S}\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", checks.de_steuer_id),
    replace(_HETU, cue=cue("hetu henkilötunnus personbeteckning")),
    _number("se_personnummer", rf"(?:19|20)?{_DATED.replace('[0-3]', '[0-9]')}[-+]\d{{4}}", checks.se_personnummer),
    _HETU,
    _number("dk_cpr", r"[0-3]\d[01]\d{3}-?\d{4}", checks.dk_cpr, "cpr cpr-nr cpr-nummer personnummer cpr_number"),
    _number("es_dni", rf"\d\d\.?\d{{3}}\.?\d{{3}}{_S}[A-HJ-NP-TV-Z]", checks.es_dni),
    _number("es_nie", rf"[XYZ]{_S}\d{{7}}{_S}[A-HJ-NP-TV-Z]", checks.es_nie),
    _number("uk_nino", rf"{_NINO} \d\d \d\d \d\d [A-D]", checks.uk_nino),
    _number("uk_nino", rf"{_NINO} ?\d\d ?\d\d ?\d\d ?[A-D]", checks.uk_nino, "ni nino national_insurance"),
    _number("ie_pps", r"\d{7}[A-W][A-IW]?", checks.ie_pps),
    _number("uk_nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", checks.uk_nhs, "nhs"),
    _number("in_aadhaar", r"\d{4}[ -]?\d{4}[ -]?\d{4}", checks.in_aadhaar, "aadhaar aadhar uidai uid"),
    _number("nl_bsn", r"\d{3,4}[ .]?\d{2,3}[ .]?\d{2,3}", checks.nl_bsn, "bsn burgerservicenummer sofinummer"),
    _number("pt_nif", r"\d{3}[ .]?\d{3}[ .]?\d{3}", checks.pt_nif, "nif contribuinte"),
    _number("ca_sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", checks.ca_sin, "sin nas social_insurance assurance_sociale"),
    _number("at_svnr", r"\d{4}[ -]?\d{6}", checks.at_svnr, "svnr sv-nr sv-nummer sozialversicherungsnummer versicherungsnummer"),
    _number("us_routing", r"\d{9}", checks.us_routing, "routing aba rtn"),
)  # fmt: skip
