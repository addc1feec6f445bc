"""A store under load: one writer that rewrites every document again and again, and readers that notice a torn read.

Every document says which edition it is of, in each of its passages and by how long they are, and every commit of the writer
brings all documents to one edition. So a result that mixes editions, or lacks a passage of one, was torn. Run as a program
(``load.py WRITER|READER STORE SETTINGS SECONDS [FOLDER]``) it works until its time is over and prints what it saw as JSON.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ragkit import Ragkit, Settings
from ragkit.errors import DocumentNotFound
from ragkit.testing import SyntheticEmbedder

DOCUMENTS = 5
PASSAGES = 3
#: However slow the machine is, so many editions are written.
EDITIONS = 6
_PATIENCE_S = 120.0
_EDITION = re.compile(r"edition (\d+) ")
_ENDLESS = 10**6


def text(number: int, edition: int) -> str:
    """A document of one edition. The edition also sets the length of each passage, so that offsets tell it too."""
    filler = "k" * (1 + edition % 41)
    clerks = (f"In edition {edition} {filler} the clerk {number} sold the mill {place} to the town." for place in range(PASSAGES))
    return "\n\n".join(clerks)


def missing(edition: int) -> int | None:
    """The document that is deleted, some time after the commit of ``edition``, if one is."""
    return edition % DOCUMENTS if edition % 3 == 0 else None


def embedder() -> SyntheticEmbedder:
    """The model of both."""
    return SyntheticEmbedder(32)


# --- the writer ---------------------------------------------------------------------------------------------


def write(kit: Ragkit, folder: Path, first: int, seconds: float) -> dict[str, Any]:
    """Write editions from ``first`` on: all documents in one commit; delete one at times; merge at times."""
    until = time.monotonic() + seconds
    done = first - 1
    while time.monotonic() < until or done < EDITIONS:
        write_edition(kit, folder, done + 1)
        done += 1
        acknowledge(folder, done)
        gone = missing(done)
        if gone is not None:
            kit.delete(str(folder / f"{gone}.txt"))
        if done % 4 == 0:
            kit.compact()
    return {"last": done}


def write_edition(kit: Ragkit, folder: Path, edition: int) -> None:
    """All documents, in one commit."""
    for number in range(DOCUMENTS):
        file = folder / f"{number}.txt"
        file.write_text(text(number, edition), "utf-8")
        os.utime(file, ns=(0, edition))
    report = kit.ingest(folder, include=["*.txt"])
    if report.added + report.updated != DOCUMENTS:
        raise RuntimeError(f"edition {edition} gave {report}")


def acknowledge(folder: Path, edition: int) -> None:
    """Say that ``edition`` is committed."""
    (folder / "new").write_text(str(edition))
    (folder / "new").replace(folder / "acknowledged")


# --- the readers --------------------------------------------------------------------------------------------


class Reader:
    """Reads in every way that there is, and lists what no single generation could have given."""

    def __init__(self, kit: Ragkit, folder: Path) -> None:
        self._kit = kit
        self._folder = folder
        self._newest = 0
        self._edition_of: dict[int, int] = {}
        self.reads: Counter[str] = Counter()
        self.problems: list[str] = []

    def run(self, seconds: float, least: int = EDITIONS) -> None:
        """Read until the time is over and ``least`` editions were written, or until something is wrong."""
        until = time.monotonic() + seconds
        ways: tuple[Callable[[], int], ...] = (self._search, self._explain, self._ask, self._list, self._open)
        for way in itertools.cycle(ways):
            acknowledged = int((self._folder / "acknowledged").read_text())
            late = time.monotonic() - until
            if self.problems or (late >= 0 and acknowledged >= least) or late > _PATIENCE_S:
                return
            try:
                edition = way()
            except Exception as error:  # noqa: BLE001 whatever reaches a reader is what the test is about
                self.problems.append(f"{way.__name__}: {type(error).__name__}: {error}")
                return
            if edition < max(acknowledged, self._newest):
                self._wrong(way.__name__, f"edition {edition} after {self._newest} was seen and {acknowledged} acknowledged")
            self._newest = max(edition, self._newest)
            self.reads[way.__name__.strip("_")] += 1

    def _wrong(self, what: str, why: object) -> None:
        self.problems.append(f"{what}: {why}")

    def _one(self, what: str, editions: Iterable[int]) -> int:
        found = set(editions)
        if len(found) != 1:
            self._wrong(what, f"editions {sorted(found)} in one result")
        return min(found, default=0)

    def _search(self) -> int:
        hits = self._kit.search("who sold the mill to the town", DOCUMENTS * PASSAGES + 1)
        edition = self._one("search", (_edition(hit.text) for hit in hits))
        self._whole("search", edition, [(hit.uri, hit.start_char_index, hit.end_char_index) for hit in hits])
        for hit in hits:
            if hit.text != text(_number(hit.uri), edition)[hit.start_char_index : hit.end_char_index]:
                self._wrong("search", f"{hit} is no passage of edition {edition}")
        return edition

    def _explain(self) -> int:
        """A candidate has no text: the edition is one whose passages have these places."""
        found = [(c.uri, c.start_char_index, c.end_char_index) for c in self._kit.explain("who sold the mill")]
        last = int((self._folder / "acknowledged").read_text()) + 1
        possible = [e for e in range(max(1, last - 40), last + 1) if set(found) <= places(self._folder, e)]
        if not possible:
            self._wrong("explain", f"{sorted(found)} are the passages of no edition up to {last}")
            return _ENDLESS
        self._whole("explain", possible[-1], found)
        return possible[-1]

    def _ask(self) -> int:
        answer = self._kit.ask("Who sold the mill 1 to the town?", mode="quote")
        quoted = [c.cited_text for s in answer.sentences for c in s.citations]
        edition = self._one("ask", map(_edition, [*quoted, *(e.text for e in answer.evidence)]))
        if self._edition_of.setdefault(answer.generation, edition) != edition:
            self._wrong("ask", f"generation {answer.generation} was {self._edition_of[answer.generation]}, is {edition}")
        for c in (c for s in answer.sentences for c in s.citations):
            if c.cited_text != text(_number(c.uri), edition)[c.start_char_index : c.end_char_index]:
                self._wrong("ask", f"{c} is no passage of edition {edition}")
        return edition

    def _list(self) -> int:
        found = self._kit.documents()
        last = int((self._folder / "acknowledged").read_text()) + 1
        lengths = {(_number(d.uri), d.characters) for d in found}
        fits = [e for e in range(max(1, last - 40), last + 1) if lengths <= {(n, len(text(n, e))) for n in range(DOCUMENTS)}]
        if not fits or len(found) < DOCUMENTS - (missing(fits[-1]) is not None):
            self._wrong("list", f"{found} are the documents of no edition up to {last}")
        return fits[-1] if fits else _ENDLESS

    def _open(self) -> int:
        number = sum(self.reads.values()) % DOCUMENTS
        try:
            found = self._kit.text(str(self._folder / f"{number}.txt"))
        except DocumentNotFound:
            return max(self._newest, int((self._folder / "acknowledged").read_text()))
        edition = _edition(found)
        if found != text(number, edition):
            self._wrong("open", f"{found!r} is not document {number} of edition {edition}")
        return edition

    def _whole(self, what: str, edition: int, found: list[tuple[str, int, int]]) -> None:
        """All passages of all documents, or of all but the one that is deleted."""
        wanted = places(self._folder, edition)
        gone = missing(edition)
        fewer = {place for place in wanted if gone is None or _number(place[0]) != gone}
        if len(found) != len(set(found)) or set(found) not in (wanted, fewer):
            self._wrong(what, f"edition {edition} gave {sorted(found)}")


def places(folder: Path, edition: int) -> set[tuple[str, int, int]]:
    """Where the passages of ``edition`` stand."""
    found = set()
    for number in range(DOCUMENTS):
        for match in re.finditer(r"[^\n]+", text(number, edition)):
            found.add((str(folder / f"{number}.txt"), match.start(), match.end()))
    return found


def _edition(passage: str) -> int:
    found = {int(match) for match in _EDITION.findall(passage)}
    return found.pop() if len(found) == 1 else -1


def _number(uri: str) -> int:
    return int(Path(uri).stem)


def main(role: str, store: str, values: str, seconds: str, folder: str) -> None:
    """Work once a line comes in; print what was seen when the time is over."""
    settings = Settings().with_values(**json.loads(values))
    with Ragkit.open(store, settings=settings, embedder=embedder(), create=False) as kit:
        reader = Reader(kit, Path(folder))
        reader.run(0.01, 0)  # everything is loaded before the clock runs
        print("ready", flush=True)
        sys.stdin.readline()
        if role == "writer":
            seen = write(kit, Path(folder), 2, float(seconds))
        else:
            reader.run(float(seconds))
            seen = {"reads": reader.reads, "problems": reader.problems}
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
