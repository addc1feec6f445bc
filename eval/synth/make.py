"""Synthetic question sets from a store: drafts by rule or by a model, each checked, some of them turned into near-misses."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ragkit.contracts import Generator
from ragkit.records import Document, Jsonable, record

from ..measures.contains import contains
from ..questions import Question, Relevant
from . import blocks
from .base import Draft
from .misses import misses
from .names import common_words, persons_of
from .sieve import Passages, sifted
from .statements import drafts as stated
from .written import written

if TYPE_CHECKING:
    from ragkit.api import Ragkit

#: What the store is opened with, so that its answer path is asked whether a passage answers and not whether it is sure enough.
CHECKING: dict[str, float | str] = {"answering.min_answerable": 0.0, "answering.max_wrong": 1.0, "answering.mode": "quote"}
#: Least support, by the store's verifier, of the statement behind a question.
SUPPORT = 0.5
#: A document's share of the questions is drawn kind by kind, in this order.
_ORDER = ("written", "number", "date", "name", "money", "time", "definition", "table", "heading", "cloze")

OnProgress = Callable[[int, int], None]


@record
class Synthetic(Jsonable):
    """A set of questions, and what became of the drafts: how many there were, by kind, and why some were dropped."""

    questions: tuple[Question, ...]
    drafts: dict[str, int]
    dropped: dict[str, int]

    @property
    def kinds(self) -> dict[str, int]:
        """Questions by kind."""
        return dict(Counter(question.kind for question in self.questions))


def synthesize(
    kit: Ragkit,
    *,
    n: int | None = None,
    seed: int = 7,
    share: float = 0.2,
    generator: Generator | None = None,
    progress: OnProgress | None = None,
) -> Synthetic:
    """At most ``n`` questions (all that pass when ``None``), ``share`` of them unanswerable near-misses, or as many as there are.

    The same store, seed and generator give the same set. With a ``generator`` its questions are drawn first. The store should be
    opened with :data:`CHECKING`.
    """
    documents = [kit.document(info.uri) for info in kit.documents()]
    passages = Passages(one for document in documents for one in blocks.every(document))
    dropped: Counter[str] = Counter()
    made = list(_drafts(documents))
    if generator is not None:
        made += _written(generator, documents, dropped, seed, None if n is None else 2 * n)
    clear, unfit = sifted(made, passages)
    dropped += unfit
    clear = _in_turn(clear, seed)
    kept = _checked(kit, clear, len(clear) if n is None else round(n * (1 - share)), dropped, progress)
    swapped = list(misses(clear, passages, kit.embedder, persons_of(documents))) if share else []
    near = _in_turn(sifted(swapped, Passages(()))[0], seed)[: round(len(kept) * share / (1 - share))]
    ends = _shortest([document.uri for document in documents])
    questions = [*(_question(draft, ends, kit) for draft in kept), *(_miss(draft) for draft in near)]
    return Synthetic(questions=tuple(questions), drafts=dict(Counter(draft.kind for draft in made)), dropped=dict(dropped))


def _checked(kit: Ragkit, drafts: Sequence[Draft], wanted: int, dropped: Counter[str], progress: OnProgress | None) -> list[Draft]:
    """The first ``wanted`` drafts that the store agrees with; the others are counted in ``dropped``."""
    kept: list[Draft] = []
    for draft in drafts:
        if len(kept) == wanted:
            break
        reason = _disagreement(kit, draft)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(draft)
        if progress is not None:
            progress(len(kept), wanted)
    return kept


def _drafts(documents: Sequence[Document]) -> Iterator[Draft]:
    """Every draft by rule; a sentence of which a question was made has no blank."""
    common, persons = common_words(documents), persons_of(documents)
    for document in documents:
        for sentence in blocks.sentences(document):
            found = list(stated(sentence, common=common, persons=persons))
            yield from found or blocks.cloze(sentence)
        yield from blocks.of_tables(document)
        yield from blocks.of_headings(document)


def _written(generator: Generator, documents: Sequence[Document], dropped: Counter[str], seed: int, most: int | None) -> Iterator[Draft]:
    """The model's drafts; what it wrote that is none is counted."""
    for one in written(generator, documents, seed=seed, most=most):
        if isinstance(one, str):
            dropped[one] += 1
        else:
            yield one


def _in_turn(drafts: Sequence[Draft], seed: int) -> list[Draft]:
    """In an order drawn by the seed, in which documents and kinds take turns, so that any beginning of it is mixed."""
    drawing = random.Random(seed)
    piles: dict[tuple[str, str], list[Draft]] = defaultdict(list)
    for draft in drafts:
        piles[draft.kind, draft.uri].append(draft)
    for key in sorted(piles):
        drawing.shuffle(piles[key])
    keys = sorted(piles)
    drawing.shuffle(keys)
    keys.sort(key=lambda key: _ORDER.index(key[0]))
    by_kind: dict[str, list[Draft]] = {}
    for kind, _ in keys:
        own = [piles[key] for key in keys if key[0] == kind]
        by_kind[kind] = [pile[turn] for turn in range(max(map(len, own))) for pile in own if turn < len(pile)]
    return [pile[turn] for turn in range(max(map(len, by_kind.values()), default=0)) for pile in by_kind.values() if turn < len(pile)]


def _disagreement(kit: Ragkit, draft: Draft) -> str:
    """Why the passage may not answer the question; empty: it does, by its words, by the verifier and by the answer path."""
    passage = kit.text(draft.uri, draft.start, draft.end)
    if not any(contains(passage, [answer]) for answer in draft.answers):
        return "the answer does not stand in the passage"
    if kit.verifier.judge(draft.statement, [passage]).support < SUPPORT:
        return "the verifier finds no support in the passage"
    quote = "'" if '"' in draft.uri else '"'
    answer = kit.ask(draft.question, mode="quote", filter=f"uri == {quote}{draft.uri}{quote}")
    cited = [c for sentence in answer.sentences for c in sentence.citations]
    if not any(c.start_char_index < draft.end and draft.start < c.end_char_index for c in cited):
        return "asked of its document alone, ragkit cites another passage, or none"
    return "" if contains(answer.text, draft.answers) else "asked of its document alone, ragkit's answer lacks the gold string"


def _question(draft: Draft, ends: dict[str, str], kit: Ragkit) -> Question:
    quote = kit.text(draft.uri, draft.start, draft.end)
    return Question(
        id=_name(draft),
        text=draft.question,
        answers=draft.answers,
        relevant=(Relevant(uri=ends[draft.uri], quote=quote),),
        kind=draft.kind,
    )


def _miss(draft: Draft) -> Question:
    return Question(id=f"miss-{_name(draft)}", text=draft.question, kind="near-miss")


def _name(draft: Draft) -> str:
    return f"{draft.kind}-{hashlib.sha256(draft.question.encode()).hexdigest()[:10]}"


def _shortest(uris: Sequence[str]) -> dict[str, str]:
    """The shortest end of each URI, from a slash on, that no other has, so that the set outlives a move of the folder."""
    found = {}
    for uri in uris:
        parts = uri.split("/")
        ends = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        found[uri] = next((end for end in ends if end and sum(f"/{one}".endswith(f"/{end}") for one in uris) == 1), uri)
    return found
