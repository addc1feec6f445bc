"""Fetching a git repository over HTTPS: objects into a folder of our own, nothing else; no file is checked out, no program run."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ragkit.errors import SourceError

from .addresses import Policy, Target
from .git_objects import BROKEN
from .git_packs import scan
from .naming import one_line
from .secrets import expand

if TYPE_CHECKING:
    import urllib3

#: Per request: the list of refs, and a fetch beside its pack.
_TIMEOUT_S = 30.0
MAX_SECONDS = 600.0
_MAX_OBJECTS = 5_000_000
#: All objects unpacked may take this many times the bytes that were fetched.
_MAX_RATIO = 50
_LEAVE_OUT = b"blob:limit=128m"


def fetch(url: str, folder: str, *, ref: str | None, max_bytes: int, history: int, allow_hosts: Sequence[str]) -> tuple[str, bytes]:
    """Brings the commit that ``ref`` names, and ``history`` commits before it, into ``folder``, unless it is there; ref and commit.

    Raises:
        SourceError: it cannot be fetched, or is more than the limits allow. The message holds no secret.
    """
    from dulwich.client import HTTPProxyUnauthorized, HTTPUnauthorized
    from dulwich.errors import GitProtocolError, HangupException, NotGitRepository

    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.hostname}{parts.path}"
    secrets = [expand(unquote(part)) for part in (parts.username or "", parts.password or "")]
    try:
        return _fetch(url, secrets, folder, ref, max_bytes, history, Policy(allow_hosts))
    except SourceError as error:
        raise SourceError(f"{shown}: {error}") from None
    except (NotGitRepository, HTTPUnauthorized, HTTPProxyUnauthorized):
        reason = "there is no git repository, or it takes another login: git+https://${USER}:${TOKEN}@host/name.git"
    except (GitProtocolError, HangupException, *BROKEN) as error:
        reason = one_line(error) or type(error).__name__
    for secret in filter(None, secrets):
        reason = reason.replace(secret, "***")
    raise SourceError(f"{shown} cannot be fetched: {reason}") from None


def _fetch(
    url: str, secrets: list[str], folder: str, ref: str | None, max_bytes: int, history: int, policy: Policy
) -> tuple[str, bytes]:
    from dulwich.object_store import ObjectStoreGraphWalker

    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    client = _client(base, secrets, policy, max_bytes)
    name, sha = pick({os.fsdecode(k): v for k, v in client.get_refs(parts.path, ref_prefix=_prefixes(ref)).refs.items() if v}, ref)
    done = os.path.join(folder, "objects", "pack", f"ragkit-{sha.decode()}.idx")
    if os.path.exists(done):
        return name, sha
    os.makedirs(os.path.dirname(done), exist_ok=True)
    handle, pack = tempfile.mkstemp(dir=os.path.dirname(done), suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            walker = ObjectStoreGraphWalker([], lambda sha: [], shallow=set())
            limits = {"depth": history, "filter_spec": _LEAVE_OUT, "ref_prefix": _prefixes(ref)}
            client.fetch_pack(parts.path, lambda refs, depth=None: [sha], walker, file.write, **limits)
        _index(pack, done, max_bytes)
    finally:
        if os.path.exists(pack):
            os.unlink(pack)
    return name, sha


def _index(pack: str, done: str, max_bytes: int) -> None:
    """Checks a pack and makes it part of the folder; older ones go."""
    from dulwich.object_format import SHA1
    from dulwich.pack import PackData

    scan(pack, max_objects=_MAX_OBJECTS, max_bytes=max_bytes * _MAX_RATIO)
    with PackData(pack, object_format=SHA1) as data:
        data.create_index_v2(done + ".part")
    for name in os.listdir(os.path.dirname(done)):
        if name.startswith("ragkit-") and name.endswith((".idx", ".pack")):
            os.unlink(os.path.join(os.path.dirname(done), name))
    os.rename(pack, done.removesuffix(".idx") + ".pack")
    os.rename(done + ".part", done)


def _prefixes(ref: str | None) -> list[bytes]:
    named = [] if ref is None else [os.fsencode(name) for name in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}")]
    return [b"HEAD", b"refs/heads/", *named]


def pick(refs: dict[str, bytes], ref: str | None, head: str = "") -> tuple[str, bytes]:
    """The name and the object of ``ref`` (a branch, a tag, a commit's 40 hex digits, nothing for HEAD) among ``refs``.

    Raises:
        SourceError: there is no such one.
    """
    if ref is None:
        sha = refs.get("HEAD", b"")
        same = sorted(name for name, value in refs.items() if value == sha and name.startswith("refs/heads/"))
        chosen = head or next((name for name in same if name in ("refs/heads/main", "refs/heads/master")), same[0] if same else "HEAD")
        if sha:
            return chosen.removeprefix("refs/heads/"), sha
        raise SourceError("the repository has no commit yet")
    for prefix in ("refs/heads/", "refs/tags/", "refs/remotes/origin/", ""):
        if prefix + ref in refs:
            return ref, refs[prefix + ref]
    if len(ref) == 40 and set(ref.lower()) <= set("0123456789abcdef"):
        return ref.lower(), ref.lower().encode()
    known = ", ".join(sorted(name.rpartition("/")[2] for name in refs if name.startswith("refs/heads/"))[:20])
    raise SourceError(f"it has no branch, tag or commit {one_line(ref, 80)!r}; branches: {one_line(known) or 'none'}")


def _client(base: str, secrets: list[str], policy: Policy, max_bytes: int) -> Any:
    from dulwich.client import Urllib3HttpGitClient

    class Client(Urllib3HttpGitClient):
        """With an end to the bytes and the time that a server may take."""

        left, until = max_bytes, time.monotonic() + MAX_SECONDS

        def _http_request(self, url: str, *args: Any, **kwargs: Any) -> Any:
            response, read = super()._http_request(url, *args, **kwargs)
            if "info/refs" in url and not (response.headers.get("Content-Type") or "").startswith("application/x-git-"):
                raise SourceError("there is no git repository that speaks git's smart protocol")
            return response, self._limited(read)

        def _limited(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
            def limited(size: int) -> bytes:
                piece = read(size)
                self.left -= len(piece)
                if self.left < 0:
                    raise SourceError(f"the repository takes more than {max_bytes:,} bytes to fetch, the option max_bytes")
                if time.monotonic() > self.until:
                    raise SourceError(f"the repository takes more than {MAX_SECONDS:.0f} seconds to fetch")
                return piece

            return limited

    user, password = secrets
    login: dict[str, Any] = {"username": user or None, "password": password or None}
    return Client(base, pool_manager=_pools(policy), timeout=_TIMEOUT_S, thin_packs=False, quiet=True, **login)


def _pools(policy: Policy) -> urllib3.PoolManager:
    """Connections go to an address that was checked, by its number; TLS keeps the name. Proxies of the environment are not used."""
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection

    def connect(connection: HTTPConnection) -> socket.socket:
        host, port = connection._dns_host.removesuffix("."), connection.port or 443
        policy.admit(Target("https", host, port, "/"))
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        checked = [str(policy.check(host, port, address)) for address in sorted(found)]
        return socket.create_connection((checked[0], port), timeout=_TIMEOUT_S)

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            if not policy.named(self._dns_host):
                raise SourceError(f"{self._dns_host} is not read without TLS; write https, or add it to the setting sources.allow_hosts")
            return connect(self)

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Tls

    pools = urllib3.PoolManager(headers={"User-Agent": "git/ragkit"}, retries=urllib3.Retry(3, redirect=3, read=0, connect=1))
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
    return pools
