"""What a store holds, in a form that two stores can be compared by, and what must be true of a store after a fault."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from ragkit import Ragkit
from ragkit.errors import RagkitError, StoreCorrupt
from ragkit.testing import SyntheticEmbedder
from tests.faults.operations import EMBEDDER, Operation, Room, text_of

QUERIES = ("lighthouse keeper whale oil", "rye bread in the morning", "document edition glacier", "anna bridge")
#: What a failed operation may raise: ragkit's own errors, the system's, and the database's.
EXPECTED_ERRORS = (RagkitError, OSError, sa.exc.SQLAlchemyError)
ABSENT, CORRUPT = "absent", "corrupt"
NEAR = 1e-6


@dataclass(frozen=True)
class Expected:
    """Contents of the store before and after the operation, and of what it writes elsewhere."""

    old: str
    new: str
    output: str = ABSENT


def content(kit: Ragkit) -> str:
    """All documents, and what some searches find, as JSON."""
    documents = [
        (d.uri, d.title, d.version, d.media_type, d.sha256, d.acl, sorted(d.metadata.items()), kit.text(d.uri)) for d in kit.documents()
    ]
    found = [
        [[hit.uri, hit.start_char_index, hit.end_char_index, hit.text, hit.score] for hit in kit.search(query, 20, rerank=False)]
        for query in QUERIES
    ]
    model = kit.status()["embedding_model"] if documents else None
    return json.dumps([documents, found, model], default=str).replace(str(kit.path.parent.resolve()), "ROOM")


def same(one: str, other: str) -> bool:
    """Whether two contents are equal. Scores may differ in the last bits that a product of other rows beside it leaves."""
    if one == other or not (one.startswith("[") and other.startswith("[")):
        return one == other
    (*rest, found, _), (*other_rest, other_found, _) = ((t[0], t[2], t[1], 0) for t in map(json.loads, (one, other)))
    hits, other_hits = ([hit for hits in lists for hit in hits] for lists in (found, other_found))
    equal = len(hits) == len(other_hits) and [len(x) for x in found] == [len(x) for x in other_found]
    return rest == other_rest and equal and all(a[:4] == b[:4] and abs(a[4] - b[4]) < NEAR for a, b in zip(hits, other_hits, strict=True))


def content_at(store: Path, embedder: SyntheticEmbedder) -> str:
    """The content of the store in a folder, opened for this alone."""
    with Ragkit.open(store, embedder=embedder) as kit:
        return content(kit)


def half_files(segments: Path) -> list[str]:
    """Files that stand under their final name and are not whole: no writer of whole files leaves any, wherever it dies."""
    found = sorted(segments.iterdir() if segments.is_dir() else ())
    half = [file.name for file in found if not file.name.startswith(".") and not _parses(file)]
    return [f"{name} stands under its final name and is not whole" for name in half]


def _parses(file: Path) -> bool:
    data = file.read_bytes()
    if file.suffix == ".safetensors":
        end = 8 + int.from_bytes(data[:8], "little")
        if len(data) < end:
            return False
        header = json.loads(data[8:end])
        return len(data) == end + max((e["data_offsets"][1] for k, e in header.items() if k != "__metadata__"), default=0)
    if file.suffix == ".faiss":
        import faiss

        try:
            faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except RuntimeError:
            return False
    return True


def verdict(room: Room, operation: Operation, expected: Expected, *, acknowledged: bool) -> tuple[str, list[str]]:
    """``old`` or ``new`` (``same`` where both are equal), and what is wrong of all that must be true after a fault."""
    faults = [] if operation.damaged else half_files(room.store / "segments")
    try:
        state, embedder = _state(room, operation)
    except EXPECTED_ERRORS as error:
        return "broken", [*faults, f"the store does not open: {_line(error)}"]
    name = _name(state, expected)
    if name == "other":
        faults.append("neither the old nor the new content")
    if acknowledged and name == "old":
        faults.append("an acknowledged commit is lost")
    faults += _afterwards(room, embedder, mend=operation.damaged)
    if operation.output:
        faults += _output_faults(room, operation, expected, acknowledged=acknowledged)
    return name, faults


def _name(state: str, expected: Expected) -> str:
    old, new = same(state, expected.old), same(state, expected.new)
    return "same" if old and new else "new" if new else "old" if old else "other"


def _state(room: Room, operation: Operation) -> tuple[str, SyntheticEmbedder]:
    """The content, and the embedder that it was made with."""
    with room.open() as kit:
        model = kit.status()["embedding_model"]
    embedder = EMBEDDER if model is None or model["sha256"] == EMBEDDER.sha256 else operation.embedder
    try:
        return content_at(room.store, embedder), embedder
    except StoreCorrupt:
        if operation.damaged:
            return CORRUPT, embedder
        raise


def _afterwards(room: Room, embedder: SyntheticEmbedder, *, mend: bool) -> list[str]:
    """``check``, another write, its effect, ``check``. With ``mend`` the store is repaired first."""
    try:
        with room.open(embedder=embedder) as kit:
            if mend:
                kit.repair()
            faults = [f"check: {line}" for line in kit.check()]
            kit.add_text(text_of(99), uri="note:after", metadata={"kind": "after"})
            if kit.text("note:after") != text_of(99):
                faults.append("a later write is not there")
            if "note:after" not in [hit.uri for hit in kit.search(text_of(99), 3, rerank=False)]:
                faults.append("a later write is not found")
            faults += [f"check after a later write: {line}" for line in kit.check()]
    except EXPECTED_ERRORS as error:
        return [f"a later write fails: {_line(error)}"]
    return [*faults, *half_files(room.store / "segments")]


def _output_faults(room: Room, operation: Operation, expected: Expected, *, acknowledged: bool) -> list[str]:
    """A backup, or a restored store, is whole, or says that it is not."""
    try:
        found = output_content(room, operation)
    except EXPECTED_ERRORS as error:
        return [f"an acknowledged {operation.name} is lost: {_line(error)}"] if acknowledged else []
    if same(found, expected.output) or (found == ABSENT and not acknowledged):
        return []
    return [f"the {operation.name} is not what was asked for"]


def output_content(room: Room, operation: Operation) -> str:
    """The content of what the operation wrote; a backup is restored for it."""
    if operation.output == "restored":
        store = room.restored
        if not (store / "catalog.db").exists():
            return ABSENT
    else:
        if not room.backup.exists():
            return ABSENT
        store = room.path / "again"
        Ragkit.restore(room.backup, store)
    with Ragkit.open(store, create=False, embedder=operation.embedder) as kit:
        faults = kit.check()
        return content(kit) if not faults else f"faults: {faults[0]}"


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
