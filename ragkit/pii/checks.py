"""Check digits. Each function takes the bare characters of a number, without separators, and says whether they can be one."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence

#: Total length of an IBAN by country, from the SWIFT registry.
IBAN_LENGTHS = {
    part[:2]: int(part[2:])
    for part in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 "
        "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 "
        "LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 "
        "SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    ).split()
}

#: Issuers of cards: first and last prefix, and the lengths that they give out.
_CARDS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),
    ("51", "55", frozenset({16})),
    ("2221", "2720", frozenset({16})),
    ("1800", "1800", frozenset({15})),
    ("2131", "2131", frozenset({15})),
    ("34", "34", frozenset({15})),
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, 16})),
    ("3095", "3095", frozenset({14})),
    ("36", "36", frozenset({14, 16, 19})),
    ("38", "39", frozenset({14, 16})),
    ("3528", "3589", frozenset({16, 19})),
    ("6011", "6011", frozenset({16, 19})),
    ("644", "659", frozenset({16, 19})),
    ("62", "62", frozenset({16, 17, 18, 19})),
    ("2200", "2204", frozenset({16, 19})),
    *((prefix, prefix, frozenset(range(12, 20))) for prefix in "5018 5020 5038 5893 6304 6390 6759 6761 6762 6763".split()),
)

_VERHOEFF = (
    "0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210".split(),
    "0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258".split(),
)
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_CODICE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2 + (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)
#: Letters that stand for digits where two people would have the same codice fiscale.
_OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def luhn(digits: str) -> bool:
    """The Luhn sum (ISO/IEC 7812-1) is a multiple of ten; a number of one digit alone is none."""
    total = sum(int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits)))
    return total % 10 == 0 and len(set(digits)) > 1


def card(digits: str) -> bool:
    """A payment card: its issuer's prefix and length, Luhn."""
    return luhn(digits) and any(first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _CARDS)


def any_card(digits: str) -> bool:
    """A number of a card whose issuer is not in the table: payment cards begin with 2 to 6, a few with 0604."""
    return luhn(digits) and ("2" <= digits[0] <= "6" or digits.startswith("0604"))


def mod97(text: str) -> int:
    """ISO 7064's remainder, letters read as 10 to 35."""
    return int("".join(str(int(c, 36)) for c in text)) % 97


def iban(text: str) -> bool:
    """An IBAN, upper case: its country's length, ISO 7064 mod 97 (ISO 13616)."""
    return IBAN_LENGTHS.get(text[:2]) == len(text) and text[2:4].isdigit() and mod97(text[4:] + text[:4]) == 1


def weighted(digits: str, weights: Iterable[int]) -> int:
    """The sum of the digits times their weights."""
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def day(year: int, month: int, of_month: int) -> bool:
    """Whether there is such a day."""
    try:
        datetime.date(year, month, of_month)
    except ValueError:
        return False
    return True


def _short_day(year: str, month: str, of_month: str) -> bool:
    """A day of either century."""
    return any(day(century + int(year), int(month), int(of_month)) for century in (1900, 2000))


def us_ssn(digits: str) -> bool:
    """A US social security number: no area, group or serial of zeros, no area 666 or from 900 on."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000" and len(set(digits)) > 1


def us_routing(digits: str) -> bool:
    """A US bank's routing transit number: district, weighted sum."""
    issued = digits[:2] <= "12" or "21" <= digits[:2] <= "32" or "61" <= digits[:2] <= "72" or digits[:2] == "80"
    return issued and digits[:2] != "00" and weighted(digits, (3, 7, 1) * 3) % 10 == 0


def uk_nino(text: str) -> bool:
    """A UK national insurance number: a prefix that is given out."""
    return text[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def uk_nhs(digits: str) -> bool:
    """A UK NHS number: mod 11."""
    return (11 - weighted(digits, range(10, 1, -1)) % 11) % 11 == int(digits[9]) and len(set(digits)) > 1


def de_steuer_id(digits: str) -> bool:
    """A German tax id: one digit twice or three times, the others once at most; ISO 7064 mod 11,10."""
    counts = sorted(digits[:10].count(d) for d in set(digits[:10]))
    if digits[0] == "0" or counts[-1] not in (2, 3) or counts[-2:-1] != [1]:
        return False
    product = 10
    for d in digits[:10]:
        product = ((int(d) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def fr_nir(text: str) -> bool:
    """A French NIR with its key: month, mod 97; Corsica's letters count as 19 and 18."""
    month = int(text[3:5])
    number = text[:13].replace("2A", "19").replace("2B", "18") if text[5] == "2" else text[:13]
    known = 1 <= month <= 12 or 20 <= month <= 42 or month >= 50
    return number.isdigit() and known and text[0] in "123478" and 97 - int(number) % 97 == int(text[13:])


def it_codice_fiscale(text: str) -> bool:
    """An Italian codice fiscale, upper case: month, day (raised by 40 for women), check letter."""
    total = sum(_CODICE_ODD[c] if i % 2 == 0 else int(c, 36) - 10 * c.isalpha() for i, c in enumerate(text[:15]))
    born = text[9:11].translate(_OMOCODIA)
    return chr(65 + total % 26) == text[15] and text[8] in "ABCDEHLMPRST" and (1 <= int(born) <= 31 or 41 <= int(born) <= 71)


def es_dni(text: str) -> bool:
    """A Spanish DNI: mod 23."""
    return _DNI[int(text[:8]) % 23] == text[8]


def es_nie(text: str) -> bool:
    """A Spanish NIE: mod 23 with X, Y, Z as 0, 1, 2."""
    return es_dni(str("XYZ".index(text[0])) + text[1:])


def pt_nif(digits: str) -> bool:
    """A Portuguese NIF: kind of payer, mod 11."""
    check = 11 - weighted(digits, range(9, 1, -1)) % 11
    return (digits[0] in "1235689" or digits[:2] == "45") and (check if check < 10 else 0) == int(digits[8])


def nl_bsn(digits: str) -> bool:
    """A Dutch BSN: the eleven test."""
    return len(digits) == 9 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(digits)) > 1


def be_rijksregister(digits: str) -> bool:
    """The day of birth may be unknown, and its month raised by 20 or 40 in numbers given to people who are not residents."""
    month, of_month = int(digits[2:4]) % 20, int(digits[4:6])
    dated = month <= 12 and of_month <= 31
    return dated and any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))


def ch_ahv(digits: str) -> bool:
    """A Swiss AHV number: EAN-13."""
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def at_svnr(digits: str) -> bool:
    """An Austrian social insurance number: weighted sum; months from 13 on stand for unknown days."""
    check = weighted(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return digits[0] != "0" and check == int(digits[3]) and 1 <= int(digits[4:6]) <= 31 and 1 <= int(digits[6:8]) <= 15


def pl_pesel(digits: str) -> bool:
    """The month is raised by 80, 0, 20, 40 or 60 for the centuries from 1800 on."""
    month = int(digits[2:4])
    year = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[month // 20] + int(digits[:2])
    return day(year, month % 20, int(digits[4:6])) and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def se_personnummer(digits: str) -> bool:
    """Ten or twelve digits; the day is raised by 60 in coordination numbers."""
    short = digits[-10:]
    of_month = int(short[4:6])
    return luhn(short) and _short_day(short[:2], short[2:4], str(of_month - 60 if of_month > 60 else of_month))


def no_fodselsnummer(digits: str) -> bool:
    """The day is raised by 40 in D numbers."""
    of_month = int(digits[:2])
    dated = _short_day(digits[4:6], digits[2:4], str(of_month - 40 if of_month > 40 else of_month))
    first, second = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    return dated and weighted(digits, first) % 11 == 0 and weighted(digits, second) % 11 == 0


def fi_hetu(text: str) -> bool:
    """A Finnish personal code: date, mod 31."""
    number = text[:6] + text[7:10]
    return _short_day(text[4:6], text[2:4], text[:2]) and int(text[7:10]) >= 2 and _HETU[int(number) % 31] == text[10]


def dk_cpr(digits: str) -> bool:
    """A Danish CPR number: date."""
    return _short_day(digits[4:6], digits[2:4], digits[:2])


def ie_pps(text: str) -> bool:
    """An Irish PPS number: mod 23, with the second letter."""
    extra = 0 if len(text) == 8 or text[8] == "W" else 9 * (ord(text[8]) - 64)
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(text, range(8, 1, -1)) + extra) % 23] == text[7]


def ca_sin(digits: str) -> bool:
    """A Canadian SIN: Luhn, no first digit 8."""
    return luhn(digits) and digits[0] != "8"


def br_cpf(digits: str) -> bool:
    """A Brazilian CPF: two weighted sums."""
    return len(set(digits)) > 1 and all(weighted(digits, range(n, 1, -1)) * 10 % 11 % 10 == int(digits[n - 1]) for n in (10, 11))


def in_aadhaar(digits: str) -> bool:
    """An Indian Aadhaar number: Verhoeff."""
    table, permutation = _VERHOEFF
    check = 0
    for i, d in enumerate(reversed(digits)):
        check = int(table[check][int(permutation[i % 8][int(d)])])
    return check == 0 and digits[0] > "1" and len(set(digits)) > 1


def crypto(text: str) -> bool:
    """A Base58Check or Bech32 (BIP 173, BIP 350) Bitcoin address, or the form of an Ethereum one."""
    if text.startswith("0x"):
        return len(text) == 42
    return _bech32(text.lower()) if text[:3].lower() == "bc1" else _base58(text)


def _base58(text: str) -> bool:
    number = 0
    for c in text:
        number = number * 58 + _BASE58.index(c)
    if number.bit_length() > 200:
        return False
    data = number.to_bytes(25)
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _bech32(text: str) -> bool:
    if any(c not in _BECH32 for c in text[3:]):
        return False
    values: Sequence[int] = (3, 3, 0, 2, 3, *(_BECH32.index(c) for c in text[3:]))
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check in (1, 0x2BC830A3)
