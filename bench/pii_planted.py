"""Numbers that another package makes, planted in sentences, tables and records: recall and confusion of every kind that it knows."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from ragkit.pii.finding import find

#: What faker makes of the other kinds passes no check: prefixes that are not given out, random check digits.
#: kind -> (locale, method of faker's generator) that make such numbers, and what people call them.
MADE: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "card": ((("en_US", "credit_card_number"),), "Card"),
    "email": ((("en_US", "email"), ("de_DE", "company_email")), "E-mail"),
    "iban": (tuple((locale, "iban") for locale in "de_DE fr_FR it_IT es_ES nl_NL pl_PL en_GB fi_FI no_NO".split()), "IBAN"),
    "ip": ((("en_US", "ipv4_public"), ("en_US", "ipv6")), "Address"),
    "phone": (
        tuple(
            (locale, "phone_number")
            for locale in (
                "en_US en_GB de_DE fr_FR es_ES it_IT nl_NL pl_PL sv_SE no_NO da_DK fi_FI pt_PT pt_BR de_CH de_AT en_AU en_IN ja_JP"
            ).split()
        ),
        "Phone",
    ),
    "us_ssn": ((("en_US", "ssn"),), "SSN"),
    "fr_nir": ((("fr_FR", "ssn"),), "NIR"),
    "it_codice_fiscale": ((("it_IT", "ssn"),), "Codice fiscale"),
    "es_dni": ((("es_ES", "nif"),), "DNI"),
    "es_nie": ((("es_ES", "nie"),), "NIE"),
    "nl_bsn": ((("nl_NL", "ssn"),), "BSN"),
    "be_rijksregister": ((("nl_BE", "ssn"),), "Rijksregisternummer"),
    "ch_ahv": ((("de_CH", "ssn"),), "AHV"),
    "at_svnr": ((("de_AT", "ssn"),), "SVNR"),
    "pl_pesel": ((("pl_PL", "pesel"),), "PESEL"),
    "se_personnummer": ((("sv_SE", "ssn"),), "Personnummer"),
    "no_fodselsnummer": ((("no_NO", "ssn"),), "Fødselsnummer"),
    "fi_hetu": ((("fi_FI", "ssn"),), "Hetu"),
    "ca_sin": ((("en_CA", "ssn"),), "SIN"),
    "br_cpf": ((("pt_BR", "cpf"),), "CPF"),
    "us_routing": ((("en_US", "aba"),), "Routing number"),
}
#: Where a number stands: ``{0}`` is what it is called, ``{1}`` the number.
FRAMES = (
    "{0}: {1}",
    "Please write down my {0} {1}, and send the parcel 20931 on 12.03.2024.",
    "In the form, under {0}, she gave {1}. The invoice 2024-00318 came to 1,250.00.",
    "| Customer | {0} | Since |\n|---|---|---|\n| No. 4711 | {1} | 2019 |",
    '{{"id": 83, "{0}": "{1}", "total": 99.5}}',
)


def planted(count: int) -> list[dict[str, Any]]:
    """For each kind ``count`` numbers: how many are found exactly, as this kind; how many as another; and what else is found."""
    from faker import Faker

    chance = random.Random(11)
    rows = []
    for kind, (sources, name) in MADE.items():
        makers = [getattr(_seeded(Faker(locale)), method) for locale, method in sources]
        exact, other, beside, missed = 0, Counter[str](), Counter[str](), []
        for i in range(count):
            number = makers[i % len(makers)]()
            text = chance.choice(FRAMES).format(name, number)
            start = text.index(number)
            spans = {(f.start, f.end): f.kind for f in find(text)}
            got = spans.pop((start, start + len(number)), None)
            exact += got == kind
            if got is not None and got != kind:
                other[got] += 1
            if got is None:
                missed.append(number)
            beside.update(spans.values())
        shares = {"planted": count, "recall": round(exact / count, 4)}
        rows.append({"kind": kind, **shares, "as another": dict(other), "beside": dict(beside), "missed": missed[:5]})
    return rows


def _seeded(made: Any) -> Any:
    made.seed_instance(11)
    return made
