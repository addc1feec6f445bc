"""Text generation by a server that speaks OpenAI's protocol: llama-server, llama_cpp.server, vLLM, Ollama, or one elsewhere.

The question and its evidence are sent to ``generation.base_url``, and nowhere else: redirects are not followed, proxies and
credentials of the environment are not used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ragkit.errors import ModelError
from ragkit.settings import GenerationSettings

if TYPE_CHECKING:
    import httpx

#: How ``generation.model`` names a server's model.
PREFIX = "openai:"
#: Longest line of a stream, and longest reply for a token that was asked for, in bytes and characters: a server that sends more is wrong.
_LINE = 1 << 20
_CHARACTERS_A_TOKEN = 64
_CONNECT_S = 10.0
#: Settings that the protocol knows, and those that only some servers take.
_COMMON = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "seed")
_SPECIAL = ("top_k", "min_p", "repeat_penalty")
#: What a server answers when it does not know a field.
_REFUSALS = (400, 422)


class OpenAIGenerator:
    """A :class:`ragkit.contracts.Generator` for ``openai:MODEL``. A server that refuses a grammar or a special setting is asked
    again without them; the draft is checked all the same."""

    sha256 = ""

    def __init__(self, settings: GenerationSettings) -> None:
        import httpx

        self._settings = settings
        self._model = settings.model.removeprefix(PREFIX)
        self._special = True
        url = httpx.URL(settings.base_url) if _printable(settings.base_url) else httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment or not self._model:
            raise ModelError(
                f"generation.model is {PREFIX}MODEL and generation.base_url the http(s) address of its server, such as "
                "http://127.0.0.1:8080/v1, without a password or a query in it; a key belongs in generation.api_key"
            )
        self._base = str(url).rstrip("/")
        self._host = url.netloc.decode("ascii")

    @property
    def id(self) -> str:
        return f"{self._settings.model}@{self._host}"

    def count_tokens(self, text: str) -> int:
        """An estimate, rather too high: the server's tokenizer is not here."""
        return -(-len(text.encode()) // 3)

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        """The reply's pieces.

        Raises:
            ModelError: the server cannot be reached, refuses, is too slow, or sends what is no reply.
        """
        said = 0
        with closing(self._pieces(self._body(system, user, grammar, max_tokens))) as pieces:
            for piece in pieces:
                said += len(piece)
                if said > max_tokens * _CHARACTERS_A_TOKEN:
                    raise ModelError(f"{self.id} sent {said:,} characters, asked for were {max_tokens} tokens")
                yield piece

    def _body(self, system: str, user: str, grammar: str | None, max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {name: getattr(self._settings, name) for name in (*_COMMON, *_SPECIAL)}
        body |= {"model": self._model, "stream": True, "max_tokens": max_tokens}
        body["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        if self._settings.logit_bias:
            body["logit_bias"] = {str(token): bias for token, bias in self._settings.logit_bias.items()}
        return body | ({"grammar": grammar} if grammar else {})

    def _pieces(self, body: dict[str, Any]) -> Generator[str, None, None]:
        import httpx

        ends = time.monotonic() + self._settings.timeout_s
        key = self._settings.api_key
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        times = httpx.Timeout(self._settings.timeout_s, connect=min(_CONNECT_S, self._settings.timeout_s))
        try:
            with httpx.Client(timeout=times, trust_env=False, headers=headers) as client, self._asked(client, body) as response:
                for line in _lines(response, ends):
                    if piece := self._piece(line):
                        yield piece
        except httpx.TimeoutException as error:
            raise ModelError(f"{self.id} did not answer within {self._settings.timeout_s:g} s; raise generation.timeout_s") from error
        except (httpx.HTTPError, httpx.StreamError, UnicodeError) as error:
            raise ModelError(
                f"{self.id} cannot be reached: {error or type(error).__name__}; start the server, or mend generation.base_url. "
                f"Whether it answers: curl {self._base}/models"
            ) from error

    def _asked(self, client: httpx.Client, body: dict[str, Any]) -> closing[httpx.Response]:
        """The response to ``body``; to ``body`` without what is special when the server does not take that."""
        while True:
            sent = body if self._special else {name: value for name, value in body.items() if name not in (*_SPECIAL, "grammar")}
            response = client.send(client.build_request("POST", f"{self._base}/chat/completions", json=sent), stream=True)
            if response.is_success:
                return closing(response)
            with closing(response):
                told = next(response.iter_bytes(500), b"").decode("utf-8", "replace")
            if response.status_code not in _REFUSALS or not self._special:
                raise ModelError(f"{self.id} answered {response.status_code}: {self._hidden(told)}{_MENDING.get(response.status_code, '')}")
            self._special = False

    def _piece(self, line: str) -> str:
        """The text in one line of the stream."""
        if not line.startswith("data:") or (data := line[5:].strip()) == "[DONE]":
            return ""
        try:
            event: Any = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, Mapping) or event.get("error"):
            raise ModelError(f"{self.id} sent what is no piece of a reply: {self._hidden(data[:200])}")
        choices = event.get("choices")
        delta = choices[0].get("delta") if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else None
        text = delta.get("content") if isinstance(delta, Mapping) else None
        return text if isinstance(text, str) else ""

    def _hidden(self, text: str) -> str:
        """``text`` in one line, without the key, should the server repeat it."""
        key = self._settings.api_key
        return " ".join((text.replace(key, "…") if key else text).split())


#: What mends an answer that is no reply.
_MENDING = {
    401: "; give the server's key as generation.api_key (RAGKIT_GENERATION__API_KEY)",
    403: "; give a key that may use the model as generation.api_key (RAGKIT_GENERATION__API_KEY)",
    404: "; mend generation.base_url (it often ends in /v1) or the model's name behind openai:",
}


def _lines(response: httpx.Response, ends: float) -> Iterator[str]:
    """The lines of the response, until it ends.

    Raises:
        ModelError: a line is too long.
        httpx.ReadTimeout: the time is over.
    """
    import httpx

    rest = b""
    for block in response.iter_raw():
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the reply took too long")
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LINE:
            raise ModelError(f"the server at {response.url.host} sent a line of more than {_LINE:,} bytes")
        yield from (line.decode("utf-8", "replace").rstrip("\r") for line in lines)
    yield rest.decode("utf-8", "replace")


def _printable(text: str) -> bool:
    """Whether ``text`` can be read as a URL at all."""
    import httpx

    try:
        return bool(httpx.URL(text).netloc)
    except (httpx.InvalidURL, ValueError):
        return False
