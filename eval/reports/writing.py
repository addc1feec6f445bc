"""A report as a file: HTML that stands by itself, Markdown, or JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from .faults import ABOUT
from .markdown import markdown
from .model import Page, told

#: Characters that turn or hide text are shown as what they are.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)


def render(page: Page, format: str) -> bytes:
    """The file, in UTF-8; ``format`` is a key of :data:`FORMATS`."""
    return FORMATS[format](page).encode("utf-8", "backslashreplace")


def _json(page: Page) -> str:
    return json.dumps(page.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _html(page: Page) -> str:
    """One file without a link to anywhere. Its policy allows the style and the script that stand in it, by their hashes, and nothing else;
    every text is escaped where it is put in."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = files(__package__)
    style, script = (here.joinpath(name).read_text("utf-8") for name in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_seen, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = figure
    template = environment.from_string(here.joinpath("report.html.j2").read_text("utf-8"))
    drawn = [(plot, Markup(plot.svg)) for plot in page.plots]  # noqa: S704 - made by svg.py, which escapes what it is given
    about = [told(run.info) for run in page.runs]
    return template.render(
        page=page,
        drawn=drawn,
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - likewise
        policy=policy,
        about=about,
        names=list(dict.fromkeys(name for one in about for name in one)),
        fault_about=ABOUT,
        title=" and ".join(run.name for run in page.runs),
    )


def figure(value: float | None, *, sign: bool = False) -> str:
    """A value to three places, or a dash where there is none."""
    return "–" if value is None else f"{value:+.3f}" if sign else f"{value:.3f}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _seen(value: Any) -> Any:
    """What is put into the page: text with its hidden characters shown; markup of this package stays as it is."""
    if type(value) is str:
        return _UNSEEN.sub(lambda found: f"<U+{ord(found.group()):04X}>", value)
    return value


FORMATS: Mapping[str, Callable[[Page], str]] = {"html": _html, "markdown": markdown, "json": _json}
