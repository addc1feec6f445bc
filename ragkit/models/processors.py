"""What the processor offers to a model."""

from __future__ import annotations

import functools
import math
import os
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any


def threads(wanted: int, *, physical: bool = False) -> int:
    """Threads for a model: ``wanted``, else ``$OMP_NUM_THREADS``, else the (``physical``) cores that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if wanted or given.isdigit():
        return wanted or max(1, int(given))
    return min(cores(), physical_cores()) if physical else cores()


def cores() -> int:
    """The cores that this process may use: those it may run on, and no more than its control group's share of time."""
    return math.ceil(min(len(_allowed()), quota()))


def physical_cores(root: Path = Path("/")) -> int:
    """The same without the second threads of a core, which share the units that multiply."""
    found = set()
    for number in _allowed():
        file = root / "sys/devices/system/cpu" / f"cpu{number}" / "topology" / "thread_siblings_list"
        found.add(_read(file) or str(number))
    return len(found)


def quota(root: Path = Path("/")) -> float:
    """Cores' worth of time that the control groups of this process allow; infinite without a limit. Both versions are read."""
    shares = [math.inf]
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / controllers
        inner = PurePosixPath(path.lstrip("/"))
        shares += [_share(mount / folder) for folder in (inner, *inner.parents)]
    return min(shares)


def _share(folder: Path) -> float:
    """What one control group allows."""
    words = (_read(folder / "cpu.max") or f"{_read(folder / 'cpu.cfs_quota_us')} {_read(folder / 'cpu.cfs_period_us')}").split()
    if len(words) != 2 or not all(word.isdigit() and int(word) > 0 for word in words):
        return math.inf
    return int(words[0]) / int(words[1])


def _allowed() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


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
