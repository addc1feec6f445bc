"""Which addresses a request may go to: public ones, and what the user allowed by name.

A URL can come from a page, a sitemap or a redirect, so whoever writes one of these must not reach what only this machine can
reach (server-side request forgery).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import idna

from ragkit.errors import SettingsError, SourceError

from .naming import one_line
from .secrets import refuse_secret

Address = IPv4Address | IPv6Address

#: Ports of public hosts that are talked to; a host that is allowed by name or network may have any.
PORTS = frozenset([80, 443, 8000, 8008, 8080, 8443, 8888])
_DEFAULT = {"http": 80, "https": 443}

#: IANA's special-purpose registries, and Azure's host agent, which has a public number.
_CLOSED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4"
    ).split()
)
_OPEN_6 = ipaddress.IPv6Network("2000::/3")
#: Within it: protocol assignments with Teredo, documentation, 6to4, the AS112 service, documentation again.
_CLOSED_6 = tuple(map(ipaddress.IPv6Network, "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()))
#: An IPv4 address stands in the last 32 bits: mapped, and by NAT64.
_CARRIES_4 = tuple(map(ipaddress.IPv6Network, "::ffff:0:0/96 64:ff9b::/96".split()))
_ISATAP = (0x00005EFE, 0x02005EFE)

#: Names of cloud metadata services, wherever they lead.
_METADATA = frozenset(["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"])

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")


class FetchError(SourceError):
    """A URL could not be fetched; one line that says why."""


class Refused(FetchError):
    """A URL that is not fetched, because of where it leads."""


class Target(NamedTuple):
    """Where a URL leads: the host in lower case, in ASCII, without a dot at its end; path and query percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and, unless it is the scheme's own, port, as a ``Host`` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, canonical, without a fragment."""
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse(url: str) -> Target:
    """``url`` taken apart.

    Raises:
        Refused: it is no plain ``http`` or ``https`` URL with a host that is written in the common way.
    """
    if _SPACE.search(url):
        raise Refused("a URL with white space, control characters or backslashes in it is not fetched")
    shown = one_line(url, 200)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"{shown} is no URL: {one_line(error)}") from error
    if parts.scheme not in _DEFAULT:
        raise Refused(f"{shown} is not fetched: only http and https are")
    if "@" in parts.netloc:
        raise Refused("a URL with a user name in it is not fetched")
    if port == 0 or parts.netloc.endswith(":"):
        raise Refused(f"{shown} is not fetched: it has no proper port")
    path = quote(_dotless(parts.path or "/"), safe="/%:@!$&'()*+,;=~-._") + (f"?{quote(parts.query, safe=_QUERY)}" if parts.query else "")
    return Target(parts.scheme, host_of(parts.netloc), port or _DEFAULT[parts.scheme], path)


def _dotless(path: str) -> str:
    """``path`` without ``.`` and ``..``, however these are written, as browsers and RFC 3986 (5.2.4) have it."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del kept[max(1, len(kept) - 1) :]
        elif dots != ".":
            kept.append(segment)
    if dots in (".", ".."):
        kept.append("")
    return "/".join(kept) if len(kept) > 1 else "/"


_QUERY = "/%:@!$&'()*+,;=~-._?[]|^`{}"


def given(source: str) -> str:
    """The canonical form of a URL that a user gave, without its fragment.

    Raises:
        SourceError: it is not fetched, or holds a secret, which would stand in the URI of every document.
    """
    url = source.partition("#")[0]
    try:
        if "${" in url:
            raise SourceError("a variable")
        refuse_secret(url)
    except SourceError as error:
        raise SourceError("the address of a page or feed can hold no secret: it would stand in the URIs of the documents") from error
    return parse(url).url


def host_of(netloc: str) -> str:
    """The host in ``netloc``, in its one canonical form.

    Raises:
        Refused: it is no name, and no address in the usual notation (``127.1``, ``0x7f000001``, ``[fe80::1%eth0]``).
    """
    if netloc.startswith("["):
        inside, _, after = netloc[1:].partition("]")
        if "%" in inside or (after and not re.fullmatch(r":[0-9]{1,5}", after)):
            raise Refused("an IPv6 address with a zone or anything else behind it is not fetched")
        try:
            return str(IPv6Address(inside))
        except ValueError as error:
            raise Refused(f"[{one_line(inside, 60)}] is no IPv6 address") from error
    name = netloc.partition(":")[0]
    return _ascii(name)


def _ascii(name: str) -> str:
    shown = one_line(name, 80)
    if "%" in name:
        raise Refused(f"the host {shown!r} has percent signs in it; it is not fetched")
    try:
        host = name.lower() if name.isascii() else idna.encode(name, uts46=True, transitional=False).decode("ascii").lower()
    except (UnicodeError, ValueError) as error:
        raise Refused(f"the host {shown!r} is no internationalised name: {one_line(error, 80)}") from error
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"the host {shown!r} is no host's name")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise Refused(f"the host {shown!r} is a number or a short form; an address is written as 192.0.2.1") from error
    return host


class Policy:
    """Decides where requests may go. ``allow_hosts`` names hosts, addresses and networks (``10.1.0.0/16``) beyond the public ones."""

    def __init__(self, allow_hosts: Sequence[str] = ()) -> None:
        names, networks = set(), []
        for entry in allow_hosts.replace(",", " ").split() if isinstance(allow_hosts, str) else allow_hosts:
            try:
                networks.append(ipaddress.ip_network(entry.strip().strip("[]"), strict=False))
            except ValueError:
                try:
                    names.add(_ascii(entry.strip()))
                except Refused as error:
                    raise SettingsError(f"sources.allow_hosts has {entry!r}, which is no host and no network") from error
        self._names = frozenset(names)
        self._networks = tuple(networks)

    def named(self, host: str) -> bool:
        """Whether ``host`` is allowed beyond the public ones, by its name or as an address."""
        return host in self._names or self._within(host)

    def admit(self, target: Target) -> None:
        """What can be told before the name is resolved.

        Raises:
            Refused: the port, or the host by its name.
        """
        allowed = self.named(target.host)
        if target.host in _METADATA and not allowed:
            raise Refused(f"{target.host} is a cloud's metadata service; it is not fetched")
        if target.port not in PORTS and not allowed and not self._networks:
            raise Refused(f"port {target.port} of {target.host} is not fetched; {_MEND}")

    def check(self, host: str, port: int, address: str) -> Address:
        """The ``address`` that ``host`` was found to have, when a connection to it may be made.

        Raises:
            Refused: it may not.
        """
        try:
            number = plain(ipaddress.ip_address(address))
        except ValueError as error:
            raise Refused(f"{host} has an address that is none: {one_line(address, 60)}") from error
        if host in self._names or any(number in network for network in self._networks):
            return number
        if not public(number):
            raise Refused(f"{host} is at {number}, which is not a public address; {_MEND}")
        if port not in PORTS:
            raise Refused(f"port {port} of {host} is not fetched; {_MEND}")
        return number

    def _within(self, host: str) -> bool:
        try:
            number = plain(ipaddress.ip_address(host))
        except ValueError:
            return False
        return any(number in network for network in self._networks)


_MEND = "to allow it, add the host to the setting sources.allow_hosts"


def plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one (``::ffff:127.0.0.1``), as itself.

    Raises:
        ValueError: it has a zone.
    """
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise ValueError("an address with a zone")
        return address.ipv4_mapped or address
    return address


def public(address: Address) -> bool:
    """Whether ``address``, and any address that it carries, belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    number = int(address)
    if any(address in network for network in _CARRIES_4):
        return public(IPv4Address(number & 0xFFFFFFFF))
    if (number >> 32) & 0xFFFFFFFF in _ISATAP and not public(IPv4Address(number & 0xFFFFFFFF)):
        return False
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)
