"""ragkit beside the hybrid retrieval of LangChain, LlamaIndex, Haystack and txtai: one run, the same documents, questions and model.

Each system runs in a process of its own, one after the other, at its documented defaults, through ragkit's adapters for evaluation;
a question's ranking is of documents. nDCG@10 stands with its 95 % bootstrap interval, and the difference to ragkit with the paired
one and the p of the paired randomisation test. Ingest is from texts to a system that can be asked, with the model loaded; queries
are asked one by one; memory is the most that the process had. A system that is not installed is named, with what installs it.

``python -m bench.peers --systems ragkit langchain --sets cranfield`` measures some of it; ``--one SYSTEM SET`` is how it calls itself.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.common import data, emit, json_lines, judgements, median, parser
from ragkit.eval.asking import run
from ragkit.eval.interval import bootstrap, paired_p
from ragkit.eval.measures import Ndcg
from ragkit.eval.questions import Question, Relevant

SETS = ("scifact", "cranfield", "cisi", "npl")
K = 10
#: system -> packages whose versions tell what was measured
PACKAGES = {
    "ragkit": ("ragkit", "sentence-transformers", "faiss-cpu"),
    "ragkit-no-rerank": ("ragkit",),
    "langchain": ("langchain-classic", "langchain-community", "langchain-huggingface", "rank-bm25"),
    "llamaindex": ("llama-index-core", "llama-index-embeddings-huggingface", "llama-index-retrievers-bm25"),
    "haystack": ("haystack-ai", "sentence-transformers-haystack"),
    "txtai": ("txtai",),
}


def questions(folder: Path, limit: int) -> list[Question]:
    """The judged queries of a BEIR folder."""
    judged = judgements(folder)
    asked = [row for row in json_lines(folder / "queries.jsonl") if row["_id"] in judged][: limit or None]
    return [
        Question(
            id=row["_id"],
            text=row["text"],
            answers=("judged",),
            relevant=tuple(Relevant(uri=name, gain=gain) for name, gain in judged[row["_id"]].items()),
        )
        for row in asked
    ]


def one(system: str, folder: Path, limit: int) -> dict[str, Any]:
    """What one system does on one collection, in this process."""
    from bench.peers_pipelines import SYSTEMS, ByDocument

    warnings.simplefilter("ignore")
    fill = SYSTEMS[system](folder)
    began = time.perf_counter()
    filled = ByDocument(fill())
    seconds = time.perf_counter() - began
    asked = questions(folder, limit)
    filled.respond(asked[0], K)
    outcomes = list(run(filled, asked, k=K))
    measure = Ndcg(k=K)
    documents = sum(1 for _ in (folder / "corpus.jsonl").open("rb"))
    times = sorted(1000 * o.response.timings["total_s"] for o in outcomes)
    return {
        "system": system,
        "set": folder.name,
        "documents": documents,
        "queries": len(outcomes),
        "failed": sum(o.response.failure is not None for o in outcomes),
        "ndcg": {o.question.id: measure.score(o) or 0.0 for o in outcomes},
        "documents/s": round(documents / seconds, 1),
        "query p50 ms": median(times, 1),
        "query p95 ms": round(times[int(0.95 * len(times))], 1),
        "peak memory MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def called(system: str, name: str, limit: int) -> dict[str, Any]:
    """As :func:`one`, in a process of its own; what keeps a system from running stands in its row."""
    missing = [package for package in PACKAGES[system] if _version(package) is None]
    if missing:
        return {"system": system, "set": name, "not installed": f"pip install {' '.join(missing)}"}
    sys.stderr.write(f"{system} on {name} ...\n")
    command = [sys.executable, "-m", "bench.peers", "--one", system, name, "--limit", str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"system": system, "set": name, "failed to run": done.stderr.strip().rsplit("\n", 1)[-1][:200]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def told(row: dict[str, Any], first: Mapping[str, float] | None) -> dict[str, Any]:
    """A row with its figures in place of the questions' values; ``first`` are those of ragkit on the same questions."""
    values: dict[str, float] | None = row.pop("ndcg", None)
    if values is None:
        return row
    row["nDCG@10"] = round(sum(values.values()) / len(values), 4)
    row["95 %"] = _span(bootstrap(list(values.values())))
    if first is not None and not row["system"].startswith("ragkit"):
        mine, theirs = [first[name] for name in values], list(values.values())
        gained = [a - b for a, b in zip(mine, theirs, strict=True)]
        row |= {"ragkit is better by": round(sum(gained) / len(gained), 4), "of it 95 %": _span(bootstrap(gained))}
        row["p"] = round(paired_p(mine, theirs), 4)
    return row


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def measure(systems: Sequence[str], sets: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """A row for each collection and system."""
    rows = []
    for name in sets:
        data(f"retrieval/{name}")
        found = [called(system, name, limit) for system in systems]
        first = next((row["ndcg"] for row in found if row["system"] == "ragkit" and "ndcg" in row), None)
        rows += [told(row, first) for row in found]
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--systems", nargs="+", choices=tuple(PACKAGES), default=tuple(PACKAGES))
    arguments.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries of each set")
    arguments.add_argument("--one", nargs=2, metavar=("SYSTEM", "SET"), help="one system on one set, in this process")
    given = arguments.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(one(given.one[0], data(f"retrieval/{given.one[1]}"), given.limit)) + "\n")
        return
    rows = measure(given.systems, given.sets, given.limit)
    versions = {system: {package: _version(package) for package in PACKAGES[system]} for system in given.systems}
    whole = not given.limit and set(given.systems) == set(PACKAGES) and set(given.sets) == set(SETS)
    emit("peers", rows, complete=whole, versions=versions)


if __name__ == "__main__":
    main()
