"""Limits on the process that calls: for the child that parses hostile bytes, just before it does.

Two layers: POSIX resource limits (time, memory, files), everywhere they exist; on Linux a seccomp filter as well, so that a
parser that was taken over can open no file for writing, no socket, and start no program. Where a layer is not to be had
the next one stands alone.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import signal
import struct
import sys

if sys.platform != "win32":
    import resource

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001
_WRITING = os.O_WRONLY | os.O_RDWR | getattr(os, "O_CREAT", 0) | getattr(os, "O_TRUNC", 0) | getattr(os, "O_APPEND", 0)

#: Machine: (audit architecture, open or -1, openat, what is refused). From Linux's system call tables.
#: Refused: socket, connect, execve, execveat, ptrace, kill, tkill, tgkill, unlink, rename, mkdir, rmdir, link, symlink, chmod,
#: chown, truncate, mknod, mount, setxattr and their later forms, openat2, io_uring, bpf, process_vm_*, prlimit64, setrlimit.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        2,
        257,
        (41, 42, 53, 59, 62, 76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 101, 132, 133, 160, 161, 165, 188, 189, 190, 200, 234,
         235, 258, 259, 260, 261, 263, 264, 265, 266, 268, 280, 302, 310, 311, 316, 321, 322, 425, 426, 427, 437, 452),
    ),
    "aarch64": (
        0xC00000B7,
        -1,
        56,
        (5, 6, 7, 33, 34, 35, 36, 37, 38, 40, 45, 46, 51, 52, 53, 54, 55, 88, 117, 129, 130, 131, 164, 198, 199, 203, 221, 261, 270, 271,
         276, 280, 281, 425, 426, 427, 437, 452),
    ),
}  # fmt: skip


def limit(*, seconds: float, memory_mb: int) -> None:
    """Wall and processor time in ``seconds``, ``memory_mb`` MiB more address space than now, no new file contents.

    The wall clock is the kernel's alarm with its default action, so that it ends C code too.
    """
    if sys.platform == "win32":
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    cpu = int(seconds) + 1
    for kind, most in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)):
        resource.setrlimit(kind, (most, most))
    used = _address_space()
    if used:
        most = used + (memory_mb << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def forbid() -> bool:
    """Takes away sockets, programs and writing to the file system, for good. Whether that was to be had here."""
    prepared = prepare()
    if prepared is None:
        return False
    libc, program, _ = prepared
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0) == 0)


@functools.cache
def prepare() -> tuple[ctypes.CDLL, ctypes.Array[ctypes.c_char], ctypes.Array[ctypes.c_char]] | None:
    """The C library, the filter's descriptor and the filter, made once and before the first fork; ``None`` where there is no filter."""
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return None
    code = _filter(*machine)
    buffer = ctypes.create_string_buffer(code)
    descriptor = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    return ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(descriptor), buffer


def _filter(architecture: int, opening: int, opening_at: int, refused: tuple[int, ...]) -> bytes:
    """A classic BPF program over ``struct seccomp_data``: number at 0, architecture at 4, arguments from 16, 8 bytes each."""
    rows = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _EPERM), (_LOAD, 0, 0, 0)]
    for number in refused:
        rows += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    for number, argument in ((opening, 1), (opening_at, 2)):
        if number >= 0:
            rows += [
                (_EQUAL, 0, 4, number),
                (_LOAD, 0, 0, 16 + 8 * argument),
                (_ANY_BIT, 0, 1, _WRITING),
                (_RETURN, 0, 0, _EPERM),
                (_RETURN, 0, 0, _ALLOW),
            ]
    rows.append((_ANY_BIT, 0, 1, 0x40000000))  # the x32 table of calls, which has the same ones under other numbers
    rows += [(_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *row) for row in rows)
