"""Source code: the file's own text; classes and functions, found by tree-sitter, are its headings."""

from __future__ import annotations

import importlib
import os.path
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ragkit.errors import ParseError
from ragkit.records import Anchor, Block, Parsed

from .source import Source, decode

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

#: Suffixes of a language, the package with its grammar and the grammar's name there; without a grammar, paragraphs are the blocks.
_LANGUAGES: tuple[tuple[str, str, str, str], ...] = (
    ("python", ".py .pyi .pyw", "tree_sitter_python", "language"),
    ("javascript", ".js .mjs .cjs .jsx", "tree_sitter_javascript", "language"),
    ("typescript", ".ts .mts .cts", "tree_sitter_typescript", "language_typescript"),
    ("tsx", ".tsx", "tree_sitter_typescript", "language_tsx"),
    ("java", ".java", "tree_sitter_java", "language"),
    ("c", ".c .h", "tree_sitter_c", "language"),
    ("cpp", ".cc .cpp .cxx .hh .hpp .hxx", "tree_sitter_cpp", "language"),
    ("csharp", ".cs", "tree_sitter_c_sharp", "language"),
    ("go", ".go", "tree_sitter_go", "language"),
    ("rust", ".rs", "tree_sitter_rust", "language"),
    ("ruby", ".rb", "tree_sitter_ruby", "language"),
    ("php", ".php", "tree_sitter_php", "language_php"),
    ("bash", ".sh .bash", "tree_sitter_bash", "language"),
    *((name, suffixes, "", "") for name, suffixes in (
        ("sql", ".sql"), ("kotlin", ".kt .kts"), ("swift", ".swift"), ("scala", ".scala"), ("lua", ".lua"), ("r", ".r"),
        ("julia", ".jl"), ("perl", ".pl .pm"), ("haskell", ".hs"), ("css", ".css .scss"), ("vue", ".vue"), ("terraform", ".tf"),
        ("protobuf", ".proto"), ("powershell", ".ps1"), ("elixir", ".ex .exs"), ("dart", ".dart"), ("objective-c", ".mm"),
    )),
)  # fmt: skip
_BY_SUFFIX = {suffix: (name, package, grammar) for name, suffixes, package, grammar in _LANGUAGES for suffix in suffixes.split()}

#: Nodes that are definitions, in the words of all grammars.
_DEFINITIONS = frozenset(
    "function_definition class_definition function_declaration generator_function_declaration method_definition class_declaration "
    "abstract_class_declaration interface_declaration enum_declaration type_alias_declaration method_declaration constructor_declaration "
    "record_declaration annotation_type_declaration struct_declaration namespace_declaration struct_specifier class_specifier "
    "namespace_definition template_declaration type_declaration function_item impl_item trait_item struct_item enum_item mod_item "
    "trait_declaration method singleton_method class module".split()
)
#: Deeper definitions are part of the one around them.
_DEEPEST = 4


class Definition(NamedTuple):
    """A definition's first line, characters ``[start, end)``, and how deep it lies, from 1."""

    start: int
    end: int
    level: int


class CodeParser:
    """The text as it is. The first line of a class, function or method is a heading, what lies between is code.

    The language is told by the suffix of the URI. Anchors name the line and its bytes.
    """

    media_types: ClassVar[tuple[str, ...]] = ("text/x-source-code",)
    suffixes: ClassVar[tuple[str, ...]] = tuple(_BY_SUFFIX)

    @classmethod
    def warm_up(cls) -> None:
        """Loads the grammars that are installed."""
        for _, _, package, grammar in _LANGUAGES:
            _parser(package, grammar)

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The text of ``data``.

        Raises:
            ParseError: there is no text in it.
        """
        source = decode(data)
        language, package, grammar = _BY_SUFFIX.get(os.path.splitext(uri)[1].lower(), ("", "", ""))
        blocks = tuple(_blocks(source.text, _definitions(source.text, _parser(package, grammar))))
        if not blocks:
            raise ParseError("the file is empty" if not data else "the file holds white space only")
        metadata: dict[str, Any] = dict(source.metadata) | ({"programming_language": language} if language else {})
        return Parsed(text=source.text, blocks=blocks, anchors=tuple(_anchors(source, blocks)), metadata=metadata, warnings=source.warnings)


@cache
def _parser(package: str, grammar: str) -> Parser | None:
    """A parser for a language; ``None`` where its grammar is not installed (extra ``code``)."""
    if not package:
        return None
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(importlib.import_module(package), grammar)()))
    except ImportError:
        return None


def _definitions(text: str, parser: Parser | None) -> list[Definition]:
    """The definitions in the order of the text, one a line."""
    if parser is None:
        return []
    data = text.encode("utf-8")
    lines: dict[int, Definition] = {}
    before, at = 0, 0
    for first_byte, level in sorted(_found(parser.parse(data).root_node)):
        before, at = before + len(data[at:first_byte].decode("utf-8", "replace")), first_byte
        start, end = text.rfind("\n", 0, before) + 1, text.find("\n", before)
        lines.setdefault(start, Definition(start, len(text) if end < 0 else end, level))
    return list(lines.values())


def _found(root: Node) -> Iterator[tuple[int, int]]:
    """Where definitions begin, in bytes, and how deep they lie."""
    waiting = [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        if node.is_named and node.type in _DEFINITIONS and node.child_by_field_name("body") is not None:
            yield node.start_byte, level
            level += 1
        if level <= _DEEPEST:
            waiting.extend((child, level) for child in node.children)


def _blocks(text: str, definitions: list[Definition]) -> Iterator[Block]:
    at = 0
    for definition in definitions:
        yield from _code(text, at, definition.start)
        yield Block(kind="heading", level=definition.level, **_span(text, definition.start, definition.end))
        at = definition.end
    yield from _code(text, at, len(text))


def _code(text: str, start: int, end: int) -> Iterator[Block]:
    """Lines between definitions: a block for each run of lines without a blank one."""
    for line_start, line_end in _paragraphs(text, start, end):
        yield Block(kind="code", start=line_start, end=line_end)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines of ``[start, end)`` that are not blank, with their indentation."""
    begin, last = -1, -1
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            begin, last = (start if begin < 0 else begin), stop
        elif begin >= 0:
            yield begin, last
            begin = -1
        start = stop + 1
    if begin >= 0:
        yield begin, last


def _span(text: str, start: int, end: int) -> dict[str, int]:
    """``[start, end)`` without the white space around it."""
    line = text[start:end]
    return {"start": start + len(line) - len(line.lstrip()), "end": start + len(line.rstrip())}


def _anchors(source: Source, blocks: tuple[Block, ...]) -> Iterator[Anchor]:
    number, counted = 1, 0
    for block in blocks:
        start = block.start
        while start < block.end:
            number += source.text.count("\n", counted, start)
            counted = start
            end = source.text.find("\n", start, block.end)
            end = block.end if end < 0 else end + 1
            for run in source.pieces(start, end):
                yield Anchor(start=run.start, end=run.end, byte_start=run.first, byte_end=run.last, place=f"line {number}")
            start = end
