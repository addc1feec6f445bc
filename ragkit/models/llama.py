"""A GGUF file loaded by llama.cpp: how much context, which adapter, how many threads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragkit.errors import ModelError
from ragkit.models import gguf, processors
from ragkit.settings import GenerationSettings

#: Tokens of context that a model has whatever they take, where it was trained for as many; all others come in steps.
LEAST_CONTEXT = 2048
_STEP = 256
_TEMPLATES = "tokenizer.chat_template"


def loaded(file: Path, settings: GenerationSettings) -> Any:
    """The ``llama_cpp.Llama`` for ``file``.

    Raises:
        ModelError: llama.cpp cannot load it, or its adapter.
    """
    head = gguf.metadata(file)
    adapter = lora(settings)
    if adapter:
        fits(adapter, head, settings.model)
    processors.wait_politely()
    threads = processors.threads(settings.threads, physical=True)
    try:
        model = _class()(
            str(file),
            n_ctx=settings.context or context(head, settings.context_mb),
            n_threads=threads,
            n_threads_batch=threads,
            seed=settings.seed,
            lora_path=str(adapter) if adapter else None,
            lora_scale=settings.lora_scale,
            flash_attn=True,
            verbose=False,
        )
    except (ValueError, OSError, RuntimeError) as error:
        raise ModelError(f"generation model {settings.model!r}: llama.cpp cannot load {file}: {error}") from error
    if adapter and not model._lora_adapter:  # a null pointer, which llama-cpp-python would use
        raise ModelError(
            f"the LoRA adapter {adapter} does not fit {settings.model!r}: other tensors, or tensors of other sizes; "
            "set generation.lora to one that was trained on this model"
        )
    return model


def context(head: Mapping[str, Any], most_mb: int) -> int:
    """Tokens that the model was trained for, as far as their keys and values take no more than ``most_mb`` MiB.

    At least 2,048, where it was trained for as many.
    """
    architecture = head.get("general.architecture", "")
    trained = int(head.get(f"{architecture}.context_length") or LEAST_CONTEXT)
    each = token_bytes(head)
    fit = most_mb * 2**20 // each // _STEP * _STEP if each else trained
    return min(trained, max(fit, LEAST_CONTEXT))


def token_bytes(head: Mapping[str, Any]) -> int:
    """Bytes of one token's keys and values, in 16 bits each; 0 where the file does not say."""
    architecture = head.get("general.architecture", "")

    def value(name: str) -> Any:
        return head.get(f"{architecture}.{name}")

    layers, heads = value("block_count") or 0, value("attention.head_count_kv") or value("attention.head_count") or 0
    most = value("attention.head_count") or 1
    size = (value("embedding_length") or 0) // (max(most) if isinstance(most, list) else most)
    both = (value("attention.key_length") or size) + (value("attention.value_length") or size)
    return 2 * both * (sum(heads) if isinstance(heads, list) else heads * layers)


def lora(settings: GenerationSettings) -> Path | None:
    """The adapter's file that the settings name.

    Raises:
        ModelError: it is not there.
    """
    if not settings.lora:
        return None
    file = Path(settings.lora).expanduser()
    if not file.is_file():
        raise ModelError(f"there is no LoRA adapter {settings.lora!r}; mend generation.lora, or leave it empty to do without one")
    if not math.isfinite(settings.lora_scale):
        raise ModelError("generation.lora_scale must be a number such as 1.0")
    return file


def fits(adapter: Path, head: Mapping[str, Any], model: str) -> None:
    """Whether ``adapter`` says that it is one, for this model's architecture.

    Raises:
        ModelError: it is not.
    """
    own = gguf.metadata(adapter)
    if own.get("general.type") != "adapter" or own.get("adapter.type") != "lora":
        raise ModelError(
            f"{adapter} is no LoRA adapter in GGUF; convert one with llama.cpp's convert_lora_to_gguf.py, or mend generation.lora"
        )
    wanted, found = head.get("general.architecture"), own.get("general.architecture")
    if wanted != found:
        raise ModelError(
            f"the LoRA adapter {adapter} is for the architecture {found!r}, {model!r} has {wanted!r}; "
            "set generation.lora to one that was trained on this model, or generation.model to the adapter's model"
        )


def _class() -> type[Any]:
    from llama_cpp import Llama

    class Untemplated(Llama):  # type: ignore[misc]
        """llama-cpp-python compiles every chat template of a file while it loads it, without limits: it is shown none."""

        @property
        def metadata(self) -> dict[str, str]:
            return self._shown

        @metadata.setter
        def metadata(self, found: dict[str, str]) -> None:
            self.whole_metadata = found
            self._shown = {name: value for name, value in found.items() if not name.startswith(_TEMPLATES)}

    return Untemplated
