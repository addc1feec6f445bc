"""Questions asked of a system, one after the other and several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ragkit.cli.output import Output, Report
from ragkit.errors import FilterError, ModelError, RagkitError
from ragkit.eval.asking import run
from ragkit.eval.outcome import Outcome
from ragkit.eval.progress import asking
from ragkit.eval.questions import Question
from ragkit.eval.response import Response
from ragkit.records import Progress

QUESTIONS = [Question(id=str(n), text=f"question {n}", answers=("x",)) for n in range(12)]


class Echo:
    """Answers with the question, after ``does`` has had its way."""

    name = "echo"

    def __init__(self, does: Callable[[Question], None] = lambda question: None) -> None:
        self.does = does
        self.threads: set[int] = set()

    def about(self) -> dict[str, Any]:
        return {}

    def respond(self, question: Question, k: int) -> Response:
        self.threads.add(threading.get_ident())
        self.does(question)
        return Response(text=question.text)


@pytest.mark.parametrize("error", [TimeoutError("it took too long"), FilterError("no such field"), ConnectionResetError("gone")])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_question_that_fails_is_an_outcome(error: Exception, workers: int) -> None:
    """It is kept with its reason, and the others are asked."""

    def fail(question: Question) -> None:
        if question.id == "4":
            raise error

    found = {o.question.id: o.response for o in run(Echo(fail), QUESTIONS, workers=workers)}
    assert found.keys() == {q.id for q in QUESTIONS}
    assert (found["4"].failure, found["4"].state) == (str(error), "failed")
    assert [r.failure for name, r in found.items() if name != "4"] == [None] * 11


@pytest.mark.parametrize("workers", [1, 3])
def test_what_befalls_every_question_ends_the_run(workers: int) -> None:
    """A model that is not there is no fault of the question; neither is a bug."""

    def broken(question: Question) -> None:
        raise ModelError("no such model")

    def bug(question: Question) -> None:
        raise KeyError("bug")

    with pytest.raises(ModelError):
        list(run(Echo(broken), QUESTIONS, workers=workers))
    with pytest.raises(KeyError):
        list(run(Echo(bug), QUESTIONS, workers=workers))


def test_one_worker_is_the_callers_thread() -> None:
    """A system that is not safe for threads is asked in order, where it was made."""
    system = Echo()
    assert [o.question.id for o in run(system, QUESTIONS)] == [q.id for q in QUESTIONS]
    assert system.threads == {threading.get_ident()}


def test_workers_ask_side_by_side() -> None:
    """Three workers are at work at once: each waits for the other two."""
    together = threading.Barrier(3)
    found = list(run(Echo(lambda question: together.wait(20) and None), QUESTIONS, workers=3))
    assert {o.response.text for o in found} == {q.text for q in QUESTIONS}


def test_what_was_begun_is_kept_when_the_caller_breaks_off() -> None:
    """After the first outcome nothing new is begun, and what was begun is given to ``keep``."""
    asked: list[str] = []
    kept: list[Outcome] = []
    going = run(Echo(lambda question: asked.append(question.id)), QUESTIONS, workers=2, keep=kept.append)
    next(going)
    going.close()
    assert sorted(o.question.id for o in kept) == sorted(asked)


def test_errors_without_words_have_a_name() -> None:
    """A failure always says something."""

    def fail(question: Question) -> None:
        raise RagkitError

    assert {o.response.failure for o in run(Echo(fail), QUESTIONS[:1])} == {"RagkitError"}


def test_a_terminal_sees_the_pace_and_the_time_left() -> None:
    """What was done before the run went on does not count for its pace; where there is no terminal nothing is told."""
    seen: list[Progress] = []

    class Board(Output):
        @contextmanager
        def bars(self) -> Iterator[Report | None]:
            yield seen.append

    with asking(Board(), "point 1") as told:
        assert told is not None
        told(41, 60)
        told(60, 60)
    assert [(step.stage, step.done, step.total) for step in seen] == [("asking", 41, 60), ("asking", 60, 60)]
    assert "questions/s" in seen[0].uri
    assert seen[1].uri.endswith("0:00 left  point 1")
    with asking(Output()) as told:
        assert told is None
