"""Runs that are kept: begun, broken off, gone on with, found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragkit.errors import RagkitError
from ragkit.records import Jsonable, record

from . import kept
from .asking import OnProgress, run
from .curve import withheld
from .kept import NoRun, RunInfo
from .outcome import Outcome
from .questions import Question

if TYPE_CHECKING:
    from .systems import System

#: What of a header says whether two runs are one.
_SAME = ("system", "k", "least", "about", "questions")
#: Differences that an error names.
_NAMED = 3


class AnotherRun(RagkitError, ValueError):
    """A folder holds a run of other questions, another system, or other settings."""


@record
class Stored(Jsonable):
    """A run as it is kept: its folder, its header, and the outcomes that are there, as they are to be measured."""

    folder: str
    info: RunInfo
    outcomes: tuple[Outcome, ...]

    @property
    def name(self) -> str:
        return self.info.name or self.info.id

    @property
    def unfinished(self) -> int:
        """How many questions are still to be asked."""
        return max(0, int(self.info.questions.get("count", 0)) - len(self.outcomes))


def carry_out(
    folder: Path,
    info: RunInfo,
    system: System,
    questions: Sequence[Question],
    *,
    workers: int = 1,
    retry: bool = False,
    progress: OnProgress | None = None,
) -> Stored:
    """Asks the questions whose outcomes the folder does not hold yet, each outcome written as it is known. ``retry`` asks those that
    failed once more.

    Raises:
        AnotherRun: the folder holds another run.
        RunBusy: another process is at work on it.
        NoRun: what the folder holds cannot be read.
    """
    with kept.held(folder):
        info = _begun(folder, info)
        if retry:
            kept.forget_failed(folder)
        done = {outcome.question.id for outcome in kept.load_outcomes(folder)}
        left = [question for question in questions if question.id not in done]
        for number, _ in enumerate(run(system, left, k=info.k, workers=workers, keep=lambda o: kept.append(folder, o)), len(done) + 1):
            if progress is not None:
                progress(number, len(questions))
        found = kept.settle(folder, [question.id for question in questions])
    return _stored(folder, info, found)


def load(folder: Path) -> Stored:
    """A run that was kept, finished or not.

    Raises:
        NoRun: there is none.
    """
    return _stored(folder, kept.load_info(folder), kept.load_outcomes(folder))


def runs_in(folder: Path) -> list[tuple[Path, RunInfo]]:
    """The folders and headers of the runs right in ``folder``, the newest first."""
    found = [(path.parent, kept.load_info(path.parent)) for path in folder.glob(f"*/{kept.HEADER}")]
    return sorted(found, key=lambda pair: (pair[1].created, pair[1].id), reverse=True)


def find(given: str, runs: Path) -> Stored:
    """The run that is meant: its folder, or among those in ``runs`` its id or its name; of one name the newest.

    Raises:
        NoRun: there is none.
    """
    for folder in (Path(given), runs / given):
        if (folder / kept.HEADER).is_file():
            return load(folder)
    for folder, info in runs_in(runs):
        if given in (info.id, info.name):
            return load(folder)
    raise NoRun(f"there is no run {given!r}, neither as a folder nor in {runs}; see those that there are: ragkit eval list")


def unfinished(info: RunInfo, runs: Path) -> Path | None:
    """The newest run in ``runs`` that is the same and was broken off."""
    wanted = int(info.questions["count"])
    same = (folder for folder, there in runs_in(runs) if not differences(there, info))
    return next((folder for folder in same if kept.count(folder) < wanted), None)


def differences(there: RunInfo, wanted: RunInfo) -> list[str]:
    """In what two headers are not the same run, a line each. The questions' file may have another name."""
    one, other = ({key: header.to_dict()[key] for key in _SAME} for header in (there, wanted))
    for tree in (one, other):
        tree["questions"].pop("file", None)
    flat, other_flat = dict(_leaves(one)), dict(_leaves(other))
    keys = dict.fromkeys((*flat, *other_flat))
    return [f"{key} is {flat.get(key)!r} there, and {other_flat.get(key)!r} now" for key in keys if flat.get(key) != other_flat.get(key)]


def _begun(folder: Path, info: RunInfo) -> RunInfo:
    if not (folder / kept.HEADER).exists():
        if (folder / kept.OUTCOMES).exists():
            raise NoRun(f"{folder} holds outcomes without a header; remove it, or give another folder: --to FOLDER")
        kept.begin(folder, info)
        return info
    there = kept.load_info(folder)
    found = differences(there, info)
    if found:
        more = f", and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        told = "; ".join(found[:_NAMED])
        raise AnotherRun(f"{folder} holds another run: {told}{more}. Give another folder: --to FOLDER; or remove this one")
    return there


def _stored(folder: Path, info: RunInfo, outcomes: Sequence[Outcome]) -> Stored:
    return Stored(folder=str(folder), info=info, outcomes=tuple(withheld(outcome, info.least) for outcome in outcomes))


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
