"""Lexical search: ragkit's index beside rank_bm25, bm25s, tantivy and SQLite's FTS5, on the same terms, in one run, one thread.

Queries are six terms of a real passage, all optional, the ten best rows wanted. Rates are per second of the process's CPU time,
medians of rounds. Engines that are not installed are left out: `pip install bm25s tantivy`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import synthetic
from bench.common import emit, parser
from ragkit.text.words import terms

Row = dict[str, Any]
Terms = list[str]
Search = Callable[[Terms], list[int]]
K = 10


def ragkit(rows: Sequence[Terms], folder: Path) -> tuple[Search, int]:
    import numpy as np

    from ragkit.index import files
    from ragkit.index.lexical import LexicalIndex, LexicalSegment

    info = files.write_once(folder, "rows", files.save_arrays(LexicalSegment.build(rows).arrays))
    index = LexicalIndex([LexicalSegment(files.map_arrays(folder / info.name))], np.ones(len(rows), np.bool_))
    return (lambda query: index.search(query, K)[0].tolist()), info.bytes


def rank_bm25(rows: Sequence[Terms], folder: Path) -> tuple[Search, int]:
    import numpy as np
    from rank_bm25 import BM25Okapi

    index = BM25Okapi(list(rows), k1=1.2, b=0.75)
    return (lambda query: np.argsort(-index.get_scores(query), kind="stable")[:K].tolist()), 0


def _bm25s(backend: str) -> Callable[[Sequence[Terms], Path], tuple[Search, int]]:
    def make(rows: Sequence[Terms], folder: Path) -> tuple[Search, int]:
        import bm25s

        index = bm25s.BM25(k1=1.2, b=0.75, backend=backend)
        index.index(list(rows), show_progress=False)
        index.save(str(folder / "bm25s"), show_progress=False)
        size = sum(f.stat().st_size for f in (folder / "bm25s").iterdir())
        return (lambda query: index.retrieve([query], k=K, show_progress=False, n_threads=0)[0][0].tolist()), size

    return make


def tantivy(rows: Sequence[Terms], folder: Path) -> tuple[Search, int]:
    import tantivy as engine

    schema = engine.SchemaBuilder().add_integer_field("row", stored=True).add_text_field("text", tokenizer_name="whitespace").build()
    (folder / "tantivy").mkdir()
    index = engine.Index(schema, path=str(folder / "tantivy"))
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    for n, row in enumerate(rows):
        writer.add_document(engine.Document(row=n, text=" ".join(row)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(query: Terms) -> list[int]:
        parts = [(engine.Occur.Should, engine.Query.term_query(schema, "text", term)) for term in query]
        hits = searcher.search(engine.Query.boolean_query(parts), K).hits
        return [searcher.doc(address)["row"][0] for _, address in hits]

    return search, sum(f.stat().st_size for f in (folder / "tantivy").iterdir())


def fts5(rows: Sequence[Terms], folder: Path) -> tuple[Search, int]:
    base = sqlite3.connect(folder / "fts5.db")
    base.execute("CREATE VIRTUAL TABLE passages USING fts5(text, content='', tokenize='unicode61')")
    base.executemany("INSERT INTO passages (rowid, text) VALUES (?, ?)", ((n, " ".join(row)) for n, row in enumerate(rows, 1)))
    base.commit()

    def search(query: Terms) -> list[int]:
        wanted = " OR ".join(f'"{term}"' for term in query)
        found = base.execute("SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY bm25(passages) LIMIT ?", (wanted, K))
        return [row - 1 for (row,) in found]

    return search, (folder / "fts5.db").stat().st_size


ENGINES: dict[str, Callable[[Sequence[Terms], Path], tuple[Search, int]]] = {
    "ragkit": ragkit, "rank_bm25": rank_bm25, "bm25s, numpy": _bm25s("numpy"), "bm25s, numba": _bm25s("numba"),
    "tantivy": tantivy, "FTS5": fts5,
}  # fmt: skip


def measure(engine: str, rows: Sequence[Terms], queries: Sequence[Terms], rounds: int, folder: Path) -> tuple[Row, list[list[int]]]:
    ENGINES[engine](rows[:100], Path(tempfile.mkdtemp(dir=folder)))[0](queries[0])  # what is compiled, is compiled now
    began = time.process_time()
    search, size = ENGINES[engine](rows, folder)
    built = time.process_time() - began
    few = queries if engine not in ("rank_bm25", "FTS5") else queries[:20]
    found = [search(query) for query in few]
    rates, times = [], []
    for _ in range(rounds):
        began = time.process_time()
        for query in few:
            at = time.perf_counter()
            search(query)
            times.append(time.perf_counter() - at)
        rates.append(len(few) / (time.process_time() - began))
    row = {
        "engine": engine, "index, CPU s": round(built, 1), "bytes": size, "queries a CPU s": round(statistics.median(rates), 1),
        "p50, ms": round(1000 * statistics.median(times), 3),
    }  # fmt: skip
    return row, found


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    given = arguments.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    texts = synthetic.texts(given.rows)
    rows = [terms(text) for text in texts]
    chance = random.Random(3)
    queries = [chance.sample(words, 6) for words in (sorted(set(row)) for row in chance.sample(rows, given.queries)) if len(words) >= 6]
    results: list[Row] = []
    answers: dict[str, list[list[int]]] = {}
    for engine in given.engines:
        with tempfile.TemporaryDirectory() as name:
            try:
                row, answers[engine] = measure(engine, rows, queries, given.rounds, Path(name))
            except ImportError as error:
                row = {"engine": engine, "left out": str(error)}
        results.append(row)
        print(row, flush=True)
    own = next((r for r in results if r["engine"] == "ragkit"), None)
    for row in results:
        if own is not None and "queries a CPU s" in row:
            row["ragkit / it"] = round(own["queries a CPU s"] / row["queries a CPU s"], 2)
            pairs = list(zip(answers["ragkit"], answers[row["engine"]], strict=False))
            row["same ten as ragkit"] = round(sum(len({*a} & {*b}) / max(1, len(a)) for a, b in pairs) / len(pairs), 3)
    emit("lexical", results, complete=len(results) == len(ENGINES), settings={"rows": given.rows, "queries": len(queries)})


if __name__ == "__main__":
    main()
