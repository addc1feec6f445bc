"""Hostile and broken files, all in one folder with good ones: each gives text or a reason, none harms anything else."""

from __future__ import annotations

import io
import resource
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import samples
from hostile import classes, everything
from hostile_kinds import Hostile

from ragkit.connectors.folder import FolderConnector
from ragkit.connectors.sandbox import open_pool
from ragkit.errors import ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings

FILES = {file.name: file for file in everything()}
GOOD = {
    "good.txt": (b"Good text.", "Good text."),
    "good.md": (b"# Good\n\nMarkdown.", "Good\n\nMarkdown."),
    "good.html": (b"<html><p>Good page.", "Good page."),
    "good.pdf": (samples.pdf([[(72, 700, 12, "Good PDF.")]]), "Good PDF."),
    "good.docx": (samples.docx(), "The harbour\n\nThe crane"),
}
LIMIT_S = 10.0

pytestmark = pytest.mark.xdist_group("hostile")  # one folder, one pool for all


class Outcome(NamedTuple):
    parsed: Parsed | None
    reason: str
    seconds: float
    good: list[str]
    grown_mb: float


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile files, as a folder connector finds them."""
    path = tmp_path_factory.mktemp("hostile")
    for file in FILES.values():
        (path / file.name).write_bytes(file.data)
    return path


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> dict[str, Outcome]:
    """What came of each hostile file, and of a good file after it, all in one pool."""
    found: dict[str, Outcome] = {}
    good = [SourceItem(uri=name, token="", open=partial(io.BytesIO, data)) for name, (data, _) in GOOD.items()]
    with open_pool(ParsingSettings(timeout_s=6, memory_mb=512)) as pool:
        for index, item in enumerate(FolderConnector(str(folder)).items()):
            assert isinstance(item, SourceItem)
            before, begin, parsed, reason = _memory(), time.perf_counter(), None, ""
            try:
                parsed = pool.parse(item)
            except ParseError as error:
                reason = str(error)
            seconds, grown = time.perf_counter() - begin, _memory() - before
            after = good[index % len(good)]
            found[item.uri.rsplit("/")[-1]] = Outcome(parsed, reason, seconds, [after.uri, pool.parse(after).text], grown)
    return found


def _memory() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_there_are_enough() -> None:
    """The collection has more than 150 files, in no less than 20 classes."""
    assert len(FILES) > 150
    assert len(classes()) >= 20


@pytest.mark.parametrize("name", sorted(FILES))
def test_text_or_a_reason(outcomes: dict[str, Outcome], name: str) -> None:
    """It gives text or a one-line reason, the expected one where there is one, in time; what nobody sees is not in the text."""
    file, outcome = FILES[name], outcomes[name]
    assert outcome.seconds < LIMIT_S
    if outcome.parsed is None:
        assert outcome.reason
        assert outcome.reason.isprintable()
        assert file.text is None, outcome.reason
        assert file.reason is None or file.reason in outcome.reason
    else:
        assert file.reason is None, outcome.parsed.text[:100]
        assert file.text is None or file.text in outcome.parsed.text
        assert file.never is None or file.never not in outcome.parsed.text


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_good_file_after_it_is_read(outcomes: dict[str, Outcome], name: str) -> None:
    """The file that comes next is read as ever."""
    good, text = outcomes[name].good
    assert text.startswith(GOOD[good][1])


def test_the_parents_memory_is_not_blown(outcomes: dict[str, Outcome]) -> None:
    """No file makes the parent grow by much more than the file's own size and the text it may have."""
    for name, outcome in outcomes.items():
        assert outcome.grown_mb < 200 + len(FILES[name].data) / 500_000, name


def test_names_are_unique() -> None:
    """No two hostile files share a name, so that none hides another."""
    assert len(FILES) == len(everything())
    assert all(isinstance(file, Hostile) for file in FILES.values())


def test_nothing_is_written_or_run(outcomes: dict[str, Outcome]) -> None:
    """What programs in the files would write, and members whose names lead out of their package, are nowhere."""
    assert len(outcomes) == len(FILES)
    assert not list(Path("/tmp").glob("ragkit-ran*")) + list(Path("/tmp").glob("ragkit-escaped*"))
