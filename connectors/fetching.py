"""Fetching over HTTP from a hostile network: every connection is checked where it is made, every answer is limited.

A host is resolved once for each connection, all of its addresses are checked, and the connection goes to one of these by its
number; ``Host`` and TLS keep the name. Redirects are followed here, each one checked anew. The environment's proxies are
ignored: behind one, no address could be checked.
"""

from __future__ import annotations

import functools
import socket
import ssl
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urljoin

import httpcore

from .addresses import FetchError, Policy, Refused, Target, parse
from .naming import one_line

__all__ = ["USER_AGENT", "FetchError", "Fetcher", "Refused", "Response", "TooLarge"]

USER_AGENT = f"ragkit/{version('ragkit')} (+https://pypi.org/project/ragkit)"

MAX_REDIRECTS = 5
#: Addresses of one host that are tried.
_ATTEMPTS = 3
_MAX_HEAD = 256 << 10
_REDIRECTS = frozenset([301, 302, 303, 307, 308])

Resolver = Callable[[str, int], Sequence[str]]


class TooLarge(FetchError):
    """An answer has more bytes than allowed, as sent or unpacked."""


class TimedOut(FetchError):
    """An answer, or a part of it, did not come in time."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: the URL that gave it, after redirects; its status; its headers, by lower-case name; its body, unpacked."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """What the server says the body is, without parameters; empty when it does not."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host``, as the system finds them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities; reading these takes a while, so once."""
    return ssl.create_default_context()


class Fetcher:
    """An HTTP client that goes to public hosts, and to those in ``allow_hosts``. Usable from several threads, one request at a time.

    ``max_bytes`` bounds a body, both as sent and unpacked; ``timeout_s`` a request with its redirects; ``first_byte_s`` the time
    to connect, and that in which nothing comes.
    """

    def __init__(
        self,
        *,
        allow_hosts: Sequence[str] = (),
        max_bytes: int = 50_000_000,
        timeout_s: float = 60.0,
        first_byte_s: float = 20.0,
        resolver: Resolver = resolve,
        backend: httpcore.NetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._first_byte_s = first_byte_s
        self._policy = Policy(allow_hosts)
        self._lock = threading.Lock()
        self._budget = _Budget()
        guard = _Guard(self._policy, resolver, backend or httpcore.SyncBackend(), self._budget)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or _trusted(), max_connections=4, keepalive_expiry=15, network_backend=guard
        )
        weakref.finalize(self, self._pool.close)

    def close(self) -> None:
        """Ends the connections that are kept open."""
        self._pool.close()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        hop: Callable[[str], None] = lambda url: None,
    ) -> Response:
        """What ``url`` answers, whatever its status.

        ``hop`` is called with the URL that a redirect leads to, before it is fetched, and may raise; the time that it
        takes does not count.

        Raises:
            Refused: the URL, or one that it redirects to, leads where requests may not go.
            FetchError: there is no usable answer; :class:`TooLarge`, :class:`TimedOut` say which limit was broken.
        """
        target = parse(url)
        limit = self.max_bytes if max_bytes is None else max_bytes
        left = self._timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            begin = time.monotonic()
            with self._lock:
                self._budget.deadline = time.monotonic() + left
                answer = self._once(target, headers or {}, limit)
            if isinstance(answer, Response):
                return answer
            left -= time.monotonic() - begin
            target = parse(answer)
            hop(target.url)
        raise FetchError(f"{one_line(url, 200)} redirects more than {MAX_REDIRECTS} times")

    def _once(self, target: Target, headers: Mapping[str, str], limit: int) -> Response | str:
        """The answer, or the URL that it redirects to."""
        self._policy.admit(target)
        self._budget.bytes = limit + _MAX_HEAD
        where = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        sent = {"Host": target.netloc, "User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip", **headers}
        wait = dict.fromkeys(("connect", "read", "write", "pool"), self._first_byte_s)
        try:
            with self._pool.stream("GET", where, headers=list(sent.items()), extensions={"timeout": wait}) as answer:
                named: dict[str, str] = {}
                for name, value in answer.headers:
                    key = name.decode("ascii").lower()
                    named[key] = f"{named[key]}, {value.decode('latin-1')}" if key in named else value.decode("latin-1")
                if answer.status in _REDIRECTS and named.get("location"):
                    return urljoin(target.url, _location(named["location"]))
                body = b"".join(_unpacked(answer.iter_stream(), named.get("content-encoding", ""), limit))
                return Response(target.url, answer.status, named, body)
        except httpcore.TimeoutException as error:
            raise TimedOut(f"{target.host} did not answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchError(f"{target.host}: {one_line(error) or type(error).__name__}") from error
        except zlib.error as error:
            raise FetchError(f"{target.host} sent a body whose compression is broken") from error


def _location(raw: str) -> str:
    """A ``Location`` header as text: by the standard ASCII, in practice often UTF-8."""
    try:
        return raw.encode("latin-1").decode("utf-8").strip(" ")
    except UnicodeError:
        return raw.strip(" ")


def _unpacked(chunks: Iterable[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    """The body's bytes, at most ``limit`` of them, so that a small answer cannot unpack to a huge one."""
    coding = encoding.strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchError(f"the server sent the content encoding {one_line(encoding, 40)!r}, which was not asked for")
    total = 0
    for piece in chunks if coding in ("", "identity") else inflated(chunks, limit):
        total += len(piece)
        if total > limit:
            raise TooLarge(f"the answer has more than {limit:,} bytes, the limit")
        yield piece


def inflated(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """``chunks`` of gzip or zlib, unpacked in pieces; what exceeds ``limit`` by far is not unpacked.

    Raises:
        zlib.error: they are not what they should be.
    """
    unpacker, ended, started = zlib.decompressobj(wbits=47), False, False
    for chunk in chunks:
        rest, started = chunk, True
        while rest:
            if ended:  # gzip may have several members, one after the other
                unpacker, ended = zlib.decompressobj(wbits=47), False
            piece = unpacker.decompress(rest, limit + 1)
            ended, rest = unpacker.eof, unpacker.unused_data or unpacker.unconsumed_tail
            if piece:
                yield piece
            if ended and not rest.strip(b"\0"):
                break
    if started and not ended:
        raise zlib.error("it ends early")


class _Budget:
    """What is left to the request at work: its deadline and the bytes that may still come."""

    def __init__(self) -> None:
        self.deadline = 0.0
        self.bytes = 0

    def wait(self, timeout: float | None) -> float:
        """Seconds that the next step may take."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)


class _Guard(httpcore.NetworkBackend):
    """The one place where connections are made: resolves, checks, and connects to what was checked."""

    def __init__(self, policy: Policy, resolver: Resolver, inner: httpcore.NetworkBackend, budget: _Budget) -> None:
        self._policy, self._resolver, self._inner, self._budget = policy, resolver, inner, budget

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of ``host``'s addresses, all of which must be allowed."""
        try:
            found = list(dict.fromkeys(self._resolver(host, port)))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(
                f"the name cannot be resolved ({getattr(error, 'strerror', None) or type(error).__name__})"
            ) from error
        addresses = [str(self._policy.check(host, port, address)) for address in found]
        failed: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses[:_ATTEMPTS]:
            try:
                return _Stream(self._inner.connect_tcp(address, port, self._budget.wait(timeout)), self._budget)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        """Never."""
        raise Refused("a socket of this machine is not fetched from")


class _Stream(httpcore.NetworkStream):
    """A connection on which no read goes past the deadline, or past the bytes that one answer may have."""

    def __init__(self, inner: httpcore.NetworkStream, budget: _Budget) -> None:
        self._inner, self._budget = inner, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._budget.wait(timeout))
        self._budget.bytes -= len(data)
        if self._budget.bytes < 0:
            raise TooLarge("the answer, as it was sent, has more bytes than allowed")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.wait(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._budget.wait(timeout)), self._budget)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
