"""nDCG@10 and recall@50 over documents on BEIR folders, with ragkit's default settings.

A document's score is that of its best passage among the first 50; ties are broken by id, descending; unjudged documents
are not relevant; the mean is over all queries with a relevant document.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.common import data, emit, json_lines, judgements, median, parser
from ragkit import Hit, Ragkit, Settings
from ragkit.eval.measures import ndcg, ranked, recall

SETS = ("scifact", "cranfield", "cisi", "npl")
K = 50


def documents(hits: Sequence[Hit]) -> list[str]:
    """The documents of a ranking of passages, by their best one."""
    best: dict[str, float] = {}
    for hit in hits:
        name = hit.uri.rsplit("#", 1)[-1]
        best[name] = max(best.get(name, hit.score), hit.score)
    return ranked(best)


def measure(folder: Path, limit: int) -> dict[str, Any]:
    judged = judgements(folder)
    queries = [q for q in json_lines(folder / "queries.jsonl") if q["_id"] in judged][: limit or None]
    rankings, times = {}, []
    with Ragkit.in_memory(settings=Settings()) as kit:
        report = kit.ingest(folder / "corpus.jsonl")
        kit.search(queries[0]["text"], K)
        for query in queries:
            began = time.perf_counter()
            hits = kit.search(query["text"], K)
            times.append(time.perf_counter() - began)
            rankings[query["_id"]] = documents(hits)
    n = len(rankings)
    return {
        "set": folder.name,
        "documents": report.added,
        "failed": len(report.failed),
        "chunks": report.chunks,
        "queries": n,
        "nDCG@10": round(sum(ndcg(ranking, judged[q], 10) for q, ranking in rankings.items()) / n, 4),
        "recall@50": round(sum(recall(ranking, judged[q], K) for q, ranking in rankings.items()) / n, 4),
        "ingest_s": round(report.seconds, 1),
        "search_p50_ms": median((1000 * t for t in times), 1),
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries of each set")
    given = arguments.parse_args()
    rows = [measure(data(f"retrieval/{name}"), given.limit) for name in given.sets]
    emit("retrieval", rows, complete=not given.limit and tuple(given.sets) == SETS, settings=Settings())


if __name__ == "__main__":
    main()
