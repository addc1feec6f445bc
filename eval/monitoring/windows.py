"""Which answers are looked at: the newest so many, or those of so long, and a baseline before them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from ragkit.errors import RagkitError

#: So many answers, or those of so long.
Window = int | timedelta

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class BadWindow(RagkitError, ValueError):
    """A window is neither a number of answers nor a time."""


class Dated(Protocol):
    """An answer record's id and time, ISO 8601."""

    @property
    def record_id(self) -> str: ...

    @property
    def created_at(self) -> str: ...


D = TypeVar("D", bound=Dated)


def parse_window(text: str) -> Window:
    """``200`` answers, or ``90m``, ``24h``, ``7d``, ``4w``.

    >>> parse_window("200"), parse_window("36h")
    (200, datetime.timedelta(days=1, seconds=43200))

    Raises:
        BadWindow: it is none.
    """
    found = re.fullmatch(r"\s*(\d{1,6})\s*([mhdw]?)\s*", text)
    if found is None or int(found[1]) == 0:
        raise BadWindow(f"{text!r} is no window: a number of answers (200), or a time in m, h, d or w (24h)")
    return int(found[1]) * _UNITS[found[2]] if found[2] else int(found[1])


def split(answers: Sequence[D], window: Window, baseline: Window, now: datetime | None = None) -> tuple[list[D], list[D]]:
    """The answers of the window that ends now, and of the baseline that ends where it begins; ``answers`` are the newest first."""
    now = now or datetime.now(UTC)
    current = _first(answers, window, now)
    rest = list(answers[len(current) :])
    end = now - window if isinstance(window, timedelta) else _time(current[-1]) if current else now
    return current, _first(rest, baseline, end)


def _first(answers: Sequence[D], window: Window, end: datetime) -> list[D]:
    if isinstance(window, int):
        return list(answers[:window])
    return [answer for answer in answers if _time(answer) > end - window]


def _time(answer: Dated) -> datetime:
    found = datetime.fromisoformat(answer.created_at)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def sampled(record_id: str, rate: float) -> bool:
    """Whether an answer belongs to the sample of ``rate``, in [0, 1]. Always the same for one answer, and a larger rate's sample
    holds a smaller one's."""
    return int.from_bytes(hashlib.sha256(record_id.encode()).digest()[:8]) < rate * 2**64
