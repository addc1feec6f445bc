"""Exported answers: files that hold a whole record, show it as text and nothing else, and tell when they were changed."""

from __future__ import annotations

import copy
import html.parser
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragkit import Ragkit, Settings
from ragkit.answer import export
from ragkit.answer.export import FORMATS, BadExport
from ragkit.store.auditlog import digest
from ragkit.testing import ScriptedGenerator, SyntheticEmbedder

CASES = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


HEIGHT = "In 1871 the mill was built 34 metres high."


def opened(path: Path) -> Ragkit:
    """A store without a model, whose generator says one sentence."""
    values = Settings().with_values(**{"answering.min_answerable": 0.0})
    generator = ScriptedGenerator("The mill was built in the year 1871 by Ada Thornbury [1].")
    return Ragkit.open(path, settings=values, embedder=SyntheticEmbedder(64), generator=generator)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Ragkit]:
    """A store of one text."""
    with opened(tmp_path / "store") as made:
        made.add_text(f"The mill was built in the year 1871 by Ada Thornbury. {HEIGHT}", uri="note:mill")
        yield made


@pytest.fixture
def asked(kit: Ragkit) -> str:
    """The record of an answer with a composed and a quoted sentence."""
    answer = kit.ask("When was the mill built?", principal="anna")
    assert {sentence.status for sentence in answer.sentences} == {"verified", "quoted"}
    return answer.record_id


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value that holds no object or list."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(one, (*path, key))
    else:
        yield path


@pytest.mark.parametrize("format", FORMATS)
def test_an_exported_answer_verifies(kit: Ragkit, asked: str, tmp_path: Path, format: Any) -> None:
    """In each format, and it holds the whole record."""
    file = tmp_path / "answer"
    file.write_bytes(kit.export_answer(asked, format).encode())
    assert kit.verify_export(file) == kit.verify_answer(asked)
    assert export.read(file.read_text(), "it") == kit.answer_record(asked)


def test_a_file_alone(kit: Ragkit, asked: str, tmp_path: Path) -> None:
    """Where no store is at hand, sentences are judged again and citations compared with the evidence that the file holds."""
    kept = kit.answer_record(asked)
    file = tmp_path / "answer"
    file.write_bytes(export.render(kept, "json").encode())
    with Ragkit.in_memory(embedder=SyntheticEmbedder(64)) as other:
        found = other.verify_export(file, alone=True)
        assert found.sound
        assert [c.standing for c in found.citations] == ["not compared"] * 2
        assert [s.support for s in found.sentences] == [s.support for s in kit.verify_answer(asked).sentences]
        kept["sentences"][1]["citations"][0]["cited_text"] = kept["sentences"][1]["text"] = HEIGHT.replace("34", "35")
        kept["text"] = " ".join(sentence["text"] for sentence in kept["sentences"])
        file.write_bytes(export.render(kept, "json").encode())
        found = other.verify_export(file, alone=True)
        assert not found.sound
        assert [c.standing for c in found.citations] == ["not compared", "altered"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_changed_file_is_found(kit: Ragkit, asked: str, format: Any) -> None:
    """Any character of it, in what it shows as in its record, but for white space of JSON."""
    text = kit.export_answer(asked, format)
    kept = kit.answer_record(asked)

    @CASES
    @given(at=st.integers(0, len(text) - 1), sign=st.sampled_from("aZ07<&\"'.[ \n"))
    def change(at: int, sign: str) -> None:
        changed = text[:at] + sign + text[at + 1 :]
        try:
            found = export.read(changed, "it")
        except BadExport:
            return
        assert format == "json" or changed == text
        assert found == kept

    change()


HOSTILE = (
    '<script>alert(1)</script><img src="http://evil.example/x.png">',
    "![x](http://evil.example/?q=1) [y](javascript:alert(1)) <http://evil.example>",
    "</pre><a href='http://evil.example'>see</a> `` ``` ````",
    "http://evil.example www.evil.example \u202eelpmaxe.live\u202c \u200b",
    "# Heading\n\n- item\n\n| a | b |\n|---|---|\n\n[1]: http://evil.example",
)


class Page(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what counts."""
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_document_becomes_a_link(tmp_path: Path, hostile: str) -> None:
    """Question, title, URI and text of a hostile document are text on the page: no element, no link but to its own citations."""
    from markdown_it import MarkdownIt

    with opened(tmp_path / "store") as kit:
        kit.add_text(f"The mill says {hostile} to all who built it.", uri=f"note:{hostile}", title=hostile)
        record_id = kit.ask(f"What does the mill say? {hostile}", mode="quote").record_id
        page, markdown = kit.export_answer(record_id, "html"), kit.export_answer(record_id, "markdown")
        for format, text in (("html", page), ("markdown", markdown)):
            file = tmp_path / f"answer.{format}"
            file.write_bytes(text.encode())
            assert kit.verify_export(file).sound
    found = Page(page)
    assert not found.tags & {"script", "img", "iframe", "object", "form", "link", "svg"}
    assert not {name for name in found.names if name.startswith("on")}
    assert found.links
    assert all(link is not None and link.startswith("#citation-") for link in found.links)
    rendered = Page(MarkdownIt("commonmark").enable("table").render(markdown))
    assert not rendered.links
    assert not rendered.tags & {"a", "img", "script", "table", "blockquote"}
    for text in (page, markdown):
        assert "\u202e" not in text
        assert "\u200b" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "nothing",
        '{"ragkit_answer": 2}',
        '{"ragkit_answer": 1}',
        '{"ragkit_answer": 1, "record": {"id": 3}}',
        "[" * 9999,
    ],
)
def test_what_is_no_exported_answer_is_refused(kit: Ragkit, tmp_path: Path, text: str) -> None:
    """By an error of ragkit's own, whatever the file holds."""
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(BadExport):
        kit.verify_export(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadExport):
        kit.verify_export(file)


def test_a_record_of_another_shape_is_refused(kit: Ragkit, asked: str) -> None:
    """Whichever value is missing or of another kind: refused, or looked at without a crash."""
    kept = kit.answer_record(asked)
    places = sorted(_paths(kept), key=str)

    @CASES
    @given(place=st.integers(0, len(places) - 1), value=st.sampled_from([None, [], {}, "x", 1.5, -1, True]))
    def spoil(place: int, value: Any) -> None:
        spoiled = copy.deepcopy(kept)
        *way, last = places[place]
        at: Any = spoiled
        for key in way:
            at = at[key]
        at[last] = value
        text = json.dumps({"ragkit_answer": 1, "sha256": digest(spoiled), "record": spoiled})
        try:
            found = export.read(text, "it")
        except BadExport:
            return
        kit._verified(found, exported=True)
        for format in ("markdown", "html"):
            export.render(found, format)

    spoil()
