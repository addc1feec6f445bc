"""An HTTP endpoint that speaks OpenAI's chat protocol as a system."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ragkit.errors import RagkitError

from ..questions import Question
from ..response import Passage, Response
from .called import timed
from .shapes import BadResponse, passage, response

#: Largest reply that is read, in bytes.
_LARGEST = 16 << 20
#: Where servers put what they found: at the reply's top, in the message, or in the message's ``context``.
_SOURCES = ("citations", "sources", "search_results", "documents")


class BadEndpoint(RagkitError, ValueError):
    """An address is none that can be asked."""


class EndpointSystem:
    """``url`` is the address before ``/chat/completions``, such as ``http://127.0.0.1:8080/v1``; ``key`` names the environment variable
    that holds the key. The question is the only message, after ``system`` when one is given.

    Answers are streamed, so the time to the first token is that of the reader. Markers ``[1]`` in the text cite the sources that the server
    sends along (``citations``, ``sources``, ``search_results``, ``documents``, or ``context.citations``), in their order. Redirects are not
    followed, and proxies of the environment not used.

    Raises:
        BadEndpoint: the address is no http(s) address, or holds a password.
    """

    def __init__(self, url: str, *, model: str = "", key: str = "", system: str = "", timeout_s: float = 120.0) -> None:
        import httpx

        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadEndpoint(f"{url!r} is no address: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo or parsed.query or parsed.fragment:
            raise BadEndpoint(
                f"an endpoint is an http(s) address without a password or a query, such as http://127.0.0.1:8080/v1, not {url!r}; "
                "a key stands in an environment variable"
            )
        self._url = str(parsed).rstrip("/").removesuffix("/chat/completions")
        self._model, self._key, self._system, self._timeout_s = model, key, system, timeout_s

    @property
    def name(self) -> str:
        return self._model or self._url

    def about(self) -> dict[str, Any]:
        return {"url": self._url, "model": self._model, "system": self._system}

    def respond(self, question: Question, k: int) -> Response:
        return timed(lambda: self._asked(question.text), k)

    def _asked(self, question: str) -> Response:
        import httpx

        first = [{"role": "system", "content": self._system}] if self._system else []
        body = {"model": self._model, "stream": True, "messages": [*first, {"role": "user", "content": question}]}
        key = os.environ.get(self._key, "") if self._key else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        began = time.perf_counter()
        with (
            httpx.Client(timeout=self._timeout_s, trust_env=False, headers=headers) as client,
            client.stream("POST", f"{self._url}/chat/completions", json=body) as reply,
        ):
            if not reply.is_success:
                raise BadResponse(f"{self._url} answered {reply.status_code}")
            return self._read(_events(reply.iter_lines(), began + self._timeout_s), began)

    def _read(self, events: Iterator[Mapping[str, Any]], began: float) -> Response:
        text, first = "", None
        found: list[Passage] = []
        tokens: dict[str, int] = {}
        for event in events:
            choice = (event.get("choices") or [{}])[0]
            message = choice.get("delta") or choice.get("message") or {}
            if piece := message.get("content") or "":
                first = time.perf_counter() - began if first is None else first
                text += piece
            found = _sources(event) or _sources(message) or _sources(message.get("context") or {}) or found
            usage = event.get("usage") or {}
            tokens = {key: usage[f"{key}_tokens"] for key in ("prompt", "completion") if f"{key}_tokens" in usage} or tokens
        timings = {} if first is None else {"first_token_s": first}
        return response({"answer": text, "timings": timings, "tokens": tokens}, found)


def _sources(tree: Mapping[str, Any]) -> list[Passage]:
    listed: list[Any] = next((tree[key] for key in _SOURCES if isinstance(tree.get(key), list)), [])
    return [passage({"uri": one} if isinstance(one, str) else one, str(number)) for number, one in enumerate(listed)]


def _events(lines: Iterator[str], ends: float) -> Iterator[Mapping[str, Any]]:
    """The objects of a stream of server-sent events, or the one object of a plain reply."""
    read, plain = 0, ""
    for line in lines:
        read += len(line)
        if read > _LARGEST or time.perf_counter() > ends:
            raise BadResponse("the reply does not end" if read > _LARGEST else "the reply took too long")
        if line.startswith("data:"):
            data = line[5:].strip()
            if data == "[DONE]":
                return
            yield _object(data)
        elif not line.startswith((":", "event:", "id:", "retry:")):
            plain += line
    if plain.strip():
        yield _object(plain)


def _object(data: str) -> Mapping[str, Any]:
    tree = json.loads(data)
    if not isinstance(tree, dict) or "error" in tree:
        raise BadResponse(f"the server sent {data[:200]}")
    return tree
