"""What the processor offers to a model."""

from __future__ import annotations

import os


def threads(wanted: int) -> int:
    """Threads for a model: ``wanted``, else ``$OMP_NUM_THREADS``, else the cores that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if wanted or given.isdigit():
        return wanted or max(1, int(given))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def wait_politely() -> None:
    """Let the threads of a model sleep while they wait for one another. Must run before torch or llama.cpp is imported.

    By default OpenMP's threads spin; as soon as anything else wants a core, they then spin in each other's way, and a model
    on two threads was measured to be fifteen times slower than on one. ``$OMP_WAIT_POLICY`` overrides this.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX-512 BF16 or AMX); elsewhere it is slower than float32."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
