"""A whole evaluation, and the command, on a store with the real embedding model."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ragkit import Ragkit, load_settings
from ragkit.eval.measures import named
from ragkit.eval.questions import Question, parse_questions
from ragkit.eval.report import lines, table
from ragkit.eval.runs import evaluate
from ragkit.eval.systems.store import is_verbatim

TEXTS = {
    "tower.txt": "The lighthouse on Skerry Point was built in 1871 by the engineer Ada Thornbury. It stands 34 metres above the sea.",
    "bakery.txt": "The bakery in Mill Lane opens at six in the morning. Rye bread is baked on Tuesdays and Fridays only.",
}
LINES = [
    json.dumps({"_id": "a", "question": "Who built the lighthouse on Skerry Point?", "answers": ["Ada Thornbury"],
                "relevant": [{"uri": "tower.txt", "quote": "built in 1871\nby the engineer Ada Thornbury"}]}),
    json.dumps({"_id": "b", "question": "On which days is rye bread baked?", "answers": ["Tuesdays and Fridays"],
                "relevant": [{"uri": "bakery.txt"}]}),
    json.dumps({"_id": "c", "question": "What is the capital of Mongolia?", "answers": [], "relevant": [{"uri": "gone.txt"}]}),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    for name, text in TEXTS.items():
        (made / name).write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module")
def kit(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ragkit]:
    """A store of two texts that quotes and loads no language model."""
    settings = load_settings(environ={}, values={"generation.model": "none", "answering.mode": "quote"})
    with Ragkit.open(tmp_path_factory.mktemp("store"), settings=settings) as made:
        made.ingest(folder)
        yield made


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return parse_questions(LINES)


def test_an_evaluation(kit: Ragkit, questions: list[Question]) -> None:
    """Plain questions over two texts are found, answered and cited; the one about neither is refused; progress counts up."""
    steps: list[tuple[int, int]] = []
    report = evaluate(kit, questions, k=3, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert (report.questions, report.unanswerable, report.mode) == (3, 1, "quote")
    assert report.value("answer contains") == report.value("verbatim citations") == 1.0
    assert report.value("false answers") == 0.0
    assert report.value("AUROC of answerable") == 1.0
    assert report.value("context recall") == pytest.approx(2 / 3)  # the third names a document that is not there
    assert report.value("citation coverage") == 1.0
    assert 50 < (report.value("peak memory") or 0) < 50_000  # MiB
    assert 0 < (report.value("total time p50") or 0) <= (report.value("total time p99") or 0)


def test_gold_outside_the_store_is_noted(kit: Ragkit, questions: list[Question]) -> None:
    """It is named in the notes, and counts as not found."""
    report = evaluate(kit, questions, retrieval_only=True)
    assert report.notes == ("c: no document that is named gone.txt",)
    assert report.value("recall@10") == pytest.approx(2 / 3)


def test_retrieval_only_asks_nothing(kit: Ragkit, questions: list[Question]) -> None:
    """No answer is made, no measure of answers is taken, and asking for one names those that were."""
    report = evaluate(kit, questions, retrieval_only=True)
    assert report.mode is None
    assert all(row.abstained is None and not row.record_id for row in report.rows)
    with pytest.raises(KeyError, match="no measure 'answer contains'; there are hit@1, precision@10, recall@10"):
        report.value("answer contains")


def test_values_by_class_of_question(kit: Ragkit, questions: list[Question]) -> None:
    """Where questions have classes, each has its own value of every measure, means or not; with one class there is nothing to part."""
    kinds = [dataclasses.replace(one, kind=kind) for one, kind in zip(questions, ("who", "when", "when"), strict=True)]
    report = evaluate(kit, kinds, k=3)
    assert list(report.classes) == ["when", "who"]
    assert report.classes["who"]["recall@3"] == report.classes["who"]["answer contains"] == 1.0
    assert report.classes["when"]["recall@3"] == 0.5
    assert (report.classes["who"]["AUROC of answerable"], report.classes["when"]["AUROC of answerable"]) == (None, 1.0)
    printed = "\n".join(lines(report))
    assert "  who: hit@1 1.000," in printed
    assert set(report.classes["who"]) == {result.name for result in report.results}
    assert evaluate(kit, questions, k=3, retrieval_only=True).classes == {}


def test_measures_that_ask_a_model_are_taken_when_they_are_named(kit: Ragkit, questions: list[Question]) -> None:
    """What ragkit quotes is supported by what it cites, and ALCE's measures agree, with the verifier of the answer path."""
    report = evaluate(kit, questions, k=3, measures=named("supported sentences, ALCE recall, ALCE precision, hallucination rate"))
    assert [result.value for result in report.results] == [1.0, 1.0, 1.0, 0.0]
    assert all(result.questions == 2 and result.about["needs_model"] for result in report.results)


def test_a_moved_citation_is_not_verbatim(kit: Ragkit, folder: Path) -> None:
    """A citation whose span is one character off, or empty, is caught."""
    citation = next(c for s in kit.ask("On which days is rye bread baked?").sentences for c in s.citations)
    moved = dataclasses.replace(citation, start_char_index=citation.start_char_index + 1)
    nothing = dataclasses.replace(citation, cited_text="", end_char_index=citation.start_char_index)
    assert is_verbatim(citation, kit.text)
    assert not is_verbatim(moved, kit.text)
    assert not is_verbatim(nothing, kit.text)


def test_a_report_is_plain_json(kit: Ragkit, questions: list[Question]) -> None:
    """``to_dict`` survives JSON unchanged, strict JSON without NaN."""
    tree = evaluate(kit, questions, retrieval_only=True).to_dict()
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree


def test_the_table_shows_every_measure(kit: Ragkit, questions: list[Question]) -> None:
    """Each measure has a line, and what is not in the store is named below."""
    report = evaluate(kit, questions)
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(table(report), *lines(report))
    text = console.export_text()
    assert all(result.name in text for result in report.results)
    assert "Not in the store:" in text


def test_the_command_prints_one_json_value(kit: Ragkit, tmp_path: Path) -> None:
    """``ragkit eval FILE --json --retrieval-only`` writes the report to standard output, and nothing else there."""
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(LINES), "utf-8")
    done = command(str(kit.path), str(file), "--retrieval-only", "--json", "-k", "5")
    assert done.returncode == 0, done.stderr
    tree = json.loads(done.stdout)
    assert [result["name"] for result in tree["results"]] == ["hit@1", "precision@5", "recall@5", "MRR@5", "MAP@5", "nDCG@5", "judged@5"]


@pytest.mark.parametrize(("content", "code", "message"), [("{", 1, "line 1: not JSON"), (None, 2, "does not exist")])
def test_a_bad_file_is_one_line(kit: Ragkit, tmp_path: Path, content: str | None, code: int, message: str) -> None:
    """A file that is no question file fails, one that is not there is wrong usage; neither shows a traceback."""
    file = tmp_path / "q.jsonl"
    if content is not None:
        file.write_text(content, "utf-8")
    done = command(str(kit.path), str(file))
    assert (done.returncode, done.stdout) == (code, "")
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def command(store: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ragkit", "--store", store, "eval", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
