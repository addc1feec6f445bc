"""What a commit holds, and which commit last touched each of its files."""

from __future__ import annotations

import heapq
import itertools
import re
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from ragkit.errors import SourceError

from .git_objects import Objects

_MAX_DEPTH = 100
_MAX_FILES = 300_000
_ENTRY = re.compile(rb"([0-7]{5,7}) ([^\0]*)\0(.{20})", re.DOTALL)
_PERSON = re.compile(rb"(.*?)\s*(<[^>]*>)? (-?\d{1,18}) ([+-])(\d\d)(\d\d)$")
_TREE, _KINDS = 0o040000, 0o170000
FILE = 0o100000


class Node(NamedTuple):
    """An entry of a tree: its mode, its name, the object."""

    mode: int
    name: bytes
    sha: bytes

    @property
    def kind(self) -> int:
        return self.mode & _KINDS


class Commit(NamedTuple):
    """What is told of a commit."""

    sha: bytes
    tree: bytes
    parents: tuple[bytes, ...]
    time: int
    author: str
    date: str | None


class History:
    """Trees and commits of a repository, each read once."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.tree = lru_cache(maxsize=4096)(self._tree)

    def _tree(self, sha: bytes) -> tuple[Node, ...]:
        data, nodes, at = self.objects.get(sha, b"tree"), [], 0
        while at < len(data):
            found = _ENTRY.match(data, at)
            if found is None:
                raise SourceError(f"the git tree {sha.decode()} is broken")
            nodes.append(Node(int(found[1], 8), found[2], found[3].hex().encode()))
            at = found.end()
        return tuple(nodes)

    def files(self, tree: bytes) -> dict[bytes, Node]:
        """Every entry that is no folder by its path, in the order of their names, folder by folder.

        Raises:
            SourceError: there are too many, or too deep: a tree can hold itself many times over.
        """
        found: dict[bytes, Node] = {}
        open_folders = [iter(self.tree(tree))]
        prefixes = [b""]
        visited = 0
        while open_folders:
            node = next(open_folders[-1], None)
            if node is None:
                open_folders.pop()
                prefixes.pop()
                continue
            visited += 1
            path = prefixes[-1] + node.name
            if visited > _MAX_FILES or len(open_folders) > _MAX_DEPTH or len(path) > 4096:
                raise SourceError(f"the commit holds more than {_MAX_FILES:,} files, or folders more than {_MAX_DEPTH} deep")
            if node.kind == _TREE:
                open_folders.append(iter(self.tree(node.sha)))
                prefixes.append(path + b"/")
            else:
                found.setdefault(path, node)
        return found

    def commit(self, sha: bytes) -> Commit:
        """The commit ``sha``; a tag is followed to its commit."""
        for _ in range(10):
            try:
                lines = self.objects.get(sha, b"commit").partition(b"\n\n")[0].split(b"\n")
                break
            except SourceError as error:
                if "is a tag" not in str(error):
                    raise
                sha = self.objects.get(sha, b"tag")[7:47]
        else:
            raise SourceError("a tag of a tag of a tag …: there is no commit")
        values: dict[bytes, list[bytes]] = defaultdict(list)
        for line in lines:
            values[line.partition(b" ")[0]].append(line.partition(b" ")[2])
        author, date, _ = _person(b"".join(values[b"author"][:1]))
        _, _, seconds = _person(b"".join(values[b"committer"][:1]))
        return Commit(sha, b"".join(values[b"tree"][:1]), tuple(values[b"parent"]), seconds, author, date)

    def last_touched(self, tip: Commit, paths: set[bytes], *, commits: int, seconds: float) -> dict[bytes, Commit]:
        """The commit that gave each of ``paths`` its content, as ``git log`` has it: where a merge took a file over from a parent, the
        parent's. What lies beyond ``commits`` commits, ``seconds`` seconds or a shallow clone's end is left out.
        """
        found: dict[bytes, Commit] = {}
        asked = {tip.sha: set(paths)}
        known, counter, until = {tip.sha: tip}, itertools.count(), time.monotonic() + seconds
        queue = [(-tip.time, next(counter), tip.sha)]
        for _ in range(commits):
            if not queue or time.monotonic() > until:
                break
            sha = heapq.heappop(queue)[2]
            commit, left = known.pop(sha), asked.pop(sha)
            for parent_sha in commit.parents:
                try:
                    parent = known.get(parent_sha) or self.commit(parent_sha)
                    changed = self.changed(commit.tree, parent.tree)
                except SourceError:  # a shallow clone ends here; what came before is not known
                    left = set()
                    break
                same = {path for path in left if not changed.intersection(_above(path))} if changed else left
                left = left - same
                if same:
                    if parent_sha not in asked:
                        heapq.heappush(queue, (-parent.time, next(counter), parent_sha))
                    known[parent_sha] = parent
                    asked.setdefault(parent_sha, set()).update(same)
            found.update(dict.fromkeys(left, commit))
        return found

    def changed(self, one: bytes, other: bytes, prefix: bytes = b"", depth: int = 0) -> set[bytes]:
        """Paths of ``one`` that are not the same in ``other``: files, or whole folders (with "/" at the end) that are new."""
        if one == other or depth > _MAX_DEPTH:
            return set()
        before = {node.name: node for node in self.tree(other)}
        found: set[bytes] = set()
        for node in self.tree(one):
            old = before.get(node.name)
            if old is not None and old.sha == node.sha and old.kind == node.kind:
                continue
            path = prefix + node.name
            if node.kind == _TREE and old is not None and old.kind == _TREE:
                found |= self.changed(node.sha, old.sha, path + b"/", depth + 1)
            else:
                found.add(path + b"/" if node.kind == _TREE else path)
        return found


def _above(path: bytes) -> list[bytes]:
    """``path`` and the folders that it lies in."""
    parts = path.split(b"/")
    return [path, *(b"/".join(parts[:count]) + b"/" for count in range(1, len(parts)))]


def _person(line: bytes) -> tuple[str, str | None, int]:
    """Name, date in ISO 8601 and seconds since 1970 of an author or committer."""
    found = _PERSON.match(line)
    if found is None:
        return "", None, 0
    name = " ".join(found[1].decode("utf-8", "replace").split())[:200]
    offset = timedelta(hours=int(found[5]), minutes=int(found[6])) * (1 if found[4] == b"+" else -1)
    try:
        when = datetime.fromtimestamp(int(found[3]), UTC).astimezone(timezone(offset)).isoformat()
    except (ValueError, OverflowError, OSError):
        return name, None, 0
    return name, when, int(found[3])
