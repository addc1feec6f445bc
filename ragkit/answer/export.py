"""An answer as a file that can be passed on and checked later: JSON, Markdown or HTML.

All three carry the whole record. Markdown and HTML show it to a person as well, and what they show is made from the record alone,
so that a page whose words were changed is not the page that its record gives. Texts of documents are data: in HTML they are
escaped, in Markdown they stand in code or have every sign escaped, and there is no link but to the page's own citations.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args

from ragkit.answer import shape
from ragkit.errors import RagkitError
from ragkit.store.auditlog import digest

Format = Literal["json", "markdown", "html"]
FORMATS: tuple[str, ...] = get_args(Format)
#: The form of exported answers that this version writes and reads.
VERSION = 1

_KEY = "ragkit_answer"
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
#: Characters that turn or hide text are shown as what they are.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e007f]")
_FENCED = re.compile(r"^```json\n(\{.*\})\n```$", re.MULTILINE)
_PRE = re.compile(r'<pre id="record">(.*)</pre>')


class BadExport(RagkitError, ValueError):
    """A file is no exported answer, or not the one that it was."""


def render(kept: Mapping[str, Any], format: Format) -> str:
    """The record ``kept`` as a file."""
    return _RENDER[format](kept)


def read(text: str, name: str) -> dict[str, Any]:
    """The record that an exported file holds; ``name`` is what messages call the file.

    Raises:
        BadExport: it is none, or its record or its words are not those that were exported.
    """
    for format, found in (("json", text), ("markdown", _inside(_FENCED, text)), ("html", html.unescape(_inside(_PRE, text)))):
        try:
            tree = json.loads(found, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
        kept = _opened(tree, name)
        if format != "json" and render(kept, format) != text:  # type: ignore[arg-type]
            raise BadExport(f"{name}: what it shows is not what its record says")
        return kept
    raise BadExport(f"{name} is no exported answer; `ragkit export-answer ID -o FILE` writes one")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _inside(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    return found[-1] if found else ""


def _opened(tree: Any, name: str) -> dict[str, Any]:
    if not isinstance(tree, dict) or tree.get(_KEY) != VERSION:
        raise BadExport(f"{name} is no exported answer of a form that this version reads ({_KEY}: {VERSION})")
    kept = tree.get("record")
    wrong = shape.fault(kept)
    if wrong is not None or not isinstance(kept, dict):
        raise BadExport(f"{name} holds no answer record: {wrong}")
    if tree.get("sha256") != digest(kept):
        raise BadExport(f"{name}: the record was altered: its hash is not the one that was exported with it")
    return kept


def _envelope(kept: Mapping[str, Any]) -> str:
    return json.dumps({_KEY: VERSION, "sha256": digest(kept), "record": kept}, sort_keys=True)


def _citations(kept: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every citation with its number on the page, from 1."""
    yield from enumerate((c for s in kept["sentences"] for c in s["citations"]), 1)


def _place(citation: Mapping[str, Any]) -> str:
    page = citation.get("start_page_number")
    where = f"page {page}, " if page is not None else f"{citation['place']}, " if citation.get("place") else ""
    span = f"characters {citation['start_char_index']}:{citation['end_char_index']}"
    return f"{citation['uri']}, version {citation['document_version']}, {where}{span}"


def _about(kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    models = ", ".join(f"{part} {model.get('id')}" for part, model in sorted(kept["models"].items()) if isinstance(model, dict))
    return [
        ("Record", kept["id"]),
        ("Given", kept["created_at"]),
        ("Mode", kept["mode"]),
        ("Generation of the store", str(kept["generation"])),
        ("Models", models),
    ]


def _markdown(kept: Mapping[str, Any]) -> str:
    lines = [f"# {_plain(kept['question'])}", ""]
    number = 0
    for sentence in kept["sentences"]:
        numbers = range(number + 1, number + 1 + len(sentence["citations"]))
        number = numbers.stop - 1
        lines += [f"{_plain(sentence['text'])} ({_plain(sentence['status'])}) " + "".join(f"\\[{n}\\]" for n in numbers), ""]
    if kept["abstained"]:
        lines += [f"{_plain(_missing(kept))}.", ""]
    for n, citation in _citations(kept):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", citation["cited_text"])), default=0))
        lines += [f"\\[{n}\\] {_plain(citation['document_title'])}, {_plain(_place(citation))}", ""]
        lines += [f"{fence}text", _seen(citation["cited_text"]), fence, ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in _about(kept)]
    return "\n".join([*lines, "", "```json", _envelope(kept), "```", ""])


def _missing(kept: Mapping[str, Any]) -> str:
    told = "contradict each other" if kept["reason"] == "contradictory_sources" else "do not answer this"
    return f"The documents {told} ({kept['reason']})"


def _plain(text: str) -> str:
    """A line of Markdown that is nothing but text."""
    return _SIGN.sub(lambda sign: "\\" + sign.group(), " ".join(_seen(text).split()))


def _seen(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:45em;margin:2em auto;padding:0 1em}"
    "blockquote,pre{white-space:pre-wrap;overflow-wrap:anywhere}dt{font-weight:bold}"
)
_HEAD = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
)


def _html(kept: Mapping[str, Any]) -> str:
    title = _escaped(kept["question"])
    lines = [f"{_HEAD}<title>{title}</title><style>{_STYLE}</style></head><body>", f"<h1>{title}</h1>"]
    number = 0
    for sentence in kept["sentences"]:
        numbers = range(number + 1, number + 1 + len(sentence["citations"]))
        number = numbers.stop - 1
        links = "".join(f' <a href="#citation-{n}">[{n}]</a>' for n in numbers)
        lines.append(f"<p><bdi>{_escaped(sentence['text'])}</bdi> <small>({_escaped(sentence['status'])})</small>{links}</p>")
    if kept["abstained"]:
        lines.append(f"<p>{_escaped(_missing(kept))}.</p>")
    for n, citation in _citations(kept):
        where = f"<bdi>{_escaped(citation['document_title'])}</bdi>, <bdi>{_escaped(_place(citation))}</bdi>"
        lines.append(
            f'<section id="citation-{n}"><p>[{n}] {where}</p><blockquote>{_escaped(citation["cited_text"])}</blockquote></section>'
        )
    lines.append("<dl>" + "".join(f"<dt>{name}</dt><dd>{_escaped(value)}</dd>" for name, value in _about(kept)) + "</dl>")
    lines.append(f'<details><summary>The whole record</summary><pre id="record">{html.escape(_envelope(kept))}</pre></details>')
    return "\n".join([*lines, "</body></html>", ""])


def _escaped(text: str) -> str:
    return html.escape(_seen(text))


_RENDER: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "json": lambda kept: _envelope(kept) + "\n", "markdown": _markdown, "html": _html
}  # fmt: skip
