"""The store of this process: one for all browser sessions, one question or document at a time, one job beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ragkit import Ragkit
from ragkit.errors import RagkitError
from ragkit.models.turns import TurnLock
from ragkit.records import IngestReport, Progress
from ragkit.settings import load_settings

Work = Callable[[Callable[[Progress], None]], IngestReport]


class Job:
    """An ingestion in its own thread, so that it goes on when its page is left."""

    def __init__(self, name: str, expected: int) -> None:
        self.name = name
        self.expected = expected
        self.step: Progress | None = None
        self.report: IngestReport | None = None
        self.error: str = ""
        self.done = threading.Event()


class Shared:
    """A :class:`~ragkit.Ragkit` that many threads use.

    Tokenizers and generators are not safe to be used by two threads at once, so whoever needs a model takes :meth:`turn`, in
    the order of asking. What reads the catalog alone (documents, status, text) needs none. A job gives way between documents.
    """

    def __init__(self, kit: Ragkit) -> None:
        self.kit = kit
        self.job: Job | None = None
        self._models = TurnLock()
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []

    @classmethod
    def open(cls) -> Shared:
        """The store that the environment names, as the command ``ragkit ui`` has set it.

        Raises:
            RagkitError: the settings or the store cannot be read.
        """
        return cls(Ragkit.open(settings=load_settings()))

    def close(self) -> None:
        """Wait for what is running, then close the store."""
        for thread in self._threads:
            thread.join()
        self.kit.close()

    @property
    def busy(self) -> bool:
        """Whether somebody's question or document is with the models now."""
        return self._models.locked()

    @contextmanager
    def turn(self) -> Iterator[Ragkit]:
        """The store with its models, for this thread alone."""
        with self._models:
            yield self.kit

    def warm_up(self) -> None:
        """Load the embedder in the background, so that the first question need not wait for it."""
        self._run(self._load)

    def start(self, name: str, work: Work, *, expected: int = 1) -> Job | None:
        """Run ``work`` in a thread; ``None`` when another job is not yet done."""
        with self._starting:
            if self.job is not None and not self.job.done.is_set():
                return None
            self.job = job = Job(name, expected)
        self._run(lambda: self._work(job, work))
        return job

    def _run(self, target: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, name="ragkit-ui", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _load(self) -> None:
        try:
            with self.turn() as kit:
                kit.embedder.embed(["ready"])
        except RagkitError:
            return  # the first question meets the same error, and there is somebody to show it to

    def _work(self, job: Job, work: Work) -> None:
        def step(now: Progress) -> None:
            job.step = now
            self._models.release()
            self._models.acquire()  # after everybody who waits

        try:
            with self._models:
                job.report = work(step)
        except (RagkitError, OSError) as error:
            job.error = str(error)
        except BaseException as error:
            job.error = f"a fault in ragkit ({type(error).__name__}); its details are in the server's log"
            raise
        finally:
            job.done.set()
