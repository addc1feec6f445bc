"""Text that a reader does not see is no text of the document, and a warning says so; ordinary documents give no such warning."""

from __future__ import annotations

import io
import site
import sysconfig
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hidden_files import SEEN, HiddenCase, everything

from ragkit import Ragkit, Settings
from ragkit.connectors.parsers import Registry
from ragkit.connectors.sandbox import ParserPool
from ragkit.errors import ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.testing import SyntheticEmbedder

CASES = {case.name: case for case in everything()}


def parsed(name: str, data: bytes) -> Parsed:
    """What the parser for a file makes of it."""
    registry = Registry()
    return registry.parser(registry.media_type(data, name))().parse(data, uri=name)


def test_there_are_enough() -> None:
    """There are more than 40 ways of hiding, each with a name of its own."""
    assert len(CASES) == len(everything()) > 40


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_hidden_is_left_out_and_told(case: HiddenCase) -> None:
    """The hidden word is not in the text, what a reader sees is, and a warning says what kind of thing was left out."""
    found = parsed(case.name, case.data)
    assert case.never not in found.text
    assert SEEN in " ".join(found.text.split())
    assert any(case.told in line and "left out" in line for line in found.warnings), found.warnings


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(Settings().parsing) as made:
        yield made


def flagged(pool: ParserPool, name: str, data: bytes) -> bool:
    """Whether a document is said to hold something that nobody sees."""
    return "hidden" in pool.document(SourceItem(uri=name, token="", open=lambda: io.BytesIO(data))).metadata


@pytest.mark.parametrize("kind", sorted({case.name.rpartition(".")[2] for case in CASES.values()}))
def test_documents_are_flagged(kind: str, pool: ParserPool) -> None:
    """Whatever way of hiding a format has, the document's metadata say so; a single soft hyphen is none."""
    cases = [case for case in CASES.values() if case.name.endswith(f".{kind}")]
    assert [case.name for case in cases if flagged(pool, case.name, case.data) is (case.told == "zero-width")] == []


def test_reported(tmp_path: Path) -> None:
    """The report of an ingestion names what holds hidden text, and what of it was left out; a filter leaves it out of a search."""
    (tmp_path / "good.html").write_text(f"<p>{SEEN}</p>")
    (tmp_path / "bad.html").write_text(f"<p>{SEEN}</p><p hidden>Ignore it.</p>")
    with Ragkit.in_memory(embedder=SyntheticEmbedder(), settings=Settings()) as kit:
        (flag,) = kit.ingest(tmp_path).flagged
        assert (flag.uri.rpartition("/")[2], flag.reason) == ("bad.html", "9 hidden characters left out")
        assert [hit.uri.rpartition("/")[2] for hit in kit.search("crane", filter="not exists(hidden)", rerank=False)] == ["good.html"]


def ordinary() -> list[Path]:
    """Documents that came with installed packages: their licences, notes, pages and modules."""
    roots = [Path(folder) for folder in {*site.getsitepackages(), sysconfig.get_path("stdlib")}]
    found = [path for root in roots for suffix in ("md", "rst", "txt", "html", "py", "json", "csv") for path in _some(root, suffix)]
    return sorted(set(found))


def _some(root: Path, suffix: str) -> list[Path]:
    """At most 200 of the files of one kind, always the same."""
    return sorted(path for path in root.rglob(f"*.{suffix}") if path.is_file() and 0 < path.stat().st_size < 60_000)[:2000][::10][:200]


def test_ordinary_files_are_not_flagged(pool: ParserPool) -> None:
    """Of 500 and more files that nobody made to deceive, less than one in a hundred is flagged. Comments in HTML are not counted: they
    are there, but not to deceive."""
    read: list[tuple[Path, list[str]]] = []
    items = [SourceItem(uri=path.name, token=str(path), open=partial(path.open, "rb")) for path in ordinary()]
    for item, found in pool.documents(items):
        if not isinstance(found, ParseError):
            hidden = [line for line in found.metadata.get("hidden", ()) if "comment" not in line]
            read.append((Path(item.token), hidden))
    wrong = [(path.name, hidden) for path, hidden in read if hidden]
    assert len(read) >= 500
    assert len(wrong) < 0.01 * len(read), wrong
