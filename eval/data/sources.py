"""Where a set's files come from: a file, a folder, a URL with its hash, or the cache. Archives are unpacked; nothing in them is run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from ragkit.connectors.fetching import Fetcher

from .base import BadData

#: Largest file that is fetched, and most that an archive unpacks to, in bytes.
LARGEST, UNPACKED = 500_000_000, 2_000_000_000
#: What a set is made of; other files of a folder or archive are left alone.
SUFFIXES = (".json", ".jsonl", ".tsv", ".csv", ".txt", ".qrels", ".run", ".trec")

_HASH = re.compile(r"sha256=([0-9a-f]{64})")


def cache_folder() -> Path:
    """Where fetched sets are kept: ``$XDG_CACHE_HOME/ragkit/datasets``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ragkit" / "datasets"


def fetched(url: str, *, allow_hosts: Sequence[str] = (), largest: int = LARGEST) -> Path:
    """The file at ``url``, which ends in ``#sha256=HEX``; from the cache where it is there.

    Raises:
        BadData: the URL names no hash, or gives other bytes; then nothing is kept.
        SourceError: it cannot be fetched, leads to a host that is not public, or is larger than ``largest`` bytes.
    """
    address, _, fragment = url.partition("#")
    wanted = _HASH.fullmatch(fragment)
    if wanted is None:
        raise BadData(f"{address}: write the file's hash behind it (…#sha256=HEX), so that no other file takes its place; or --from FILE")
    place = cache_folder() / wanted[1] / _name(address)
    if not place.is_file():
        fetcher = Fetcher(allow_hosts=allow_hosts, max_bytes=largest, timeout_s=1800)
        answer = fetcher.get(address)
        fetcher.close()
        if answer.status != 200:
            raise BadData(f"{address}: the server answered {answer.status}; fetch the file yourself and give --from FILE")
        _keep(answer.body, wanted[1], place, address)
    return place


def _name(address: str) -> str:
    name = PurePosixPath(unquote(urlsplit(address).path)).name
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "data"


def _keep(body: bytes, wanted: str, place: Path, address: str) -> None:
    found = hashlib.sha256(body).hexdigest()
    if found != wanted:
        raise BadData(f"{address}: the file has the hash {found}, asked for was {wanted}; it was not kept")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
        part.write(body)
    os.replace(part.name, place)


@contextmanager
def opened(places: Sequence[Path]) -> Iterator[list[Path]]:
    """The files of some files, folders and archives (``.zip``, ``.tar``, ``.tar.gz``), in order of their names.

    Raises:
        BadData: there is none, or an archive is broken or too large.
    """
    with tempfile.TemporaryDirectory(prefix="ragkit-data-") as scratch:
        found: list[Path] = []
        for number, place in enumerate(places):
            folder = place
            if place.is_file() and _is_archive(place):
                folder = Path(scratch, str(number))
                _unpack(place, folder)
            found += sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in SUFFIXES) if folder.is_dir() else [place]
        missing = [str(path) for path in found if not path.is_file()]
        if missing or not found:
            raise BadData(f"there is no file {missing[0]}" if missing else f"no file that ends in {', '.join(SUFFIXES)} is there")
        yield found


def _is_archive(path: Path) -> bool:
    return zipfile.is_zipfile(path) or (path.suffix in (".gz", ".tgz", ".tar") and tarfile.is_tarfile(path))


def _unpack(archive: Path, folder: Path) -> None:
    """Regular files of the known kinds, under names without a way out of ``folder``."""
    left = UNPACKED
    try:
        for name, stream in _members(archive):
            parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
            target = folder.joinpath(*parts)
            if target.suffix in SUFFIXES and not target.name.startswith("."):
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _copied(stream, target, left, archive)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadData(f"{archive} cannot be unpacked: {error}") from error


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if not info.is_dir():
                    with zipped.open(info) as stream:
                        yield info.filename, stream
        return
    with tarfile.open(archive) as tarred:
        for member in tarred:
            extracted = tarred.extractfile(member) if member.isreg() else None
            if extracted is not None:
                yield member.name, extracted


def _copied(stream: IO[bytes], target: Path, left: int, archive: Path) -> int:
    """Bytes that were written to ``target``."""
    written = 0
    with target.open("wb") as file:
        while block := stream.read(1 << 20):
            written += len(block)
            if written > left:
                shutil.rmtree(target.parent, ignore_errors=True)
                raise BadData(f"{archive} unpacks to more than {UNPACKED:,} bytes; unpack it yourself and give the folder with --from")
            file.write(block)
    return written
