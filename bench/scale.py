"""A store of 10,000, 100,000 and 1,000,000 passages: building, opening, searching, filtering, adding, deleting.

The collections are made (see :mod:`bench.synthetic`), ten passages a document, and written through ragkit's own ingestor; parsing,
chunking and embedding are left out, for the vectors are there. Then each measure is taken in a process of its own that opens the
store as a user's would, with the embedded model, asks real questions, and does not rerank. The store's files are in the page
cache then; opening is measured without that as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import synthetic
from bench.common import emit, parser
from ragkit import Ragkit, Settings
from ragkit.ingest import Ingestor, Prepared
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Block, Chunk, Document, Parsed
from ragkit.store.lock import writer_lock

Row = dict[str, Any]
SIZES = (10_000, 100_000, 1_000_000)
A_DOCUMENT = 10
#: Filters by the share of the documents that they let through, as a value of ``n`` below it, of 1,000.
SHARES = {"10 %": 100, "1 %": 10, "0.2 %": 2}


class Prepared384(SentenceTransformerEmbedder):
    """The embedded model; texts whose vectors are known are looked up instead."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if texts and all(text in self.known for text in texts):
            return np.stack([self.known[text] for text in texts])
        return super().embed(texts)


def document(number: int, texts: Sequence[str]) -> Prepared:
    """Passages, one a paragraph, as one document; ``n`` in its metadata runs from 0 to 999."""
    ends = np.cumsum([len(text) + 2 for text in texts]).tolist()
    spans = [(end - 2 - len(text), end - 2) for end, text in zip(ends, texts, strict=True)]
    whole = "\n\n".join(texts)
    blocks = tuple(Block(kind="paragraph", start=a, end=b, level=0) for a, b in spans)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    parsed = Parsed(text=whole, title=f"Document {number}", blocks=blocks, anchors=())
    entry = Document(
        uri=f"made:{number}", sha256=digest, token=digest, media_type="text/plain", title=parsed.title, parsed=parsed,
        metadata={"n": number % 1000}, source="made",
    )  # fmt: skip
    return Prepared(document=entry, chunks=tuple(Chunk(start=a, end=b, tokens=64, headings=()) for a, b in spans))


def fill(store: Path, base: synthetic.Real, count: int, settings: Settings, *, compact: bool) -> Row:
    embedder = Prepared384()
    began = time.perf_counter()
    with Ragkit.open(store, settings=settings, embedder=embedder) as kit, writer_lock(kit.path):
        ingestor = Ingestor(kit._segments, kit._catalog, embedder, kit._pool, settings)
        number = 0
        for texts, vectors in synthetic.passages(base, count):
            embedder.known = dict(zip(texts, vectors, strict=True))
            for at in range(0, len(texts), A_DOCUMENT):
                ingestor.put(document(number, texts[at : at + A_DOCUMENT]))
                number += 1
            ingestor.flush()
    built = time.perf_counter() - began
    with Ragkit.open(store, settings=settings, embedder=embedder) as kit:
        segments = kit.status()["segments"]
        began = time.perf_counter()
        if compact:
            kit.compact()
        compacted = time.perf_counter() - began
        status = kit.status()
    return {
        "chunks": status["chunks"], "build, s": round(built, 1), "segments built": segments, "compact, s": round(compacted, 1),
        "index bytes a chunk": round(status["index_bytes"] / status["chunks"]),
        "store bytes a chunk": round(status["bytes"] / status["chunks"]),
    }  # fmt: skip


# --- measured in a process of its own -----------------------------------------------------------------------------


def resident() -> dict[str, int]:
    """MiB by kind, from the kernel."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "RssAnon", "RssFile")))
    return {name: int(value.split()[0]) // 1024 for name, value in found.items()}


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile in ms."""
    ordered = np.sort(np.array(seconds)) * 1000
    return round(float(np.median(ordered)), 2), round(float(np.percentile(ordered, 99)), 2)


def _timed(kit: Ragkit, questions: Sequence[str], expression: str | None = None) -> list[float]:
    times = []
    for question in questions:
        began = time.perf_counter()
        kit.search(question, 10, filter=expression, rerank=False, operators=False)
        times.append(time.perf_counter() - began)
    return times


def _recall(kit: Ragkit, vectors: NDArray[np.float32], allowed: NDArray[np.bool_] | None) -> float:
    """recall@10 of the dense index against its own exact search."""
    with kit._searcher.pin() as pinned:
        dense = pinned.index.dense
        everything = np.ones(len(pinned.index.chunk_ids), np.bool_)
        shares = []
        for vector in vectors:
            found, _ = dense.search(vector, kit.settings.retrieval.candidates, allowed=allowed)
            exact, _ = dense.search(vector, 10, allowed=everything if allowed is None else allowed)
            shares.append(len({*found[:10].tolist()} & {*exact.tolist()}) / max(1, len(exact)))
    return round(statistics.mean(shares), 4)


def ask(store: Path, settings: Settings, questions: Sequence[str], vectors: NDArray[np.float32], new: Sequence[str]) -> Row:
    embedder = Prepared384()
    embedder.embed(["What is loaded, is loaded now."])
    loaded = resident()["VmRSS"]
    row: Row = {}
    for name, advice in (("open from the disk, s", os.POSIX_FADV_DONTNEED), ("open, s", os.POSIX_FADV_NORMAL)):
        _cache(store, advice)
        began = time.perf_counter()
        kit = Ragkit.open(store, settings=settings, embedder=embedder)
        with kit._searcher.pin():
            row[name] = round(time.perf_counter() - began, 2)
        if advice == os.POSIX_FADV_DONTNEED:
            kit.close()
    _timed(kit, questions[:20])
    row["search p50, ms"], row["search p99, ms"] = percentiles(_timed(kit, questions))
    times = [_time(lambda q=q: embedder.embed([q])) for q in questions[:100]]  # type: ignore[misc]
    row["of it the question's vector p50, ms"] = percentiles(times)[0]
    row["resident, MiB"], row["of it the model, MiB"] = resident()["VmRSS"], loaded
    row["dense recall@10"] = _recall(kit, vectors[:200], None)
    for name, below in SHARES.items():
        expression = f"n < {below}"
        row[f"filter {name}: first, ms"] = percentiles(_timed(kit, questions[:1], expression))[0]
        row[f"filter {name}: p50, ms"] = percentiles(_timed(kit, questions[:100], expression))[0]
        with kit._searcher.pin() as pinned:
            mask = pinned.visible(expression, None)
        row[f"filter {name}: recall@10"] = _recall_filtered(kit, vectors[:50], mask)
    row["resident after all that, MiB"] = resident()["VmRSS"]
    row |= _grow(kit, embedder, new)
    kit.close()
    return row


def _cache(store: Path, advice: int) -> None:
    """Let the store's files leave the page cache, or bring them into it."""
    for file in store.rglob("*"):
        if file.is_file():
            with file.open("rb", buffering=0) as handle:
                os.posix_fadvise(handle.fileno(), 0, 0, advice)
                while advice != os.POSIX_FADV_DONTNEED and handle.read(1 << 24):
                    pass


def _recall_filtered(kit: Ragkit, vectors: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """recall@10 of the filtered search against numpy over the visible rows."""
    with kit._searcher.pin() as pinned:
        dense, rows = pinned.index.dense, np.flatnonzero(mask & pinned.index.live)
        shares = []
        for vector in vectors:
            found, _ = dense.search(vector, 10, allowed=mask)
            exact = rows[np.argsort(-dense.scores(vector, rows), kind="stable")[:10]]
            shares.append(len({*found.tolist()} & {*exact.tolist()}) / max(1, len(exact)))
    return round(statistics.mean(shares), 4)


def _time(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _grow(kit: Ragkit, embedder: Prepared384, new: Sequence[str]) -> Row:
    """Adding 1,000 documents of one passage, beside embedding their texts alone; then deleting one until no search finds it."""
    alone = _time(lambda: embedder.embed(new))

    def add() -> None:
        with writer_lock(kit.path):
            ingestor = Ingestor(kit._segments, kit._catalog, embedder, kit._pool, kit.settings)
            for number, text in enumerate(new):
                ingestor.put(document(10_000_000 + number, [text]))
            ingestor.flush()

    added = _time(add)
    kit.search(new[0], 10, rerank=False)
    times = []
    for number in range(20):
        text, uri = new[number], f"made:{10_000_000 + number}"
        before = kit.search(text, 1, rerank=False)[0].uri
        began = time.perf_counter()
        kit.delete(uri)
        after = kit.search(text, 1, rerank=False)[0].uri
        times.append(time.perf_counter() - began)
        if before != uri or after == uri:
            raise SystemExit(f"{uri}: found {before} before it was deleted, and {after} after")
    return {
        "adding 1,000 / embedding them": round(added / alone, 3), "adding 1,000, s": round(added, 2),
        "deleted, and a search does not find it, p50, ms": percentiles(times)[0],
    }  # fmt: skip


def measure(store: Path, base: synthetic.Real, kind: str) -> Row:
    """:func:`ask` in a new process."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as handle:
        json.dump({"questions": base.questions[:500], "new": synthetic.windows()[-1000:]}, handle)
    np.save(f"{handle.name}.npy", base.question_vectors[:500])
    run = [sys.executable, "-m", "bench.scale", "--inner", str(store), "--given", handle.name, "--kind", kind]
    done = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--real", type=int, default=30_000, help="real passages that are embedded")
    arguments.add_argument("--kind", default="auto", help="the setting retrieval.dense_kind")
    arguments.add_argument("--kept", type=Path, default=None, help="a file for the real passages' vectors")
    arguments.add_argument("--stores", type=Path, default=None, help="a folder in which the stores are kept")
    arguments.add_argument("--no-compact", action="store_true")
    arguments.add_argument("--inner", type=Path, default=None, help=argparse.SUPPRESS)
    arguments.add_argument("--given", type=Path, default=None, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    settings = Settings.model_validate({"retrieval": {"dense_kind": given.kind}})
    if given.inner is not None:
        texts = json.loads(given.given.read_text("utf-8"))
        row = ask(given.inner, settings, texts["questions"], np.load(f"{given.given}.npy"), texts["new"])
        sys.stdout.write(json.dumps(row) + "\n")
        return
    base = synthetic.real(given.real, kept=given.kept)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for size in given.sizes:
            store = (given.stores or Path(name)) / f"{size}"
            row = fill(store, base, size, settings, compact=not given.no_compact) if not store.exists() else {"chunks": size}
            rows.append(row | measure(store, base, given.kind))
            print(rows[-1], file=sys.stderr, flush=True)
            if given.stores is None:
                shutil.rmtree(store)
    emit("scale", rows, complete=tuple(given.sizes) == SIZES, settings=settings)


if __name__ == "__main__":
    main()
