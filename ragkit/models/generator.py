"""Text generation by llama.cpp, in this process."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ragkit.errors import ModelError
from ragkit.models import processors, registry
from ragkit.models.prefix import Prefix
from ragkit.models.turns import TurnLock
from ragkit.settings import GenerationSettings

#: Chat formats by name: what stands before the system text, the user's text, and the reply. A GGUF file's own
#: template is a program by whoever made the file, so it is not run.
TEMPLATES: dict[str, tuple[str, str, str]] = {
    "chatml": ("<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "llama-3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "gemma": ("<bos><start_of_turn>user\n", "\n\n", "<end_of_turn>\n<start_of_turn>model\n"),
    "mistral": ("<s>[INST] ", "\n\n", " [/INST]"),
}

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
        self._turns = TurnLock()
        self._loading = threading.Lock()

    @property
    def id(self) -> str:
        return self._settings.model

    @property
    def sha256(self) -> str:
        return registry.file_sha256(self._file)

    @property
    def llama(self) -> Any:
        """The ``llama_cpp.Llama`` at work."""
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        processors.wait_politely()
        from llama_cpp import Llama

        threads = processors.threads(self._settings.threads)
        try:
            return Llama(
                str(self._file),
                n_ctx=self._settings.context,
                n_threads=threads,
                n_threads_batch=threads,
                seed=self._settings.seed,
                flash_attn=True,
                verbose=False,
            )
        except (ValueError, OSError) as error:
            raise ModelError(f"generation model {self.id!r}: llama.cpp cannot load {self._file}: {error}") from error

    def count_tokens(self, text: str) -> int:
        return len(self.llama.tokenize(text.encode(), add_bos=False, special=False))

    def prompt(self, system: str, user: str) -> list[int]:
        """The prompt's tokens. Control tokens written in ``system`` or ``user`` are read as plain text."""
        head, rest = self._parts(system, user)
        return head + rest

    def _parts(self, system: str, user: str) -> tuple[list[int], list[int]]:
        """The prompt's tokens up to the user's text, and the others."""
        before, between, after = TEMPLATES[self._settings.template]
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

    def _reply(self, system: str, user: str, grammar: str | None, max_tokens: int) -> Iterator[str]:
        head, rest = self._parts(system, user)
        tokens = head + rest
        room = self._settings.context - len(tokens)
        if room < 16:
            raise ModelError(f"the prompt has {len(tokens)} tokens, the context {self._settings.context}; raise generation.context")
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
