"""Text generation by llama.cpp, in this process."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ragkit.errors import ModelError
from ragkit.models import llama, registry, template
from ragkit.models.prefix import Prefix
from ragkit.models.turns import TurnLock
from ragkit.settings import GenerationSettings

#: Settings that llama.cpp's sampler takes under the same names.
SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "frequency_penalty", "presence_penalty", "seed")


class LlamaCppGenerator:
    """A :class:`ragkit.contracts.Generator` for a GGUF file: a known name, or a path.

    The file is checked and loaded when it is first needed. The beginning that two prompts share is read once. Threads that ask
    at once are served one after another, in the order in which they asked; closing a reply gives the next its turn.
    """

    def __init__(self, settings: GenerationSettings | None = None) -> None:
        self._settings = settings or GenerationSettings()
        file = registry.resolve(self._settings.model, "generator")
        if file is None or not Path(file).is_file():
            raise ModelError(
                f"generation model {self._settings.model!r} is neither a known name nor a GGUF file here; "
                "known names: ragkit models list. Set generation.model to none to answer with quotes alone"
            )
        self._file = Path(file)
        self._adapter = llama.lora(self._settings)
        self._turns = TurnLock()
        self._loading = threading.Lock()

    @property
    def id(self) -> str:
        adapter = f"+{self._adapter.name}*{self._settings.lora_scale:g}" if self._adapter else ""
        return self._settings.model + adapter

    @property
    def sha256(self) -> str:
        """The file's hash; with an adapter that of both hashes, each in hex and on a line of its own."""
        own = registry.file_sha256(self._file)
        return hashlib.sha256(f"{own}\n{registry.file_sha256(self._adapter)}\n".encode()).hexdigest() if self._adapter else own

    @property
    def llama(self) -> Any:
        """The ``llama_cpp.Llama`` at work."""
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        return llama.loaded(self._file, self._settings)

    @cached_property
    def _format(self) -> template.Format:
        if self._settings.template != "auto":
            return template.FORMATS[self._settings.template]
        model = self.llama
        begin, end = (model._model.token_get_text(token) if token >= 0 else "" for token in (model.token_bos(), model.token_eos()))
        return template.of(model.whole_metadata, begin, end)

    @property
    def context(self) -> int:
        """Tokens that prompt and reply may have together."""
        context: int = self.llama.n_ctx()
        return context

    def count_tokens(self, text: str) -> int:
        return len(self.llama.tokenize(text.encode(), add_bos=False, special=False))

    def prompt(self, system: str, user: str) -> list[int]:
        """The prompt's tokens. Control tokens written in ``system`` or ``user`` are read as plain text."""
        head, rest = self._parts(system, user)
        return head + rest

    def _parts(self, system: str, user: str) -> tuple[list[int], list[int]]:
        """The prompt's tokens up to the user's text, and the others."""
        before, between, after = self._format
        head = self._tokens(before, special=True) + self._tokens(system) + self._tokens(between, special=True)
        return head, self._tokens(user) + self._tokens(after, special=True)

    def _tokens(self, text: str, *, special: bool = False) -> list[int]:
        tokens: list[int] = self.llama.tokenize(text.encode(), add_bos=False, special=special)
        return tokens

    @cached_property
    def _prefix(self) -> Prefix:
        return Prefix(self.llama)

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        if self._turns.mine:
            raise ModelError("this thread has not read another reply of this model to its end; read it, or close it, first")
        with self._turns:
            yield from self._reply(system, user, grammar, max_tokens)

    def choose(self, system: str, user: str, options: Sequence[str]) -> list[float]:
        """The probability of each option as the reply's beginning, by its first token, among all that the model might say."""
        import llama_cpp
        import numpy as np

        if self._turns.mine:
            raise ModelError("this thread has not read another reply of this model to its end; read it, or close it, first")
        with self._turns:
            model = self.llama
            head, rest = self._parts(system, user)
            if len(head) + len(rest) >= model.n_ctx():
                raise ModelError(f"the prompt has {len(head) + len(rest)} tokens, the context {model.n_ctx()}; raise generation.context")
            self._prefix.read(head, rest)
            found = llama_cpp.llama_get_logits_ith(model.ctx, -1)
            logits = np.ctypeslib.as_array(found, shape=(model.n_vocab(),)).astype(np.float64)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return [float(shares[self._tokens(option)[0]]) for option in options]

    def _reply(self, system: str, user: str, grammar: str | None, max_tokens: int) -> Iterator[str]:
        head, rest = self._parts(system, user)
        tokens = head + rest
        room = self.context - len(tokens)
        if room < 16:
            raise ModelError(f"the prompt has {len(tokens)} tokens, the context {self.context}; raise generation.context")
        self._prefix.read(head, rest)
        replies = self.llama.create_completion(
            tokens,
            max_tokens=min(max_tokens, room),
            stream=True,
            grammar=_grammar(grammar) if grammar else None,
            logit_bias=self._settings.logit_bias or None,
            **{name: getattr(self._settings, name) for name in SAMPLING},
        )
        try:
            for reply in replies:
                yield reply["choices"][0]["text"]
        finally:
            replies.close()


@functools.lru_cache(16)
def _grammar(text: str) -> Any:
    from llama_cpp import LlamaGrammar

    return LlamaGrammar.from_string(text, verbose=False)
