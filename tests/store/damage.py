"""A store with a past, what can be seen of it, and ways to damage its files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ragkit import Ragkit, Settings
from ragkit.errors import DocumentNotFound, StoreError
from ragkit.testing import SyntheticEmbedder

DIMENSION = 16
WORDS = "mill wheel grain river stone bridge baker flour winter harvest ledger miller barn cart toll market weir sluice".split()
SHOWN = ("mill:3", "mill:9", "mill:5", "mill:13")  # one of them replaced, one removed
QUERIES = ("When was the mill number 3 built?", "flour market river", "sluice weir ledger")
SEARCHES = (
    (QUERIES[0], None, None),
    (QUERIES[1], "year >= 1705 or title == 'Mill 9'", None),
    (QUERIES[2], None, "anna"),
)


def settings() -> Settings:
    """No generator: answers are quotes. Passages are short, so that documents have several."""
    return Settings().with_values(**{"generation.model": "none", "chunking.max_tokens": 24, "chunking.overlap_tokens": 0})


def open_kit(store: Path, *, create: bool = False, **values: object) -> Ragkit:
    """The store that is there; ``values`` are settings."""
    return Ragkit.open(store, settings=settings().with_values(**values), embedder=SyntheticEmbedder(DIMENSION), create=create)


def text_of(number: int, version: int = 1) -> str:
    """A document of a few passages."""
    chosen = random.Random(f"{number}.{version}")
    prose = [" ".join(chosen.choices(WORDS, k=14)).capitalize() + "." for _ in range(6 + number % 5)]
    return f"The mill number {number} was built in {1700 + number}, edition {version}.\n\n" + "\n\n".join(prose)


def build(store: Path, *, then: Callable[[str], None] = lambda stage: None) -> str:
    """A store with several segments, replaced and removed documents, access lists, metadata and an answer; the answer's record id.

    ``then`` is called after each of the stages ``first``, ``second`` and ``third``, while the store is open.
    """
    with open_kit(store, create=True) as kit:
        for number in range(6):
            kit.add_text(text_of(number), uri=f"mill:{number}", metadata={"year": 1700 + number, "tags": ["a", str(number)]})
        then("first")
        for number in range(6, 11):
            kit.add_text(text_of(number), uri=f"mill:{number}", title=f"Mill {number}", acl=["anna", "böb"] if number % 2 else ["carl"])
        kit.add_text(text_of(3, 2), uri="mill:3", metadata={"year": 1903})
        then("second")
        for number in range(11, 14):
            kit.add_text(text_of(number), uri=f"mill:{number}", metadata={"year": 1700 + number})
        kit.delete("mill:5")
        record = kit.ask(QUERIES[0], mode="quote").record_id
        then("third")
    return record


def look(store: Path, record: str) -> dict[str, Any]:
    """Everything that a reader may ask of a store, as plain values.

    Raises:
        StoreError: the store is damaged, and says so.
    """
    with open_kit(store) as kit:
        seen: dict[str, Any] = {"documents": [d.to_dict() for d in kit.documents()]}
        for query, filter, principal in SEARCHES:
            seen[f"{query} {filter} {principal}"] = [
                h.to_dict() for h in kit.search(query, 8, filter=filter, principal=principal, rerank=False)
            ]
        seen.update({uri: _document(kit, uri) for uri in SHOWN})
        seen["record"] = kit.answer_record(record)
        answer = kit.ask(QUERIES[0], mode="quote").to_dict()
        seen["answer"] = {name: value for name, value in answer.items() if name not in ("record_id", "timings")}
        status = kit.status()
        seen["status"] = {name: status[name] for name in ("generation", "documents", "chunks", "sources", "failures", "embedding_model")}
    return seen


def _document(kit: Ragkit, uri: str) -> Any:
    try:
        found = kit.document(uri)
    except DocumentNotFound:
        return None
    return found.parsed, found.title, found.sha256, found.token, dict(found.metadata), found.acl


def complaints(store: Path) -> list[str]:
    """What ``check`` says; that it cannot even open the store is something to say."""
    try:
        with open_kit(store) as kit:
            return kit.check()
    except StoreError as error:
        return [str(error)]


def copy(store: Path, to: Path) -> Path:
    """A copy to damage."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(store, to)
    return to


# --- ways to damage a file, each by a random generator --------------------------------------------------------


def flip(content: bytes, chance: random.Random) -> bytes:
    """One to eight bits are flipped."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(content: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return content[: chance.choice((0, chance.randrange(len(content)), chance.randrange(len(content)) // 512 * 512))]


def zero(content: bytes, chance: random.Random) -> bytes:
    """A block is zeroes."""
    size = chance.choice((512, 4096))
    at = chance.randrange(0, len(content), size)
    return content[:at] + bytes(min(size, len(content) - at)) + content[at + size :]


def scramble(content: bytes, chance: random.Random) -> bytes:
    """A block is what another block of the file is."""
    size = chance.choice((512, 4096))
    at, other = (chance.randrange(0, len(content), size) for _ in range(2))
    block = content[other : other + size].ljust(size, b"\0")[: len(content[at : at + size])]
    return content[:at] + block + content[at + size :]


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {"flip": flip, "truncate": truncate, "zero": zero, "scramble": scramble}


def restored(backup: Path, store: Path) -> Path:
    """The store that a backup holds."""
    Ragkit.restore(backup, store, settings=settings())
    return store
