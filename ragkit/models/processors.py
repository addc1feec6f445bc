"""What the processor offers to a model."""

from __future__ import annotations

import functools
import os
from contextlib import AbstractContextManager
from typing import Any


def threads(wanted: int) -> int:
    """Threads for a model: ``wanted``, else ``$OMP_NUM_THREADS``, else the cores that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if wanted or given.isdigit():
        return wanted or max(1, int(given))
    return cores()


def cores() -> int:
    """The cores that this process may use."""
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


def one_blas_thread() -> AbstractContextManager[Any]:
    """numpy's products on the calling thread alone, while the context is open.

    OpenBLAS splits even a question's product with a passage, and its threads go on spinning for a while after it: a generator
    that starts then was measured to take a tenth longer to its first token.
    """
    limit: AbstractContextManager[Any] = _blas().limit(limits=1, user_api="blas")
    return limit


@functools.cache
def _blas() -> Any:
    import numpy  # noqa: F401  (its BLAS must be loaded to be found)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
