"""Model files by URL: fetched once, refused unless they are the bytes that were asked for."""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ragkit.errors import ModelError

_FRAGMENT = re.compile(r"sha256=([0-9a-f]{64})")
_BLOCK = 1 << 20


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
        place.mkdir(parents=True, exist_ok=True)
        _fetch(address, wanted[1], place / name)
    return place / name


def _fetch(address: str, wanted: str, file: Path) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    found = hashlib.sha256()
    try:
        with urllib.request.urlopen(address, timeout=60) as response, open(part, "xb") as handle:  # noqa: S310 - http(s) alone reaches this
            while block := response.read(_BLOCK):
                found.update(block)
                handle.write(block)
        if found.hexdigest() != wanted:
            raise ModelError(f"model {address}: the file has sha256 {found.hexdigest()}, asked for was {wanted}; it was not kept")
        os.replace(part, file)
    except (OSError, urllib.error.URLError) as error:
        raise ModelError(f"model {address} cannot be fetched: {error}") from error
    finally:
        part.unlink(missing_ok=True)
