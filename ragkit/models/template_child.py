"""The child process that renders one chat template, with limits of its own: JSON from standard input, JSON to standard output.

It is run as a file of its own, so that nothing else of ragkit is loaded beside a stranger's program.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from typing import Any

import jinja2.debug  # noqa: F401 - Jinja loads it when something fails; no file can be opened then
from jinja2 import TemplateError
from jinja2.ext import LoopControlExtension
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Seconds of processor time, bytes of address space beyond the interpreter's, characters of output.
CPU_S = 3
MEMORY = 256 << 20
MOST_OUTPUT = 20_000
#: Stand where the texts will.
SYSTEM, USER = "Rk7system4Q", "Rk7user4Q"
#: Some formats have no system role: there the system text begins the user's.
ATTEMPTS = (
    [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER}],
    [{"role": "user", "content": f"{SYSTEM}\n\n{USER}"}],
)
#: What a template may call, of Jinja's own globals.
GLOBALS = ("range", "namespace", "dict", "cycler", "joiner")
#: Rendered before the limits, so that what Python loads when it is first needed is there.
WARM = (
    "{% set a = namespace(b=1) %}{{ '\\n\\u00e9' + ([1.5, 2] | map('string') | join | trim | upper) }}"
    "{{ {'a': a.b} | tojson(indent=2) }}{{ not_there.at_all }}"
)


class Refused(Exception):
    """What the template gives is no chat format."""


def main() -> None:
    """Answer with the format's parts, or with the error that there is instead."""
    asked = json.loads(sys.stdin.buffer.read())
    with contextlib.suppress(TemplateError, Refused):
        parts(WARM, "", "")
    limit()
    try:
        answer: dict[str, Any] = {"parts": parts(asked["template"], asked["bos_token"], asked["eos_token"])}
    except (TemplateError, Refused, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, ImportError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    except (MemoryError, RecursionError) as error:
        answer = {"error": f"{type(error).__name__}: it asks for too much"}
    sys.stdout.write(json.dumps(answer))


def limit() -> None:
    """No more files, no writing, little memory and time."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        held = int(statm.read().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 3,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_AS: held + MEMORY,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def parts(template: str, bos: str, eos: str) -> list[str]:
    """Before the system text, between, and after the user's.

    Raises:
        Refused: neither attempt has both texts once, in this order.
    """
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[LoopControlExtension])
    environment.globals = {name: environment.globals[name] for name in GLOBALS} | {"raise_exception": _raise}
    compiled = environment.from_string(template)
    reason: Exception | None = None
    for messages in ATTEMPTS:
        try:
            text = _text(compiled.generate(messages=messages, add_generation_prompt=True, bos_token=bos, eos_token=eos))
        except (TemplateError, Refused) as error:
            reason = reason or error
            continue
        if text.count(SYSTEM) == text.count(USER) == 1 and text.index(SYSTEM) < text.index(USER):
            before, rest = text.split(SYSTEM)
            return [before, *rest.split(USER)]
        reason = reason or Refused("it leaves out, or repeats, what it is given")
    raise Refused(str(reason)) from reason


def _text(pieces: Any) -> str:
    text = ""
    for piece in pieces:
        text += piece
        if len(text) > MOST_OUTPUT:
            raise Refused(f"it writes more than {MOST_OUTPUT:,} characters")
    return text


def _raise(message: object) -> None:
    raise TemplateError(str(message))


if __name__ == "__main__":
    main()
