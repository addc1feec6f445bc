"""Asks a system the questions: one after the other, or several at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock

from ragkit.errors import MissingExtra, ModelError, PluginError, RagkitError, SettingsError, StoreError

from .gold import locate
from .outcome import Outcome
from .questions import Question
from .response import Response
from .systems import System, Texts

#: What would befall every question alike; it ends a run, which can be resumed once it is mended.
_ALIKE = (MissingExtra, ModelError, PluginError, SettingsError, StoreError)
#: What befalls one question; the run goes on.
_FAILED = (RagkitError, TimeoutError, ConnectionError)

Keep = Callable[[Outcome], None]
#: Told after each question: how many are done, and of how many.
OnProgress = Callable[[int, int], None]


def run(
    system: System, questions: Sequence[Question], *, k: int = 10, workers: int = 1, keep: Keep | None = None
) -> Iterator[Outcome]:
    """What comes of each question, as it is known: in order with one worker, else in the order in which they are done.

    A question that fails or takes too long is a response with a ``failure``. ``workers`` above 1 are threads, so the system must
    be safe for them; one worker is the caller's own thread. ``keep`` is called with each outcome, one at a time, also with those
    that were begun when the caller breaks off.
    """
    opened = system if isinstance(system, Texts) else None
    uris = list(opened.uris()) if opened is not None and any(q.relevant for q in questions) else []
    lock = Lock()

    def work(question: Question) -> Outcome:
        gold = locate(question.relevant, uris, opened.text) if opened is not None else locate(question.relevant)
        outcome = Outcome(question=question, gold=gold, response=_responded(system, question, k))
        if keep is not None:
            with lock:
                keep(outcome)
        return outcome

    yield from map(work, questions) if workers == 1 else _side_by_side(work, questions, workers)


def _responded(system: System, question: Question, k: int) -> Response:
    began = time.perf_counter()
    try:
        return system.respond(question, k)
    except _ALIKE:
        raise
    except _FAILED as error:
        why = str(error) or type(error).__name__
        return Response(failure=why, timings={"total_s": time.perf_counter() - began})


def _side_by_side(work: Callable[[Question], Outcome], questions: Sequence[Question], workers: int) -> Iterator[Outcome]:
    """What was not begun is not begun any more when the caller breaks off, or one raises; what was is waited for."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ragkit-eval")
    try:
        for done in as_completed([pool.submit(work, question) for question in questions]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)
