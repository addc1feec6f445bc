"""Another tool's text of files, by that tool's own interpreter; imports nothing of ragkit. ``python parsers_other.py TOOL <paths``.

A line of JSON a file: ``{"path", "text", "reason", "seconds"}``, the first one with ``version`` alone.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import signal
import sys
import time
from collections.abc import Callable

LIMIT_S = 60


def markitdown() -> Callable[[str], str]:
    from markitdown import MarkItDown  # type: ignore[import-not-found,unused-ignore]

    tool = MarkItDown(enable_plugins=False)
    return lambda path: str(tool.convert(path).text_content)


def unstructured() -> Callable[[str], str]:
    from unstructured.partition.auto import partition  # type: ignore[import-not-found,unused-ignore]

    return lambda path: "\n\n".join(str(element) for element in partition(path, strategy="fast"))


TOOLS = {"markitdown": markitdown, "unstructured": unstructured}


def main() -> None:
    name, out = sys.argv[1], sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        convert = TOOLS[name]()
        out.write(json.dumps({"version": importlib.metadata.version(name)}) + "\n")
        for path in sys.stdin.read().splitlines():
            out.write(json.dumps({"path": path, **one(convert, path)}) + "\n")
            out.flush()


def one(convert: Callable[[str], str], path: str) -> dict[str, object]:
    began, text, reason = time.perf_counter(), "", ""
    signal.alarm(LIMIT_S)
    try:
        text = convert(path)
    except BaseException as error:  # noqa: BLE001 - whatever another tool raises is its result
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    finally:
        signal.alarm(0)
    return {"text": text, "reason": reason or ("" if text.strip() else "no text"), "seconds": round(time.perf_counter() - began, 4)}


def late(number: int, frame: object) -> None:
    raise TimeoutError(f"more than {LIMIT_S} s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, late)
    main()
