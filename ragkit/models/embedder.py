"""Embedding by sentence-transformers, on the CPU, with token vectors for late interaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


#: Texts are padded to multiples of this many tokens ...
PAD_TO = 8
#: ... and a batch holds at most this many tokens: larger ones are no faster on a CPU and take more memory.
BATCH_TOKENS = 2048


class SentenceTransformerEmbedder:
    """An :class:`ragkit.contracts.Embedder` for any sentence-transformers model: a known name, a folder, or a hub id.

    Nothing is loaded before it is needed: counting tokens takes the tokenizer alone, ``id`` and ``sha256`` no weights.
    """

    def __init__(self, settings: EmbeddingSettings | None = None) -> None:
        self._settings = settings or EmbeddingSettings()
        self._folder = registry.resolve(self._settings.model, "embedder")
        self._last: tuple[str, NDArray[np.float32], TokenVectors] | None = None

    @property
    def id(self) -> str:
        return self._settings.model

    @cached_property
    def sha256(self) -> str:
        """Hash of the weights file."""
        folder = self._folder or Path(_hub_folder(self._settings.model))
        if (folder / "model.safetensors").is_file():
            return registry.file_sha256(folder / "model.safetensors")
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
        processors.wait_politely()
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(processors.threads(self._settings.threads))
        try:
            model = SentenceTransformer(
                str(self._folder or self._settings.model), device="cpu", trust_remote_code=False, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"embedding model {self.id!r} cannot be loaded: it is not a known name, not a folder, and the hub did not give it "
                f"({error}). Known names: ragkit models list"
            ) from error
        wanted = self._settings.precision
        if wanted == "bfloat16" or (wanted == "auto" and processors.multiplies_bfloat16()):
            model[0].to(torch.bfloat16)
        return model.eval()

    @cached_property
    def _tokenizer(self) -> Any:
        """The fast tokenizer by itself, with neither truncation nor padding."""
        from tokenizers import Tokenizer

        folder = self._folder or Path(_hub_folder(self._settings.model))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(e.ids) for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        if len(texts) == 1:
            return self._one(texts[0])[0]
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for batch, _, output in self._forward(self._tokenizer.encode_batch(list(texts))):
            vectors[batch] = _unit(output)
        return vectors

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        if len(texts) == 1:
            return [self._one(texts[0])[1]]
        found: dict[int, TokenVectors] = {}
        for batch, encoded, output in self._forward(self._tokenizer.encode_batch(list(texts))):
            found.update(zip(batch, self._token_vectors(encoded, output["token_embeddings"]), strict=True))
        return [found[i] for i in range(len(texts))]

    def embed_inner_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """As :meth:`embed_tokens`, of the layer before the last."""
        import torch

        found: dict[int, TokenVectors] = {}
        for batch, encoded, inputs in self._inputs(self._tokenizer.encode_batch(list(texts))):
            with torch.inference_mode():
                inner = self._model[0].auto_model(**inputs, output_hidden_states=True).hidden_states[-2].float()
            found.update(zip(batch, self._token_vectors(encoded, inner), strict=True))
        return [found[i] for i in range(len(texts))]

    def embed_both(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[TokenVectors]]:
        """As :meth:`embed` and :meth:`embed_tokens`, to the bit, in one pass."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), np.float32)
        found: dict[int, TokenVectors] = {}
        for batch, encoded, output in self._forward(self._tokenizer.encode_batch(list(texts))):
            found.update(zip(batch, self._token_vectors(encoded, output["token_embeddings"]), strict=True))
            vectors[batch] = _unit(output)
        return vectors, [found[i] for i in range(len(texts))]

    def clear(self) -> None:
        """Let go of the last text and its vectors."""
        self._last = None

    def _one(self, text: str) -> tuple[NDArray[np.float32], TokenVectors]:
        """Both kinds of vectors of one text. The last is kept: a question is searched for, reranked for and looked for in sentences."""
        last = self._last
        if last is None or last[0] != text:
            ((_, encoded, output),) = self._forward([self._tokenizer.encode(text)])
            last = self._last = text, _unit(output), self._token_vectors(encoded, output["token_embeddings"])[0]
        return last[1].copy(), last[2]

    def _token_vectors(self, encoded: Sequence[Any], hidden: Any) -> list[TokenVectors]:
        """Of the tokens of each text's own, normalised; ``hidden`` is a ``(texts, tokens, dimension)`` tensor."""
        import numpy as np
        import torch

        unit = torch.nn.functional.normalize(hidden, dim=-1).numpy()
        found = []
        for row, e in zip(unit, encoded, strict=True):
            end = self._max_length - 1 if len(e.ids) > self._max_length else len(e.ids)  # a cut text ends in a special token
            keep = [j for j in range(end) if not e.special_tokens_mask[j]]
            spans = np.array([e.offsets[j] for j in keep], np.int32).reshape(-1, 2)
            found.append(TokenVectors(row[keep], spans[:, 0], spans[:, 1]))
        return found

    def _forward(self, encoded: Sequence[Any]) -> Iterator[tuple[list[int], list[Any], dict[str, Any]]]:
        """The model's output for batches of texts of like length: ``(indices, encodings, float32 tensors)``."""
        import torch

        for batch, batched, inputs in self._inputs(encoded):
            with torch.inference_mode():
                output = self._model[0](inputs)
                output["token_embeddings"] = output["token_embeddings"].float()
                for module in list(self._model)[1:]:
                    output = module(output)
            yield batch, batched, output

    def _inputs(self, encoded: Sequence[Any]) -> Iterator[tuple[list[int], list[Any], dict[str, Any]]]:
        """Batches of texts of like length: ``(indices, encodings, the model's input)``.

        How a text is padded depends on its own length alone, so its vectors are the same bits whatever else is embedded with
        it. Lengths and batches come in few sizes: oneDNN compiles a kernel for each shape that it meets and keeps it.
        """
        import torch

        shapes: dict[int, list[int]] = {}
        for i, e in enumerate(encoded):
            shapes.setdefault(self._padded(len(e.ids)), []).append(i)
        for length, members in sorted(shapes.items()):
            for batch in _batches(members, min(self._settings.batch_size, max(1, BATCH_TOKENS // length))):
                rows = [_cut(encoded[i].ids, self._max_length) for i in batch]
                ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
                mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
                yield batch, [encoded[i] for i in batch], {"input_ids": ids, "attention_mask": mask}

    def _padded(self, length: int) -> int:
        """The next multiple of ``PAD_TO``, which is never ``length`` itself: a batch with no padding at all would take another
        path through the model. Texts too long to pad are alone with their equals."""
        padded = (length // PAD_TO + 1) * PAD_TO
        return padded if padded <= self._max_length else min(length, self._max_length)


def _unit(output: dict[str, Any]) -> NDArray[np.float32]:
    """``(texts, dimension)`` unit vectors."""
    import numpy as np

    vectors: NDArray[np.float32] = output["sentence_embedding"].numpy()
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors


def _batches(members: list[int], most: int) -> Iterator[list[int]]:
    """Slices of at most ``most``, each a power of two long."""
    at = 0
    while at < len(members):
        size = 1 << (min(most, len(members) - at).bit_length() - 1)
        yield members[at : at + size]
        at += size


def _cut(ids: list[int], length: int) -> list[int]:
    """The first ``length`` tokens, the closing special token kept."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]


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
