"""What is kept of a run beside its outcomes: versions, the machine, hashes."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import ragkit

from .kept import RunInfo
from .systems import System

#: Packages whose version bears on figures.
PACKAGES = ("faiss-cpu", "ir-measures", "llama-cpp-python", "numpy", "sentence-transformers", "tokenizers", "torch", "transformers")


def header(
    system: System, questions: Path, count: int, *, k: int, name: str = "", least: float = 0.0, asked: Mapping[str, Any] | None = None
) -> RunInfo:
    """The header of a run that is about to begin; ``asked`` says more of how it was asked for."""
    created = datetime.now(UTC)
    return RunInfo(
        id=f"{created:%Y%m%d-%H%M%S}-{uuid4().hex[:4]}",
        name=name,
        created=created.isoformat(timespec="seconds"),
        system=system.name,
        about={**system.about(), **(asked or {})},
        questions={"file": str(questions), "sha256": hashlib.sha256(questions.read_bytes()).hexdigest(), "count": count},
        k=k,
        least=least,
        versions=dict(versions()),
        machine=machine(),
    )


def versions() -> Iterator[tuple[str, str]]:
    """ragkit, Python, and the packages that are installed."""
    yield from (("ragkit", ragkit.__version__), ("python", platform.python_version()))
    for package in PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue


def machine() -> dict[str, Any]:
    """What times hold for: system, processor, cores that this process may use, memory in bytes. Nothing that names the machine."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        memory = 0
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": memory,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
