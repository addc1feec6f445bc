"""Dense search by kind of index: recall@10 against exact search, bytes a vector, time. One thread, questions that were held out.

Vectors are made from those of real text (see :mod:`bench.synthetic`). Candidates are fetched and scored as a search does it.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import synthetic
from bench.common import emit, parser
from ragkit.index import approximate, dense
from ragkit.index.dense import DenseIndex

Row = dict[str, Any]


def measure(name: str, exact: Any, near: Any, questions: Any, expected: list[set[int]], probe: float) -> Row:
    index = DenseIndex([exact], np.ones(exact.ntotal, np.bool_), near=[near], probe=probe)
    index.search(questions[0], 100)
    times, shares = [], []
    for question, wanted in zip(questions, expected, strict=True):
        began = time.perf_counter()
        rows, _ = index.search(question, 100)
        times.append(time.perf_counter() - began)
        shares.append(len(wanted & {*rows[:10].tolist()}) / 10)
    size = len(dense.to_bytes(exact if near is None else near)) / exact.ntotal
    return {"kind": name, "probe": probe, "bytes a vector": round(size), "recall@10": round(statistics.mean(shares), 4),
            "p50, ms": round(1000 * statistics.median(times), 2)}  # fmt: skip


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--vectors", type=int, default=100_000)
    arguments.add_argument("--real", type=int, default=30_000)
    arguments.add_argument("--kept", type=Path, default=None)
    arguments.add_argument("--questions", type=int, default=300)
    arguments.add_argument("--probes", type=float, nargs="+", default=[1 / 32, 1 / 16, 1 / 8])
    given = arguments.parse_args()
    import faiss

    faiss.omp_set_num_threads(1)
    base = synthetic.real(given.real, kept=given.kept)
    exact = dense.build((vectors for _, vectors in synthetic.passages(base, given.vectors)), base.vectors.shape[1])
    questions = base.question_vectors[: given.questions]
    plain = DenseIndex([exact], np.ones(exact.ntotal, np.bool_))
    expected = [{*plain.search(question, 10)[0].tolist()} for question in questions]
    rows = [measure("exact", exact, None, questions, expected, 1.0)]
    for kind in approximate.KINDS:
        began = time.process_time()
        near = approximate.build(exact, kind)
        built = round(time.process_time() - began, 1)
        probes = given.probes if kind != "hnsw" else [1.0]
        rows += [measure(kind, exact, near, questions, expected, probe) | {"build, CPU s": built} for probe in probes]
        print(rows[-1], file=sys.stderr, flush=True)
    emit("dense", rows, complete=True, settings={"vectors": given.vectors, "real": len(base.passages), "questions": len(questions)})


if __name__ == "__main__":
    main()
