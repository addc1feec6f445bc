"""Makes ``docs/cli.md`` and ``docs/configuration.md`` from the code: ``python -m ragkit.cli.reference docs``.

The tests make both again and compare, so that neither can drift from what it describes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from ragkit.cli import plugins
from ragkit.cli.session import SHARED

MADE = "<!-- Made by `make docs` from the code; change it there. -->\n"

CLI_HEAD = f"""# The command line

{MADE}
Results go to standard output; progress, warnings and errors go to standard error. Colours and bars appear on a
terminal alone. With `--json` a command prints one JSON value and nothing else; the batch modes (`--queries`,
`--questions`, `--claims`) print one JSON line for each line they read, in order and as soon as it is known. A line
that cannot be done becomes `{{"_id", "error"}}`.

| exit code | meaning |
|---|---|
| 0 | done; an abstention is an answer |
| 1 | failed: one line on standard error says what was asked, what is there, and what mends it |
| 2 | wrong usage: an unknown option or setting, or a filter that cannot be read |
| 3 | done in part: some items failed, and they are listed |

"""

CONFIG_HEAD = f"""# Configuration

{MADE}
Settings come from a TOML file (`--config FILE`, else `$RAGKIT_CONFIG`, else `ragkit.toml` in the working directory),
then from the environment, then from `--set PART.KEY=VALUE` or explicit values in Python; the later wins. An unknown
key is an error that lists the known ones.

```toml
[retrieval]
k = 5
```

says the same as `RAGKIT_RETRIEVAL__K=5`, as `--set retrieval.k=5`, and as
`load_settings(values={{"retrieval.k": 5}})`. Three variables are no settings: `RAGKIT_STORE` names the store's folder,
`RAGKIT_CONFIG` the settings file, `RAGKIT_DATA` the data of the benchmarks.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that this distribution brings, with its full name (``models list``)."""
    from ragkit.cli.app import app

    foreign = {name for name, entry in plugins.installed().items() if entry.dist and entry.dist.name != "ragkit"}
    return ((name, command) for name, command in _walk(get_command(app), "") if name.split()[0] not in foreign)


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    context = command.make_context(name or "ragkit", [], resilient_parsing=True)
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        if found is not None and not found.hidden:
            yield from _walk(found, f"{name} {child}".strip())


def cli_page() -> str:
    """The text of ``docs/cli.md``."""
    parts = [CLI_HEAD, "## Options of every command\n\nBefore or after the command's name:\n\n"]
    known = list(commands())
    shared = {name for name, _, _ in SHARED}
    core = next(command for name, command in known if name == "init")
    parts += [_option(p) for p in core.params if p.name in shared]
    for name, command in known:
        parts.append(f"\n## ragkit {name}\n\n{(command.help or '').strip()}\n\n{_usage(name, command)}")
        rows = [_option(p) for p in command.params if p.name not in shared and not _is_help(p)]
        parts += ["\n", *rows] if rows else []
    return "".join(parts)


def configuration_page() -> str:
    """The text of ``docs/configuration.md``."""
    from ragkit.settings import Settings

    parts = [CONFIG_HEAD]
    for part, field in Settings.model_fields.items():
        kind: Any = field.annotation
        parts.append(f"\n## {part}\n\n{kind.__doc__}\n\n| key | default | meaning |\n|---|---|---|\n")
        for key, value in kind.model_fields.items():
            text = (value.description or "").replace("|", "\\|")
            parts.append(f"| `{part}.{key}` | `{json.dumps(value.default)}` | {text} |\n")
    return "".join(parts)


#: Each page that is made, and what makes it.
PAGES = {"cli.md": cli_page, "configuration.md": configuration_page}


def _usage(name: str, command: Any) -> str:
    arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
    return "```\n" + " ".join([f"ragkit {name}", *arguments, "[OPTIONS]"]) + "\n```\n"


def _option(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"- `{_argument(parameter)}`: {parameter.help or ''}\n"
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    value = f" `{parameter.metavar}`" if parameter.metavar else ""
    return f"- {names}{value}: {parameter.help or ''}\n"


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return name if parameter.required else f"[{name}]"


def _is_help(parameter: Any) -> bool:
    return "--help" in parameter.opts


def main(folder: Path) -> None:
    """Writes every page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
