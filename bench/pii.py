"""Precision and recall of the detection of personal data, how much is found where there is hardly any, and how fast it is.

The labelled texts are presidio-research's: sentences made from 127 templates. The patterns were tuned on the templates with an
even number alone; the figures to quote are those of the odd ones. A find counts when its kind, its start and its end are the
label's (strict), or when it and a label of any kind that patterns look for share a character (overlap).
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.common import data, emit, json_lines, parser
from bench.pii_planted import planted
from ragkit.pii.finding import Found, find

#: presidio-research's types that patterns look for, and what they are here. The others (names, places, addresses,
#: organisations, dates, titles, web addresses, US driving licences) have no check digit; names take a model.
TYPES = {
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "PHONE_NUMBER": "phone",
    "US_SSN": "us_ssn",
}
#: The same kinds' recognizers in presidio-analyzer, and the least score of a result that counts: those of its patterns alone,
#: without a language model, as here.
PRESIDIO = ("CreditCardRecognizer", "EmailRecognizer", "IbanRecognizer", "IpRecognizer", "PhoneRecognizer", "UsSsnRecognizer")
PRESIDIO_SCORE = 0.4

Span = tuple[str, int, int]
Finder = Callable[[str], Sequence[Found]]


def ours(text: str) -> list[Found]:
    return find(text)


def presidio() -> Finder:
    """Their recognizers of the same kinds, with their context words and their removal of what overlaps."""
    import presidio_analyzer.predefined_recognizers as known
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
    from spacy import blank

    class Blank(SpacyNlpEngine):
        """Words without a model."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": blank("en")}

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            doc = self.nlp[language](text)
            words = [token.text.lower() for token in doc]
            return NlpArtifacts([], doc, [token.idx for token in doc], words, self, language)

    recognizers: list[EntityRecognizer] = [getattr(known, name)() for name in PRESIDIO]
    engine = AnalyzerEngine(registry=RecognizerRegistry(recognizers), nlp_engine=Blank(), supported_languages=["en"])

    def run(text: str) -> list[Found]:
        results = engine.analyze(text, "en", score_threshold=PRESIDIO_SCORE)
        return [Found(kind=TYPES[r.entity_type], start=r.start, end=r.end) for r in results]

    return run


def labelled() -> list[dict[str, Any]]:
    texts: list[dict[str, Any]] = json.loads(data("pii/generated_large.json").read_text("utf-8"))
    return texts


def compare(texts: Sequence[dict[str, Any]], finder: Finder) -> list[dict[str, Any]]:
    """A row for each kind, and one for all of them."""
    hit: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for one in texts:
        gold = {
            (TYPES[s["entity_type"]], s["start_position"], s["end_position"]) for s in one["spans"] if s["entity_type"] in TYPES
        }
        got = {(f.kind, f.start, f.end) for f in finder(one["full_text"])}
        wanted.update(kind for kind, _, _ in gold)
        found.update(kind for kind, _, _ in got)
        hit.update(kind for kind, _, _ in gold & got)
        touched.update(kind for kind, start, end in gold if _touches(start, end, got))
        met.update(kind for kind, start, end in got if _touches(start, end, gold))
    rows = [_row(kind, wanted[kind], found[kind], hit[kind], touched[kind], met[kind]) for kind in sorted({*wanted, *found})]
    return [*rows, _row("all", *(sum(counts.values()) for counts in (wanted, found, hit, touched, met)))]


def _touches(start: int, end: int, spans: set[Span]) -> bool:
    return any(start < other_end and other_start < end for _, other_start, other_end in spans)


def _row(kind: str, wanted: int, found: int, hit: int, touched: int, met: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "labels": wanted,
        "found": found,
        "precision": _share(hit, found),
        "recall": _share(hit, wanted),
        "overlap precision": _share(met, found),
        "overlap recall": _share(touched, wanted),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def prose() -> Iterator[tuple[str, list[str]]]:
    """Public text that holds hardly any personal data."""
    for name in ("scifact", "cranfield", "cisi", "npl"):
        yield name, [line["text"] for line in json_lines(data(f"retrieval/{name}") / "corpus.jsonl")]
    articles = json.loads(data("answering/xquad_en_dev.json").read_text("utf-8"))["data"]
    yield "xquad_en", [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]


def in_prose() -> list[dict[str, Any]]:
    """Finds in each collection, and megabytes a second."""
    rows = []
    for name, texts in prose():
        began = time.process_time()
        counts = Counter(f.kind for text in texts for f in find(text))
        seconds = time.process_time() - began
        size = sum(map(len, texts))
        rate = round(size / 1e6 / seconds, 2)
        rows.append({"text": name, "million characters": round(size / 1e6, 2), "found": dict(counts), "million a CPU s": rate})
    return rows


def by_chance(count: int) -> list[dict[str, Any]]:
    """How many random numbers, each in a sentence that does not say what it is, are taken for personal data."""
    chance = random.Random(5)
    rows = []
    for digits in range(7, 20):
        texts = ["It has " + str(chance.randrange(10 ** (digits - 1), 10**digits)) + " written on it." for _ in range(count)]
        counts = Counter(f.kind for text in texts for f in find(text))
        rows.append({"digits": digits, "found": _share(counts.total(), count), "as": dict(counts.most_common(3))})
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--numbers", type=int, default=10_000, help="random numbers of each length")
    arguments.add_argument("--planted", type=int, default=500, help="numbers of each kind that the package faker makes")
    arguments.add_argument("--others", action="store_true", help="measure presidio-analyzer's patterns as well; it has to be installed")
    given = arguments.parse_args()
    texts = labelled()
    odd = [one for one in texts if one["template_id"] % 2]
    rows = compare(odd, ours)
    more: dict[str, Any] = {"all templates": compare(texts, ours), "by chance": by_chance(given.numbers), "types": TYPES}
    try:
        more["planted"] = planted(given.planted)
    except ImportError as error:
        more["planted"] = f"left out: {error}"
    if given.others:
        theirs = presidio()
        more["presidio, odd templates"], more["presidio, all templates"] = compare(odd, theirs), compare(texts, theirs)
    more["in prose"] = in_prose()
    emit("pii", rows, complete=given.numbers >= 10_000, **more)


if __name__ == "__main__":
    main()
