"""Check digits: numbers that are published as examples pass, and one changed digit makes nearly all of them fail."""

from __future__ import annotations

import pytest

from ragkit.pii import checks
from ragkit.pii.finding import find

#: kind -> a text around a number that its issuer or its specification publishes as an example, and the number.
EXAMPLES = {
    "card": ("Card {} please", "4111 1111 1111 1111"),
    "iban": ("Pay to {} today", "GB82 WEST 1234 5698 7654 32"),
    "crypto": ("Send it to {}.", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    "us_ssn": ("SSN: {}", "219-09-9998"),
    "us_routing": ("Routing number {}", "111000025"),
    "uk_nino": ("His number is {}.", "AB 12 34 56 C"),
    "uk_nhs": ("NHS number {}", "943 476 5919"),
    "de_steuer_id": ("IdNr. {}", "86 095 742 719"),
    "fr_nir": ("NIR {}", "2 55 08 14 168 025 38"),
    "it_codice_fiscale": ("CF {}", "RSSMRA85T10A562S"),
    "es_dni": ("DNI {}", "12345678Z"),
    "es_nie": ("NIE {}", "X1234567L"),
    "pt_nif": ("NIF {}", "501 964 843"),
    "nl_bsn": ("BSN {}", "111222333"),
    "be_rijksregister": ("Nr {}", "85.07.30-033.28"),
    "ch_ahv": ("AHV {}", "756.9217.0769.85"),
    "at_svnr": ("Sozialversicherungsnummer {}", "1237 010180"),
    "pl_pesel": ("PESEL {}", "44051401359"),
    "se_personnummer": ("Född {}", "811228-9874"),
    "no_fodselsnummer": ("Nr. {}", "15021951940"),
    "fi_hetu": ("Hetu {}", "131052-308T"),
    "dk_cpr": ("CPR {}", "211062-5629"),
    "ie_pps": ("PPS {}", "6433435F"),
    "ca_sin": ("SIN {}", "046 454 286"),
    "br_cpf": ("Nº {}", "390.533.447-05"),
    "in_aadhaar": ("Aadhaar {}", "2341 2341 2346"),
    "email": ("Write to {}!", "ada.lovelace+maths@example.co.uk"),
    "ip": ("From {} at noon", "2001:db8:85a3::8a2e:370:7334"),
    "phone": ("Ring {} after six", "+44 20 7946 0958"),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_published_example_is_found_exactly(kind: str) -> None:
    """The number is found as its kind and nothing else, from its first character to its last."""
    text, number = EXAMPLES[kind][0].format(EXAMPLES[kind][1]), EXAMPLES[kind][1]
    start = text.index(number)
    assert [(f.kind, f.start, f.end) for f in find(text)] == [(kind, start, start + len(number))]


@pytest.mark.parametrize(
    ("kind", "allowed"),
    {
        "card": 0, "iban": 0, "us_routing": 0, "uk_nhs": 0, "de_steuer_id": 0, "fr_nir": 0, "it_codice_fiscale": 3,
        "es_dni": 0, "es_nie": 0, "nl_bsn": 0, "ch_ahv": 0,
        "pl_pesel": 0, "se_personnummer": 0, "no_fodselsnummer": 0, "ca_sin": 0, "br_cpf": 1, "in_aadhaar": 0,
        "be_rijksregister": 0, "pt_nif": 2, "ie_pps": 0,
    }.items(),
)  # fmt: skip
def test_a_changed_digit_is_noticed(kind: str, allowed: int) -> None:
    """A number with one digit changed is not of its kind any more, but for the schemes that miss a few."""
    frame, number = EXAMPLES[kind]
    changed = [number[:i] + d + number[i + 1 :] for i, c in enumerate(number) if c.isdigit() for d in "0123456789" if d != c]
    passed = [one for one in changed if find(frame.format(one), [kind])]
    assert len(passed) <= allowed, passed


def test_bitcoin_addresses_of_both_kinds() -> None:
    """The first block's address passes, and fails with two letters exchanged; an Ethereum address is known by its form."""
    assert checks.crypto("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    assert not checks.crypto("1A1zP1eP5QGefi2DMPTfTL5SLmv7DvifNa")
    assert checks.crypto("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert checks.crypto("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")


@pytest.mark.parametrize(
    "number",
    (
        "DE89370400440532013000 FR1420041010050500013M02606 NL91ABNA0417164300 NO9386011117947 MT84MALT011000012345MTLCAST001S "
        "PL61109010140000071219812874"
    ).split(),
)
def test_ibans_of_many_countries(number: str) -> None:
    """The registry's examples pass, in groups as well, and words behind them are left alone."""
    groups = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    for text in (number, groups):
        assert [(f.start, f.end) for f in find(f"{text} with thanks", ["iban"])] == [(0, len(text))]
