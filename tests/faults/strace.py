"""strace: which calls touch a folder, and the options that make one of them fail."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Calls that change files, and those that a full disk can refuse.
CHANGING = (
    "write pwrite64 writev pwritev pwritev2 ftruncate truncate fallocate rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir "
    "link linkat symlink symlinkat fsync fdatasync sync_file_range sendfile copy_file_range fchmod chmod utimensat openat open creat"
).split()
#: Calls that only look, or lock.
LOOKING = (
    "read pread64 readv preadv lseek stat lstat fstat newfstatat statx access faccessat faccessat2 getdents64 flock fcntl mmap close"
).split()
FULL = frozenset(CHANGING) - {"unlink", "unlinkat", "rmdir", "fchmod", "chmod", "utimensat", "truncate"}

_LINE = re.compile(r"^(\d+) +([a-z_0-9]+)\((.*)$")


@dataclass(frozen=True)
class Call:
    """The ``ordinal``-th call of this name in the process, counted from 1, on ``path`` below the room."""

    name: str
    ordinal: int
    path: str


@cache
def strace_path() -> str:
    """Where strace is; empty where it is not."""
    return shutil.which("strace") or ""


@cache
def why_not() -> str:
    """Why strace cannot be used here; empty when it can."""
    if not strace_path():
        return "strace is not installed"
    probe = subprocess.run([strace_path(), "-o", "/dev/null", "-e", "trace=none", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "strace may not trace processes here"


def known_calls() -> list[str]:
    """The traced calls that this machine's strace knows by name; others have no such call."""
    names = [*CHANGING, *LOOKING]
    return [f"?{name}" for name in names]


def recording(log: Path, *, contents: bool = False) -> list[str]:
    """Options that write every call to ``log``, with the paths of descriptors; with ``contents`` all that is written."""
    traced = ",".join([*known_calls(), *(["sendto"] if contents else [])])
    size = ["-xx", "-s", "100000000"] if contents else ["-s", "0"]
    return ["-f", "-y", *size, "-o", str(log), "-e", f"trace={traced}"]


def calls(log: Path, room: Path, folders: Iterable[str]) -> list[Call]:
    """The logged calls of the first thread that touch one of the ``folders`` of the room, in order."""
    counts: Counter[str] = Counter()
    place = re.compile(re.escape(str(room)) + "/((?:" + "|".join(map(re.escape, folders)) + r')(?:/[^">]*)?)[">]')
    found, thread = [], ""
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None or match[1] != (thread := thread or match[1]):
            continue
        name, rest = match[2], match[3]
        counts[name] += 1
        touched = place.search(rest)
        if touched is not None:
            found.append(Call(name, counts[name], touched.group(1)))
    return found


def injecting(log: Path, injections: Iterable[str]) -> list[str]:
    """Options that inject faults, and log the calls that they hit."""
    given = list(injections)
    names = ",".join(sorted({i.partition(":")[0] for i in given}))
    return ["-y", "-s", "0", "-o", str(log), "-e", f"trace={names}", *[part for i in given for part in ("-e", f"inject={i}")]]
