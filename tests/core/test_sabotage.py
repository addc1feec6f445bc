"""A generator that lies: nothing of it is shown as verified, nor cited, nor linked; one that fails leaves the evidence."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit
from ragkit.answer import guards
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.records import Answer, Mode
from ragkit.settings import Settings
from ragkit.testing.sabotage import REPLIES, Fact, HangingGenerator, SabotagedGenerator
from tests.core.facts import DOCUMENTS, FACTS, TRUE

MODES: tuple[Mode, ...] = ("auto", "compose")
LIES = [(n, name, reply) for n, fact in enumerate(FACTS) for name, reply in fact.lies()]


@pytest.fixture(scope="module")
def store(embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ragkit]:
    settings = Settings().with_values(**{"answering.min_answerable": 0.0, "answering.passages": 4})
    with Ragkit.open(tmp_path_factory.mktemp("store"), settings=settings, embedder=embedder) as kit:
        for uri, text in DOCUMENTS.items():
            kit.add_text(text, uri=uri)
        yield kit


def _asked(kit: Ragkit, fact: Fact, reply: str, mode: Mode) -> tuple[Answer, list[str]]:
    """The answer, and the texts of the sentences that were streamed before it."""
    kit.__dict__.pop("_asker", None)
    kit.__dict__["generator"] = SabotagedGenerator(fact, reply)
    events = list(kit.stream(fact.question, mode=mode))
    answer = events[-1].answer
    assert answer is not None
    return answer, [e.sentence.text for e in events if e.sentence is not None]


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _truths() -> set[str]:
    whole = {_plain(line) for text in DOCUMENTS.values() for line in re.split(r"(?<=\.)\s", text)}
    return whole | {_plain(text) for text, _ in TRUE}


def test_there_are_two_hundred_ways() -> None:
    """The list holds that many different sabotages, and that many replies."""
    names = {name if name in REPLIES else f"{n} {name}" for n, name, _ in LIES}
    assert len(names) >= 200
    assert len({reply for _, _, reply in LIES}) > 1000


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(len(FACTS)))
def test_no_lie_is_shown(store: Ragkit, number: int, mode: Mode) -> None:
    """Whatever the generator says: what is shown as verified the documents say, in one of their sentences; every citation is the
    source's own span; what was streamed is what the answer holds; and the evidence is there. In `auto` mode every third lie is told."""
    fact, truths, wrong = FACTS[number], _truths(), []
    for name, reply in list(fact.lies())[:: 1 if mode == "compose" else 3]:
        answer, streamed = _asked(store, fact, reply, mode)
        shown = [s for s in answer.sentences if s.status == "verified" and _plain(s.text) not in truths]
        exact = all(store.text(c.uri, c.start_char_index, c.end_char_index) == c.cited_text for s in answer.sentences for c in s.citations)
        whole = all(s.citations and s.status in ("verified", "quoted") for s in answer.sentences)
        if shown or not exact or not whole or streamed != [s.text for s in answer.sentences] or not answer.evidence:
            wrong.append((name, [s.text for s in shown]))
    assert wrong == []


def test_true_sentences_pass(store: Ragkit) -> None:
    """Half of these true sentences, and every one that is the document's own, are shown as verified: the check is no refusal."""
    passed = []
    for text, number in TRUE:
        answer, _ = _asked(store, FACTS[number], text.removesuffix(".") + ". [{own}]", "compose")
        if text in [s.text for s in answer.sentences if s.status == "verified"]:
            passed.append(text)
    assert len(passed) >= 0.5 * len(TRUE)
    assert {fact.sentence + "." for fact in FACTS if (fact.sentence + ".", FACTS.index(fact)) in TRUE} <= set(passed)


class _Broken:
    """A generator whose stream is ``start()``."""

    id, sha256 = "broken", ""

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Any:
        return self._start()


def _raises(error: BaseException) -> Any:
    raise error


def _pieces(*pieces: Any, error: BaseException | None = None) -> Iterator[Any]:
    yield from pieces
    if error is not None:
        raise error


FAILURES: list[tuple[Callable[[], Any], str]] = [
    (lambda: _raises(RuntimeError("out of order")), "out of order"),
    (lambda: _raises(MemoryError()), "MemoryError"),
    (lambda: _raises(SystemExit(3)), "SystemExit: 3"),
    (lambda: _raises(KeyboardInterrupt()), "KeyboardInterrupt"),
    (lambda: _raises(KeyError("choices")), "KeyError"),
    (lambda: _raises(RecursionError("too deep")), "too deep"),
    (lambda: _pieces("Heavier", error=UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")), "UnicodeDecodeError"),
    (lambda: _pieces("Heavier ships pay ", "more", error=ConnectionError("gone")), "gone"),
    (lambda: _pieces("Heavier ships pay nothing. [1] ", error=SystemExit()), "SystemExit"),
    (lambda: _pieces("Heavier", error=GeneratorExit()), "GeneratorExit"),
    (lambda: _pieces(b"bytes"), "it gave a bytes"),
    (lambda: _pieces("Heavier", None), "it gave a NoneType"),
    (lambda: _pieces({"text": "x"}), "it gave a dict"),
    (lambda: None, "TypeError"),
    (lambda: 7, "TypeError"),
    (lambda: itertools.repeat("and so on "), "longer than 2560 characters"),
    (lambda: itertools.repeat(""), "did not end within 0.5 s"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("start", "reason"), FAILURES)
def test_a_generator_that_fails_leaves_the_evidence(
    embedder: SentenceTransformerEmbedder, start: Callable[[], Any], reason: str, mode: Mode
) -> None:
    """Whatever it raises or gives, at once or half-way, the evidence is quoted and a note says why."""
    settings = Settings().with_values(**{"generation.timeout_s": 0.5})
    with Ragkit.in_memory(embedder=embedder, generator=_Broken(start), settings=settings) as kit:
        kit.add_text(DOCUMENTS["bridge"], uri="bridge")
        answer = kit.ask("Do heavier ships pay more than lighter ones?", mode=mode)
        assert {s.status for s in answer.sentences} == {"quoted"}
        assert "Heavier ships pay more than lighter ones." in answer.text
        assert reason in answer.notes[0]


def test_a_generator_that_hangs_is_left_after_its_time(embedder: SentenceTransformerEmbedder) -> None:
    """Within ``generation.timeout_s`` and a little the evidence is quoted, beside what had passed the check before; the next question is
    answered as well."""
    settings = Settings().with_values(**{"generation.timeout_s": 0.4})
    fact = FACTS[5]
    with Ragkit.in_memory(embedder=embedder, settings=settings, generator=HangingGenerator(fact, "Ships sail. [{own}] ", seconds=4)) as kit:
        kit.add_text(DOCUMENTS["bridge"], uri="bridge")
        for _ in range(2):
            began = time.monotonic()
            answer = kit.ask(fact.question)
            assert time.monotonic() - began < 2.5
            assert {s.status for s in answer.sentences} == {"quoted"}
            assert "did not end within 0.4 s" in answer.notes[0]


def test_a_generator_that_hangs_keeps_no_process(tmp_path: Path) -> None:
    """The process ends when its work is done, while the generator still sleeps."""
    script = tmp_path / "hang.py"
    script.write_text(
        "from ragkit import Ragkit\n"
        "from ragkit.settings import Settings\n"
        "from ragkit.testing import SyntheticEmbedder\n"
        "from ragkit.testing.sabotage import Fact, HangingGenerator\n"
        "fact = Fact(question='', sentence='', subject='', elsewhere='')\n"
        "settings = Settings().with_values(**{'generation.timeout_s': 0.2, 'answering.min_answerable': 0.0})\n"
        "hanging = HangingGenerator(fact, 'x', seconds=900)\n"
        "with Ragkit.in_memory(embedder=SyntheticEmbedder(), settings=settings, generator=hanging) as kit:\n"
        "    kit.add_text('The mill burned in 1820.', uri='a')\n"
        "    print(kit.ask('When did the mill burn?').notes[0])\n",
        "utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=90, check=True)
    assert "did not end within 0.2 s" in done.stdout


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Smith founded the bank in 1900.", "Smith, whose brother John Miller founded the bank in 1900, died in 1910."),
        ("Tom stole the ring.", "Tom said Anna stole the ring."),
        ("Tom stole the ring.", "It is false that Tom stole the ring."),
        ("Dogs chase mice.", "Dogs chase cats and cats chase mice."),
        ("London resigned.", "The mayor of London resigned."),
        ("The shop is free.", "The shop is free for children."),
        ("The mill was built in 1800.", "The mill was built in 1800, which is a legend."),
        ("The mill was sold.", "Was the mill sold? The mill was sold?"),
        ("The army fled.", "The army of Spain defeated the army of France and fled."),
        ("In 1871 the mill burned.", "The mill burned in 1990 and the barn was built in 1871."),
        ("A loaf costs 4 euros.", "A loaf costs 4 euros and 20 cents."),
        ("The shop is shut.", "In winter, the shop is shut."),
        ("The fine was 40 euros.", "The fine was at most 40 euros."),
        ("Anna paid Tom 5 euros for the red bicycle on Monday.", "Tom paid Anna 5 euros for the red bicycle on Monday."),
        ("See evil.example for more.", "See evil.example for more."),
        ("The pass\u200bword is x.", "The pass\u200bword is x."),
    ],
)
def test_a_part_of_a_sentence_is_not_what_it_says(claim: str, evidence: str) -> None:
    """Words that stand in the evidence in the same order may still say something else; these do."""
    assert guards.fault(claim, [evidence]) is not None
