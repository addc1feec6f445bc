"""Reading the text in pictures, by RapidOCR with the models that its package brings: nothing is fetched. One thread.

The extra ``ocr`` installs it. Its models read Latin script, digits, Chinese and Japanese.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import loading

if TYPE_CHECKING:
    from .parsers.pdf_layout import Line

INSTALL = "pip install 'ragkit[ocr]'"
#: Least confidence, in [0, 1], of a line that is kept.
_LEAST_SCORE = 0.5
#: The longest side, in pixels, of a picture that is read; larger ones are made smaller.
LONGEST = 2000
#: The share of the time limit after which no further page is begun.
_SHARE = 0.6


class Reading(NamedTuple):
    """How pictures are read: whether at all, and until when (``time.monotonic``)."""

    wanted: bool
    until: float

    @classmethod
    def within(cls, ocr: str, timeout_s: float) -> Reading:
        """``ocr`` is the setting, ``timeout_s`` the time limit of the document."""
        return cls(ocr != "off", time.monotonic() + _SHARE * timeout_s)

    def why_not(self) -> str:
        """Why pictures are not read; "" when they are."""
        if not self.wanted:
            return "OCR is off (parsing.ocr)"
        return "" if available() else f"there is no OCR here: {INSTALL}"

    @property
    def late(self) -> bool:
        return time.monotonic() > self.until


@functools.cache
def available() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "cv2"))


@functools.cache
def _engine() -> Any:
    loading.require()
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    return RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "error",
            "Global.text_score": _LEAST_SCORE,
        }
    )


def warm_up() -> None:
    """Loads the models and what makes a text of lines, so that processes forked afterwards find them loaded."""
    if available():
        _engine()
        importlib.import_module(".parsers.pdf_assemble", __package__)


def lines(pixels: NDArray[np.uint8], points: float) -> list[Line]:
    """The lines of text in ``pixels`` ((height, width, 3), blue, green, red), from top to bottom; a pixel is ``points`` wide.

    A line is one word here, blanks and all: its box is the line's.
    """
    found = _engine()(pixels, use_cls=False)
    from .parsers.pdf_layout import Line  # only here, as it loads numba

    if found.boxes is None or found.txts is None:
        return []
    rows = []
    for corners, text in zip(found.boxes, found.txts, strict=True):
        text = " ".join(str(text).split())
        if text:
            box = np.concatenate([np.min(corners, axis=0), np.max(corners, axis=0)]).astype(np.float64) * points
            rows.append(Line.of([text], box.round(2)[None]))
    return _ordered(rows)


def _ordered(rows: Sequence[Line]) -> list[Line]:
    """Row by row, each from left to right. A row is what overlaps its first line by half its height."""
    out: list[list[Line]] = []
    for line in sorted(rows, key=lambda line: line.top + line.bottom):
        if out and (line.top + line.bottom) / 2 < out[-1][0].bottom - 0.25 * out[-1][0].size:
            out[-1].append(line)
        else:
            out.append([line])
    return [line for row in out for line in sorted(row, key=lambda line: line.left)]
