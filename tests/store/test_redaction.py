"""Personal data at ingest and in answers: flagged, masked for ever, or masked in what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from residues import forms, scan

from ragkit import Ragkit
from ragkit.pii.finding import find
from ragkit.pii.patterns import MASK
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

MakeKit = Callable[..., Ragkit]

SECRETS = {
    "email": "grace.hopper@navy.example",
    "card": "5555 5555 5555 4444",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+44 20 7946 0958",
    "us_ssn": "219-09-9998",
    "ip": "198.51.100.23",
}
LINES = [f"The {kind} of the harbour master is {value} according to the file." for kind, value in SECRETS.items()]
NOTE = "The harbour master keeps the lamp of Skerry Point.\n\n" + "\n\n".join(LINES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same personal data in texts, a table, a record, a page and a mail, in titles and metadata as well."""
    made = tmp_path / "files"
    made.mkdir()
    (made / "note.txt").write_text(NOTE)
    (made / "note.md").write_text(f"---\nauthor: {SECRETS['email']}\n---\n# Call {SECRETS['phone']}\n\n" + "\n\n".join(LINES))
    (made / "rows.csv").write_text("kind,value\n" + "\n".join(f"{kind},{value}" for kind, value in SECRETS.items()))
    (made / "record.json").write_text(json.dumps({"harbour": SECRETS}))
    title = f"<title>{SECRETS['email']}</title><meta name='author' content='{SECRETS['email']}'>"
    (made / "page.html").write_text(f"<html><head>{title}</head><body><h1>{SECRETS['card']}</h1><p>{NOTE}</p></body></html>")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SECRETS["email"], SECRETS["email"], f"Card {SECRETS['card']}"
    mail.set_content(NOTE)
    (made / "letter.eml").write_bytes(bytes(mail))
    return made


def test_after_redaction_no_byte_of_it_is_in_the_store(make_kit: MakeKit, store: Path, folder: Path) -> None:
    """No file of the store holds any of it, whole or in its longest part, as text, as an index term, or compressed."""
    kit = make_kit(pii__at_ingest="redact", catalog__url="")
    report = kit.ingest(folder)
    assert (report.added, report.failed) == (6, ())
    assert set(report.pii) == set(SECRETS)
    kit.search("harbour master")
    kit.ask("Who keeps the lamp?", mode="quote")
    assert kit.check() == []
    kit.close()
    parts = {part for value in SECRETS.values() for part in (value, value.replace(" ", ""), max(value.split(), key=len)) if len(part) > 3}
    wanted = {f"{part} {name}": form for part in parts for name, form in forms(part).items() if len(form) > 5}
    assert scan([store], wanted) == []


def test_redaction_keeps_offsets_and_lines(make_kit: MakeKit) -> None:
    """The canonical text differs from the source's in the masked characters alone, so that every offset still holds."""
    kit = make_kit(pii__at_ingest="redact")
    kit.add_text(NOTE, uri="note")
    text = kit.text("note")
    hidden = {i for found in find(NOTE) for i in range(found.start, found.end)}
    assert len(text) == len(NOTE)
    assert all(text[i] == (MASK if i in hidden else c) for i, c in enumerate(NOTE))
    document = kit.document("note")
    assert document.metadata["pii"] == dict.fromkeys(SECRETS, 1)
    first = document.parsed.blocks[0]
    assert text[first.start : first.end] == "The harbour master keeps the lamp of Skerry Point."


def test_a_flag_counts_kinds_and_changes_no_text(make_kit: MakeKit) -> None:
    """With ``flag`` the text stays, its kinds are counted in the metadata, and a filter can ask for them."""
    kit = make_kit(pii__at_ingest="flag")
    report = kit.add_text(NOTE, uri="note")
    kit.add_text("Nothing of the kind stands here.", uri="clean")
    assert kit.text("note") == NOTE
    assert report.pii == dict.fromkeys(SECRETS, 1)
    assert {d.uri: d.metadata.get("pii") for d in kit.documents()} == {"note": dict.fromkeys(SECRETS, 1), "clean": None}
    assert {hit.uri for hit in kit.search("stands here harbour", filter="pii.card >= 1")} == {"note"}


def test_only_chosen_kinds(make_kit: MakeKit) -> None:
    """``pii.kinds`` says what counts."""
    kit = make_kit(pii__at_ingest="redact", pii__kinds=("card",))
    assert kit.add_text(NOTE, uri="note").pii == {"card": 1}
    assert SECRETS["email"] in kit.text("note")
    assert SECRETS["card"] not in kit.text("note")


def test_a_change_of_policy_reads_documents_again(make_kit: MakeKit, folder: Path) -> None:
    """What was ingested before ``redact`` was set is masked by the next sync, which ``diff`` says; after that nothing changes."""
    assert make_kit().ingest(folder).added == 6
    kit = make_kit(pii__at_ingest="redact")
    assert len(kit.diff().updated) == 6
    assert kit.sync().updated == 6
    assert all(value not in kit.text(d.uri) for d in kit.documents() for value in SECRETS.values())
    again = kit.sync()
    assert (again.updated, again.unchanged, again.pii) == (0, 6, {})


@pytest.mark.parametrize("mode", ["auto", "quote", "compose"])
def test_answers_are_masked_and_their_records(make_kit: MakeKit, store: Path, settings_for: Callable[..., object], mode: str) -> None:
    """Sentences, citations, evidence, hits, the shown document and the record are masked; the store's own text is not."""
    make_kit().add_text(NOTE, uri="note", title=f"File of {SECRETS['email']}")
    values = {"pii__at_answer": "redact", "answering__min_answerable": 0.0, "answering__min_support": 0.01}
    kit = make_kit(**values)
    kit._given_generator = ScriptedGenerator("The card of the harbour master is on file [1].")
    answer = kit.ask(f"What is the card of the harbour master, {SECRETS['card']}?", mode=mode)
    assert answer.sentences
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    assert any(MASK in citation.cited_text for citation in cited)
    shown = json.dumps([answer.to_dict(), kit.answer_record(answer.record_id)], ensure_ascii=False)
    shown += json.dumps([hit.to_dict() for hit in kit.search("card of the harbour master")], ensure_ascii=False) + kit.text("note")
    assert [value for value in SECRETS.values() if value in shown] == []
    for citation in cited:
        assert kit.text("note", citation.start_char_index, citation.end_char_index) == citation.cited_text
    assert make_kit().text("note") == NOTE


def test_the_generator_never_sees_what_answers_mask(make_kit: MakeKit) -> None:
    """The prompt is made of masked evidence and the masked question."""

    class Listening(ScriptedGenerator):
        heard = ""

        def stream(self, system: str, user: str, **options: object):  # type: ignore[no-untyped-def]
            self.heard += system + user
            return super().stream(system, user)

    generator = Listening("It is on file [1].")
    kit = make_kit(pii__at_answer="redact", answering__min_answerable=0.0)
    kit._given_generator = generator
    kit.add_text(NOTE, uri="note")
    kit.ask(f"What is the card of the harbour master, {SECRETS['card']}?")
    assert MASK in generator.heard
    assert [value for value in SECRETS.values() if value in generator.heard] == []


def test_a_passage_that_cuts_through_a_number_shows_none_of_it(make_kit: MakeKit, embedder: SyntheticEmbedder) -> None:
    """Hits are masked as the whole document is: half a number at a passage's edge is masked too."""
    text = "Numbers follow. " + "IBAN DE89 3704 0044 0532 0130 00 and card 5555 5555 5555 4444 " * 12
    kit = make_kit(pii__at_answer="redact", chunking__max_tokens=16, chunking__overlap_tokens=0)
    kit.add_text(text, uri="long")
    shown = "".join(hit.text for hit in kit.search("IBAN card numbers", 50))
    assert not any(c.isdigit() for c in shown)


def test_metadata_is_read_with_its_key(make_kit: MakeKit) -> None:
    """A number in the metadata is known by the key that it stands under, whether it is text or a number."""
    kit = make_kit(pii__at_ingest="redact")
    kit.add_text("Nothing.", uri="note", metadata={"ssn": 219099998, "phone": "785 8949", "year": 1988, "tags": ["a@b.example"]})
    masked = {key: value for key, value in kit.document("note").metadata.items() if key in ("ssn", "phone", "year", "tags")}
    assert masked == {"ssn": MASK * 9, "phone": MASK * 8, "year": 1988, "tags": [MASK * 11]}


def test_lists_and_shown_documents_are_masked_with_answers(make_kit: MakeKit) -> None:
    """With ``pii.at_answer`` the list of documents and a document's title and metadata are masked as well."""
    kit = make_kit(pii__at_answer="redact")
    kit.add_text(NOTE, uri="note", title=f"File of {SECRETS['email']}", metadata={"author": SECRETS["email"]})
    (info,) = kit.documents()
    document = kit.document("note")
    assert info.title == document.title == f"File of {MASK * len(SECRETS['email'])}"
    assert info.metadata["author"] == document.metadata["author"] == MASK * len(SECRETS["email"])
