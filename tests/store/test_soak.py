"""A store that is written, read and compacted again and again keeps no descriptor, no mapping, no memory and no file of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CYCLES = 300
WARM_UP = 40
#: A removed version leaves a row in the catalog as the document's history: no text, but who it was.
HISTORY_BYTES = 2048

PROGRAM = """
import gc, itertools, json, os, sys
from pathlib import Path
from ragkit import Ragkit, Settings
from ragkit.models.rerank import TokenCache
from ragkit.testing import SyntheticEmbedder

DOCUMENTS = 4
store, values, warm_up, cycles = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
folder = store.with_name("files")
folder.mkdir()
kit = Ragkit.open(store, settings=Settings().with_values(**values), embedder=SyntheticEmbedder(32))
kit.__dict__["_tokens"] = TokenCache(kit.embedder, 100_000)  # a cache that is full after the warming up
clock = itertools.count(1)

def cycle(edition):
    for n in range(DOCUMENTS):
        file = folder / f"{n}.txt"
        file.write_text("\\n\\n".join(f"Entry {edition % 10} of book {n}: clerk {i} sold the mill." for i in range(4)))
        os.utime(file, ns=(0, next(clock)))
    kit.ingest(folder)
    kit.search("who sold the mill", 5)
    kit.ask("Which clerk sold the mill of book 2?", mode="quote")
    kit.text(str(folder / "1.txt"))
    kit.delete(str(folder / f"{edition % DOCUMENTS}.txt"))
    kit.search("clerk", 3)

def measured(edition):
    kit.ingest(folder)
    kit.compact()
    kit.search("mill", 3)
    gc.collect()
    maps = Path("/proc/self/maps").read_text().splitlines()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "mappings": sum(str(store / "segments") in line for line in maps),
        "resident": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        "index": sum(file.stat().st_size for file in (store / "segments").iterdir()),
        "files": len(list(store.rglob("*"))),
        "others": sum(f.stat().st_size for f in store.rglob("*") if f.is_file() and f.parent.name != "segments"),
        "documents": len(kit.documents()),
    }

for edition in range(warm_up):
    cycle(edition)
before = measured(warm_up)
for edition in range(warm_up, warm_up + cycles):
    cycle(edition)
print(json.dumps([before, measured(edition), kit.check()]))
"""


@pytest.mark.slow
def test_nothing_grows(memory_folder: Path, catalog_url: str) -> None:
    """Cycles of ingest, search, ask and deletion leave descriptors, mappings, files, memory (within 5 %) and index bytes as they were."""
    store = memory_folder / "store"
    cycles = CYCLES if catalog_url.startswith("sqlite") else CYCLES // 5
    values = {"generation.model": "none", "chunking.max_tokens": 16, "catalog.url": "" if catalog_url.startswith("sqlite") else catalog_url}
    command = [sys.executable, "-c", PROGRAM, str(store), json.dumps(values), str(WARM_UP), str(cycles)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after, faults = json.loads(done.stdout)
    assert faults == []
    for same in ("descriptors", "mappings", "files", "documents"):
        assert after[same] == before[same], (same, before, after)
    assert after["resident"] < 1.05 * before["resident"], (before, after)
    assert abs(after["index"] - before["index"]) < 0.02 * before["index"], (before, after)
    _history_alone(before, after, cycles)


def _history_alone(before: dict[str, Any], after: dict[str, Any], cycles: int) -> None:
    """What grew beside the index is the rows of old versions, generations and answers."""
    rows = cycles * (before["documents"] + 1)
    answers = cycles * 16384
    assert after["others"] - before["others"] < rows * HISTORY_BYTES + answers, (before, after)
