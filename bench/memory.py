"""Bytes of index a chunk beyond the text, on disk and in memory, and the peak memory of ingest at rising sizes.

Each size is a process of its own. `ru_maxrss` never falls and so also holds the peak of loading the model; the peak of ingest alone
is VmHWM, reset once the model is loaded. Parsers run in forked children, whose memory is not counted here. A commit holds 2,048
chunks: the peak may rise up to there and not beyond.

What a chunk costs is the difference between two sizes by the difference of their chunks, so that fixed costs (an empty catalog,
a library's first use) cancel. Memory is resident pages, measured after a search in a process that has searched another store before.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.common import data, emit, parser
from ragkit import Ragkit, Settings

SIZES = (2000, 4000, 8000)
MIB = 1024 * 1024
QUERY = "electronic circuit of an amplifier"


def status(key: str) -> int:
    """A line of /proc/self/status, in bytes: ``VmRSS``, ``RssAnon``, ``RssFile`` …"""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {key}; this benchmark needs Linux")


def reset_peak() -> None:
    """Let VmHWM begin anew from what is resident now (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")


def fill(corpus: Path, store: Path, count: int) -> dict[str, Any]:
    """Ingest ``count`` documents, drawn evenly so that every size has the same kind of text, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder, "corpus.jsonl")
        lines = corpus.read_text("utf-8").splitlines(keepends=True)
        part.write_text("".join(random.Random(1).sample(lines, count)), "utf-8")
        del lines
        with Ragkit.open(store, settings=Settings()) as kit:
            kit.embedder.embed(["Loads the model."])
            reset_peak()
            before = status("VmRSS")
            report = kit.ingest(part)
            highest = status("VmHWM")
            state = kit.status()
            text = sum(len(kit.text(info.uri).encode()) for info in kit.documents())
    return {
        "documents": report.added, "failed": len(report.failed), "chunks": report.chunks,
        "resident before ingest, MiB": before // MIB,
        "peak of ingest, MiB": highest // MIB,
        "ru_maxrss, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "text bytes": text, "index bytes": state["index_bytes"], "store bytes": state["bytes"],
    }  # fmt: skip


def loaded(store: Path) -> dict[str, int]:
    """What searching a store adds to a process. File pages can be given back by the system; the rest cannot."""
    keys = ("RssAnon", "RssFile")
    with Ragkit.in_memory(settings=Settings()) as other:
        other.add_text("An amplifier has a circuit.", uri="warm")
        other.search(QUERY, rerank=False)
        with Ragkit.open(store, settings=Settings(), create=False, embedder=other.embedder) as kit:
            gc.collect()
            before = {key: status(key) for key in keys}
            kit.search(QUERY, rerank=False)
            gc.collect()
            return {f"search adds, {key}, bytes": status(key) - before[key] for key in keys}


def measure(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as store:
        return _child("--fill", str(count), "--store", store) | _child("--load", "--store", store)


def per_chunk(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Between the smallest and the largest size; and the peak of the largest by that of the one before it, where 1 is flat."""
    if len(rows) < 2:
        return {}
    low, high = rows[0], rows[-1]
    chunks = high["chunks"] - low["chunks"]

    def slope(key: str, less: str = "") -> int:
        values: list[int] = [row[key] - (row[less] if less else 0) for row in (low, high)]
        return round((values[1] - values[0]) / int(chunks))

    return {
        "index bytes a chunk on disk": slope("index bytes"),
        "store bytes a chunk beyond the text": slope("store bytes", "text bytes"),
        "anonymous bytes a chunk in memory": slope("search adds, RssAnon, bytes"),
        "file-backed bytes a chunk in memory": slope("search adds, RssFile, bytes"),
        "peak of the largest by the one before": round(high["peak of ingest, MiB"] / rows[-2]["peak of ingest, MiB"], 3),
    }


def _child(*options: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "bench.memory", *options], stdout=subprocess.PIPE, text=True, check=True)
    tree: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return tree


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="N", help="documents, rising")
    arguments.add_argument("--fill", type=int, metavar="N", help="for the script's own child processes")
    arguments.add_argument("--load", action="store_true", help="likewise")
    arguments.add_argument("--store", type=Path, help="likewise")
    given = arguments.parse_args()
    corpus = data("retrieval/npl") / "corpus.jsonl"
    if given.fill or given.load:
        print(json.dumps(fill(corpus, given.store, given.fill) if given.fill else loaded(given.store)))
        return
    rows = [measure(size) for size in given.sizes]
    rows.append(per_chunk(rows))
    emit("memory", [row for row in rows if row], complete=tuple(given.sizes) == SIZES, settings=Settings())


if __name__ == "__main__":
    main()
