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


class LlamaCppGenerator:
    """A :class:`ragkit.contracts.Generator` for a GGUF file: a known name, or a path.

    The file is checked and loaded when it is first needed. The beginning that two prompts share is read once.
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
        self._turn = threading.Lock()

    @property
    def id(self) -> str:
        return self._settings.model

    @property
    def sha256(self) -> str:
        return registry.file_sha256(self._file)

    @cached_property
    def llama(self) -> Any:
        """The ``llama_cpp.Llama`` at work."""
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
        before, between, after = TEMPLATES[self._settings.template]
        tokens: list[int] = []
        for text, special in ((before, True), (system, False), (between, True), (user, False), (after, True)):
            tokens += self.llama.tokenize(text.encode(), add_bos=False, special=special)
        return tokens

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        if not self._turn.acquire(timeout=self._settings.timeout_s):
            raise ModelError(f"generation model {self.id!r} is still busy with another reply")
        try:
            yield from self._pieces(system, user, grammar, max_tokens)
        finally:
            self._turn.release()

    def _pieces(self, system: str, user: str, grammar: str | None, max_tokens: int) -> Iterator[str]:
        tokens = self.prompt(system, user)
        room = self._settings.context - len(tokens)
        if room < 16:
            raise ModelError(f"the prompt has {len(tokens)} tokens, the context {self._settings.context}; raise generation.context")
        replies = self.llama.create_completion(
            tokens,
            max_tokens=min(max_tokens, room),
            temperature=self._settings.temperature,
            seed=self._settings.seed,
            stream=True,
            grammar=_grammar(grammar) if grammar else None,
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
