"""Source code, and the language of a text."""

from __future__ import annotations

import io
import random
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.connectors import wire
from ragkit.connectors.language import language_of
from ragkit.connectors.parsers.code import CodeParser
from ragkit.connectors.sandbox import ParserPool
from ragkit.errors import ParseError
from ragkit.records import Parsed, SourceItem
from ragkit.settings import ChunkingSettings
from ragkit.testing import ParserConformance
from ragkit.text.chunking import chunk

pytest.importorskip("tree_sitter_python", reason="the grammars are not installed: pip install 'ragkit[code]'")

PYTHON = '''"""A tide table."""

import math

LEVEL = 2.5


@cached
def height(hour: float) -> float:
    """The height of the water, in metres."""
    # réglé à la main
    return LEVEL + math.sin(hour / 6)


class Harbour:
    """Where ships lie."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def moor(self, ship):
        return f"{ship} in {self.name}"


if __name__ == "__main__":
    print(height(3))
'''

#: A file of each language, the headings that it must get, with their levels.
SAMPLES = {
    "a.py": (
        PYTHON,
        "1 def height(hour: float) -> float:|1 class Harbour:|2 def __init__(self, name: str) -> None:|2 async def moor(self, ship):",
    ),
    "a.js": ("class A {\n  f() { return 1; }\n}\nfunction g() { return 2; }\n", "1 class A {|2 f() { return 1; }|1 function g() { return 2; }"),
    "a.ts": ("interface A { name: string }\nfunction f(a: A): void {\n}\n", "1 interface A { name: string }|1 function f(a: A): void {"),
    "a.tsx": ("function App() {\n  return <b>tide</b>;\n}\n", "1 function App() {"),
    "A.java": ("class A {\n  int f() { return 1; }\n}\n", "1 class A {|2 int f() { return 1; }"),
    "a.c": ("#include <stdio.h>\nint main(void) {\n  return 0;\n}\n", "1 int main(void) {"),
    "a.cpp": ("class A {\n public:\n  int f() { return 1; }\n};\n", "1 class A {|2 int f() { return 1; }"),
    "a.cs": ("namespace N {\n  class A {\n    int F() { return 1; }\n  }\n}\n", "1 namespace N {|2 class A {|3 int F() { return 1; }"),
    "a.go": ("package main\n\nfunc main() {\n}\n", "1 func main() {"),
    "a.rs": ("struct A { x: i32 }\nimpl A {\n  fn f(&self) -> i32 { 1 }\n}\n", "1 struct A { x: i32 }|1 impl A {|2 fn f(&self) -> i32 { 1 }"),
    "a.rb": ("class A\n  def f\n    1\n  end\nend\n", "1 class A|2 def f"),
    "a.php": ("<?php\nclass A {\n  function f() { return 1; }\n}\n", "1 class A {|2 function f() { return 1; }"),
    "a.sh": ("#!/bin/bash\nlit() {\n  echo on\n}\n", "1 lit() {"),
}


class TestCode(ParserConformance):
    """The parser of source code keeps the contract."""

    def parser(self) -> CodeParser:
        return CodeParser()

    def samples(self) -> list[bytes]:
        return [PYTHON.encode(), b"x = 1\n"]


def parsed(text: str, uri: str = "a.py") -> Parsed:
    return CodeParser().parse(text.encode(), uri=uri)


@pytest.mark.parametrize("uri", SAMPLES)
def test_definitions_are_headings(uri: str) -> None:
    """In every language that has a grammar, the first line of a definition is a heading of its depth, and the text is the file's."""
    text, wanted = SAMPLES[uri]
    found = parsed(text, uri)
    assert [f"{b.level} {found.text[b.start : b.end]}" for b in found.blocks if b.kind == "heading"] == wanted.split("|")
    assert found.text == text


def test_a_passage_knows_its_function() -> None:
    """The chunks of a method carry the class and the method as their headings."""
    found = parsed(PYTHON)
    chunks = chunk(found, lambda texts: [len(t.split()) for t in texts], ChunkingSettings(max_tokens=16, overlap_tokens=0))
    inside = next(c for c in chunks if "{ship} in {self.name}" in found.text[c.start : c.end])
    assert inside.headings[:1] == ("class Harbour:",)
    assert PYTHON[inside.start : inside.end] == found.text[inside.start : inside.end]


def test_the_way_back() -> None:
    """200 random spans of a file with other line ends and letters: the anchors name their lines, and hold their bytes."""
    data = (PYTHON * 5).replace("\n", "\r\n").encode()
    found = CodeParser().parse(data, uri="a.py")
    lines = data.split(b"\r\n")
    chosen = random.Random(4)
    for _ in range(200):
        start = chosen.randrange(len(found.text) - 1)
        end = min(len(found.text), start + chosen.randrange(1, 200))
        for anchor in found.anchors:
            if anchor.start < end and anchor.end > start:
                assert anchor.byte_start is not None
                assert anchor.place is not None
                said = found.text[anchor.start : anchor.end]
                assert data[anchor.byte_start : anchor.byte_end].decode().replace("\r\n", "\n") == said
                assert said.strip("\n") in lines[int(anchor.place.removeprefix("line ")) - 1].decode()
        covered = {i for a in found.anchors for i in range(max(a.start, start), min(a.end, end))}
        assert all(found.text[i].isspace() for i in range(start, end) if i not in covered)


def test_a_language_without_a_grammar() -> None:
    """It is read as code, without headings."""
    found = parsed("select 1;\n\nselect\n  2;\n", "a.sql")
    assert [(b.kind, found.text[b.start : b.end]) for b in found.blocks] == [("code", "select 1;"), ("code", "select\n  2;")]
    assert found.metadata["programming_language"] == "sql"


@given(st.binary(max_size=300), st.sampled_from(list(SAMPLES)))
def test_any_bytes(data: bytes, uri: str) -> None:
    """Any bytes are a valid document or an error with a reason."""
    try:
        found = CodeParser().parse(data, uri=uri)
    except ParseError:
        return
    assert wire.check(found) is None


def test_deep_nesting_ends() -> None:
    """A file that is nested a hundred thousand times deep is read, not followed to its bottom by recursion."""
    found = parsed("def f():\n    return " + "(" * 100_000 + ")" * 100_000 + "\n")
    assert [b.kind for b in found.blocks] == ["heading", "code"]


TEXTS = {
    "en": "The lighthouse was built in 1871, and it has been lit every night since then by its keepers.",
    "de": "Der Leuchtturm wurde 1871 gebaut und seitdem jede Nacht von seinen Wärtern angezündet.",
    "fr": "Le phare a été construit en 1871, et depuis lors ses gardiens l'allument chaque nuit.",
    "es": "El faro fue construido en 1871 y desde entonces sus guardianes lo encienden cada noche.",
    "it": "Il faro fu costruito nel 1871 e da allora i suoi custodi lo accendono ogni notte.",
    "nl": "De vuurtoren werd in 1871 gebouwd en wordt sindsdien elke nacht door zijn wachters aangestoken.",
    "pl": "Latarnia morska została zbudowana w 1871 roku i od tego czasu jest zapalana każdej nocy.",
    "ru": "Маяк был построен в 1871 году, и с тех пор смотрители зажигают его каждую ночь.",
    "el": "Ο φάρος χτίστηκε το 1871 και από τότε οι φύλακές του τον ανάβουν κάθε βράδυ.",
    "ar": "بنيت المنارة عام 1871، ومنذ ذلك الحين يضيئها حراسها كل ليلة.",
    "zh": "灯塔建于一八七一年，从那以后，看守人每天晚上都会点亮它，为过往的船只指引方向，帮助它们安全地驶入港口。",
    "ja": "灯台は1871年に建てられ、それ以来、灯台守が毎晩明かりをともし、通りかかる船を安全に港へ導いている。",
}


@pytest.mark.parametrize("code", TEXTS)
def test_the_language_of_a_text(code: str) -> None:
    """Texts of two lines are told apart, whatever their script."""
    assert language_of(TEXTS[code]) == code


def test_too_little_to_tell() -> None:
    """Few letters, and many that are no words, are no language."""
    assert language_of("Nr. 1871") is None
    assert language_of("0 1 2 3 4 5 6 7 8 9 " * 100) is None


def test_a_document_says_its_language(pool: ParserPool) -> None:
    """A document has its language as metadata; source code has its own, and what the source says goes before what is found."""

    def made(data: bytes, uri: str, **metadata: str) -> dict[str, object]:
        item = SourceItem(uri=uri, token="", open=partial(io.BytesIO, data), metadata=metadata)
        return dict(pool.document(item).metadata)

    assert made(TEXTS["fr"].encode(), "a.txt")["language"] == "fr"
    assert made(TEXTS["fr"].encode(), "a.txt", language="oc")["language"] == "oc"
    code = made(PYTHON.encode(), "a.py")
    assert code["programming_language"] == "python"
    assert "language" not in code
