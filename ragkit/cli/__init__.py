"""The command line. No logic lives here: it reads arguments, calls the library, and prints."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from ragkit.cli.codes import DONE, FAILED, USAGE

#: The model libraries' own bars, which know neither of ours nor of a terminal that is none.
_QUIET = ("TQDM_DISABLE", "HF_HUB_DISABLE_PROGRESS_BARS")


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; ``args`` defaults to the process's arguments.

    What goes wrong on purpose is one line on standard error; anything else is a bug and keeps its traceback.
    """
    from ragkit.cli.app import app
    from ragkit.errors import FilterError, RagkitError, SettingsError

    for variable in _QUIET:
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app(None if args is None else list(args), prog_name="ragkit")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else FAILED
    except (RagkitError, OSError) as error:
        sys.stderr.write("ragkit: " + (" ".join(str(error).split()) or type(error).__name__) + "\n")
        return USAGE if isinstance(error, SettingsError | FilterError) else FAILED
    return DONE
