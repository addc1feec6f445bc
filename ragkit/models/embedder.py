"""Embedding by sentence-transformers, on the CPU, with token vectors for late interaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragkit.contracts import TokenVectors
from ragkit.errors import ModelError
from ragkit.models import processors, registry
from ragkit.settings import EmbeddingSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SentenceTransformerEmbedder:
    """An :class:`ragkit.contracts.Embedder` for any sentence-transformers model: a known name, a folder, or a hub id.

    Nothing is loaded before it is needed: counting tokens takes the tokenizer alone, ``id`` and ``sha256`` no weights.
    """

    def __init__(self, settings: EmbeddingSettings | None = None) -> None:
        self._settings = settings or EmbeddingSettings()
        self._folder = registry.resolve(self._settings.model, "embedder")

    @property
    def id(self) -> str:
        return self._settings.model

    @cached_property
    def sha256(self) -> str:
        """Hash of the weights file."""
        folder = self._folder or Path(_hub_folder(self._settings.model))
        for name in ("model.safetensors", "pytorch_model.bin"):
            if (folder / name).is_file():
                return registry.file_sha256(folder / name)
        raise ModelError(f"embedding model {self.id!r}: there is no model.safetensors in {folder}")

    @cached_property
    def dimension(self) -> int:
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"embedding model {self.id!r} does not tell its dimension")
        return int(dimension)

    @property
    def max_tokens(self) -> int:
        return int(self._max_length) - 2

    @cached_property
    def _max_length(self) -> int:
        return int(self._model.max_seq_length or 512)

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(processors.threads(self._settings.threads))
        try:
            return SentenceTransformer(str(self._folder or self._settings.model), device="cpu", trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"embedding model {self.id!r} cannot be loaded: it is not a known name, not a folder, and the hub did not give it "
                f"({error}). Known names: ragkit models list"
            ) from error

    @cached_property
    def _tokenizer(self) -> Any:
        """The fast tokenizer by itself, with neither truncation nor padding."""
        from tokenizers import Tokenizer

        folder = self._folder or Path(_hub_folder(self._settings.model))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _token_model(self) -> Any:
        """The transformer for token vectors: bfloat16 where the processor multiplies it natively, else float32."""
        import copy

        import torch

        model = self._model[0].auto_model
        return copy.deepcopy(model).to(torch.bfloat16) if processors.multiplies_bfloat16() else model

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(e.ids) for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors: NDArray[np.float32] = self._model.encode(
            list(texts), batch_size=self._settings.batch_size, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return vectors.astype(np.float32, copy=False)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
        found: list[TokenVectors | None] = [None] * len(encoded)
        for at in range(0, len(order), self._settings.batch_size):
            batch = order[at : at + self._settings.batch_size]
            for i, vectors in zip(batch, self._forward([encoded[i] for i in batch]), strict=True):
                found[i] = vectors
        return [v for v in found if v is not None]

    def _forward(self, encoded: Sequence[Any]) -> list[TokenVectors]:
        import numpy as np
        import torch

        length = min(self._max_length, max(len(e.ids) for e in encoded))
        ids = np.zeros((len(encoded), length), np.int64)
        mask = np.zeros((len(encoded), length), np.int64)
        for row, e in enumerate(encoded):
            n = min(length, len(e.ids))
            ids[row, :n], mask[row, :n] = e.ids[:n], 1
        with torch.inference_mode():
            hidden = self._token_model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state
            hidden = torch.nn.functional.normalize(hidden.float(), dim=-1).numpy()
        found = []
        for row, e in enumerate(encoded):
            keep = [i for i in range(min(length, len(e.ids))) if not e.special_tokens_mask[i]]
            spans = np.array([e.offsets[i] for i in keep], np.int32).reshape(-1, 2)
            found.append(TokenVectors(hidden[row, keep], spans[:, 0], spans[:, 1]))
        return found


def _hub_folder(name: str) -> str:
    """The local snapshot of a hub model, fetched when the hub can be reached."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return snapshot_download(name, allow_patterns=["*.json", "*.txt", "*.safetensors"])
    except (OSError, HFValidationError, LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise ModelError(
            f"embedding model {name!r} is not a known name, not a folder, and the hub did not give it ({error}). "
            "Known names: ragkit models list"
        ) from error
