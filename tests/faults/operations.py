"""The operations under test: what the store is before each, and what each does."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ragkit import Ragkit
from ragkit.testing import SyntheticEmbedder

PREVIOUS = Path(__file__).with_name("format-0001.zip")
EMBEDDER = SyntheticEmbedder(32)
OTHER_MODEL = SyntheticEmbedder(16, seed=1)

_WORDS = (
    "harbour lighthouse keeper burner whale oil engineer point sea bakery rye bread lane morning glacier ice core drill "
    "summer guide mill wheel corn river bridge stone tower clock bell market apple honey bee winter snow road"
).split()


def text_of(number: int, *, edition: int = 0) -> str:
    """A document: three short paragraphs, different for each number and edition."""
    words = [_WORDS[(number * 7 + edition * 5 + i * (3 + number % 4)) % len(_WORDS)] for i in range(60)]
    lines = [f"Document {number}, edition {edition}: " + " ".join(words[at : at + 20]) + "." for at in (0, 20, 40)]
    return "\n\n".join(lines) + "\n"


@dataclass(frozen=True)
class Room:
    """One try's folder: the store, the documents outside it, and what a backup or a restore writes."""

    path: Path

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def documents(self) -> Path:
        return self.path / "documents"

    @property
    def backup(self) -> Path:
        return self.path / "backup"

    @property
    def restored(self) -> Path:
        return self.path / "restored"

    def open(self, store: Path | None = None, *, embedder: SyntheticEmbedder = EMBEDDER) -> Ragkit:
        """The store, with an embedder that needs no model."""
        return Ragkit.open(store or self.store, embedder=embedder)

    def write_document(self, number: int, *, edition: int = 0) -> Path:
        """A file with a document's text."""
        self.documents.mkdir(parents=True, exist_ok=True)
        file = self.documents / f"{number}.txt"
        file.write_text(text_of(number, edition=edition))
        return file


Act = Callable[[Room, Ragkit], object]


@dataclass(frozen=True)
class Operation:
    """``prepare`` makes the room, ``act`` does the one thing on the open store. ``needs`` is the method that it calls.

    With ``hot`` the room is left as by a process that was killed: the catalog's last commits stand in its log alone.
    ``output`` is what the operation writes instead of the store. A ``damaged`` store is refused until the operation mends it.
    """

    name: str
    prepare: Callable[[Room], None]
    act: Act
    needs: str = ""
    hot: bool = False
    output: str = ""
    damaged: bool = False
    embedder: SyntheticEmbedder = EMBEDDER

    @property
    def available(self) -> bool:
        return not self.needs or hasattr(Ragkit, self.needs)


# --- rooms --------------------------------------------------------------------------------------------------


def nothing(room: Room) -> None:
    """No store yet; two documents to begin it with."""
    room.path.mkdir(parents=True)
    for number in (1, 2):
        room.write_document(number)


def filled(room: Room) -> None:
    """Six documents in three segments, of which one was replaced; two more outside."""
    room.path.mkdir(parents=True)
    with room.open() as kit:
        kit.ingest(*[room.write_document(n) for n in (1, 2, 3)])
        kit.ingest(*[room.write_document(n) for n in (4, 5)])
        kit.add_text(text_of(6), uri="note:6", metadata={"kind": "note"}, acl=["anna"])
        kit.ingest(room.write_document(3, edition=1))
    for number in (7, 8):
        room.write_document(number)
    room.write_document(1, edition=2)


def many(room: Room) -> None:
    """So many small segments that the next write merges them."""
    room.path.mkdir(parents=True)
    with room.open() as kit:
        for number in range(1, 9):
            kit.ingest(room.write_document(number))
        kit.delete(str(room.documents.resolve() / "2.txt"))
    room.write_document(9)
    room.write_document(10)


def previous(room: Room) -> None:
    """A store that the first format of ragkit wrote."""
    room.path.mkdir(parents=True)
    with zipfile.ZipFile(PREVIOUS) as archive:
        archive.extractall(room.path)


def backed_up(room: Room) -> None:
    """A store and a backup of it."""
    filled(room)
    with room.open() as kit:
        kit.backup(room.backup)


# --- what is done -------------------------------------------------------------------------------------------


def _uri(room: Room, number: int) -> str:
    return os.path.realpath(room.documents / f"{number}.txt")


def _ingest(room: Room, kit: Ragkit) -> object:
    return kit.ingest(room.documents, include=["7.txt", "8.txt"])


def _ingest_beside_reader(room: Room, kit: Ragkit) -> object:
    """A reader in the midst of a transaction: its log cannot be emptied, so the commit is durable by its own sync alone."""
    with closing(sqlite3.connect(room.store / "catalog.db", isolation_level=None)) as reader:
        try:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM documents").fetchall()
        except sqlite3.Error as error:  # the reader is not ragkit's, and may say what it likes
            raise OSError(f"the reader beside: {error}") from error
        return _ingest(room, kit)


def _first(room: Room, kit: Ragkit) -> object:
    return kit.ingest(room.documents)


def _update(room: Room, kit: Ragkit) -> object:
    return kit.ingest(room.documents / "1.txt")


def _merge(room: Room, kit: Ragkit) -> object:
    return kit.ingest(room.documents / "10.txt")


def _delete(room: Room, kit: Ragkit) -> object:
    return kit.delete(_uri(room, 3), "note:6")


def _migrate(room: Room, kit: Ragkit) -> object:
    return kit.status()


def _compact(room: Room, kit: Ragkit) -> object:
    return kit.compact()


def _forget(room: Room, kit: Ragkit) -> object:
    return kit.forget(_uri(room, 3))


def _backup(room: Room, kit: Ragkit) -> object:
    return kit.backup(room.backup)


def _restore(room: Room, kit: Ragkit) -> object:
    return Ragkit.restore(room.backup, room.restored)


def _repair(room: Room, kit: Ragkit) -> object:
    return kit.repair()


def _reindex(room: Room, kit: Ragkit) -> object:
    return kit.reindex()


def damaged(room: Room) -> None:
    """A store one of whose files was cut short."""
    filled(room)
    file = sorted((room.store / "segments").glob("*.faiss"))[0]
    os.truncate(file, file.stat().st_size // 2)


OPERATIONS = (
    Operation("first", nothing, _first),
    Operation("ingest", filled, _ingest),
    Operation("ingest, log left", filled, _ingest, hot=True),
    Operation("ingest beside a reader", filled, _ingest_beside_reader),
    Operation("update", filled, _update),
    Operation("delete", filled, _delete),
    Operation("delete, log left", filled, _delete, hot=True),
    Operation("ingest and merge", many, _merge),
    Operation("compact", many, _compact, needs="compact"),
    Operation("migrate", previous, _migrate),
    Operation("backup", filled, _backup, needs="backup", output="backup"),
    Operation("restore", backed_up, _restore, needs="restore", output="restored"),
    Operation("forget", filled, _forget, needs="forget"),
    Operation("repair", damaged, _repair, needs="repair", damaged=True),
    Operation("reindex", filled, _reindex, needs="reindex", embedder=OTHER_MODEL),
)


def available() -> list[Operation]:
    """Those that this ragkit has."""
    return [operation for operation in OPERATIONS if operation.available]


def build(operation: Operation, room: Room) -> None:
    """Make the operation's room anew."""
    shutil.rmtree(room.path, ignore_errors=True)
    operation.prepare(room)
