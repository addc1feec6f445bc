"""Models from a hub that speaks Hugging Face's API: which files, their hashes, under which licence."""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ragkit.errors import ModelError
from ragkit.models.download import cache_folder
from ragkit.models.registry import file_sha256
from ragkit.models.transfer import client, get, transfer
from ragkit.records import Jsonable, record

ENDPOINT = "https://huggingface.co"
#: What is written beside the files.
MANIFEST = "ragkit-model.json"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_BYTES = 20_000_000
#: What a sentence-transformers model consists of: weights and tables, no code and no pickles.
_EMBEDDER = re.compile(r"model\.safetensors|(?:\d_\w+/)?[\w.-]+\.json|(?:\d_\w+/)model\.safetensors|vocab\.txt|sentencepiece\.bpe\.model")
_LICENCE = re.compile(r"(?:LICEN[SC]E|NOTICE)(?:\.\w+)?", re.IGNORECASE)

#: Called with a file's name, the bytes that are there and the bytes that it has.
Report = Callable[[str, int, int], None]


@record
class HubFile(Jsonable):
    """A file of a repository. ``digest`` is its sha256, or git's hash (40 digits) where the hub knows no other."""

    name: str
    bytes: int
    digest: str


@record
class Pulled(Jsonable):
    """What was fetched, and where it is: ``path`` is the GGUF file, else the folder."""

    repository: str
    revision: str
    commit: str
    licence: str
    endpoint: str
    path: str
    files: tuple[HubFile, ...]


def pull(
    repository: str,
    names: Sequence[str] = (),
    *,
    revision: str = "main",
    sha256: str = "",
    endpoint: str = "",
    folder: Path | None = None,
    report: Report = lambda name, held, size: None,
) -> Pulled:
    """Fetch ``names`` of ``repository`` (without any: its only GGUF file, or its sentence-transformers model) and its licence.

    ``sha256`` is what the one file must have, whatever the hub says. ``endpoint`` is the hub; empty: ``$HF_ENDPOINT``, else
    Hugging Face's. What is here already is not fetched again. Code and pickles are fetched by no name.

    Raises:
        ModelError: there is no such file, the hub cannot be reached, or a file is not the one that it names.
    """
    if not _NAME.fullmatch(repository) or ".." in repository:
        raise ModelError(f"{repository!r} names no repository; it is OWNER/NAME, as in the hub's address")
    base = (endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
    told = _told(base, repository, revision)
    commit = _text(told.get("sha"))
    if not _COMMIT.fullmatch(commit):
        raise ModelError(f"{base} does not say which commit of {repository} it has; is it a hub that speaks Hugging Face's API?")
    listed = {found.name: found for found in map(_file, told.get("siblings") or ()) if found}
    chosen = _chosen(repository, listed, names)
    if sha256:
        chosen = _with_hash(chosen, sha256)
    place = (folder or cache_folder()) / repository.replace("/", "--") / commit
    extra = [found for name, found in listed.items() if _LICENCE.fullmatch(name) and found not in chosen]
    for found in (*chosen, *extra):
        _ensure(f"{base}/{repository}/resolve/{commit}/{urllib.parse.quote(found.name)}", place / found.name, found, report)
    model = next((found.name for found in chosen if found.name.endswith(".gguf")), "")
    pulled = Pulled(
        repository=repository, revision=revision, commit=commit, licence=licence(told), endpoint=base,
        path=str(place / model) if model else str(place), files=(*chosen, *extra),
    )  # fmt: skip
    written = place / f".{MANIFEST}.{os.getpid()}"
    written.write_text(json.dumps(pulled.to_dict(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(written, place / MANIFEST)
    return pulled


def licence(told: Mapping[str, Any]) -> str:
    """The licence by the model's card, else by its tags; ``not stated`` without one."""
    card = told.get("cardData")
    card = card if isinstance(card, Mapping) else {}
    named = [card.get("license"), card.get("license_name"), card.get("license_link")]
    said = ", ".join(text for part in named for text in (part if isinstance(part, list) else [part]) if isinstance(text, str) and text)
    tags = [tag.removeprefix("license:") for tag in told.get("tags") or () if isinstance(tag, str) and tag.startswith("license:")]
    return " ".join((said or ", ".join(tags) or "not stated").split())[:300]


def _told(base: str, repository: str, revision: str) -> Mapping[str, Any]:
    import httpx

    address = f"{base}/api/models/{repository}/revision/{urllib.parse.quote(revision, safe='')}?blobs=true"
    try:
        with client() as http:
            response = get(http, address)
            try:
                data = b""
                for block in response.iter_bytes(1 << 16):
                    data += block
                    if len(data) > _MOST_BYTES:
                        raise ModelError(f"{base} sent more than {_MOST_BYTES:,} bytes about {repository}")
            finally:
                response.close()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelError(f"{base} cannot be reached: {error or type(error).__name__}; mend models.endpoint or HF_ENDPOINT") from error
    if response.status_code in (401, 403, 404):
        raise ModelError(f"{base} shows no repository {repository} at {revision!r}: it is not there, is private, or is spelled otherwise")
    try:
        told = json.loads(data) if response.is_success else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, Mapping):
        raise ModelError(f"{base} answered {response.status_code}, and nothing about {repository}")
    return told


def _file(sibling: Any) -> HubFile | None:
    """``None`` for what has no safe name, no size or no hash."""
    if not isinstance(sibling, Mapping):
        return None
    name, size, lfs = _text(sibling.get("rfilename")), sibling.get("size"), sibling.get("lfs")
    digest = _text(lfs.get("sha256")) if isinstance(lfs, Mapping) else _text(sibling.get("blobId"))
    parts = PurePosixPath(name).parts
    safe = name.isprintable() and not name.startswith("/") and "\\" not in name and not any(part.startswith(".") for part in parts)
    if not (name and safe and isinstance(size, int) and size >= 0 and _COMMIT.fullmatch(digest)):
        return None
    return HubFile(name=name, bytes=size, digest=digest)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _chosen(repository: str, listed: Mapping[str, HubFile], names: Sequence[str]) -> tuple[HubFile, ...]:
    usable = {name: found for name, found in listed.items() if name.endswith(".gguf") or _EMBEDDER.fullmatch(name)}
    models = [name for name in usable if name.endswith(".gguf")]
    if names:
        if missing := [name for name in names if name not in usable]:
            raise ModelError(f"{repository} has no model file {', '.join(missing)}; it has {', '.join(sorted(usable)) or 'none'}")
        return tuple(usable[name] for name in names)
    if "model.safetensors" in usable and "tokenizer.json" in usable and not models:
        return tuple(found for found in usable.values())
    if len(models) == 1:
        return (usable[models[0]],)
    if not models:
        raise ModelError(f"{repository} has no GGUF file, and no model.safetensors with a tokenizer.json, that could be checked and used")
    raise ModelError(f"{repository} has several models; say which: {', '.join(sorted(models))}")


def _with_hash(chosen: tuple[HubFile, ...], sha256: str) -> tuple[HubFile, ...]:
    if len(chosen) != 1 or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ModelError("--sha256 is the hash of one file, 64 digits in hex")
    (found,) = chosen
    if len(found.digest) == 64 and found.digest != sha256:
        raise ModelError(f"{found.name} has sha256 {found.digest} at the hub, asked for was {sha256}; nothing was fetched")
    return (replace(found, digest=sha256),)


def _ensure(address: str, file: Path, wanted: HubFile, report: Report) -> None:
    if file.is_file() and file.stat().st_size == wanted.bytes and (len(wanted.digest) == 40 or file_sha256(file) == wanted.digest):
        return
    report(wanted.name, 0, wanted.bytes)
    transfer(address, file, digest=wanted.digest, size=wanted.bytes, progress=lambda held: report(wanted.name, held, wanted.bytes))
