"""Exit codes of every command."""

from __future__ import annotations

#: Done; an abstention is an answer.
DONE = 0
#: Failed: one line on standard error says why.
FAILED = 1
#: Wrong usage: an option, a setting, or a filter that cannot be read.
USAGE = 2
#: Done in part: some items failed, and they are listed.
PARTLY = 3
