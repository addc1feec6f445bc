"""ragkit beside the raw libraries, on the same input, in turn, within one run; medians of ratios.

ingest       chunks a second of `ingest`, and of SentenceTransformer.encode alone on the very same chunks and batch size
search       one query without reranking, and by hand: encode it, search a faiss index, score it with rank_bm25
first token  of `ask` on the sample documents, and of a raw llama_cpp.Llama of the same settings on the same prompts in the same order
again        a second `ragkit ingest` of a folder of unchanged files, the whole process
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.common import data, emit, json_lines, median, parser
from ragkit import Ragkit, Settings
from ragkit.eval.questions import read_questions
from ragkit.models import registry
from ragkit.models.generator import LlamaCppGenerator
from ragkit.models.processors import multiplies_bfloat16
from ragkit.search import indexed_text
from ragkit.text.chunking import chunk

Row = dict[str, Any]

DEMO = Path(__file__).parents[1] / "ragkit" / "demo"


#: Nobody asks in the same millisecond in which the last answer ended.
REST_S = 0.3
#: Files of the folder that is ingested twice.
UNCHANGED = 1000


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Recorder:
    """The real generator; keeps each prompt, and how long its first piece took. What it writes is not changed."""

    def __init__(self, inner: LlamaCppGenerator) -> None:
        self.inner = inner
        self.id, self.sha256 = inner.id, inner.sha256
        self.calls: list[tuple[str, str, str | None, int]] = []
        self.first: list[float] = []

    def count_tokens(self, text: str) -> int:
        return self.inner.count_tokens(text)

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        self.calls.append((system, user, grammar, max_tokens))
        began = time.perf_counter()
        for n, piece in enumerate(self.inner.stream(system, user, grammar=grammar, max_tokens=max_tokens)):
            if not n:
                self.first.append(time.perf_counter() - began)
            yield piece


def write(folder: Path, corpus: Path, count: int) -> None:
    """The first ``count`` documents of a BEIR corpus as text files."""
    for document in json_lines(corpus)[:count]:
        (folder / f"{document['_id']}.txt").write_text(f"{document.get('title', '')}\n\n{document['text']}\n", "utf-8")


def chunks(kit: Ragkit) -> list[str]:
    """The passages of a store, as they were embedded: cut again by the same code."""
    found = []
    for info in kit.documents():
        parsed = kit.document(info.uri).parsed
        cut = chunk(parsed, kit.embedder.count_tokens, kit.settings.chunking)
        found += [indexed_text(c.headings, parsed.text[c.start : c.end]) for c in cut]
    return found


def raw_embedder(settings: Settings, *, bfloat16: bool) -> Any:
    """The embedding model by itself, with as many threads as ragkit gives it."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(registry.resolve(settings.embedding.model, "embedder")), device="cpu")
    if bfloat16:
        model[0].to(torch.bfloat16)
    return model


def precision(settings: Settings) -> str:
    if settings.embedding.precision != "auto":
        return settings.embedding.precision
    return "bfloat16" if multiplies_bfloat16() else "float32"


def ingest(folder: Path, settings: Settings, rounds: int) -> Row:
    """Each round is ragkit, then the two raw models. The models are loaded and warm."""
    own, batch = precision(settings), settings.embedding.batch_size
    with Ragkit.in_memory(settings=settings) as kit:
        kit.ingest(folder)
        texts, embedder = chunks(kit), kit.embedder
        counted = kit.status()["chunks"]
    if len(texts) != counted:
        raise SystemExit(f"{len(texts)} chunks were cut again, the store has {counted}: the comparison would not be of the same work")
    models = {"float32": raw_embedder(settings, bfloat16=False), own: raw_embedder(settings, bfloat16=own == "bfloat16")}
    rates: dict[str, list[float]] = {name: [] for name in ("ragkit", *models)}
    for model in models.values():
        model.encode(texts[:batch], batch_size=batch)
    for _ in range(rounds):
        with Ragkit.in_memory(settings=settings, embedder=embedder) as kit:
            rates["ragkit"].append(len(texts) / timed(lambda kit=kit: kit.ingest(folder)))  # type: ignore[misc]
        for name, model in models.items():
            seconds = timed(lambda model=model: model.encode(texts, batch_size=batch, normalize_embeddings=True))  # type: ignore[misc]
            rates[name].append(len(texts) / seconds)
    row: Row = {"part": "ingest", "chunks": len(texts), "rounds": rounds, "ragkit's precision": own}
    row |= {f"{name}, chunks/s": median(values, 1) for name, values in rates.items()}
    return row | {f"ragkit / {name}": median((a / b for a, b in zip(rates["ragkit"], rates[name], strict=True)), 3) for name in models}


def search(folder: Path, queries: Sequence[str], settings: Settings) -> Row:
    """Query by query in turn, ragkit first for even ones, so that neither profits from the other's warmth."""
    import faiss
    import numpy as np
    from rank_bm25 import BM25Okapi

    from ragkit.text.words import terms

    with Ragkit.in_memory(settings=settings) as kit:
        kit.ingest(folder)
        texts = chunks(kit)
        model = raw_embedder(settings, bfloat16=precision(settings) == "bfloat16")
        vectors = np.asarray(model.encode(texts, normalize_embeddings=True), dtype=np.float32)
        index, lexical = faiss.IndexFlatIP(vectors.shape[1]), BM25Okapi([terms(text) for text in texts])
        index.add(vectors)

        def by_hand(query: str) -> None:
            vector = np.asarray(model.encode([query], normalize_embeddings=True), dtype=np.float32)
            index.search(vector, settings.retrieval.candidates)
            np.argsort(-lexical.get_scores(terms(query)))[: settings.retrieval.candidates]

        ways: tuple[Callable[[str], Any], ...] = (lambda query: kit.search(query, rerank=False), by_hand)
        for way in ways:
            way(queries[0])
        times: tuple[list[float], list[float]] = ([], [])
        for n, query in enumerate(queries):
            for i in (0, 1) if n % 2 else (1, 0):
                times[i].append(timed(lambda i=i, query=query: ways[i](query)))  # type: ignore[misc]
    own, raw = median(times[0], 6), median(times[1], 6)
    return {
        "part": "search without rerank", "chunks": len(texts), "queries": len(queries),
        "ragkit p50, ms": round(1000 * own, 2), "by hand p50, ms": round(1000 * raw, 2), "ragkit / by hand": round(own / raw, 3),
    }  # fmt: skip


def first_token(folder: Path, questions: Sequence[str], settings: Settings) -> Row:
    """Each question is asked, and after it the raw model is given its prompt; both begin at rest, as when somebody has just typed.

    Questions without a draft (abstentions) have no first token and are left out. The first prompt warms both up.
    """
    recorder = Recorder(LlamaCppGenerator(settings.generation))
    fresh = _raw_model(recorder)
    rows: list[tuple[float, float, float, float]] = []
    with Ragkit.in_memory(settings=settings, generator=recorder) as kit:
        kit.ingest(folder)
        for question in questions:
            before = len(recorder.calls)
            time.sleep(REST_S)
            timings = kit.ask(question).timings
            if len(recorder.calls) > before:
                time.sleep(REST_S)
                raw = _raw_first(recorder, recorder.calls[-1], fresh)
                rows.append((timings["first_token_s"], timings["retrieve_s"], recorder.first[-1], raw))
    if len(rows) < 2:
        raise SystemExit("fewer than two questions reached the generator; ask more with --questions")
    asked, retrieved, inside, raw_times = zip(*rows[1:], strict=True)
    return {
        "part": "first token", "prompts": len(asked), "ask p50, s": median(asked), "of it retrieval p50, s": median(retrieved),
        "generator within ask p50, s": median(inside), "raw llama.cpp p50, s": median(raw_times),
        "ask / raw": round(median(asked, 6) / median(raw_times, 6), 3),
        "ask / raw, median of ratios": median((a / b for a, b in zip(asked, raw_times, strict=True)), 3),
        "generator within ask / raw": median((a / b for a, b in zip(inside, raw_times, strict=True)), 3),
    }  # fmt: skip


def _raw_model(recorder: Recorder) -> Any:
    from llama_cpp import Llama

    own, settings = recorder.inner.llama, Settings().generation
    file = registry.resolve(settings.model, "generator")
    threads = {"n_threads": own.n_threads, "n_threads_batch": own.n_threads_batch}
    return Llama(str(file), n_ctx=own.n_ctx(), seed=settings.seed, flash_attn=True, verbose=False, **threads)


def _raw_first(recorder: Recorder, call: tuple[str, str, str | None, int], fresh: Any) -> float:
    """Seconds until a raw model's first piece for the same tokens under the same grammar."""
    from llama_cpp import LlamaGrammar

    system, user, rules, most = call
    tokens = recorder.inner.prompt(system, user)
    grammar = LlamaGrammar.from_string(rules, verbose=False) if rules else None
    began = time.perf_counter()
    replies = fresh.create_completion(tokens, max_tokens=most, temperature=0.0, stream=True, grammar=grammar)
    next(replies)
    took = time.perf_counter() - began
    replies.close()
    return took


def again(corpus: Path, rounds: int) -> Row:
    """Whole processes, the import of Python's modules included."""
    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, corpus, UNCHANGED)
        run = [sys.executable, "-m", "ragkit", "--store", store, "ingest", str(folder), "--json"]
        subprocess.run(run, check=True, capture_output=True)
        took = [timed(lambda: subprocess.run(run, check=True, capture_output=True)) for _ in range(rounds)]
    return {"part": "second ingest, unchanged", "files": UNCHANGED, "rounds": rounds, "p50, s": median(took, 3)}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--parts", nargs="+", choices=("ingest", "search", "first_token", "again"), default=None)
    arguments.add_argument("--documents", type=int, default=300)
    arguments.add_argument("--queries", type=int, default=100)
    arguments.add_argument("--questions", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    corpus = data("retrieval/scifact")
    queries = [q["text"] for q in json_lines(corpus / "queries.jsonl")[: given.queries]]
    asked = [q.text for q in read_questions(DEMO / "questions.jsonl") if q.answerable][: given.questions]
    settings = Settings()
    defaults = all(getattr(given, key) == arguments.get_default(key) for key in vars(given))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, corpus / "corpus.jsonl", given.documents)
        parts: dict[str, Callable[[], Row]] = {
            "ingest": lambda: ingest(folder, settings, given.rounds),
            "search": lambda: search(folder, queries, settings),
            "first_token": lambda: first_token(DEMO / "documents", asked, settings),
            "again": lambda: again(corpus / "corpus.jsonl", given.rounds),
        }
        rows = [parts[part]() for part in given.parts or parts]
    emit("speed", rows, complete=defaults, settings=settings)


if __name__ == "__main__":
    main()
