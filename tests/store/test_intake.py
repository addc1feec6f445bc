"""Taking sources in: options, what a connector remembers, going on after an interruption, watching."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit, ingest
from ragkit.errors import SourceError
from ragkit.records import Failure, IngestReport, SourceItem


class Shelf:
    """A connector that counts what is read, and remembers how often it was listed."""

    source = "shelf:1"

    def __init__(self, texts: dict[str, str], *, breaks_after: int | None = None) -> None:
        self.texts = texts
        self.breaks_after = breaks_after
        self.read: list[str] = []
        self.state: dict[str, Any] = {}

    @classmethod
    def accepts(cls, source: str) -> bool:
        return False

    def items(self) -> Iterator[SourceItem | Failure]:
        self.state = {"listed": self.state.get("listed", 0) + 1}
        for number, (name, text) in enumerate(self.texts.items()):
            if number == self.breaks_after:
                raise KeyboardInterrupt
            yield SourceItem(uri=f"shelf:1/{name}", token=text, open=partial(self._open, name), media_type="text/plain")

    def _open(self, name: str) -> io.BytesIO:
        self.read.append(name)
        return io.BytesIO(self.texts[name].encode())


def texts(count: int) -> dict[str, str]:
    """So many short texts, all different."""
    return {f"{i:03}": f"The shelf holds volume {i} of the harbour log." for i in range(count)}


def test_a_connector_is_a_source(kit: Ragkit) -> None:
    """A connector object is ingested and kept in step; without it, sync says that nothing reads what it was remembered by."""
    shelf = Shelf(texts(3))
    assert kit.ingest(shelf).added == 3
    del shelf.texts["001"]
    report = kit.sync(shelf)
    assert (report.removed, report.unchanged) == (1, 2)
    assert "nothing reads the source 'shelf:1'" in kit.sync().failed[0].reason


def test_what_a_connector_remembers(kit: Ragkit) -> None:
    """The state of a connector comes back at the next listing, and neither diff nor a failing listing spoils it."""
    kit.ingest(Shelf(texts(2)))
    second = Shelf(texts(2))
    kit.sync(second)
    assert second.state == {"listed": 2}
    kit.diff(Shelf(texts(2)))
    third = Shelf(texts(2))
    kit.sync(third)
    assert third.state == {"listed": 3}


def test_an_interrupted_ingestion_goes_on(kit: Ragkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed before an interruption is not read again, its source is remembered, and the rest is read."""
    monkeypatch.setattr(ingest, "COMMIT_CHUNKS", 10)
    monkeypatch.setattr(ingest, "_LISTED_AT_ONCE", 8)
    whole = texts(60)
    with pytest.raises(KeyboardInterrupt):
        kit.ingest(Shelf(whole, breaks_after=45))
    assert "shelf:1" in kit.status()["sources"]
    done = {document.uri for document in kit.documents()}
    assert len(done) >= 30
    shelf = Shelf(whole)
    report = kit.sync(shelf)
    assert (report.added, report.unchanged) == (60 - len(done), len(done))
    assert len(shelf.read) == 60 - len(done)
    assert len(kit.documents()) == 60


def test_a_file_url_is_a_path(kit: Ragkit, tmp_path: Path) -> None:
    """A file or folder may be named by its URL; it is the same source and document as by its path."""
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "a.txt").write_text("The gate opens at nine.")
    assert kit.ingest(folder.as_uri()).added == 1
    assert kit.ingest(folder).unchanged == 1
    assert kit.status()["sources"] == [str(folder)]


def test_options_are_remembered(kit: Ragkit, tmp_path: Path) -> None:
    """Options of a source are used again by sync; one that the kind of source does not have is an error that names those it has."""
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("The gate opens at nine.")
    (folder / "deep" / "b.txt").write_text("The gate closes at five.")
    assert kit.ingest(folder, options={"recursive": False}).added == 1
    assert kit.sync().unchanged == 1
    with pytest.raises(SourceError, match="a source of the kind 'folder' has no option 'depth'; it has: exclude, include, recursive"):
        kit.ingest(folder, options={"depth": 2})


def test_one_item_that_cannot_be_opened_is_one_failure(kit: Ragkit) -> None:
    """An item whose source fails when it is opened is reported, and the others are read."""

    class Broken(Shelf):
        def _open(self, name: str) -> io.BytesIO:
            if name == "001":
                raise SourceError("the volume is lent out")
            return super()._open(name)

    report = kit.ingest(Broken(texts(3)))
    assert report.added == 2
    assert report.failed == (Failure(uri="shelf:1/001", reason="cannot be read: the volume is lent out"),)


def test_one_source_that_breaks_is_one_failure(kit: Ragkit, tmp_path: Path) -> None:
    """A source that fails while it is listed is reported by a sync of all, and the others are read; asked for by name it is an error."""
    source = tmp_path / "w.db"
    connection = sqlite3.connect(source)
    connection.execute("CREATE TABLE pages (id INTEGER, body TEXT)")
    connection.execute("INSERT INTO pages VALUES (1, 'The gate opens at nine.')")
    connection.commit()
    kit.ingest(f"sql+sqlite:///{source}#pages", options={"text": "body"})
    (tmp_path / "z.txt").write_text("The gate closes at five.")
    kit.ingest(tmp_path / "z.txt")
    connection.execute("DROP TABLE pages")
    connection.commit()
    connection.close()
    (tmp_path / "z.txt").write_text("The gate closes at six.")
    report = kit.sync()
    assert (report.updated, len(report.failed), len(kit.documents())) == (1, 1, 2)
    assert "pages" in report.failed[0].reason
    with pytest.raises(SourceError, match="pages"):
        kit.sync(f"sql+sqlite:///{source}#pages")


def test_forgetting_clears_what_a_connector_remembers(kit: Ragkit) -> None:
    """When a document is erased, what connectors remember goes too, as it may name the document; the source itself stays known."""

    class Noting(Shelf):
        def items(self) -> Iterator[SourceItem | Failure]:
            yield from super().items()
            self.state = {"links": [f"shelf:1/{name}" for name in self.texts]}

    kit.ingest(Noting(texts(3)))
    kit.forget("shelf:1/001")
    assert "shelf:1" in kit.status()["sources"]
    assert "shelf:1/001" not in json.dumps(kit._catalog.list_sources())
    assert kit.check() == []


def test_watching(kit: Ragkit, tmp_path: Path) -> None:
    """New, changed and removed files below a watched folder come into the store; the store's own files are no change."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("The gate opens at nine.")
    stop = threading.Event()
    reports: Iterator[IngestReport] = kit.watch(folder, settle_s=0.05, every_s=600, stop=stop)
    assert next(reports).added == 1
    (folder / "b.txt").write_text("The gate closes at five.")
    assert next(reports).added == 1
    (folder / "a.txt").write_text("The gate opens at ten.")
    assert next(reports).updated == 1
    (folder / "b.txt").unlink()
    assert next(reports).removed == 1
    stop.set()
    assert list(reports) == []


def test_watching_one_file(kit: Ragkit, tmp_path: Path) -> None:
    """Beside a watched file others may change; only its own changes count, and the time that was set reads all again."""
    (tmp_path / "a.txt").write_text("The gate opens at nine.")
    reports = kit.watch(tmp_path / "a.txt", settle_s=0.05, every_s=1.5)
    assert next(reports).added == 1
    (tmp_path / "b.txt").write_text("The gate closes at five.")
    assert next(reports).unchanged == 1
    (tmp_path / "a.txt").write_text("The gate opens at ten.")
    assert next(reports).updated == 1
