"""What parsers find in real files: ragkit (its sandbox included) beside markitdown and unstructured, on the same files in one run.

Phrases: those that markitdown's `must_include_vectors.json` names, and of docling's `NAME.expected.md` the first eight words of every
line or cell of at least eight words. Words: the multiset of the expected text's words, and the share of it that the tool's text lacks.
Both sides lose the marks of Markdown and HTML and all punctuation, and are compared as words in lower case. docling's texts are a
tool's output too: what it leaves out is not asked for, what it invents (formulas as LaTeX, alternative texts) is. A PDF of markitdown
that has a `.md` of the same name has that as its expected text.

Page: the expected texts name no pages, so those of a PDF are asked of PDFium, page by page: of the phrases that ragkit finds and that
PDFium has on some page, those that ragkit's anchors have on one of these pages. A phrase that runs over two pages has none.

Place: of 20 random spans of ragkit's text a file, the share all of whose words an anchor leads back to the source; the number of a
list's item, at the beginning of a line, may be one that the format generates and needs none.
The other tools give no place in the source, or a page number at best.

`--others DIR` holds one virtual environment a tool, `DIR/markitdown` and `DIR/unstructured`; one that is not there is left out:
    python -m venv DIR/markitdown && DIR/markitdown/bin/pip install 'markitdown[all]'
    python -m venv DIR/unstructured && DIR/unstructured/bin/pip install 'unstructured[all-docs]'
"""

from __future__ import annotations

import html
import json
import os
import random
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from bench.common import data, emit, parser
from ragkit.connectors.anchoring import covering
from ragkit.connectors.sandbox import ParserPool
from ragkit.errors import ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ParsingSettings

Row = dict[str, Any]
TOOLS = ("markitdown", "unstructured")
#: Not documents, or of media that ragkit does not read (sound, archives).
LEFT_OUT = frozenset({".bin", ".m4a", ".mp3", ".wav", ".zip"})
RUN, SPANS = 8, 20

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>", re.S)
_NUMBER = re.compile(r"^[ ]*\d+\.[ ]", re.M)
_MARKS = re.compile(r"[*_`#|>~\\\[\]]+|^[ \t]*(?:[-+]|\d+\.)[ \t]+|-{3,}", re.M)


class Case(NamedTuple):
    """A file and what should be found in it."""

    path: Path
    phrases: tuple[str, ...]
    words: Counter[str]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


class Found(NamedTuple):
    """What one tool made of one file."""

    text: str
    reason: str
    seconds: float
    anchored: float | None = None
    pages: Mapping[int, str] = MappingProxyType({})


def plain(text: str) -> str:
    """The words alone, compatibility forms folded, in lower case, a blank between them."""
    bare = _MARKS.sub(" ", _COMMENT.sub(" ", _LINK.sub(r"\1", html.unescape(text))))
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", bare).lower()))


def phrases(expected: str) -> tuple[str, ...]:
    """The first eight words of every line, and of every cell, that has as many."""
    runs = (plain(cell).split() for line in expected.splitlines() for cell in line.split("|"))
    return tuple(dict.fromkeys(" ".join(run[:RUN]) for run in runs if len(run) >= RUN))


def cases(folder: Path) -> list[Case]:
    found = []
    for expected in sorted((folder / "docling").glob("*/*.expected.md")):
        text = expected.read_text("utf-8")
        found.append(Case(expected.with_name(expected.name.removesuffix(".expected.md")), phrases(text), Counter(plain(text).split())))
    vectors = json.loads((folder / "markitdown/must_include_vectors.json").read_text("utf-8"))
    named = {row["filename"]: row["must_include"] for row in vectors}
    for path in sorted((folder / "markitdown").iterdir()):
        if path.suffix in LEFT_OUT or path.name in ("LICENSE", "must_include_vectors.json"):
            continue
        twin = path.with_suffix(".md")
        if path.suffix == ".md" and path.with_suffix(".pdf").exists() and path.name != "test.md":
            continue
        if path.suffix == ".pdf" and twin.exists() and path.name != "test.pdf":
            text = twin.read_text("utf-8")
            found.append(Case(path, phrases(text), Counter(plain(text).split())))
            continue
        wanted = (plain(phrase) for phrase in named.get(path.name, ()) if not phrase.startswith(("data:", "](")))
        found.append(Case(path, tuple(dict.fromkeys(phrase for phrase in wanted if phrase)), Counter()))
    return found


def anchored(parsed: Parsed, seed: str) -> float:
    """The share of random spans in which every word is covered by an anchor that names a place."""
    rng, kept = random.Random(seed), 0
    numbered = _NUMBER.sub(lambda found: " " * len(found[0]), parsed.text)
    for _ in range(SPANS):
        start = rng.randrange(len(parsed.text))
        end = min(len(parsed.text), start + rng.randint(1, 120))
        bare = list(numbered[start:end])
        for anchor in covering(parsed.anchors, start, end):
            if (anchor.byte_start, anchor.page, anchor.place) != (None, None, None):
                for at in range(max(start, anchor.start), min(end, anchor.end)):
                    bare[at - start] = " "
        kept += not re.search(r"\w", "".join(bare))
    return kept / SPANS


def by_page(parsed: Parsed) -> dict[int, str]:
    """The text that the anchors have on each page, in words."""
    bounds: dict[int, tuple[int, int]] = {}
    for anchor in parsed.anchors:
        if anchor.page is not None:
            low, high = bounds.get(anchor.page, (anchor.start, anchor.end))
            bounds[anchor.page] = min(low, anchor.start), max(high, anchor.end)
    return {page: plain(parsed.text[low:high]) for page, (low, high) in bounds.items()}


def on_page(case: Case, found: Found) -> tuple[int, int]:
    """How many phrases of a PDF are on a page on which PDFium has them too, and of how many."""
    import pypdfium2

    document = pypdfium2.PdfDocument(case.path)
    asked = {number: plain(page.get_textpage().get_text_bounded()) for number, page in enumerate(document, start=1)}
    right = total = 0
    for phrase in set(case.phrases) - set(missing(case, found)):
        wanted, own = ({number for number, text in pages.items() if phrase in text} for pages in (asked, found.pages))
        total += bool(wanted)
        right += bool(wanted & own)
    return right, total


def ragkit(given: Sequence[Case]) -> dict[Path, Found]:
    found = {}
    with ParserPool(ParsingSettings()) as pool:
        for case in given:
            item = SourceItem(uri=case.path.name, token="", open=lambda path=case.path: path.open("rb"))  # type: ignore[misc]
            began = time.perf_counter()
            try:
                parsed = pool.parse(item)
            except ParseError as error:
                found[case.path] = Found("", str(error), time.perf_counter() - began)
                continue
            seconds = time.perf_counter() - began
            share = anchored(parsed, case.name) if parsed.text.strip() else None
            found[case.path] = Found(parsed.text, "" if parsed.text.strip() else "no text", seconds, share, by_page(parsed))
    return found


def other(tool: str, folder: Path | None, given: Sequence[Case]) -> tuple[str, dict[Path, Found]]:
    """The tool's version and what it found; nothing where it is not installed."""
    python = folder / tool / "bin" / "python" if folder else None
    if python is None or not python.exists():
        sys.stderr.write(f"left out: {tool}; there is no {python or 'folder: see --others'}\n")
        return "", {}
    paths = "\n".join(str(case.path.resolve()) for case in given)
    script = Path(__file__).with_name("parsers_other.py")
    quiet = {**os.environ, "DO_NOT_TRACK": "true", "SCARF_NO_ANALYTICS": "true"}
    done = subprocess.run([python, script, tool], input=paths, capture_output=True, text=True, check=False, env=quiet)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        sys.stderr.write(f"left out: {tool} does not start: {done.stderr.strip().splitlines()[-1:]}\n")
        return "", {}
    by_path = {Path(row["path"]): Found(row["text"], row["reason"], row["seconds"]) for row in lines[1:]}
    return lines[0]["version"], {case.path: by_path[case.path.resolve()] for case in given if case.path.resolve() in by_path}


def missing(case: Case, found: Found) -> tuple[str, ...]:
    text = plain(found.text)
    return tuple(phrase for phrase in case.phrases if phrase not in text)


def score(tool: str, given: Iterable[Case], found: dict[Path, Found]) -> Row:
    """One tool over some files; a file that a tool gave no result for counts as one without text."""
    given, none = list(given), Found("", "no result", 0.0)
    pairs = [(case, found.get(case.path, none)) for case in given]
    asked, lacking = sum(len(case.phrases) for case in given), sum(len(missing(*pair)) for pair in pairs)
    words = sum(case.words.total() for case in given)
    lost = sum((case.words - Counter(plain(f.text).split())).total() for case, f in pairs)
    shares = [f.anchored for _, f in pairs if f.anchored is not None]
    paged = [on_page(case, f) for case, f in pairs if f.pages and case.path.suffix == ".pdf"]
    return {
        "tool": tool, "files": len(given), "with text": sum(not f.reason for _, f in pairs),
        "phrases": f"{asked - lacking} of {asked}", "words lost": f"{100 * lost / words:.1f} %" if words else "",
        "anchored": f"{100 * sum(shares) / len(shares):.1f} %" if shares else "" if tool == "ragkit" else "no",
        "on their page": "{} of {}".format(*map(sum, zip(*paged, strict=True))) if paged else "" if tool == "ragkit" else "no",
        "seconds": round(sum(f.seconds for _, f in pairs), 2),
    }  # fmt: skip


def markdown(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    return "\n".join(lines + ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows])


def misses(given: Iterable[Case], tools: dict[str, dict[Path, Found]]) -> list[Row]:
    """ragkit's files without text and with missing phrases, and for each phrase which other tool has it."""
    rows = []
    for case in given:
        own = tools["ragkit"][case.path]
        for phrase in missing(case, own) if not own.reason else ():
            has = [t for t, f in tools.items() if case.path in f and phrase not in missing(case, f[case.path])]
            rows.append({"file": case.name, "phrase": phrase, "found by": ", ".join(has)})
        if own.reason:
            rows.append({"file": case.name, "reason": own.reason[:100]})
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--others", type=Path, help="the folder of the other tools' virtual environments")
    arguments.add_argument("--format", action="append", help="only files with this suffix, as often as wanted")
    arguments.add_argument("--markdown", type=Path, help="where the table goes as Markdown")
    options = arguments.parse_args()
    given = [case for case in cases(data("parsers")) if not options.format or case.path.suffix.lstrip(".") in options.format]
    tools, versions = {"ragkit": ragkit(given)}, {"ragkit": version("ragkit")}
    for tool in TOOLS:
        number, found = other(tool, options.others, given)
        if found:
            tools[tool], versions[tool] = found, number
    formats: dict[str, list[Case]] = {}
    for case in given:
        formats.setdefault(case.path.suffix.lstrip("."), []).append(case)
    rows = [{"format": kind, **score(t, own, f)} for kind, own in (*sorted(formats.items()), ("all", given)) for t, f in tools.items()]
    table, lacking = markdown(rows), misses(given, tools)
    if options.markdown:
        options.markdown.write_text(table + "\n", "utf-8")
    sys.stderr.write(table + "\n" + "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lacking))
    complete = not options.format and len(tools) == 1 + len(TOOLS)
    emit("parsers", [{"format": "all", **score(t, given, f)} for t, f in tools.items()], complete=complete, versions=versions,
         formats=rows, misses=lacking)  # fmt: skip


if __name__ == "__main__":
    main()
