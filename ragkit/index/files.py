"""Files that are written once: durable on disk before anyone hears of them, and checked before anyone reads them."""

from __future__ import annotations

import hashlib
import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragkit.errors import StoreCorrupt
from ragkit.records import FileInfo


def write_once(folder: Path, name: str, content: bytes | memoryview) -> FileInfo:
    """Write ``folder/name`` so that it is whole or absent after a crash: temporary name, fsync, rename, fsync of the folder."""
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return FileInfo(name=name, bytes=len(content), sha256=sha256(content))


def sha256(content: bytes | memoryview) -> str:
    """Hex sha256."""
    return hashlib.sha256(content).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that power lost later does not take them, nor what is in them."""
    missing = {above for above in (folder, *folder.parents) if not above.exists()}
    folder.mkdir(parents=True, exist_ok=True)
    # The two lowest also when they are there: a process may have died between making and syncing them.
    for made in {*missing, folder, folder.parent}:
        with suppress(PermissionError):  # a folder that may be entered, but not read
            sync_folder(made.parent)


def fault_of(folder: Path, info: FileInfo) -> str | None:
    """What is wrong with a recorded file, in one line; ``None`` when its size and hash are the recorded ones."""
    file = folder / info.name
    try:
        size = file.stat().st_size
        if size != info.bytes:
            return f"{info.name}: {size} bytes on disk, {info.bytes} recorded"
        with open(file, "rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        return f"{info.name}: {error.strerror or error}"
    return None if found == info.sha256 else f"{info.name}: sha256 {found[:12]}… on disk, {info.sha256[:12]}… recorded"


def require_whole(folder: Path, info: FileInfo) -> Path:
    """The path of a recorded file, after its size and hash were checked.

    Raises:
        StoreCorrupt: it is missing or is another file.
    """
    fault = fault_of(folder, info)
    if fault is not None:
        raise StoreCorrupt(f"the store in {folder.parent} is damaged: {fault}. `ragkit check` lists all faults, `ragkit repair` mends them")
    return folder / info.name


def save_arrays(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Arrays as one safetensors file: a JSON header and raw buffers, nothing that can execute."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def map_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file, memory-mapped and read-only."""
    import json

    with open(file, "rb") as handle:
        mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    header_end = 8 + int.from_bytes(mapped[:8], "little")
    header = json.loads(mapped[8:header_end])
    return {
        name: np.frombuffer(
            mapped, _DTYPES[entry["dtype"]], offset=header_end + entry["data_offsets"][0], count=int(np.prod(entry["shape"]))
        ).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


_DTYPES = {
    "I64": np.int64, "U64": np.uint64, "I32": np.int32, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8,
    "F16": np.float16, "F32": np.float32,
}  # fmt: skip
