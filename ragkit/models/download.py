"""Model files by URL: fetched once, refused unless they are the bytes that were asked for."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path

from ragkit.errors import ModelError
from ragkit.models.transfer import transfer

_FRAGMENT = re.compile(r"sha256=([0-9a-f]{64})")


def cache_folder() -> Path:
    """Where fetched models are kept: ``$XDG_CACHE_HOME/ragkit/models``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ragkit" / "models"


def fetched(url: str, *, folder: Path | None = None) -> Path:
    """The file at ``url``, which ends in ``#sha256=HEX``; downloaded when it is not in the cache.

    Raises:
        ModelError: the URL names no hash, cannot be fetched, or gives other bytes; then nothing is kept.
    """
    address, _, fragment = url.partition("#")
    wanted = _FRAGMENT.fullmatch(fragment)
    if wanted is None:
        raise ModelError(f"model {address}: write the file's hash behind it (…#sha256=HEX), so that no other file can take its place")
    name = urllib.parse.unquote(urllib.parse.urlsplit(address).path).rsplit("/", 1)[-1] or "model"
    place = (folder or cache_folder()) / wanted[1]
    if not (place / name).is_file():
        transfer(address, place / name, digest=wanted[1])
    return place / name
