"""The page of a PDF with a citation's lines marked, drawn by a child process with limits: the file is somebody else's."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from ragkit.errors import RagkitError

Rectangle = tuple[float, float, float, float]

SECONDS = 20.0
MEMORY_MB = 512
#: Seconds that the child may take in all, its start included.
_PATIENCE = 60.0
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST = 20_000_000


class NoImage(RagkitError):
    """There is no picture of the page; the message says why, in a sentence for the reader."""


def source(uri: str, sha256: str, max_bytes: int) -> bytes:
    """The bytes of the file ``uri``, when it is still the one that was ingested.

    Raises:
        NoImage: it is gone, or has changed.
    """
    path = Path(os.fsdecode(unquote_to_bytes(uri)))  # the inverse of how a connector writes unprintable names
    if not path.is_absolute():
        raise NoImage("The source is not a file on this machine, so there is no page to show.")
    try:
        with open(path, "rb", opener=_opener) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoImage("The source is no longer a regular file.")
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise NoImage("The source file is gone or cannot be read; the passage is shown from the store.") from error
    if len(data) > max_bytes or hashlib.sha256(data).hexdigest() != sha256:
        raise NoImage("The source file has changed since it was ingested; the passage is shown from the store.")
    return data


def render(data: bytes, page: int, boxes: Sequence[Rectangle], *, whole: bool = True) -> bytes:
    """Page ``page`` (from 1) of the PDF ``data`` as PNG, with ``boxes`` (points from its top left) marked.

    Not ``whole``: the strip of the page, over its full width, that the boxes are in the middle of.

    Raises:
        NoImage: the page cannot be drawn within the limits.
    """
    wanted = {"page": page, "boxes": [list(box) for box in boxes], "whole": whole, "seconds": SECONDS, "memory_mb": MEMORY_MB}
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-X", "utf8", "-m", "ragkit.ui.pageworker"]
    try:
        ran = subprocess.run(
            command, input=json.dumps(wanted).encode() + b"\n" + data, capture_output=True, env=environment, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoImage("The page could not be drawn in time.") from error
    if ran.returncode or not ran.stdout.startswith(_PNG) or len(ran.stdout) > _LARGEST:
        raise NoImage("The page could not be drawn.")
    return ran.stdout


def _opener(path: str, flags: int) -> int:
    """Without waiting: a path that has become a FIFO must not hang the page."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
