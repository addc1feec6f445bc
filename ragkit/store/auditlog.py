"""The audit log: who asked what, when, of which generation, and which documents were cited; one entry for each answer.

An entry is canonical JSON that holds the hash of the entry before, and its own hash is the sha256 of that. It is appended in the
transaction that keeps the answer record. Questions stand in it as HMAC-SHA256 under a key of the store, documents as numbers,
records as hashes: an erasure takes texts and names of documents out of the store and leaves the log as it is.

The hashes need no secret, so who can write the database can write a log that agrees with itself. What shows that it is not the
log that was there is a :class:`Head` that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from ragkit.errors import StoreError
from ragkit.records import Jsonable, record
from ragkit.store import state
from ragkit.store.changes import now
from ragkit.store.state import Ledger, State
from ragkit.store.tables import audit_log

#: What the first entry names as the entry before it.
GENESIS = bytes(32)

Kind = Literal["ask", "replay", "repair"]

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_SALT_BYTES = 32
#: What of an entry is taken as it stands in its content.
_PLAIN = ("at", "kind", "previous", "question", "generation", "record_id", "record_sha256", "kept", "replay_of")
_ROWS = 1000


@record
class Origin:
    """How a question came to be asked: in which ``chat``, or again, as the one of the answer record ``replay_of``."""

    chat: str | None = None
    replay_of: str | None = None


@record
class Head(Jsonable):
    """How far a log had come: the number of its entries and the hex hash of the last one, 64 zeros where there is none."""

    count: int
    hash: str


@record
class Entry(Jsonable):
    """An entry of the log. ``principal`` are the names that asked, ``None``: nobody in particular. ``question`` is a keyed hash
    (:meth:`ragkit.api.Ragkit.audit_entries` finds a question), ``documents`` are ``(document_id, version)`` of what was cited,
    ``record_sha256`` is the hash of the answer record ``record_id``. ``kept`` is false where an erasure came between, so that there
    is no such record. ``faults`` are those that a repair has found in the log."""

    number: int
    at: str
    kind: Kind
    previous: str
    hash: str
    principal: tuple[str, ...] | None = None
    question: str = ""
    generation: int = 0
    record_id: str = ""
    record_sha256: str = ""
    documents: tuple[tuple[int, int], ...] = ()
    kept: bool = True
    replay_of: str | None = None
    faults: tuple[str, ...] = ()


class Fault(NamedTuple):
    """What is wrong with the log: ``key`` names it for a repair that takes note of it, ``line`` says it."""

    key: str
    line: str


def digest(kept: Mapping[str, Any]) -> str:
    """Hex sha256 of an answer record, over its canonical JSON."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def question_hash(salt: bytes, question: str) -> str:
    """Hex HMAC-SHA256 of a question."""
    return hmac.new(salt, question.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def append(connection: sa.Connection, ledger: Ledger, kind: Kind, values: Mapping[str, Any], *, question: str | None = None) -> None:
    """Write the next entry, in the transaction of ``ledger``."""
    number, previous = (ledger.values["audit_count"] or 0) + 1, ledger.values["audit_head"] or GENESIS
    salt = ledger.values["audit_salt"] or secrets.token_bytes(_SALT_BYTES)
    content = {**values, "number": number, "at": now(), "kind": kind, "previous": previous.hex()}
    if question is not None:
        content["question"] = question_hash(salt, question)
    data = _canonical(content).encode("ascii")
    hashed = hashlib.sha256(data).digest()
    connection.execute(audit_log.insert().values(number=number, content=data, hash=hashed))
    ledger.values.update(audit_count=number, audit_head=hashed, audit_salt=salt)


def asked(kept: Mapping[str, Any], origin: Origin, *, there: bool) -> tuple[Kind, dict[str, Any]]:
    """Kind and values of the entry for the answer record ``kept``; ``there``: it is kept."""
    values: dict[str, Any] = {
        "principal": kept.get("principal"),
        "generation": kept["generation"],
        "record_id": kept["id"],
        "record_sha256": digest(kept),
        "documents": _cited(kept),
        "kept": there,
    }
    return ("ask", values) if origin.replay_of is None else ("replay", {**values, "replay_of": origin.replay_of})


def _cited(kept: Mapping[str, Any]) -> list[list[int]]:
    """Number and version of every document that a sentence cites."""
    indices = sorted({c["document_index"] for s in kept.get("sentences", ()) for c in s["citations"]})
    documents = kept.get("documents", ())
    return [[documents[i]["document_id"], documents[i]["version"]] for i in indices]


def head(connection: sa.Connection) -> Head:
    """The head that the store's state records."""
    found = state.read(connection)
    return Head(count=found.row["audit_count"] or 0, hash=(found.row["audit_head"] or GENESIS).hex())


def parse_head(text: str) -> Head:
    """A head as it was exported: JSON, ``COUNT:HASH``, or the hash alone, whose count is then -1.

    Raises:
        StoreError: it is none of these.
    """
    text = text.strip()
    try:
        tree = json.loads(text) if text.startswith("{") else dict(zip(("hash", "count"), text.split(":")[::-1], strict=False))
        count, hashed = int(tree.get("count", -1)), str(tree["hash"]).lower()
        if len(bytes.fromhex(hashed)) != hashlib.sha256().digest_size or count < -1:
            raise ValueError("not a head")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError("this is no head of an audit log; `ragkit audit head` prints one, COUNT:HASH") from error
    return Head(count=count, hash=hashed)


def entries(connection: sa.Connection) -> Iterator[Entry]:
    """Every entry that can be read, in order. What the log says is not checked."""
    for number, content, hashed in _rows(connection):
        tree = _tree(content)
        if tree is not None:
            yield _entry(tree, number, hashed)


def entry_of(connection: sa.Connection, record_id: str) -> Entry | None:
    """The entry for an answer record; ``None`` where there is none. Reads the whole log."""
    named = (row for row in _rows(connection) if record_id.encode("ascii", "backslashreplace") in row[1])
    found = (_entry(tree, number, hashed) for number, content, hashed in named if (tree := _tree(content)) is not None)
    return next((entry for entry in found if entry.record_id == record_id), None)


def faults(connection: sa.Connection, given: Head | None = None) -> list[Fault]:
    """What is wrong with the log: entries that are not what was written, are gone or stand elsewhere, and an end that is not the one
    that the store's state records, or that ``given`` head, taken earlier, was taken of."""
    found: list[Fault] = []
    seen: dict[int, bytes] = {}
    last, previous = 0, GENESIS
    for number, content, hashed in _rows(connection):
        if number < 1:
            found.append(_fault("strange", number, "has a number that no entry has"))
            continue
        if number != last + 1:
            found.append(_gone(last + 1, number - 1))
        fault = _entry_fault(number, content, hashed, previous if number == last + 1 else None)
        found.extend([fault] if fault is not None else [])
        last, previous = number, hashed
        if given is not None and (given.count == number or hashed.hex() == given.hash):
            seen[number] = hashed
    found.extend(_end_faults(state.read(connection), last, previous))
    if given is not None:
        found.extend(_head_faults(given, last, seen))
    return found


def unknown_faults(connection: sa.Connection) -> list[Fault]:
    """The faults of which no repair has taken note yet."""
    found = faults(connection)
    noted = {key for entry in entries(connection) if entry.kind == "repair" for key in entry.faults} if found else set()
    return [fault for fault in found if fault.key not in noted]


def take_note(connection: sa.Connection, ledger: Ledger, found: Sequence[Fault]) -> None:
    """Append an entry that names faults, so that they are known from then on; the log itself is not mended."""
    if found:  # the entry that says so follows one that may be gone or another one
        following = f"detached {(ledger.values['audit_count'] or 0) + 1}"
        append(connection, ledger, "repair", {"faults": sorted({following, *(fault.key for fault in found)})})


def _entry(tree: Mapping[str, Any], number: int, hashed: bytes) -> Entry:
    known: dict[str, Any] = {name: tree[name] for name in _PLAIN if name in tree}
    principal = tree.get("principal")
    return Entry(
        **known,
        number=number,
        hash=hashed.hex(),
        principal=None if principal is None else tuple(principal),
        documents=tuple((pair[0], pair[1]) for pair in tree.get("documents") or ()),
        faults=tuple(tree.get("faults") or ()),
    )


def _rows(connection: sa.Connection) -> Iterator[tuple[int, bytes, bytes]]:
    query = sa.select(audit_log.c.number, audit_log.c.content, audit_log.c.hash).order_by(audit_log.c.number)
    for row in connection.execute(query, execution_options={"yield_per": _ROWS}):
        yield row.number, row.content or b"", row.hash or b""


def _tree(content: bytes) -> dict[str, Any] | None:
    try:
        tree = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(tree, dict) and all(isinstance(tree.get(name), str) for name in ("at", "kind", "previous"))
    lists = whole and all(isinstance(tree.get(name) or [], list) for name in ("principal", "documents", "faults"))
    return tree if lists and all(isinstance(pair, list) and len(pair) == 2 for pair in tree.get("documents") or ()) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _entry_fault(number: int, content: bytes, hashed: bytes, previous: bytes | None) -> Fault | None:
    """What is wrong with an entry; ``previous``: the hash of the one before, ``None`` where that is gone."""
    tree = _tree(content)
    if tree is None or hashlib.sha256(content).digest() != hashed or _canonical(tree).encode("ascii") != content:
        return _fault("altered", number, "is not what was written")
    if tree.get("number") != number:
        return _fault("misplaced", number, f"is the entry that was written as number {tree.get('number')}")
    if previous is not None and tree["previous"] != previous.hex():
        return _fault("detached", number, f"does not follow entry {number - 1}: that is not what was written")
    return None


def _end_faults(found: State, last: int, hashed: bytes) -> Iterator[Fault]:
    count, expected = found.row["audit_count"] or 0, found.row["audit_head"] or GENESIS
    if last < count:
        yield _gone(last + 1, count)
    elif last > count:
        yield _fault("added", last, f"is one too many: the store has written {count}")
    elif hashed != expected:
        yield _fault("replaced", last, "is not the one that the store wrote last")


def _head_faults(given: Head, last: int, seen: Mapping[int, bytes]) -> Iterator[Fault]:
    if given.count < 0:
        if not seen and given.hash != GENESIS.hex():
            yield Fault(f"head {given.hash}", "no entry has the hash of the head: the log was cut off, or written anew")
    elif given.count > last:
        yield Fault(f"head {given.count}", f"the head was taken of entry {given.count}, the log ends with entry {last}: it was cut off")
    elif given.count and seen.get(given.count, b"").hex() != given.hash:
        yield Fault(f"head {given.count}", f"entry {given.count} is not the one that the head was taken of: the log was written anew")
    elif not given.count and given.hash != GENESIS.hex():
        yield Fault("head 0", "the head is that of no log: an empty one has the hash 0")


def _fault(kind: str, number: int, line: str) -> Fault:
    return Fault(f"{kind} {number}", f"audit log: entry {number} {line}")


def _gone(first: int, last: int) -> Fault:
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return Fault(f"gone {first} {last}", f"audit log: {which} gone")
