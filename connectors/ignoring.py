"""Which files of a folder are left out: ``.gitignore``, ``.ragkitignore``, and the globs that the user gave."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pathspec import GitIgnoreSpec

NAMES = (".gitignore", ".ragkitignore")

#: The ignore files in force in a folder: each one's folder (relative to the root, "" or ending in "/") and its patterns.
Rules = tuple[tuple[str, GitIgnoreSpec], ...]


class Ignore:
    """Decides what to skip. ``include`` and ``exclude`` use the patterns of ``.gitignore``."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.include = GitIgnoreSpec.from_lines(include) if include else None
        self.exclude = GitIgnoreSpec.from_lines(exclude) if exclude else None

    def enter(self, path: str, relative: str, rules: Rules) -> Rules:
        """``rules`` and those of the folder's own ignore files."""
        for name in NAMES:
            file = os.path.join(path, name)
            if os.path.isfile(file):
                with open(file, encoding="utf-8", errors="replace") as lines:
                    rules += ((relative, GitIgnoreSpec.from_lines(lines.read(1_000_000).splitlines())),)
        return rules

    def excludes(self, relative: str) -> bool:
        """Whether ``exclude`` names the file at ``relative``, or a folder above it."""
        return self.exclude is not None and self.exclude.match_file(relative)

    def skips(self, relative: str, folder: bool, rules: Rules) -> bool:
        """Whether the file or folder at ``relative`` is left out; of several files that speak of it, the deepest decides."""
        name = relative + "/" if folder else relative
        if self.exclude is not None and self.exclude.match_file(name):
            return True
        if self.include is not None and not folder and not self.include.match_file(name):
            return True
        for base, spec in reversed(rules):
            verdict = spec.check_file(name[len(base) :]).include
            if verdict is not None:
                return verdict
        return False
