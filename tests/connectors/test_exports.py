"""Exports of Notion, Obsidian, Confluence and Slack, as archives and as folders."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit, Settings
from ragkit.connectors import find_connector
from ragkit.connectors.exports import ConfluenceConnector, NotionConnector, ObsidianConnector
from ragkit.connectors.exports_slack import SlackConnector
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance, SyntheticEmbedder

_A, _B = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
_PAGE = (
    '<html><head><title>Harbour : Berths</title></head><body><ol id="breadcrumbs"><li class="first"><span><a href="index.html">Harbour'
    "</a></span></li><li><span><a href='h.html'>Home &amp; more</a></span></li></ol><div>Created by <span class='author'> Ann</span>, "
    "last modified by <span class='editor'> Bob </span></div><p>Boats moor outside.</p></body></html>"
)


def _message(user: str, ts: float, text: str, **more: object) -> dict[str, object]:
    return {"type": "message", "user": user, "ts": f"{ts:.6f}", "text": text, **more}


_EXPORTS: dict[str, dict[str, str]] = {
    "notion": {
        f"Home {_A}.md": f"# Home\n\nSee [the berths](Home%20{_A}/Berths%20{_B}.md) and [us](https://x.example/a.md).\n",
        f"Home {_A}/Berths {_B}.md": "# Berths\n\nBoats moor outside.\n",
        f"Home {_A}/Boats {_B}.csv": "Name\nMary\n",
        f"Home {_A}/Boats {_B}_all.csv": "Name,Berth\nMary,4\n",
    },
    "obsidian": {
        ".obsidian/app.json": "{}",
        "Home.md": "# Home\n\nSee [[Berths|the berths]], [[Berths#Old]] and ![[map.png]] #harbour/old `#not` [[`no`]]\n",
        "in/Berths.md": "Boats moor outside.",
    },
    "confluence": {
        "HAR/index.html": "<html><title>Harbour</title></html>",
        "HAR/styles/site.css": "p {}",
        "HAR/images/icons/x.html": "no",
        "HAR/Berths_1.html": _PAGE,
        "HAR/attachments/1/2.txt": "An attachment.",
    },
    "slack": {
        "channels.json": json.dumps([{"id": "C1", "name": "harbour"}]),
        "users.json": json.dumps(
            [{"id": "U1", "name": "ann", "profile": {"display_name": "Ann"}}, {"id": "U2", "name": "bob", "profile": {}}]
        ),
        "harbour/2024-05-01.json": json.dumps(
            [
                _message("U1", 1714550400, "Where is <@U2>? See <https://x.example|the page> &amp; <#C1|harbour>."),
                _message("U2", 1714550460, "A question.", thread_ts="1714550460.000000", reply_count=1),
                _message("U2", 1714550470, "joined", subtype="channel_join"),
                "nonsense",
            ]
        ),
        "harbour/2024-05-02.json": json.dumps([_message("U1", 1714640000, "An answer.", thread_ts="1714550460.000000")]),
        "harbour/2024-05-03.json": "{broken",
    },
}
_CLASSES = {"notion": NotionConnector, "obsidian": ObsidianConnector, "confluence": ConfluenceConnector, "slack": SlackConnector}


def unpacked(folder: Path, kind: str) -> Path:
    """The export as a folder."""
    for name, text in _EXPORTS[kind].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "HAR" if kind == "confluence" else folder


def packed(path: Path, kind: str) -> Path:
    """The export as an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _EXPORTS[kind].items():
            archive.writestr(name, text)
    return path


def listed(source: str | Path) -> dict[str, SourceItem | Failure]:
    """Items and failures by what stands behind the "#"."""
    return {item.uri.partition("#")[2]: item for item in find_connector(str(source)).items()}


@pytest.fixture
def kit() -> Iterator[Ragkit]:
    """An empty store without a model."""
    with Ragkit.in_memory(settings=Settings().with_values(**{"generation.model": "none"}), embedder=SyntheticEmbedder()) as made:
        yield made


class _Suite(ConnectorConformance):
    kind = ""

    @pytest.fixture(autouse=True, params=["folder", "archive"])
    def _export(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        made = unpacked(tmp_path / "x", self.kind) if request.param == "folder" else packed(tmp_path / "x.zip", self.kind)
        self.path = f"{self.kind}+{made}"

    def connector(self) -> type[Any]:
        return _CLASSES[self.kind]

    def source(self) -> str:
        return self.path


class TestNotion(_Suite):
    kind = "notion"


class TestObsidian(_Suite):
    kind = "obsidian"


class TestConfluence(_Suite):
    kind = "confluence"


class TestSlack(_Suite):
    kind = "slack"


del _Suite


@pytest.mark.parametrize("kind", ["notion", "confluence", "slack"])
def test_an_export_is_recognised(tmp_path: Path, kind: str) -> None:
    """An archive, or a folder, with the signs of its kind needs no prefix; other ones are left to others."""
    path, folder = packed(tmp_path / "x.zip", kind), unpacked(tmp_path / "x", kind)
    assert type(find_connector(str(path))) is type(find_connector(str(folder))) is _CLASSES[kind]
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/index.html").write_text("x")
    assert not any(each.accepts(str(tmp_path / "plain")) for each in _CLASSES.values())


def test_notion(tmp_path: Path, kit: Ragkit) -> None:
    """Titles and links have no ids, metadata have; a database comes once, with all its columns; archives in the archive are read."""
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(packed(tmp_path / "inner.zip", "notion"), "Export-Part-1.zip")
    report = kit.ingest(f"notion+{tmp_path / 'outer.zip'}")
    assert (report.added, report.failed) == (3, ())
    found = {info.title: info for info in kit.documents()}
    assert set(found) == {"Home", "Berths", "Boats"}
    assert (found["Home"].metadata["notion_id"], found["Home"].metadata["links"]) == (_A, "Berths")
    assert found["Berths"].metadata["parent"] == "Home"
    assert all(_A not in kit.text(info.uri) and _B not in kit.text(info.uri) for info in found.values())


def test_obsidian(tmp_path: Path, kit: Ragkit) -> None:
    """Links and tags of a note are metadata, those in code are not; the vault follows its files."""
    vault = unpacked(tmp_path / "vault", "obsidian")
    assert kit.ingest(vault).added == 2
    home = next(info for info in kit.documents() if info.uri == f"{vault}#Home.md")
    assert (home.metadata["links"], home.metadata["tags"]) == ("Berths, map.png", "harbour/old")
    (vault / "in/Berths.md").write_text("Boats moor inside.")
    (vault / "Home.md").unlink()
    (vault / "New.md").write_text("New.")
    report = kit.sync()
    assert (report.added, report.updated, report.removed) == (1, 1, 1)


def test_confluence(tmp_path: Path) -> None:
    """Pages and attachments come, the index and the looks do not; space, pages above, author and editor are metadata."""
    found = listed(packed(tmp_path / "x.zip", "confluence"))
    assert set(found) == {"HAR/Berths_1.html", "HAR/attachments/1/2.txt"}
    page = found["HAR/Berths_1.html"]
    assert isinstance(page, SourceItem)
    assert page.metadata == {"space": "Harbour", "above": "Harbour, Home & more", "author": "Ann", "editor": "Bob"}


def test_slack(tmp_path: Path) -> None:
    """Days and threads are documents with names for ids; a thread has its answers of other days; a broken day is a failure."""
    found = listed(packed(tmp_path / "x.zip", "slack"))
    assert list(found) == ["harbour/2024-05-01", "harbour/2024-05-03", "harbour/thread-1714550460.000000"]
    day, broken, thread = found.values()
    assert isinstance(day, SourceItem)
    assert isinstance(thread, SourceItem)
    assert isinstance(broken, Failure)
    said = "Ann (08:00): Where is @bob? See the page (https://x.example) & #harbour.\n\nbob (08:01): A question."
    assert day.open().read().decode() == said
    assert thread.open().read().decode() == "bob (08:01): A question.\n\nAnn (08:53): An answer."
    assert thread.metadata == {"channel": "harbour", "date": "2024-05-01", "thread_ts": "1714550460.000000", "users": "bob, Ann"}


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"\0" * (64 << 20))


def _overlap(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.md", "x" * 100)
    data = path.read_bytes()
    at = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, 2 * (end - at), at, 0)
    path.write_bytes(data[:end] + data[at:end].replace(b"a.md", b"b.md") + tail)


def _lie(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"x" * (1 << 20))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<L", 3)
    path.write_bytes(data)


@pytest.mark.parametrize(("make", "words"), [(_bomb, "bomb"), (_overlap, "over each other"), (_lie, "unpacked|not as long")])
def test_archives_that_are_bombs(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    """Too much for its size, the same bytes twice, more than the directory says: refused before anything is unpacked, or by then."""
    make(tmp_path / "x.zip")
    reasons = []
    try:
        reasons += [item.reason for item in listed(f"notion+{tmp_path / 'x.zip'}").values() if isinstance(item, Failure)]
    except SourceError as error:
        reasons.append(str(error))
    assert len(reasons) == 1
    assert re.search(words, reasons[0])


def test_names_that_lead_out(tmp_path: Path) -> None:
    """Paths out of the archive, links and names with control characters are failures; the rest is read, nothing is written."""
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        for name in ("../up.md", "/abs.md", "a\\..\\b.md", "C:x.md", "a\nb.md", "good.md"):
            archive.writestr(name, "text")
    found = listed(f"notion+{tmp_path / 'x.zip'}")
    assert [name for name, item in found.items() if isinstance(item, SourceItem)] == ["good.md"]
    assert len(found) >= 5
    with pytest.raises(SourceError, match="no export"):
        listed("slack+/no/such/place")
    (tmp_path / "y.zip").write_bytes(b"no archive")
    with pytest.raises(SourceError, match="cannot be read"):
        listed(f"slack+{tmp_path / 'y.zip'}")
