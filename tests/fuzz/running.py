"""Passes changed documents through the real pool of parsers, and judges what comes of each."""

from __future__ import annotations

import io
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import FrameType
from typing import NamedTuple, NoReturn

from ragkit.connectors import plugins
from ragkit.connectors.parsers import GROUP
from ragkit.connectors.sandbox import ParserPool, open_pool
from ragkit.connectors.wire import check
from ragkit.contracts import Parser
from ragkit.errors import ParseError, RagkitError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings
from ragkit.testing import ParserConformance
from tests.fuzz import mutation, seeds

#: A parse that takes longer, in seconds, is a finding when it does so again alone; recognising characters takes its time.
SLOW_S = 2.0
SLOW_BY_PARSER = {"image": 6.0}
#: The pool's limit and, above it, that of what is parsed in this process.
_LIMIT_S = 8.0
_MEMORY_MB = 1024
#: How a pool words that a parser failed in a way that it should not; everything else is a reason that a reader can use.
_FAULTS = (
    "the parser failed", "the parser crashed", "the parser broke its contract", "the parser ended", "the parsing helper stopped",
)  # fmt: skip


class Finding(NamedTuple):
    """``kind`` is ``alien``, ``failed``, ``slow`` or ``contract``."""

    parser: str
    kind: str
    reason: str
    data: bytes
    uri: str


@dataclass
class Tally:
    """What came of one parser's documents; times in seconds."""

    parser: str
    inputs: int = 0
    parsed: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)


class Hung(BaseException):
    """What is parsed in this process, where no pool ends it, has taken too long."""


class _Judged(ParserConformance):
    """The shipped suite, for a result that is there already."""

    def __init__(self, data: bytes, parsed: Parsed) -> None:
        self._of = data, parsed

    def samples(self) -> list[bytes]:
        return [self._of[0]]

    def _parsed(self) -> list[Parsed]:
        return [self._of[1]]


def judge(data: bytes, parsed: Parsed) -> str | None:
    """What is wrong with a result: with its text, its blocks, its anchors; ``None`` when it keeps the contract."""
    if fault := check(parsed):
        return fault
    if not parsed.text:  # a blank record, which is kept
        return None
    suite = _Judged(data, parsed)
    try:
        for test in (suite.test_text_is_canonical, suite.test_blocks_hold_all_text, suite.test_anchors_are_in_order):
            test()
    except AssertionError as error:
        return str(error)
    return None


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def ring(_: int, __: FrameType | None) -> NoReturn:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Outcome(NamedTuple):
    """How long a document took, in seconds, whether it gave text, and what is wrong: the kind and the reason."""

    seconds: float
    parsed: bool
    wrong: tuple[str, str] | None


def attempt(pool: ParserPool, item: SourceItem, data: bytes) -> Outcome:
    """Parses one document and judges what comes of it; slowness is left to the caller."""
    begin = time.perf_counter()
    wrong, parsed = None, None
    try:
        with _at_most(_LIMIT_S + 30):
            parsed = pool.parse(item)
    except ParseError as error:
        if str(error).startswith(_FAULTS) or not str(error).isprintable():
            wrong = ("failed", str(error))
    except RagkitError as error:
        wrong = ("failed", f"{type(error).__name__}: {error}")
    except Hung:
        wrong = ("slow", "it does not end")
    except Exception as error:  # noqa: BLE001 - any other is just what is looked for
        wrong = ("alien", f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - begin
    if parsed is not None and (fault := judge(data, parsed)):
        wrong = ("contract", fault)
    return Outcome(seconds, parsed is not None, wrong)


def parsers() -> dict[str, type[Parser]]:
    """The installed parsers by the names of their entry points."""
    return dict(plugins.load(GROUP)[0])


def fuzz(name: str, parser: type[Parser], *, seconds: float, seed: int) -> Tally:
    """Changes documents of the kind that ``parser`` reads, and parses them, for so many seconds."""
    documents = seeds.seeds(name, parser)
    material = mutation.Material(documents, seeds.tokens([*documents, *mutation.member_texts(documents)]))
    rng, tally, suffix = Random(f"{seed} {name}"), Tally(name), seeds.suffix(name, parser)
    with open_pool(ParsingSettings(timeout_s=_LIMIT_S, memory_mb=_MEMORY_MB), workers=1) as pool:
        for data in documents[:1]:
            attempt(pool, _item(data, f"seed.{suffix}", None), data)  # the helper starts, and loads what the parser needs
        end = time.monotonic() + seconds
        while time.monotonic() < end or not tally.inputs:
            data = mutation.mutate(rng, material)
            kind = None if rng.random() < 0.3 else rng.choice(parser.media_types)
            if kind is not None and kind.endswith("/*"):
                kind = None
            _count(tally, pool, _item(data, f"fuzz.{suffix}", kind), data)
    return tally


def _item(data: bytes, uri: str, media_type: str | None) -> SourceItem:
    return SourceItem(uri=uri, token="", open=partial(io.BytesIO, data), media_type=media_type)


def _crowding() -> float:
    """How much longer than its own processor time something takes now, at least 1: what others leave of the processor."""
    wall, own = time.perf_counter(), time.process_time()
    while time.process_time() - own < 0.1:
        pass
    return max(1.0, (time.perf_counter() - wall) / (time.process_time() - own))


def _count(tally: Tally, pool: ParserPool, item: SourceItem, data: bytes) -> None:
    outcome = attempt(pool, item, data)
    wrong, limit = outcome.wrong, SLOW_BY_PARSER.get(tally.parser, SLOW_S)
    seconds = outcome.seconds
    if wrong is None and seconds > limit:  # others may have had the processor: only what is slow every time is slow
        seconds = min(seconds, *(attempt(pool, item, data).seconds / _crowding() for _ in range(3)))
        wrong = ("slow", f"more than {limit:g} s") if seconds > limit else None
    tally.inputs += 1
    tally.parsed += outcome.parsed
    tally.seconds += outcome.seconds
    tally.slowest = max(tally.slowest, seconds)
    if wrong is not None:
        found = Finding(tally.parser, *wrong, data, f"{item.uri} as {item.media_type or 'found'}")
        key = (wrong[0], "".join(char for char in wrong[1] if not char.isdigit())[:60])
        known = tally.findings.get(key)
        if known is None or len(data) < len(known.data):  # one of a sort, the shortest
            tally.findings[key] = found
