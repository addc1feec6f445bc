"""How long an answer takes, beside raw llama.cpp and beside a search, in turn within one run; medians.

compose  to the first token, the first verified sentence and the end: `stream` on the sample documents, and a raw llama_cpp.Llama of the
         same settings on the very same prompt under the same grammar (its first sentence is the first with a citation: it checks none)
chat     to the first token of a first question, before which the model has read nothing, and of a second one about the same
         evidence, and of a second one in other words, for which ragkit finds the evidence anew
quote    `ask` in the mode `quote`, and `search` with rerank, for the same question
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from bench.common import emit, median, parser
from bench.speed import DEMO, REST_S, Recorder, Row, _raw_model, timed
from ragkit import Ragkit, Settings
from ragkit.answer import prompts
from ragkit.eval.questions import read_questions
from ragkit.models.generator import LlamaCppGenerator
from ragkit.records import Mode

CITED = re.compile(r"\[\d+\]")
#: A second question of a chat, by the first.
AGAIN = "Is it certain? {question}"
OTHER = "And who decided that?"

#: Seconds to the first token, the first sentence and the end; ``None``: there was none.
Times = tuple[float | None, float | None, float]


def streamed(kit: Ragkit, question: str, mode: Mode) -> Times:
    """One question: to the first token, the first sentence that was composed and verified, and the answer."""
    first = sentence = None
    began = time.perf_counter()
    for event in kit.stream(question, mode=mode):
        now = time.perf_counter() - began
        first = now if first is None and event.kind == "token" else first
        if sentence is None and event.sentence is not None and event.sentence.status == "verified":
            sentence = now
    return first, sentence, time.perf_counter() - began


def raw(model: Any, tokens: Sequence[int], rules: str | None, most: int) -> Times:
    """The same prompt by llama.cpp alone."""
    from llama_cpp import LlamaGrammar

    grammar = LlamaGrammar.from_string(rules, verbose=False) if rules else None
    text, first, sentence = "", None, None
    began = time.perf_counter()
    for reply in model.create_completion(list(tokens), max_tokens=most, temperature=0.0, stream=True, grammar=grammar):
        now = time.perf_counter() - began
        text += reply["choices"][0]["text"]
        first = now if first is None else first
        sentence = now if sentence is None and CITED.search(text) else sentence
    return first, sentence, time.perf_counter() - began


def compose(kit: Ragkit, recorder: Recorder, questions: Sequence[str]) -> Row:
    """Each question is asked, and after it the raw model is given its prompt. The first pair warms both up and is left out."""
    fresh = _raw_model(recorder)
    pairs: list[tuple[Times, Times]] = []
    for question in questions:
        before = len(recorder.calls)
        time.sleep(REST_S)
        own = streamed(kit, question, "compose")
        if len(recorder.calls) == before:
            continue  # abstained
        system, user, rules, most = recorder.calls[-1]
        tokens = recorder.inner.prompt(system, user)
        time.sleep(REST_S)
        pairs.append((own, raw(fresh, tokens, rules, most)))
    if len(pairs) < 2:
        raise SystemExit("fewer than two questions reached the generator; ask more with --questions")
    row: Row = {"part": "compose", "prompts": len(pairs) - 1}
    for at, name in enumerate(("first token", "first sentence", "end")):
        both = [(own[at], other[at]) for own, other in pairs[1:]]
        whole = [(a, b) for a, b in both if a is not None and b is not None]
        row[f"{name}: of"] = len(whole)
        if whole:
            row[f"{name}: ragkit p50, s"] = median(a for a, _ in whole)
            row[f"{name}: raw p50, s"] = median(b for _, b in whole)
            row[f"{name}: ragkit / raw"] = round(median((a for a, _ in whole), 6) / median((b for _, b in whole), 6), 3)
    return row


def forget(generator: LlamaCppGenerator) -> None:
    """As if the model had read nothing yet."""
    prefix = generator._prefix
    prefix._shorten(0)
    prefix._aside.clear()


def chat(kit: Ragkit, recorder: Recorder, questions: Sequence[str]) -> Row:
    """The generator's own time for the second question about the same evidence, and the whole of `stream` for one in other words."""
    times: dict[str, list[float]] = {name: [] for name in ("first", "second", "model, first", "model, second")}
    for question in questions:
        forget(recorder.inner)
        before, begun = len(recorder.calls), len(recorder.first)
        time.sleep(REST_S)
        first = streamed(kit, question, "compose")[0]
        time.sleep(REST_S)
        second = streamed(kit, AGAIN.format(question=question), "compose")[0]
        if first is None or second is None or len(recorder.calls) != before + 2:
            continue
        times["first"].append(first)
        times["second"].append(second)
        times["model, first"].append(recorder.first[begun])
        forget(recorder.inner)
        system, user, rules, most = recorder.calls[before]
        next(recorder.inner.stream(system, user, grammar=rules, max_tokens=most))
        other = prompts._USER.format(evidence=_evidence(user), question=OTHER)
        model = recorder.inner
        times["model, second"].append(timed(lambda: next(model.stream(system, other, grammar=rules, max_tokens=most))))  # noqa: B023 - called at once
    if not times["first"]:
        raise SystemExit("no pair of questions reached the generator; ask more with --questions")
    row: Row = {"part": "chat", "pairs": len(times["first"])}
    row |= {f"{name}: first token p50, s": median(values) for name, values in times.items()}
    for name, before_name in (("second", "first"), ("model, second", "model, first")):
        row[f"{before_name} / {name}"] = round(median(times[before_name], 6) / median(times[name], 6), 3)
    return row


def _evidence(user: str) -> str:
    """The evidence as it stands in a prompt."""
    head, tail = prompts._USER.split("{evidence}")
    return user.removeprefix(head).rpartition(tail.partition("{question}")[0])[0]


def quote(kit: Ragkit, questions: Sequence[str], rounds: int) -> Row:
    """Question by question in turn, `ask` first for even ones. Everything is warm."""
    times: tuple[list[float], list[float]] = ([], [])
    ways = (lambda question: kit.ask(question, mode="quote"), lambda question: kit.search(question, rerank=True))
    for way in ways:
        way(questions[0])
    for number, question in enumerate(list(questions) * rounds):
        for i in (0, 1) if number % 2 else (1, 0):
            times[i].append(timed(lambda: ways[i](question)))  # noqa: B023 - called at once
    own, search = (median(values, 6) for values in times)
    return {
        "part": "quote", "questions": len(questions), "rounds": rounds, "ask --mode quote p50, ms": round(1000 * own, 2),
        "search with rerank p50, ms": round(1000 * search, 2), "quote / search": round(own / search, 3),
    }  # fmt: skip


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--parts", nargs="+", choices=("compose", "chat", "quote"), default=None)
    arguments.add_argument("--questions", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    questions = [q.text for q in read_questions(DEMO / "questions.jsonl") if q.answerable][: given.questions]
    settings = Settings()
    recorder = Recorder(LlamaCppGenerator(settings.generation))
    with Ragkit.in_memory(settings=settings, generator=recorder) as kit:
        kit.ingest(DEMO / "documents")
        parts = {
            "compose": lambda: compose(kit, recorder, questions),
            "chat": lambda: chat(kit, recorder, questions),
            "quote": lambda: quote(kit, questions, given.rounds),
        }
        rows = [parts[part]() for part in given.parts or parts]
    complete = all(getattr(given, key) == arguments.get_default(key) for key in vars(given))
    emit("speed_of_answers", rows, complete=complete, settings=settings)


if __name__ == "__main__":
    main()
