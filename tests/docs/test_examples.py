"""The guide is true: its examples run and print what they say, its commands and settings exist, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
import tomllib
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from pages import DOCS, ROOT, anchors, blocks, expected, links, pages, program, prose

import ragkit
from ragkit.cli import reference
from ragkit.settings import known_keys, load_settings
from ragkit.testing import ConnectorConformance, ParserConformance

MARK = "\x1e"
TEXTS = {page.name: page.read_text("utf-8") for page in pages()}
WITH_PYTHON = sorted(name for name, text in TEXTS.items() if blocks(text, "python"))
#: Programs other than ragkit that an example calls.
OTHERS = ("docker", "make", "pip")


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _conforms(suite: type[ConnectorConformance] | type[ParserConformance]) -> None:
    for name, test in inspect.getmembers(suite(), inspect.ismethod):
        if name.startswith("test_"):
            test()


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_python_examples_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page's Python blocks run as one program with the real models, each printing the text block below it; the suites
    for plug-ins that a page shows pass."""
    file = tmp_path / f"{Path(name).stem.replace('-', '_')}_page.py"
    file.write_text(program(TEXTS[name], MARK), encoding="utf-8")
    module = _imported(file)
    printed = capsys.readouterr().out.split(MARK)[1:]
    shown = [(f"line {block.line}", text or "") for block, text in expected(TEXTS[name])]
    assert list(zip([place for place, _ in shown], printed, strict=True)) == shown
    for suite in vars(module).values():
        if isinstance(suite, type) and suite.__module__ == module.__name__ and issubclass(suite, ConnectorConformance | ParserConformance):
            _conforms(suite)


def _commands() -> list[str]:
    """Every example of a command line, once."""
    texts = (block.text for text in TEXTS.values() for block in blocks(text, "console"))
    lines = (line.strip() for text in texts for line in text.splitlines())
    return sorted({line.removeprefix("$ ") for line in lines if line.startswith("$ ")})


@pytest.mark.parametrize("line", _commands())
def test_command_examples_can_be_read(line: str) -> None:
    """Each names a command and options that there are; each variable, and each ``--set``, a setting that there is."""
    words = shlex.split(line)
    words = words[: next((i for i, word in enumerate(words) if word in ("|", ">")), len(words))]
    environment = dict(word.split("=", 1) for word in words if re.fullmatch(r"[A-Z_]+=.*", word))
    program, *arguments = [word for word in words if not re.fullmatch(r"[A-Z_]+=.*", word)]
    if program != "ragkit":
        assert program in OTHERS
        return
    for name in arguments:
        if name.endswith(".jsonl"):
            Path(name).touch()  # in the test's own folder: some commands look whether their file is there
    known = dict(reference.commands())
    command = next(name for name in (" ".join(arguments[:2]), arguments[0]) if name in known)
    with known[command].make_context(command, arguments[len(command.split()) :]) as context:
        load_settings(environ=environment, values=dict(value.split("=", 1) for value in context.params["values"] or ()))


def test_make_examples_are_chores() -> None:
    """Each ``make …`` of an example is a chore of the Makefile."""
    chores = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    used = {line.split()[1] for line in _commands() if line.startswith("make ")}
    assert used
    assert used <= chores


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_settings_exist(name: str) -> None:
    """Each key that a page names in code is a setting, and each TOML example that is a settings file can be read."""
    parts = "|".join(sorted({key.partition(".")[0] for key in known_keys()}))
    named = set(re.findall(rf"`((?:{parts})\.[a-z0-9_]+)`", TEXTS[name]))
    assert named <= {*known_keys(), "catalog.db"}
    for number, block in enumerate(blocks(TEXTS[name], "toml")):
        if "project" not in tomllib.loads(block.text):
            config = Path(f"example-{number}.toml")
            config.write_text(block.text, encoding="utf-8")
            load_settings(config, environ={})


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_links_lead_somewhere(name: str) -> None:
    """Each link within the project is a file that there is, and its anchor, where it has one, a heading of that page."""
    broken = []
    for target in links(TEXTS[name]):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (DOCS / path).resolve() if path else DOCS / name
        if not file.is_file() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(target)
    assert broken == []


def test_every_page_is_on_the_map() -> None:
    """``index.md`` links every other page."""
    linked = {target.partition("#")[0] for target in links(TEXTS["index.md"])}
    assert sorted(TEXTS.keys() - {"index.md"} - linked) == []


def test_everything_public_is_mentioned() -> None:
    """Each public name and each command is in the pages that people write, not only in those made from the code."""
    written = "\n".join(text for name, text in TEXTS.items() if name not in reference.PAGES)
    assert [name for name in ragkit.__all__ if not re.search(rf"\b{name}\b", written)] == []
    assert [name for name, _ in reference.commands() if f"ragkit {name}" not in written] == []


def test_every_method_of_the_library_is_described() -> None:
    """Each public method and property of ``Ragkit`` is on the page of the library; its tables give all parameters."""
    page = TEXTS["library.md"]
    parts = [name for name, member in vars(ragkit.Ragkit).items() if not name.startswith("_") and isinstance(member, cached_property)]
    assert [name for name in parts if f"`kit.{name}`" not in page] == []
    methods = [
        name for name, member in vars(ragkit.Ragkit).items() if not name.startswith("_") and isinstance(member, FunctionType | classmethod)
    ]
    assert [name for name in methods if f"{name}(" not in page] == []
    rows = re.findall(r"^\| `([a-z_]+)\((.*?)\)`", page, re.MULTILINE)
    for name, parameters in rows:
        theirs = [p for p in inspect.signature(getattr(ragkit.Ragkit, name)).parameters if p != "self"]
        assert [part.strip("* ").partition("=")[0] for part in parameters.split(",") if part.strip(" *")] == theirs


def test_every_measure_is_described() -> None:
    """Each measure of ``ragkit eval`` has a row in the tables of its page, with the range and the worth of no answer that the code has."""
    from ragkit.eval.measures import all_measures, model_measures

    page = dict(re.findall(r"^\| `(.+?)` \| (.*) \|$", TEXTS["measures.md"], re.MULTILINE))
    for measure in (*all_measures(10), *model_measures()):
        about = measure.describe()
        behind = {"k": "@k", "percentile": " pN"}.get((measure.SUFFIX or ("",))[0], "")
        *_, span, worth, _ = re.split(r" \| ?", page[measure.NAME + behind])
        high = "[0, 1]" if measure.HIGH == 1 else "≥ 0"
        assert span == high + ("" if measure.HIGHER_IS_BETTER else " ↓"), measure
        told = about.get("no_answer", "–")
        assert worth == ("left out" if told is None else told if isinstance(told, str) else f"{told:g}"), measure
        assert f"`{measure.NAME}`" in TEXTS["evaluation.md"], measure


def test_error_examples_are_the_errors() -> None:
    """The messages that the page of troubles quotes begin as the real ones do."""
    from ragkit.errors import RagkitError

    with pytest.raises(RagkitError) as unknown:
        load_settings(environ={}, values={"retrieval.top": 3})
    quoted = re.search(r"^    ragkit: (unknown setting .*?) …$", prose(TEXTS["faq.md"]), re.MULTILINE)
    assert quoted is not None
    assert str(unknown.value).startswith(quoted[1])
