"""Fetching: nothing inside is ever connected to, every answer has limits, and what is allowed by name works."""

from __future__ import annotations

import datetime
import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpsites import Detour, Handler, Site, serving

from ragkit.connectors.addresses import Policy, parse, public
from ragkit.connectors.fetching import USER_AGENT, Fetcher, FetchError, Refused, TimedOut, TooLarge
from ragkit.errors import SettingsError

PUBLIC = "93.184.215.14"

#: Hosts that lead, or may lead, to this machine, its network or its cloud. None may ever be connected to.
INSIDE = """
127.0.0.1 127.0.0.2 127.255.255.254 127.1 127.0.1 0 0.0.0.0 0.0.0.1 1 2130706433 017700000001 0177.0.0.1 0177.1 0x7f000001 0x7f.0.0.1
0x7f.1 0X7F000001 127.0.0.01 127.000.000.001 127.0.0.1. 127.0.0.0x1 127.0.0.256 4294967295 1e3.1
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 100.64.0.1 100.100.100.200 100.127.255.255
169.254.169.254 169.254.0.1 2852039166 0xA9FEA9FE 0251.0376.0251.0376 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1
192.88.99.1 168.63.129.16 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
[::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:10.0.0.1] [::127.0.0.1] [::a00:1] [::ffff:0:127.0.0.1]
[fe80::1] [fe80::1%25lo] [fe80::1%lo] [fc00::1] [fd00:ec2::254] [fd12:3456::1] [fec0::1] [ff02::1] [2001:db8::1] [3fff::1] [100::1]
[2002:7f00:1::1] [2002:a9fe:a9fe::] [2001:0:7f00:1::1] [2001::1] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1]
[2600::5efe:127.0.0.1] [2600::200:5efe:10.0.0.1] [5f00::1] [4000::1] [::1]x [::1]:80:80 [127.0.0.1] [v1.fe80]
localhost LOCALHOST localhost. localhost.. lOcAlHoSt. ⓛocalhost ｌｏｃａｌｈｏｓｔ １２７.０.０.１
127。0。0。1 127．0．0．1 ①②⑦.⓪.⓪.① local\u00adhost local\u200bhost
metadata metadata.google.internal METADATA.google.internal. metadata.goog instance-data
127.0.0.1%00.example.com 127.0.0.1%2f localhost%2eexample.com exa%6dple.com -a.example.com a..example.com .example.com example.com%
user@127.0.0.1 user:pass@127.0.0.1 example.com@127.0.0.1 127.0.0.1:80@example.com
@example.com example.com\\@127.0.0.1 127.0.0.1\\.example.com
""".split()

#: URLs that are refused as they stand.
MALFORMED = [
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:25/_HELO", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/", "javascript:1",
    "data:text/plain,x", "//127.0.0.1/", "/etc/passwd", "http:", "http://", "http:///path", "http:127.0.0.1", "http:/127.0.0.1/", "https://?x",
    "http://example.com:0/", "http://example.com:99999/", "http://example.com:-1/", "http://example.com:８０/", "http://example.com:/",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/", "http://example.com/a b", "http://example.com/\r\nX: y",
    "http://example.com/\nHost: x", "http://exa\tmple.com/", "http://example.com\x00.x/", " http://127.0.0.1/", "http://example.com/\\..",
    "http://[::1/", "http://::1/", "http://example.com]/", "http://a" + "a" * 300 + ".com/", "http://*.example.com/", "http://exa,mple.com/",
    "http://127.0.0.1;.example.com/", "http://\u2028.com/", "http://\ud800.com/", "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
]  # fmt: skip


@pytest.fixture(scope="module")
def inside() -> Iterator[Site]:
    """A server that nothing may reach."""
    with serving({"/": (200, {}, b"secret")}) as site:
        yield site


@pytest.mark.parametrize("host", INSIDE)
def test_no_host_inside_is_connected_to(host: str, inside: Site) -> None:
    """However a host inside is written, and whatever the port, no connection is made; a name is resolved at most once."""
    before, detour, asked = inside.connections, Detour(inside.port), []

    def resolver(name: str, port: int) -> list[str]:
        asked.append(name)
        return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]

    for url in (f"http://{host}/", f"https://{host}/x", f"http://{host}:{inside.port}/"):
        asked.clear()
        with pytest.raises(FetchError) as caught:
            Fetcher(resolver=resolver, backend=detour).get(url)
        assert "\n" not in str(caught.value)
        assert len(asked) <= 1
        with pytest.raises(FetchError):
            Fetcher(allow_hosts=["203.0.113.77", "10.99.0.0/16"]).get(url)
    assert (detour.went, inside.connections) == ([], before)


@pytest.mark.parametrize("url", MALFORMED)
def test_no_odd_url_is_fetched(url: str, inside: Site) -> None:
    """Another scheme, no host, an odd port, white space or a line end: refused before any name is resolved."""
    detour = Detour(inside.port)

    def resolver(name: str, port: int) -> list[str]:
        raise AssertionError(f"{name} was resolved")

    with pytest.raises(Refused):
        Fetcher(resolver=resolver, backend=detour).get(url)
    assert detour.went == []


def test_every_address_of_a_name_is_checked(inside: Site) -> None:
    """A name with one public and one private address is refused, in either order, and so is one with no address at all."""
    for answer in (["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1", PUBLIC], ["fe80::1%lo"], ["::ffff:10.0.0.1"], ["nonsense"], []):
        detour = Detour(inside.port)
        with pytest.raises(FetchError):
            Fetcher(resolver=lambda host, port, answer=answer: answer, backend=detour).get("http://example.com/")  # type: ignore[misc]
        assert detour.went == []


def test_rebinding_gains_nothing(inside: Site) -> None:
    """The connection goes to the address that was checked: a resolver that answers otherwise the second time is not asked again."""
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    with serving({"/": (200, {"Connection": "close"}, b"public")}) as outside:
        detour = Detour(outside.port)
        fetcher = Fetcher(resolver=lambda host, port: answers.pop(0), backend=detour)
        before = inside.connections
        assert fetcher.get("http://example.com/").body == b"public"
        assert detour.went == [(PUBLIC, 80)]
        with pytest.raises(Refused, match=r"127\.0\.0\.1"):
            fetcher.get("http://example.com/")
    assert detour.went == [(PUBLIC, 80)]
    assert inside.connections == before


REDIRECTS = [
    "http://127.0.0.1:{port}/",
    "//localhost:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://2130706433/",
    "file:///etc/passwd",
    "http://10.0.0.1/",
    "http://metadata.google.internal/",
    "http://user@example.com/",
    "http://rebound.example/",
    "\\\\127.0.0.1\\x",
]


@pytest.mark.parametrize("location", REDIRECTS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_checked(location: str, status: int, inside: Site) -> None:
    """A public page that redirects inside, directly or at the end of a chain, is refused, and nothing inside is connected to."""
    before = inside.connections
    routes = {"/": (302, {"Location": "/2"}, b""), "/2": (status, {"Location": location.format(port=inside.port)}, b"")}
    with serving(dict(routes)) as outside:
        detour = Detour(outside.port)
        names = {"example.com": [PUBLIC], "rebound.example": ["192.168.1.1"], "localhost": ["127.0.0.1"]}
        with pytest.raises(Refused):
            Fetcher(resolver=lambda host, port: names.get(host, [host]), backend=detour).get("http://example.com/")
    assert {address for address, _ in detour.went} == {PUBLIC}
    assert outside.asked == ["/", "/2"]
    assert inside.connections == before


def test_redirects_are_followed_so_far() -> None:
    """Five redirects are followed, relative ones too; the sixth is an error; each hop is told before it is made."""
    routes = {f"/{n}": (302, {"Location": f"{n - 1}"}, b"") for n in range(1, 9)}
    hops: list[str] = []
    with serving({**routes, "/0": (200, {}, b"end")}) as site:
        fetcher = Fetcher(allow_hosts=["127.0.0.1"])
        assert fetcher.get(f"{site.url}/5", hop=hops.append).url == f"{site.url}/0"
        assert hops == [f"{site.url}/{n}" for n in (4, 3, 2, 1, 0)]
        with pytest.raises(FetchError, match="more than 5 times"):
            fetcher.get(f"{site.url}/6")


def test_allowed_hosts_work() -> None:
    """A host inside may be fetched from when it is allowed by its name, its address or its network; another one not."""
    with serving({"/a%20b?q=%C3%A9": (200, {"Content-Type": "text/html; charset=x"}, b"yes")}) as site:
        for allowed in ("127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1/128", "localhost"):
            name = "localhost" if allowed == "localhost" else "127.0.0.1"
            if allowed.startswith("::"):
                continue
            answer = Fetcher(allow_hosts=[allowed], resolver=lambda host, port: ["127.0.0.1"]).get(
                f"http://{name}:{site.port}/a%20b?q=é#part"
            )
            assert (answer.status, answer.body, answer.media_type) == (200, b"yes", "text/html")
        assert Fetcher(allow_hosts="10.0.0.1, 127.0.0.1").get(f"{site.url}/a%20b?q=%C3%A9").body == b"yes"
        assert site.headers[0]["Host"] == f"127.0.0.1:{site.port}"
        assert site.headers[0]["User-Agent"] == USER_AGENT
        with pytest.raises(Refused, match=r"sources\.allow_hosts"):
            Fetcher(allow_hosts=["127.0.0.2", "example.com"]).get(site.url)
    with pytest.raises(SettingsError, match="no host and no network"):
        Fetcher(allow_hosts=["http://127.0.0.1/"])


def test_the_environments_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch, inside: Site) -> None:
    """A proxy would resolve the names itself, unchecked; none is used."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, inside.url)
    before = inside.connections
    with serving({"/": (200, {}, b"direct")}) as site:
        assert Fetcher(allow_hosts=["127.0.0.1"]).get(site.url).body == b"direct"
    assert inside.connections == before


def test_public_addresses() -> None:
    """Addresses of the public internet are known as such, also one in a NAT64 prefix."""
    for address in ("1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"):
        assert Policy().check("h", 443, address)
    import ipaddress

    assert not public(ipaddress.ip_address("::ffff:10.0.0.1"))


def test_urls_have_one_form() -> None:
    """Host in lower case and ASCII, no default port, no fragment, no dot at the end; the path without dots."""
    forms = {
        "HTTP://Example.COM:80": "http://example.com/",
        "https://example.com:443/a/../b?x=1&y=%41#z": "https://example.com/b?x=1&y=%41",
        "http://example.com//a/./b/%2E%2e/../../../../c/.": "http://example.com/c/",
        "https://example.com.:8443/ä?ö": "https://example.com:8443/%C3%A4?%C3%B6",
        "https://Bücher.example/": "https://xn--bcher-kva.example/",
        "http://[2606:4700::1111]:80/": "http://[2606:4700::1111]/",
    }
    assert {url: parse(url).url for url in forms} == forms


# --- limits -------------------------------------------------------------------------------------------------


def drip(handler: Handler) -> None:
    """A body of which a byte comes every 20 ms, without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def endless(piece: bytes) -> object:
    """An answer that begins with what is given, and repeats it without an end."""

    def answer(handler: Handler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                handler.wfile.write(piece)
        except OSError:
            handler.close_connection = True

    return answer


def silent(handler: Handler) -> None:
    time.sleep(0.6)
    handler.close_connection = True


BOMB = gzip.compress(bytes(60_000_000), 9)


@pytest.mark.parametrize(
    ("route", "error"),
    [
        (silent, TimedOut),
        (drip, TimedOut),
        (endless(b"X-Header: " + b"x" * 1000 + b"\r\n"), FetchError),
        (endless(b"\r\n" + b"body" * 1000), TooLarge),
        ((200, {}, b"x" * 1_000_001), TooLarge),
        ((200, {"Content-Encoding": "gzip"}, BOMB), TooLarge),
        ((200, {"Content-Encoding": "deflate"}, zlib.compress(bytes(60_000_000))), TooLarge),
        ((200, {"Content-Encoding": "gzip"}, b"no gzip"), FetchError),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"cut off here")[:-9]), FetchError),
        ((200, {"Content-Encoding": "br"}, b"x"), FetchError),
        ((200, {"Content-Encoding": "gzip, gzip"}, gzip.compress(BOMB)), FetchError),
        (
            lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort") and handler.connection.shutdown(2),
            FetchError,
        ),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n") and None, FetchError),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 103 Early\r\n\r\n" * 40_000) and None, FetchError),
    ],
)
def test_every_answer_has_limits(route: object, error: type[FetchError]) -> None:
    """An answer that is too slow, too large, too large unpacked, or none, ends soon with an error of one line."""
    with serving({"/": route}) as site:  # type: ignore[dict-item]
        fetcher = Fetcher(allow_hosts=["127.0.0.1"], max_bytes=1_000_000, timeout_s=0.5, first_byte_s=0.3)
        begin = time.monotonic()
        with pytest.raises(error) as caught:
            fetcher.get(site.url)
        assert time.monotonic() - begin < 2
        assert "\n" not in str(caught.value)
        site.routes["/"] = (200, {}, b"well")
        assert fetcher.get(site.url).body == b"well"


def test_compressed_answers_are_unpacked() -> None:
    """gzip, of several members too, and zlib are unpacked; an answer of exactly the limit is taken."""
    body = b"some text " * 100
    packed = gzip.compress(body[:500]) + gzip.compress(body[500:])
    with serving(
        {"/g": (200, {"Content-Encoding": "gzip"}, packed), "/d": (200, {"Content-Encoding": "deflate"}, zlib.compress(body))}
    ) as site:
        fetcher = Fetcher(allow_hosts=["127.0.0.1"], max_bytes=len(body))
        assert fetcher.get(f"{site.url}/g").body == fetcher.get(f"{site.url}/d").body == body
        assert site.connections == 1


# --- TLS ----------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> Path:
    """A certificate for ``name`` that signs itself, and its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "cert.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_tls_keeps_the_name(tmp_path: Path) -> None:
    """The connection goes to a number, but the certificate is checked against the name, and SNI and ``Host`` carry it."""
    file = certificate(tmp_path, "example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, context: names.append(name)  # type: ignore[assignment]
    with serving({"/": (200, {}, b"safe")}, context) as site:
        trusting = ssl.create_default_context(cafile=str(file))
        fetcher = Fetcher(resolver=lambda host, port: [PUBLIC], backend=Detour(site.port), ssl_context=trusting)
        assert fetcher.get("https://example.com/").body == b"safe"
        assert names == ["example.com"]
        assert site.headers[0]["Host"] == "example.com"
        with pytest.raises(FetchError, match="mismatch"):
            fetcher.get("https://example.org/")
        with pytest.raises(FetchError, match="certificate"):
            Fetcher(resolver=lambda host, port: [PUBLIC], backend=Detour(site.port)).get("https://example.com/")
