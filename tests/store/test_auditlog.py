"""The audit log: whatever is done to an entry is found, and an erasure leaves the log as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragkit import Ragkit
from ragkit.errors import StoreError
from ragkit.store import auditlog, seal
from ragkit.store.auditlog import GENESIS, Head
from ragkit.store.tables import audit_log, identity, metadata

MakeKit = Callable[..., Ragkit]

ENTRIES = 12
CASES = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = st.integers(1, ENTRIES)


@pytest.fixture
def kit(make_kit: MakeKit) -> Ragkit:
    """Twelve answers on record, by several askers."""
    kit = make_kit(answering__min_answerable=0.0)
    kit.add_text("The mill was built in 1740 by Ada Thornbury. It grinds ninety sacks of grain a day.", uri="mill")
    for number in range(ENTRIES):
        kit.ask(
            f"How many sacks a day does the mill grind in year {number}?",
            mode="quote",
            principal=[None, "anna", ["ben", "staff"]][number % 3],
        )
    return kit


@contextmanager
def tampering(kit: Ragkit) -> Iterator[sa.Connection]:
    """A connection whose changes are gone afterwards."""
    with kit._catalog._engine.connect() as connection:
        yield connection
        connection.rollback()


def lines(connection: sa.Connection, head: Head | None = None) -> list[str]:
    return [fault.line for fault in auditlog.faults(connection, head)]


def rows(connection: sa.Connection) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(sa.select(audit_log).order_by(audit_log.c.number))]


def write(connection: sa.Connection, entries: list[dict[str, Any]]) -> None:
    connection.execute(audit_log.delete())
    if entries:
        connection.execute(audit_log.insert(), entries)


def agree(connection: sa.Connection) -> None:
    """What somebody does who may write everything: the store's state says that the log is as it should be."""
    last = rows(connection)[-1:]
    state = dict(connection.execute(sa.select(identity)).one()._mapping)
    state.update(audit_count=last[0]["number"] if last else 0, audit_head=last[0]["hash"] if last else GENESIS)
    connection.execute(identity.update().values(**{**state, "seal": seal.identity(state)}))


def chained(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries numbered and hashed anew, one over the other."""
    previous, made = GENESIS, []
    for number, entry in enumerate(entries, 1):
        tree = {**json.loads(entry["content"]), "number": number, "previous": previous.hex()}
        content = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
        previous = hashlib.sha256(content).digest()
        made.append({"number": number, "content": content, "hash": previous})
    return made


def test_a_log_that_nobody_touched_is_whole(kit: Ragkit) -> None:
    """With every head that was ever taken of it, in each form."""
    assert kit.audit_faults() == []
    assert kit.check() == []
    found = kit.audit_entries()
    assert [entry.number for entry in found] == list(range(1, ENTRIES + 1))
    assert kit.audit_head() == Head(count=ENTRIES, hash=found[-1].hash)
    for entry in found:
        for form in (f"{entry.number}:{entry.hash}", entry.hash, json.dumps({"count": entry.number, "hash": entry.hash})):
            assert kit.audit_faults(form) == []
    assert kit.audit_faults(f"0:{GENESIS.hex()}") == []


def test_an_entry_says_who_asked_what_and_what_was_cited(kit: Ragkit) -> None:
    """The question is found by its text though its text does not stand there; the record is named with its hash."""
    [entry] = kit.audit_entries(question="How many sacks a day does the mill grind in year 2?")
    kept = kit.answer_record(entry.record_id)
    assert (entry.kind, entry.principal, entry.generation) == ("ask", ("ben", "staff"), kept["generation"])
    assert entry.documents == ((1, 1),)
    assert entry.record_sha256 == auditlog.digest(kept)
    with kit._catalog.snapshot() as connection:
        content = b"\n".join(row["content"] for row in rows(connection))
    assert b"sacks" not in content
    assert hashlib.sha256(kept["question"].encode()).hexdigest().encode() not in content
    assert kit.audit_entries(question="How many sacks?") == []


def test_flipped_bits_are_found(kit: Ragkit) -> None:
    """Any bit of any entry, in its content or in its hash; the line names the entry."""

    @CASES
    @given(number=NUMBERS, column=st.sampled_from(("content", "hash")), at=st.integers(0, 10**6), bit=st.integers(0, 7))
    def flip(number: int, column: str, at: int, bit: int) -> None:
        with tampering(kit) as connection:
            value = bytearray(rows(connection)[number - 1][column])
            value[at % len(value)] ^= 1 << bit
            connection.execute(audit_log.update().where(audit_log.c.number == number).values({column: bytes(value)}))
            assert any(f"entry {number} " in line for line in lines(connection))

    flip()


def test_changed_entries_with_their_hash_made_anew_are_found(kit: Ragkit) -> None:
    """Another asker, another document, another time: the entry after it, or the store's state, says otherwise."""
    changes = st.sampled_from(
        [("principal", ["eve"]), ("documents", []), ("generation", 7), ("at", "2020-01-01T00:00:00+00:00"), ("kept", None)]
    )

    @CASES
    @given(number=NUMBERS, change=changes)
    def alter(number: int, change: tuple[str, Any]) -> None:
        with tampering(kit) as connection:
            entry = rows(connection)[number - 1]
            tree = {**json.loads(entry["content"]), change[0]: change[1]}
            content = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
            values = {"content": content, "hash": hashlib.sha256(content).digest()}
            connection.execute(audit_log.update().where(audit_log.c.number == number).values(values))
            assert lines(connection)

    alter()


def test_removed_entries_are_found(kit: Ragkit) -> None:
    """Any of them, at any place, also where the others are numbered anew."""

    @CASES
    @given(gone=st.sets(NUMBERS, min_size=1), renumbered=st.booleans())
    def remove(gone: set[int], renumbered: bool) -> None:
        with tampering(kit) as connection:
            left = [row for row in rows(connection) if row["number"] not in gone]
            write(connection, [{**row, "number": i} for i, row in enumerate(left, 1)] if renumbered else left)
            assert lines(connection)

    remove()


def test_entries_in_another_order_are_found(kit: Ragkit) -> None:
    """Any permutation, whether or not the numbers in the entries are changed with it."""

    @CASES
    @given(order=st.permutations(range(ENTRIES)).filter(lambda order: list(order) != sorted(order)), renumbered=st.booleans())
    def reorder(order: list[int], renumbered: bool) -> None:
        with tampering(kit) as connection:
            there = rows(connection)
            moved = []
            for number, i in enumerate(order, 1):
                content = there[i]["content"]
                if renumbered:
                    content = json.dumps({**json.loads(content), "number": number}, sort_keys=True, separators=(",", ":")).encode()
                moved.append({"number": number, "content": content, "hash": hashlib.sha256(content).digest()})
            write(connection, moved)
            assert lines(connection)

    reorder()


def test_a_log_that_was_cut_off_is_found_by_a_head(kit: Ragkit) -> None:
    """Also when the store's state was made to agree, by a head of any entry that is gone; no head of those that stay complains."""
    heads = [Head(count=entry.number, hash=entry.hash) for entry in kit.audit_entries()]

    @CASES
    @given(left=st.integers(0, ENTRIES - 1), taken=NUMBERS, agreeing=st.booleans(), counted=st.booleans())
    def cut(left: int, taken: int, agreeing: bool, counted: bool) -> None:
        with tampering(kit) as connection:
            connection.execute(audit_log.delete().where(audit_log.c.number > left))
            if agreeing:
                agree(connection)
            head = heads[taken - 1] if counted else Head(count=-1, hash=heads[taken - 1].hash)
            assert bool(lines(connection, head)) == (not agreeing or taken > left)

    cut()


def test_a_log_that_was_written_anew_is_found_by_a_head(kit: Ragkit) -> None:
    """A log without flaw in itself, whose state agrees: a head taken at or after the first change tells, an earlier one cannot."""
    heads = [Head(count=entry.number, hash=entry.hash) for entry in kit.audit_entries()]

    @CASES
    @given(first=NUMBERS, gone=st.booleans(), taken=NUMBERS, counted=st.booleans())
    def rewrite(first: int, gone: bool, taken: int, counted: bool) -> None:
        with tampering(kit) as connection:
            there = rows(connection)
            if gone:
                del there[first - 1]
            else:
                changed = {**json.loads(there[first - 1]["content"]), "principal": ["eve"]}
                there[first - 1] = {**there[first - 1], "content": json.dumps(changed).encode()}
            write(connection, chained(there))
            agree(connection)
            assert lines(connection) == []
            head = heads[taken - 1] if counted else Head(count=-1, hash=heads[taken - 1].hash)
            assert bool(lines(connection, head)) == (taken >= first)

    rewrite()


@pytest.mark.parametrize("text", ["", "x", "12", "5:abc", "{}", '{"count": 3}', "-7:" + "0" * 64, "[1]", "{", '{"hash": 5}'])
def test_what_is_no_head_is_refused(kit: Ragkit, text: str) -> None:
    """The error names the command that prints one."""
    with pytest.raises(StoreError, match="ragkit audit head"):
        kit.audit_faults(text)


def test_an_erasure_leaves_the_log_verifiable(kit: Ragkit) -> None:
    """The document, its answers and their texts are gone; entries and old heads still hold, and what follows is appended."""
    kit.add_text("Zylophanta keeps bees beyond the river.", uri="note:zylophanta")
    kit.ask("What does Zylophanta keep?", mode="quote", principal="anna")
    head = kit.audit_head()
    assert kit.audit_entries()[-1].documents == ((2, 1),)
    kit.forget("note:zylophanta")
    assert kit.audit_faults(head) == []
    assert kit.audit_head() == head
    with kit._catalog.snapshot() as connection:
        everything = "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))
    assert "ylophanta" not in everything
    kit.ask("What does the mill grind?", mode="quote")
    assert kit.audit_faults(head) == []
    assert kit.audit_head().count == head.count + 1
    assert kit.check() == []


def test_an_answer_that_an_erasure_overtook_has_an_entry(kit: Ragkit) -> None:
    """Nothing of it is kept but that it was asked."""
    kit._catalog.save_answer("late", 0, "What?", {"text": "Ada built it."})
    assert kit.audit_entries()[-1].kept
    kit.add_text("Tea is served at four.", uri="tea")
    generation = kit.status()["generation"]
    kit.forget("tea")
    kit._catalog.save_answer("later", generation, "When is tea?", {"text": "At four."})
    assert (kit.audit_entries()[-1].record_id, kit.audit_entries()[-1].kept) == ("later", False)
    assert kit.audit_faults() == []


def test_answers_given_at_once_are_all_entered(kit: Ragkit) -> None:
    """Entries of several threads follow one another, each answer has one."""
    with ThreadPoolExecutor(4) as pool:
        given_now = list(pool.map(lambda i: kit.ask(f"Who built mill {i}?", mode="quote").record_id, range(16)))
    assert kit.audit_faults() == []
    assert {entry.record_id for entry in kit.audit_entries()} >= set(given_now)
    assert kit.audit_head().count == ENTRIES + 16


DAMAGE: dict[str, Callable[[sa.Connection], object]] = {
    "an entry's content": lambda c: c.execute(audit_log.update().where(audit_log.c.number == 5).values(content=b"{}")),
    "the last entry's hash": lambda c: c.execute(audit_log.update().where(audit_log.c.number == ENTRIES).values(hash=b"0" * 32)),
    "an entry is gone": lambda c: c.execute(audit_log.delete().where(audit_log.c.number == 5)),
    "the end is gone": lambda c: c.execute(audit_log.delete().where(audit_log.c.number > 9)),
    "all is gone": lambda c: c.execute(audit_log.delete()),
    "an entry more": lambda c: c.execute(audit_log.insert().values(number=ENTRIES + 1, content=b"{}", hash=b"0" * 32)),
    "an entry far away": lambda c: c.execute(audit_log.update().where(audit_log.c.number == 5).values(number=2**40)),
    "a number below all": lambda c: c.execute(audit_log.update().where(audit_log.c.number == 5).values(number=-5)),
    "the store's state as well": lambda c: (c.execute(audit_log.delete().where(audit_log.c.number == 5)), c.execute(identity.delete())),
}


@pytest.mark.parametrize("what", sorted(DAMAGE))
def test_repair_takes_note_of_damage_and_hides_nothing(kit: Ragkit, make_kit: MakeKit, what: str) -> None:
    """The store is whole again and goes on; the log says for ever what is wrong with it, but for entries that no one had written."""
    with kit._catalog.mending() as connection:
        DAMAGE[what](connection)
    kit.close()
    again = make_kit(damaged=True)
    assert again.check()
    assert again.repair().left == ()
    fresh = make_kit()
    assert fresh.check() == []
    assert bool(fresh.audit_faults()) == (what != "an entry more")
    assert fresh.audit_entries()[-1].kind == "repair" or what == "an entry more"
    fresh.ask("Who built the mill?", mode="quote")
    assert fresh.check() == []
    last = fresh.audit_head().count
    with fresh._catalog.mending() as connection:
        connection.execute(audit_log.update().where(audit_log.c.number == last).values(content=b"[]"))
    assert any(f"entry {last} " in line for line in fresh.check())


def test_a_backup_brings_the_log_with_it(kit: Ragkit, make_kit: MakeKit, tmp_path: Path) -> None:
    """It holds under the heads that were taken before it; a later head says that entries are missing."""
    head = kit.audit_head()
    kit.backup(tmp_path / "backup")
    kit.ask("Who built the mill?", mode="quote")
    later = kit.audit_head()
    Ragkit.restore(tmp_path / "backup", tmp_path / "again")
    with Ragkit.open(tmp_path / "again", embedder=kit.embedder) as restored:
        assert restored.audit_head() == head
        assert restored.audit_faults(head) == []
        [line] = restored.audit_faults(later)
        assert "cut off" in line


def test_a_store_from_before_the_log_begins_one(kit: Ragkit, make_kit: MakeKit) -> None:
    """A state without the log's columns is that of an empty log, and the first answer begins it."""
    with kit._catalog.mending() as connection:
        connection.execute(audit_log.delete())
        state = dict(connection.execute(sa.select(identity)).one()._mapping)
        state.update(audit_count=None, audit_head=None, audit_salt=None)
        connection.execute(identity.update().values(**{**state, "seal": seal.identity(state)}))
    assert kit.audit_faults() == []
    assert kit.audit_entries(question="Who built the mill?") == []
    kit.ask("Who built the mill?", mode="quote")
    assert [entry.number for entry in kit.audit_entries(question="Who built the mill?")] == [1]
    assert kit.audit_faults() == []
    assert kit.check() == []
