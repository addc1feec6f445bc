"""The kinds of personal data that are known, by name."""

from __future__ import annotations

#: kind -> what it is, and what it takes for a text to count as one.
KINDS: dict[str, str] = {
    "email": "an e-mail address",
    "iban": "an IBAN: its country's length, mod 97",
    "card": "a payment card: its issuer's prefix and length, or digits near a word such as `card`; Luhn",
    "crypto": "a Bitcoin address (checksum) or an Ethereum one (form)",
    "ip": "an IPv4 or IPv6 address, loopback left out",
    "us_ssn": "a US social security number: ranges that were given out; without hyphens only near its name",
    "us_routing": "a US bank's routing number, near its name: weighted sum",
    "uk_nino": "a UK national insurance number: prefixes that were given out; unless in groups only near its name",
    "uk_nhs": "a UK NHS number, near its name: mod 11",
    "de_steuer_id": "a German tax id: ISO 7064 mod 11,10, and how often its digits repeat",
    "fr_nir": "a French NIR: month, mod 97",
    "it_codice_fiscale": "an Italian codice fiscale: date, check letter",
    "es_dni": "a Spanish DNI: check letter",
    "es_nie": "a Spanish NIE: check letter",
    "pt_nif": "a Portuguese NIF, near its name: mod 11",
    "nl_bsn": "a Dutch BSN, near its name: eleven test",
    "be_rijksregister": "a Belgian national number: date, mod 97; without its points only near its name",
    "ch_ahv": "a Swiss AHV number: EAN-13",
    "at_svnr": "an Austrian social insurance number, near its name: weighted sum, date",
    "pl_pesel": "a Polish PESEL, near its name: weighted sum, date",
    "se_personnummer": "a Swedish personal number: date, Luhn",
    "no_fodselsnummer": "a Norwegian birth number: date, two weighted sums",
    "fi_hetu": "a Finnish personal code: date, mod 31",
    "dk_cpr": "a Danish CPR number, near its name: date",
    "ie_pps": "an Irish PPS number: mod 23",
    "ca_sin": "a Canadian SIN, near its name: Luhn",
    "br_cpf": "a Brazilian CPF: two weighted sums; without its points only near its name",
    "in_aadhaar": "an Indian Aadhaar number, near its name: Verhoeff",
    "phone": "a telephone number: international and possible, national and valid, or digits near a word such as `call`",
    "name": "a person's name, by the model that the setting `pii.names_model` names",
}

#: The kinds that patterns find; `name` takes a model.
PATTERNED: tuple[str, ...] = tuple(kind for kind in KINDS if kind != "name")
