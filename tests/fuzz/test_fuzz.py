"""Changed documents through the real pool: a second of what `make fuzz` does for each parser, and a test of the fuzzer itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import mutation, running, seeds

#: A parser for each fault, as a plug-in: it fails when a document holds more bytes than its sample.
FAULTY = """
import time
from ragkit.records import Anchor, Block, Parsed


class Alien:
    media_types, suffixes, sample = ("text/x-alien",), (".alien",), b"Words.\\n"
    harmless = True

    def parse(self, data, *, uri=""):
        text = data.decode("utf-8", "replace").replace("\\r", "").replace("\\0", "").strip() or "none"
        return self.made(text) if len(data) != len(self.sample) else self.good(text)

    def good(self, text):
        return Parsed(text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),))

    def made(self, text):
        raise LookupError("from another world")


class Isolated(Alien):
    media_types, suffixes = ("text/x-isolated",), (".isolated",)
    harmless = False


class Asleep(Alien):
    media_types, suffixes = ("text/x-asleep",), (".asleep",)
    harmless = False

    def made(self, text):
        time.sleep(1)
        return self.good(text)


class Beyond(Alien):
    media_types, suffixes = ("text/x-beyond",), (".beyond",)

    def made(self, text):
        return Parsed(text=text, blocks=self.good(text).blocks, anchors=(Anchor(start=0, end=len(text), byte_start=0, byte_end=1 << 20),))


class Crash(Isolated):
    media_types, suffixes = ("text/x-crash",), (".crash",)

    def made(self, text):
        import ctypes

        ctypes.string_at(0)
"""
FAULTS = {
    "alien": ("Alien", "alien", "LookupError: from another world"),
    "isolated": ("Isolated", "failed", "the parser failed: LookupError: from another world"),
    "asleep": ("Asleep", "slow", "more than 0.05 s"),
    "beyond": ("Beyond", "contract", "no such bytes"),
    "crash": ("Crash", "failed", "the parser crashed (SIGSEGV)"),
}


@pytest.fixture
def _planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The faulty parsers, installed as a package would be."""
    (tmp_path / "faulty_parsers.py").write_text(FAULTY, "utf-8")
    about = tmp_path / "faulty_parsers-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-parsers\nVersion: 1.0\n", "utf-8")
    points = "".join(f"{name} = faulty_parsers:{kind}\n" for name, (kind, _, _) in FAULTS.items())
    (about / "entry_points.txt").write_text(f"[ragkit.parsers]\n{points}", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("name", sorted(running.parsers()))
def test_nothing_is_found_in_a_second(name: str) -> None:
    """Changed documents give text that keeps the contract, or a reason, in time."""
    tally = running.fuzz(name, running.parsers()[name], seconds=1, seed=7)
    assert tally.inputs > 0
    assert [(finding.kind, finding.reason, finding.data[:200]) for finding in tally.findings.values()] == []


@pytest.mark.usefixtures("_planted")
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_planted_fault_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alien exception here and in the child, sleep, anchors beyond the document and a crash are each found, and kept with the input."""
    monkeypatch.setitem(running.SLOW_BY_PARSER, "asleep", 0.05)
    _, kind, reason = FAULTS[name]
    tally = running.fuzz(name, running.parsers()[name], seconds=1, seed=1)
    found = [finding for finding in tally.findings.values() if finding.kind == kind]
    assert found
    assert reason in found[0].reason
    assert len(found[0].data) != len(b"Words.\n")


def test_every_parser_has_documents_that_it_reads() -> None:
    """What is changed begins with documents that the parser takes, so that changes reach more than its first check."""
    for name, parser in running.parsers().items():
        if name != "image":
            assert parser().parse(seeds.seeds(name, parser)[0], uri=f"a.{seeds.suffix(name, parser)}").text.strip(), name


def test_changes_repeat_and_differ() -> None:
    """The same seed makes the same documents; almost all of them differ from one another and from what they were made of."""
    parsers = running.parsers()
    documents = seeds.seeds("markdown", parsers["markdown"])
    material = mutation.Material(documents, seeds.tokens(documents))
    first, second = ([mutation.mutate(rng, material) for _ in range(300)] for rng in (Random(3), Random(3)))
    assert first == second
    assert len(set(first) - set(documents)) > 250
    assert max(map(len, first)) <= mutation.MOST


def test_members_of_packages_are_changed() -> None:
    """Most changed packages are zip files that open, with other content."""
    documents = seeds.seeds("odt", running.parsers()["odt"])[:1]
    material = mutation.Material(documents, seeds.tokens(documents))
    rng = Random(5)
    made = [mutation.mutate(rng, material) for _ in range(100)]
    whole = {data for data in made if zipfile.is_zipfile(io.BytesIO(data))}
    assert len(whole - set(documents)) > 60
