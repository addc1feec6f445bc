"""One store for all sessions: one turn at a time, jobs that give way, errors that are kept for the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragkit import Ragkit
from ragkit.errors import SourceError
from ragkit.records import IngestReport, Progress
from ragkit.ui.shared import Shared

Step = Callable[[Progress], None]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """A shared store without documents."""
    made = Shared(Ragkit.open(tmp_path / "store"))
    yield made
    made.close()


def test_one_job_at_a_time(shared: Shared) -> None:
    """While a job runs no second one starts; once it is done its report is there."""
    go_on = threading.Event()

    def work(step: Step) -> IngestReport:
        go_on.wait(30)
        return IngestReport(added=1)

    job = shared.start("first", work)
    assert job is not None
    assert shared.start("second", work) is None
    go_on.set()
    assert job.done.wait(30)
    assert job.report == IngestReport(added=1)
    assert shared.start("third", work) is not None


def test_a_job_gives_way_between_documents(shared: Shared) -> None:
    """A question that waits gets the models at the job's next step, not at its end."""
    asked = threading.Event()
    running = threading.Event()

    def work(step: Step) -> IngestReport:
        running.set()
        for done in range(2000):
            time.sleep(0.002)
            step(Progress(stage="reading", done=done))
            if asked.is_set():
                return IngestReport(unchanged=done)
        raise AssertionError("the question never had its turn")

    job = shared.start("long", work, expected=2000)
    assert job is not None
    assert running.wait(30)
    with shared.turn():
        asked.set()
    assert job.done.wait(60)
    assert job.report is not None
    assert job.step is not None


def test_an_error_is_kept(shared: Shared) -> None:
    """What went wrong in the thread is there for the page, and the models are free again."""

    def work(step: Step) -> IngestReport:
        raise SourceError("there is no folder")

    job = shared.start("bad", work)
    assert job is not None
    assert job.done.wait(30)
    assert job.error == "there is no folder"
    assert not shared.busy


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_ends_the_job_too(shared: Shared) -> None:
    """A fault of ragkit itself goes to the log, and the page does not wait for ever."""

    def work(step: Step) -> IngestReport:
        raise ZeroDivisionError

    job = shared.start("bug", work)
    assert job is not None
    assert job.done.wait(30)
    assert "ZeroDivisionError" in job.error
    assert not shared.busy
