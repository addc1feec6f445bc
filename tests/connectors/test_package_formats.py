"""Office, OpenDocument and EPUB alike: told by their content, read in the sandbox, and whole or refused when they are damaged."""

from __future__ import annotations

import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import samples_office
import samples_open as samples

from ragkit.connectors import wire
from ragkit.connectors.parsers import Registry
from ragkit.connectors.sandbox import open_pool
from ragkit.errors import ParseError, UnsupportedFormat
from ragkit.records import SourceItem
from ragkit.settings import ParsingSettings

DATA = Path(os.environ.get("RAGKIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "parsers"
WORD = re.compile(r"[^\W_]+")
COMMENT = re.compile("<!--.*?-->", re.DOTALL)
SAMPLES: dict[str, Callable[[], bytes]] = {
    "xlsx": samples_office.xlsx,
    "pptx": samples_office.pptx,
    "odt": partial(samples.odf, "text", samples.ODT),
    "ods": partial(samples.odf, "spreadsheet", samples.ODS),
    "odp": partial(samples.odf, "presentation", samples.ODP),
    "epub": partial(samples.epub, samples.CHAPTERS),
}


@pytest.mark.parametrize("suffix", ["xlsx", "pptx", "odt", "ods", "odp", "epub"])
def test_noise_gives_a_reason(suffix: str) -> None:
    """A package with a few bytes changed, anywhere, is a valid document or one line that says what is wrong."""
    data, rng = SAMPLES[suffix](), random.Random(9)
    parser = Registry().parser(Registry().media_type(data, ""))()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [
            name for name in package.namelist() if name.endswith(("ml", ".opf", ".rels")) and "theme" not in name and "Layout" not in name
        ]
    faults: list[str] = []
    for _ in range(60):
        name = rng.choice(names)
        content = bytearray(samples_office.member(data, name))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content))
            content[at : at + rng.randint(0, 9)] = rng.choice([b"", b"-1", b"<", b'"', b"99999999999", b"x", b"\xff"])
        try:
            parsed = parser.parse(samples_office.repack(data, {name: bytes(content)}))
        except ParseError as error:
            faults.append(str(error))
        else:
            assert wire.check(parsed) is None
    assert [fault for fault in faults if not fault.isprintable()] == []


def test_formats_are_told_by_their_content() -> None:
    """A package is what its members say, whatever its name."""
    registry = Registry()
    for kind, made in SAMPLES.items():
        assert registry.parser(registry.media_type(made(), "notes.txt")) is registry.parser(registry.by_suffix[f".{kind}"])
    with pytest.raises(ParseError, match="looks like a zip archive"):
        registry.media_type(samples.odf("text", "").replace(b"opendocument", b"openkitchens"), "a.xlsx")


def test_what_stays_unread_has_its_reason() -> None:
    """Old Office files, new ones with a password and drawings are refused, each in its own words."""
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    for data, name, words in (
        (old, "a.xls", "old Office file"),
        (old + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "password"),
        (samples.odf("drawing", ""), "a.odg", "OpenDocument file that is no text"),
    ):
        with pytest.raises(UnsupportedFormat, match=words):
            Registry().media_type(data, name)


def test_the_sandbox_reads_them() -> None:
    """Within the child's limits each kind is read as it is outside, so no library needs what the child may not do."""
    with open_pool(ParsingSettings(timeout_s=20, memory_mb=512)) as pool:
        for kind, made in SAMPLES.items():
            document = pool.document(SourceItem(uri=f"a.{kind}", token="", open=partial(io.BytesIO, made())))
            outside = Registry().parser(document.media_type)().parse(made())
            assert (document.parsed.text, document.parsed.anchors) == (outside.text, outside.anchors)


#: Words of the expected text that are not in the document: captions of charts and pictures that another program wrote.
BELOW = {"pptx_chart.pptx": "kinds of charts, which that program names"}


@pytest.mark.skipif(not DATA.is_dir(), reason="the documents of other projects are not here; RAGKIT_DATA says where")
@pytest.mark.parametrize("kind", list(SAMPLES))
def test_documents_of_other_projects(kind: str) -> None:
    """Every document of two other projects parses, and holds nine in ten of the words that are expected of it."""
    registry = Registry()
    found = sorted((DATA / "docling" / kind).glob(f"*.{kind}")) + sorted((DATA / "markitdown").glob(f"*.{kind}"))
    assert found
    for path in found:
        parsed = registry.parser(registry.media_type(path.read_bytes(), path.name))().parse(path.read_bytes())
        assert wire.check(parsed) is None
        expected = path.with_name(f"{path.name}.expected.md")
        if expected.is_file() and path.name not in BELOW:
            have, wanted = set(WORD.findall(parsed.text.lower())), WORD.findall(COMMENT.sub("", expected.read_text("utf-8")).lower())
            assert sum(word in have for word in wanted) >= 0.9 * len(wanted), path.name
