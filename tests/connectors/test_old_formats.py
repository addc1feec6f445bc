"""Word, PowerPoint and Outlook files of the old kinds: what is read, what stays out, the way back, and broken files."""

from __future__ import annotations

import os
import random
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import samples_old as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from package_checks import blocks, place_of, refused, round_trip

from ragkit.connectors import wire
from ragkit.connectors.parsers import Registry
from ragkit.connectors.parsers.doc import DocParser
from ragkit.connectors.parsers.msg import MsgParser
from ragkit.connectors.parsers.ppt import PptParser
from ragkit.contracts import Parser
from ragkit.errors import LimitExceeded, ParseError
from ragkit.records import Parsed
from ragkit.testing import ParserConformance

DATA = Path(os.environ.get("RAGKIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "parsers"
WORD = re.compile(r"\w+")
#: What the expected text has beside the document's own: comments, and the numbers that a list's items are given.
ADDED = re.compile(r"<!--.*?-->|^\s*\d+\. ", re.MULTILINE)
SAMPLES: dict[str, tuple[type[Parser], Callable[[], bytes]]] = {
    "doc": (DocParser, samples.doc),
    "ppt": (PptParser, samples.ppt),
    "msg": (MsgParser, samples.mail),
}
MADE = {kind: (parser, made()) for kind, (parser, made) in SAMPLES.items()}


class TestDoc(ParserConformance):
    def parser(self) -> DocParser:
        return DocParser()

    def samples(self) -> list[bytes]:
        return [samples.doc()]


class TestPpt(ParserConformance):
    def parser(self) -> PptParser:
        return PptParser()

    def samples(self) -> list[bytes]:
        return [samples.ppt()]


class TestMsg(ParserConformance):
    def parser(self) -> MsgParser:
        return MsgParser()

    def samples(self) -> list[bytes]:
        return [samples.mail(), samples.old_mail()]


# --- what is read ---


def test_doc_structure() -> None:
    """Both pieces are read in order: headings by their styles' ancestors, a field's result, list items, rows of a table."""
    parsed = DocParser().parse(samples.doc())
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "Opens at eight"),
        ("paragraph", "See the plan – today."),
        ("list_item", "hemp"),
        ("list_item", "rope"),
        ("heading", "Tïdes of łódź 🚢"),
        ("table", "Berth | Depth\nNorth | nine metres"),
        ("paragraph", "After the table."),
    ]
    assert [block.level for block in parsed.blocks if block.kind == "heading"] == [1, 1]
    assert place_of(parsed, "eight") == ["paragraph 2"]
    assert place_of(parsed, "nine") == ["table 1, row 2"]
    assert place_of(parsed, "After") == ["paragraph 7"]


def test_doc_hidden_is_left_out_and_counted() -> None:
    """Hidden, deleted, white and tiny characters are not in the text; the warning counts them."""
    parsed = DocParser().parse(samples.doc())
    assert not any(word in parsed.text for word in ("hidden", "gone", "white", "specks", "pale", "HYPERLINK"))
    assert parsed.warnings == ("25 hidden characters left out",)


def test_ppt_structure() -> None:
    """Slides as their last edit left them, texts of the outline where boxes refer to them, a group of cells as a table."""
    parsed = PptParser().parse(samples.ppt())
    assert blocks(parsed) == [
        ("heading", "The harbour"),
        ("paragraph", "Ropes"),
        ("paragraph", "of hémp"),
        ("paragraph", "In a böx"),
        ("heading", "Berths"),
        ("table", "Berth | Depth\nNorth | nine"),
    ]
    assert place_of(parsed, "böx") == ["slide 1"]
    assert place_of(parsed, "nine") == ["slide 3"]
    assert parsed.warnings == ("1 hidden slides left out",)


def test_ppt_groups_that_are_no_tables() -> None:
    """Boxes that merely belong together stay paragraphs."""
    shapes = [samples.box(samples.text(word), place) for word, place in [("left", (10, 10)), ("right", (50, 10))]]
    parsed = PptParser().parse(samples.slides([(samples.slide(samples.group(*shapes, table=False)), b"")]))
    assert blocks(parsed) == [("paragraph", "left"), ("paragraph", "right")]


def test_msg_structure() -> None:
    """Headers, then the text; the attachment is named; subject and date are told apart from the text too."""
    parsed = MsgParser().parse(samples.mail())
    head = "From: Ada <ada@x.example>\nTo: Ben\nSubject: Öffnung\nDate: Mon, 01 Jan 2024 09:00:00 +0000"
    assert blocks(parsed) == [("paragraph", head), ("paragraph", "The harbour opens at eight."), ("paragraph", "Bring röpes.")]
    assert place_of(parsed, "Öffnung") == ["header Subject"]
    assert place_of(parsed, "röpes") == ["part 1"]
    assert (parsed.title, parsed.metadata["created"]) == ("Öffnung", "2024-01-01T09:00:00+00:00")
    assert parsed.warnings == ("1 attachments are not read here: plan.doc",)


def test_msg_of_html_alone() -> None:
    """8-bit properties are read, and HTML where there is no plain text, without what it hides."""
    parsed = MsgParser().parse(samples.old_mail())
    assert blocks(parsed) == [("paragraph", "From: Ada\nSubject: Röpes"), ("paragraph", "Seen")]
    assert parsed.warnings == ("part 1: 6 hidden characters left out",)


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_told_by_content(kind: str) -> None:
    """Each kind is told by what it holds, whatever its name says; a message with a Word document attached is a message."""
    parser, data = MADE[kind]
    assert Registry().media_type(data, "notes.txt") == parser.media_types[0]


# --- the way back ---


def test_doc_round_trip() -> None:
    """Spans of a document of random paragraphs and tables are found in those that the anchors name."""
    rng, wanted, pars, tables = random.Random(4), {}, [], 0
    for count in range(1, 121):
        said = [" ".join(rng.choices("anchor berth crane äther ferry".split(), k=5)) + f" {rng.randint(0, 9999)}" for _ in range(2)]
        if rng.random() < 0.2:
            tables += 1
            pars += [*samples.row(*said), samples.par("Between.")]
            wanted[f"table {tables}, row 1"] = " | ".join(said)
            said = ["Between."]
        else:
            pars.append(samples.par(said[0], rng.randint(0, 2)))
        wanted[f"paragraph {count}"] = said[0]
    round_trip(DocParser().parse(samples.word(pars, 60)), wanted.__getitem__)


def test_ppt_round_trip() -> None:
    """Spans of a presentation of random texts are found on the slides that the anchors name."""
    rng, wanted, made = random.Random(5), {}, []
    for number in range(1, 40):
        said = [" ".join(rng.choices("anchor berth crane äther ferry".split(), k=5)) for _ in range(4)]
        boxes = [samples.box(samples.record(3998, samples.u32(index))) for index in (0, 1)]
        made.append(
            (samples.slide(*boxes, *(samples.box(samples.text(words)) for words in said[2:])), b"".join(map(samples.text, said[:2])))
        )
        wanted[f"slide {number}"] = "\n".join(said)
    round_trip(PptParser().parse(samples.slides(made)), wanted.__getitem__)


def test_msg_round_trip() -> None:
    """Spans of a message are found in the header or the text that the anchors name."""
    text = "\r\n\r\n".join(f"Paragraph {number} of röpes and cranes." for number in range(200))
    parsed = MsgParser().parse(samples.msg({"0037001F": "Subject line", "1000001F": text}))
    round_trip(parsed, {"header Subject": "Subject: Subject line", "part 1": text}.__getitem__)


# --- broken and hostile ---


def outcome(parser: Parser, data: bytes) -> Parsed | None:
    """A valid result, or none for a reason of one line; in either case within two seconds."""
    begin, parsed, reason = time.perf_counter(), None, "none"
    try:
        parsed = parser.parse(data)
    except ParseError as error:
        reason = str(error)
    assert reason.isprintable()
    assert parsed is None or wire.check(parsed) is None
    assert time.perf_counter() - begin < 2
    return parsed


def test_encrypted_is_refused() -> None:
    """A document or presentation with a password is refused, and the reason says so."""
    refused(DocParser(), samples.word([samples.par("Secret")], flags=0x0300), "encrypted")
    refused(PptParser(), samples.slides([(samples.slide(), b"")], encrypted=True), "encrypted")


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_of_another_kind_is_refused(kind: str) -> None:
    """A parser refuses files of the other kinds, containers without streams, and what is no container."""
    parser, _ = MADE[kind]
    for data in [b"", b"words", samples.compound({"Other": b"words"}), *(data for other, (_, data) in MADE.items() if other != kind)]:
        refused(parser(), data, "no |broken")


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_truncated(kind: str) -> None:
    """Cut off anywhere, a file gives what is left of it or a reason."""
    parser, data = MADE[kind]
    for length in [*range(0, len(data), 331), *range(0, len(data), 512)]:
        outcome(parser(), data[:length])


@pytest.mark.parametrize("kind", list(SAMPLES))
@given(
    st.lists(st.tuples(st.integers(0, 1 << 20), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)), min_size=1, max_size=12)
)
@settings(max_examples=150, deadline=None)
def test_of_flipped_bytes(kind: str, flips: list[tuple[int, int]]) -> None:
    """Whatever bytes are written over, there is a valid result or a reason."""
    parser, data = MADE[kind]
    changed = bytearray(data)
    for at, value in flips:
        changed[at % len(data)] = value
    outcome(parser(), bytes(changed))


@pytest.mark.parametrize("kind", list(SAMPLES))
@pytest.mark.parametrize("value", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_of_numbers_replaced(kind: str, value: int) -> None:
    """Whichever number is 0, 1 or vast, there is a valid result or a reason: counts, lengths, and chains that bite their tails."""
    parser, data = MADE[kind]
    places = [*range(24, 600, 4), *range(len(data) - 700, len(data), 4), *random.Random(value).sample(range(0, len(data) - 4, 4), 300)]
    for at in places:
        outcome(parser(), data[:at] + struct.pack("<I", value) + data[at + 4 :])


def test_looping_sectors() -> None:
    """A chain of sectors that comes back to its beginning, and a directory that does, give a result or a reason."""
    for parser, data in MADE.values():
        at = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
        directory = struct.unpack_from("<I", data, 48)[0]
        for place in (at, at + 4 * directory):
            outcome(parser(), data[:place] + samples.u32((place - at) // 4) * 2 + data[place + 8 :])
        sector = 512 * (1 + directory)
        outcome(parser(), data[: sector + 76] + samples.u32(0) + data[sector + 80 :])
        outcome(parser(), data[: sector + 128 + 68] + samples.u32(1, 1, 1) + data[sector + 128 + 80 :])


def test_doc_of_pieces_that_share_their_bytes() -> None:
    """A document that says to have more characters than bytes is refused, not unrolled."""
    data = samples.word([samples.par("rope " * 100)])
    at = data.index(samples.u16(0xA5EC)) + 0x4C
    refused(DocParser(), data[:at] + samples.u32(0xFFFFFFF0) + data[at + 4 :], "more characters than bytes")


def test_doc_of_open_fields() -> None:
    """Three hundred thousand fields that begin and never end take no time to speak of."""
    assert outcome(DocParser(), samples.word([samples.par("words\r" + "\x13" * 300_000 + "code")])) is not None


def test_doc_of_many_cells() -> None:
    """A row of thirty thousand empty cells, and as many rows, take no time to speak of."""
    assert outcome(DocParser(), samples.word([samples.par("words"), *samples.row(*[""] * 30_000)])) is not None
    assert outcome(DocParser(), samples.word([samples.par("words"), *samples.row("") * 15_000])) is not None


def test_doc_is_fast() -> None:
    """A million characters take less than five seconds."""
    data = samples.word([samples.par("words of rope " * 70)] * 1020, 500)
    begin = time.perf_counter()
    assert len(DocParser().parse(data).text) > 990_000
    assert time.perf_counter() - begin < 5


def test_ppt_of_edits_without_end() -> None:
    """An edit that names itself or a later one as the one before it ends the list."""
    data = samples.ppt()
    for match in re.finditer(re.escape(samples.u16(0, 4085) + samples.u32(28)), data):
        for before in (0xFFFFFFFF, *range(0, 2000, 8)):
            at = match.start() + 16
            outcome(PptParser(), data[:at] + samples.u32(before) + data[at + 4 :])


def test_ppt_of_slides_again_and_again() -> None:
    """A slide of many texts that is listed many times is refused, not read many times."""
    shapes = samples.slide(*[samples.box(samples.text("words of rope"))] * 800)
    again = samples.record(1011, samples.u32(2, 0, 0, 256, 0)) * 20_000
    begin = time.process_time()
    with pytest.raises(LimitExceeded):
        PptParser().parse(samples.slides([(shapes, again)]))
    assert time.process_time() - begin < 10  # all sixteen million texts take minutes


def test_ppt_of_nested_containers() -> None:
    """Containers a thousand deep are no reason to fail; what lies too deep is not read."""
    deep = samples.box(samples.text("deep"))
    for _ in range(1000):
        deep = samples.record(0xF003, [deep])
    parsed = outcome(PptParser(), samples.slides([(samples.slide(samples.box(samples.text("Seen")), deep), b"")]))
    assert parsed is not None
    assert parsed.text == "Seen"


def test_directory_without_end() -> None:
    """A directory of a thousand and two hundred streams that hang one below another gives a result or a reason."""
    streams = {f"__substg1.0_{number:08X}": b"" for number in range(0x2000, 0x2000 + 1200)}
    outcome(MsgParser(), samples.compound({"__properties_version1.0": b"", "__substg1.0_0037001F": b"S\0", **streams}))


# --- files of other programs ---

REAL = sorted([*(DATA / "docling").glob("doc/*.doc"), *(DATA / "docling").glob("ppt/*.ppt"), *(DATA / "markitdown").glob("*.msg")])


@pytest.mark.skipif(not REAL, reason="the documents of other projects are not here; RAGKIT_DATA says where")
def test_documents_of_other_projects() -> None:
    """Files that other programs wrote are told by their content and hold 95 in 100 of the words that are expected of them."""
    registry = Registry()
    for path in REAL:
        parsed = registry.parser(registry.media_type(path.read_bytes(), "unnamed"))().parse(path.read_bytes())
        assert wire.check(parsed) is None
        expected = path.with_name(f"{path.name}.expected.md")
        if expected.is_file():
            have, wanted = set(WORD.findall(parsed.text.lower())), WORD.findall(ADDED.sub("", expected.read_text("utf-8")).lower())
            assert sum(word in have for word in wanted) >= 0.95 * len(wanted), path.name
