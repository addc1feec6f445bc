"""The kinds of remote storage, and how a connection to each is made. Each library takes credentials from the environment as it does."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from ragkit.errors import MissingExtra, RagkitError, SourceError

from .naming import one_line
from .secrets import expand, refuse_secret

_SCHEME = re.compile(r"([a-z][a-z0-9+]*)://(.*)\Z", re.I | re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A URL taken apart: its ``root``, which begins every URI, and the ``path`` below it that the file system knows."""

    kind: Kind
    root: str
    path: str
    login: tuple[str, str] = field(default=("", ""), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of storage: the module that reads it, the extra that brings it, and the options that it takes.

    ``hosted``: the URL names a host. ``coarse``: a version may be told by nothing finer than a second and the size.
    ``single``: one thing at a time, and nothing else while a file is read.
    """

    scheme: str
    module: str
    extra: str = ""
    options: tuple[str, ...] = ()
    hosted: bool = False
    coarse: bool = False
    single: bool = False
    make: Callable[[Any, Place, Mapping[str, Any]], Any]


def _s3(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    client = {"region_name": options["region"]} if options.get("region") else {}
    config = {"connect_timeout": 15, "read_timeout": 60, "retries": {"max_attempts": 3}}
    given = {name: options[name] for name in ("endpoint_url", "profile", "anon", "requester_pays") if options.get(name)}
    return module.S3FileSystem(**given, client_kwargs=client, config_kwargs=config, default_block_size=5 << 20, **_FRESH)


def _gcs(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    given = {name: options[name] for name in ("endpoint_url", "project", "requester_pays") if options.get(name)}
    return module.GCSFileSystem(**given, **({"token": "anon"} if options.get("anon") else {}), **_FRESH)


def _azure(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    given = {name: options[name] for name in ("account_name", "anon") if options.get(name)}
    return module.AzureBlobFileSystem(**given, **_FRESH)


def _webdav(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    url = place.root.removeprefix("webdav+")
    here = urlsplit(url)

    def stay(response: Any) -> None:
        """A server must not send ragkit to another host."""
        if response.next_request is not None and (response.next_request.url.host, response.next_request.url.scheme) != (
            here.hostname,
            here.scheme,
        ):
            raise SourceError("the server redirects to another host, which is not followed")

    class Client(importlib.import_module("webdav4.client").Client):  # type: ignore[misc]
        """Escapes in names what stands for something else in a URL."""

        def join_url(self, path: str, add_trailing_slash: bool = False) -> Any:
            for char, escape in (("%", "%25"), ("?", "%3F"), ("#", "%23")):
                path = path.replace(char, escape)
            return super().join_url(path, add_trailing_slash)

    auth = place.login if any(place.login) else None
    client = Client(url, auth=auth, timeout=60.0, event_hooks={"response": [stay]}, trust_env=False)
    return module.WebdavFileSystem(url, client=client)


def _ftp(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    parts = urlsplit(place.root)
    user, password = place.login
    return module.FTPFileSystem(
        parts.hostname or "", port=parts.port or 21, username=user or None, password=password or None, timeout=60, **_FRESH
    )


def _memory(module: Any, place: Place, options: Mapping[str, Any]) -> Any:
    return module.MemoryFileSystem()


_FRESH = {"skip_instance_cache": True, "use_listings_cache": False}
_S3_OPTIONS = ("endpoint_url", "region", "profile", "anon", "requester_pays")
_GCS_OPTIONS = ("endpoint_url", "project", "anon", "requester_pays")
_AZURE_OPTIONS = ("account_name", "anon")
_IN = "fsspec.implementations."

KINDS = {
    kind.scheme: kind
    for kind in (
        Kind(scheme="s3", module="s3fs", extra="s3", options=_S3_OPTIONS, make=_s3),
        Kind(scheme="gs", module="gcsfs", extra="gcs", options=_GCS_OPTIONS, make=_gcs),
        Kind(scheme="gcs", module="gcsfs", extra="gcs", options=_GCS_OPTIONS, make=_gcs),
        Kind(scheme="az", module="adlfs", extra="azure", options=_AZURE_OPTIONS, make=_azure),
        Kind(scheme="abfs", module="adlfs", extra="azure", options=_AZURE_OPTIONS, make=_azure),
        Kind(scheme="webdav+https", module="webdav4.fsspec", extra="webdav", hosted=True, coarse=True, make=_webdav),
        Kind(scheme="webdav+http", module="webdav4.fsspec", extra="webdav", hosted=True, coarse=True, make=_webdav),
        Kind(scheme="ftp", module=_IN + "ftp", hosted=True, coarse=True, single=True, make=_ftp),
        Kind(scheme="memory", module=_IN + "memory", make=_memory),
    )
}


def kind_of(url: str) -> Kind | None:
    """The kind of storage that ``url`` names."""
    found = _SCHEME.match(url)
    return KINDS.get(found[1].lower()) if found else None


def place_of(url: str) -> Place:
    """``url`` taken apart; secrets in it are names of environment variables.

    Raises:
        SourceError: it holds a secret, names a variable that is not set, or is of no known kind.
    """
    refuse_secret(url)
    kind, found = kind_of(url), _SCHEME.match(url)
    if kind is None or found is None or not found[2].strip("/") or "::" in url:
        raise SourceError(f"{one_line(url, 200)!r} names no remote storage")
    if ".." in found[2].split("/"):
        raise SourceError("a source with .. in its path is not read")
    if not kind.hosted:
        return Place(kind=kind, root=f"{kind.scheme}://", path=found[2].strip("/"))
    login, at, rest = found[2].partition("/")[0].rpartition("@")
    host = rest.lower()
    if not re.fullmatch(r"[a-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?", host):
        raise SourceError(f"{host!r} is no host")
    user, _, password = login.partition(":") if at else ("", "", "")
    path = unquote(found[2].partition("/")[2]).strip("/")
    return Place(kind=kind, root=f"{kind.scheme}://{host}/", path=path, login=(expand(unquote(user)), expand(unquote(password))))


def connect(place: Place, options: Mapping[str, Any]) -> Any:
    """The file system of ``place``.

    Raises:
        MissingExtra: what reads it is not installed.
        SourceError: it does not take one of ``options``, or cannot be connected to.
    """
    kind = place.kind
    given = {name: value for name, value in options.items() if value}
    if unknown := sorted(given.keys() - set(kind.options)):
        known = ", ".join(kind.options) or "none"
        raise SourceError(f"{kind.scheme}:// has no option {unknown[0]!r}; it has: {known}")
    if given.get("endpoint_url"):
        refuse_secret(given["endpoint_url"])
    try:
        module = importlib.import_module(kind.module)
    except ImportError as error:
        command = f"pip install 'ragkit[{kind.extra}]'" if kind.extra else "pip install fsspec"
        raise MissingExtra(f"{kind.scheme}:// needs {kind.module.partition('.')[0]}: {command}") from error
    with Telling(place, "cannot be connected to"):
        return kind.make(module, place, given)


class Telling:
    """Whatever a storage's library raises within becomes a :class:`SourceError` of one line, without any secret."""

    def __init__(self, place: Place, what: str) -> None:
        self._secrets = [secret for secret in place.login if secret]
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception) or isinstance(error, RagkitError | GeneratorExit):
            return
        missing = isinstance(error, FileNotFoundError)
        reason = "there is nothing of that name" if missing else one_line(error) or type(error).__name__
        for secret in self._secrets:
            reason = reason.replace(secret, "***")
        raise SourceError(f"{self._what}: {reason}") from None
