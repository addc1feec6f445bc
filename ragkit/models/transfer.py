"""One file over HTTP: resumed where it was interrupted, refused unless it is the file that was asked for."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ragkit.errors import ModelError

if TYPE_CHECKING:
    import httpx

_BLOCK = 1 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
#: Answers that may be others a moment later.
_PASSING = (429, 500, 502, 503, 504)
#: Tries in a row that bring no byte, and seconds before the first repetition; each further wait is twice as long.
_TRIES = 4
_WAIT_S = 0.5

#: Called with the bytes that are there.
Progress = Callable[[int], None]


@contextmanager
def client() -> Iterator[httpx.Client]:
    """For model files: proxies of the environment are used, redirects are followed here, nothing is compressed."""
    import httpx

    with httpx.Client(timeout=httpx.Timeout(60, connect=20), headers={"Accept-Encoding": "identity", "User-Agent": "ragkit"}) as opened:
        yield opened


def get(client: httpx.Client, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """The response to a GET, its body unread, after redirects; from https it never goes to http.

    Raises:
        httpx.HTTPError: it cannot be reached, or redirects without end.
    """
    import httpx

    url = httpx.URL(address)
    for _ in range(_MOST_REDIRECTS + 1):
        response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        if response.status_code not in _REDIRECTS:
            return response
        response.close()
        before, url = url, url.join(response.headers.get("location", ""))
        if url.scheme not in ("http", "https") or (before.scheme, url.scheme) == ("https", "http"):
            raise httpx.UnsupportedProtocol(f"redirected to {url.scheme}:")
    raise httpx.TooManyRedirects("too many redirects")


def transfer(address: str, file: Path, *, digest: str, size: int | None = None, progress: Progress = lambda held: None) -> None:
    """Fetch ``address`` to ``file``, whose content has ``digest``: a sha256, or with 40 digits git's hash of a file of ``size`` bytes.

    What came before an interruption is kept beside ``file`` and not fetched again.

    Raises:
        ModelError: it cannot be fetched, or is another file; then nothing of it is kept.
    """
    part = file.with_name(f".{file.name}.{digest[:16]}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part) as handle:
            _fill(address, handle, size, progress)
            handle.flush()
            os.fsync(handle.fileno())
            found = _hashed(handle, digest, size)
            if found != digest:
                handle.truncate(0)
                raise ModelError(f"model {address}: the file has the hash {found}, asked for was {digest}; it was not kept")
            os.replace(part, file)
    except OSError as error:
        raise ModelError(f"model {address} cannot be kept in {file.parent}: {error}") from error


@contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """``part``, open for appending, for this process alone; removed again when it is empty."""
    with open(part, "a+b") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = part.exists() and os.fstat(handle.fileno()).st_ino == part.stat().st_ino  # not finished since it was opened
        except BlockingIOError:
            free = False
        if not free:
            raise ModelError(f"{part.name} is being fetched by another process; ask again when that has ended")
        try:
            yield handle
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()


def _fill(address: str, handle: IO[bytes], size: int | None, progress: Progress) -> None:
    """Have the whole file in ``handle``, by as many requests as it takes."""
    import httpx

    idle = 0
    while True:
        before = handle.seek(0, os.SEEK_END)
        if size is not None and before > size:
            before = handle.truncate(0)
        if size is not None and before == size:
            return
        if size is not None and shutil.disk_usage(os.path.dirname(handle.name)).free < size - before:
            raise ModelError(f"model {address}: {(size - before) / 1e6:,.0f} MB are to be fetched, and the disk has less room")
        try:
            with client() as http:
                if _request(http, address, handle, size, progress):
                    return
            reason = "it ended too early"
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
        held = handle.seek(0, os.SEEK_END)
        idle = 0 if held > before else idle + 1
        if idle == _TRIES:
            raise ModelError(f"model {address} cannot be fetched: {reason}; {held:,} bytes are here, ask again to go on from there")
        time.sleep(_WAIT_S * 2**idle / 2)


def _request(http: httpx.Client, address: str, handle: IO[bytes], size: int | None, progress: Progress) -> bool:
    """One request for what is missing; whether the file is whole then."""
    import httpx

    held = handle.seek(0, os.SEEK_END)
    response = get(http, address, {"Range": f"bytes={held}-"} if held else {})
    try:
        if response.status_code == 416 or (response.status_code == 206 and not _goes_on(response, held)):
            handle.truncate(0)
            return False
        if response.status_code in _PASSING:
            raise httpx.ReadError(f"the server answered {response.status_code}")
        if not response.is_success:
            raise ModelError(f"model {address}: the server answered {response.status_code}{_MENDING.get(response.status_code, '')}")
        if response.status_code == 200:
            handle.truncate(0)
            held = handle.seek(0)
        for block in response.iter_raw():  # as it comes: a larger block would be lost with the connection
            handle.write(block)
            held += len(block)
            progress(held)
            if size is not None and held > size:
                handle.truncate(0)
                raise ModelError(f"model {address}: the server sends more than the {size:,} bytes that the file has; it was not kept")
    finally:
        response.close()
    return size is None or held == size


def _goes_on(response: httpx.Response, held: int) -> bool:
    return str(response.headers.get("content-range", "")).startswith(f"bytes {held}-")


def _hashed(handle: IO[bytes], digest: str, size: int | None) -> str:
    handle.seek(0)
    if len(digest) == 40:
        own = hashlib.sha1(f"blob {size or 0}\0".encode(), usedforsecurity=False)
        while block := handle.read(_BLOCK):
            own.update(block)
        return own.hexdigest()
    return hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]


#: What mends an answer without a file.
_MENDING = {
    401: "; it is private, or its licence must be accepted on the hub first: fetch it there, and give its path",
    403: "; its licence must be accepted on the hub first: fetch it there, and give its path",
    404: "; mend the name, the file or --revision",
}
