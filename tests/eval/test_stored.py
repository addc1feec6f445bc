"""Runs that are kept: begun, killed, gone on with, found again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragkit import Ragkit, load_settings
from ragkit.cli import main
from ragkit.cli.session import Session
from ragkit.errors import FilterError
from ragkit.eval import kept, stored
from ragkit.eval.header import header
from ragkit.eval.kept import RunBusy, RunInfo
from ragkit.eval.questions import Question
from ragkit.eval.response import Response
from ragkit.eval.runs import evaluate, scored
from ragkit.eval.systems.opening import UnknownSystem, open_system
from ragkit.testing import SyntheticEmbedder

QUESTIONS = [Question(id=f"q{n}", text=f"question {n}", answers=("x",)) for n in range(8)]
INFO = RunInfo(
    id="r1", name="", created="2026-01-01T00:00:00+00:00", system="s", about={"settings": {"retrieval": {"k": 10}}},
    questions={"file": "a.jsonl", "sha256": "0" * 64, "count": 8}, k=10, versions={}, machine={},
)  # fmt: skip


class Counting:
    """Answers, and counts what it was asked; ``does`` is called before each answer."""

    name = "s"

    def __init__(self, does: Callable[[Question], None] = lambda question: None) -> None:
        self.asked: list[str] = []
        self.does = does

    def about(self) -> dict[str, Any]:
        return {}

    def respond(self, question: Question, k: int) -> Response:
        self.does(question)
        self.asked.append(question.id)
        return Response(text=f"x {question.id}", timings={"total_s": 0.1234567891})


def stop_at(name: str) -> Callable[[Question], None]:
    def does(question: Question) -> None:
        if question.id == name:
            raise KeyboardInterrupt

    return does


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_goes_on_where_it_was(tmp_path: Path, workers: int) -> None:
    """What was broken off asks only what is left, and ends as the run that was never broken off."""
    first, second, whole = Counting(stop_at("q4")), Counting(), Counting()
    with pytest.raises(KeyboardInterrupt):
        stored.carry_out(tmp_path / "a", INFO, first, QUESTIONS, workers=workers)
    assert {o.question.id for o in kept.load_outcomes(tmp_path / "a")} == set(first.asked)
    steps: list[tuple[int, int]] = []
    found = stored.carry_out(
        tmp_path / "a", replace(INFO, id="r2"), second, QUESTIONS, workers=workers, progress=lambda *step: steps.append(step)
    )
    assert Counter([*first.asked, *second.asked]) == Counter(q.id for q in QUESTIONS)
    assert steps == [(n, 8) for n in range(len(first.asked) + 1, 9)]
    assert found.info.id == "r1"
    same = stored.carry_out(tmp_path / "b", INFO, whole, QUESTIONS)
    assert found.outcomes == same.outcomes
    assert (tmp_path / "a" / kept.OUTCOMES).read_bytes() == (tmp_path / "b" / kept.OUTCOMES).read_bytes()


def test_a_line_that_was_cut_off_is_no_part_of_the_next(tmp_path: Path) -> None:
    """At whatever byte the file ends, going on gives whole lines and each question once."""
    stored.carry_out(tmp_path, INFO, Counting(), QUESTIONS)
    file = tmp_path / kept.OUTCOMES
    whole = file.read_bytes()
    for cut in range(0, len(whole), 211):
        file.write_bytes(whole[:cut])
        left = 8 - whole[:cut].count(b"\n")
        system = Counting()
        stored.carry_out(tmp_path, INFO, system, QUESTIONS)
        assert (len(system.asked), file.read_bytes()) == (left, whole)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k": 5}, "k is 10 there, and 5 now"),
        ({"about": {"settings": {"retrieval": {"k": 7}}}}, r"about\.settings\.retrieval\.k is 10 there, and 7 now"),
        ({"questions": {"file": "a.jsonl", "sha256": "1" * 64, "count": 8}}, r"questions\.sha256 is"),
        ({"system": "other"}, "system is 's' there"),
    ],
)
def test_another_run_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    """A folder takes no second run; the error says in what they differ, and which option mends it. Nothing is asked."""
    stored.carry_out(tmp_path, INFO, Counting(), QUESTIONS[:2])
    system = Counting()
    with pytest.raises(stored.AnotherRun, match=message + r".*--to FOLDER"):
        stored.carry_out(tmp_path, replace(INFO, **changed), system, QUESTIONS)
    assert system.asked == []


def test_a_file_of_another_name_is_the_same(tmp_path: Path) -> None:
    """The questions are known by their hash, not by where they stand."""
    stored.carry_out(tmp_path, INFO, Counting(), QUESTIONS)
    moved = replace(INFO, questions={**INFO.questions, "file": "elsewhere/b.jsonl"}, name="again")
    system = Counting()
    assert stored.carry_out(tmp_path, moved, system, QUESTIONS).unfinished == 0
    assert system.asked == []


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told to wait or to go elsewhere; afterwards the folder is free."""
    with kept.held(tmp_path), pytest.raises(RunBusy, match=r"another process .*--to"), kept.held(tmp_path):
        pass
    with kept.held(tmp_path):
        pass


def test_runs_are_found_by_folder_id_and_name(tmp_path: Path) -> None:
    """Of one name the newest is meant; what there is not is an error that says where it was looked for."""
    for number, name in enumerate(("old", "new")):
        info = replace(INFO, id=f"id{number}", name="night", created=f"2026-01-0{number + 1}T00:00:00+00:00")
        stored.carry_out(tmp_path / name, info, Counting(), QUESTIONS[: 3 + number])
    assert stored.find(str(tmp_path / "old"), tmp_path / "none").info.id == "id0"
    assert stored.find("old", tmp_path).info.id == stored.find("id0", tmp_path).info.id == "id0"
    assert stored.find("night", tmp_path).info.id == "id1"
    assert [info.id for _, info in stored.runs_in(tmp_path)] == ["id1", "id0"]
    assert stored.unfinished(replace(INFO, id="x"), tmp_path) == tmp_path / "new"
    with pytest.raises(kept.NoRun, match=r"no run 'day'.*ragkit eval list"):
        stored.find("day", tmp_path)


def test_a_header_says_what_the_figures_hold_for(tmp_path: Path) -> None:
    """Versions, the questions' hash, the machine; of the store its generation, its settings without secrets, its models."""
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "?"}\n', "utf-8")
    settings = load_settings(environ={}, values={"generation.model": "none", "generation.api_key": "hush"})
    with Ragkit.in_memory(embedder=SyntheticEmbedder(64), settings=settings) as kit:
        kit.add_text("A mill.", uri="mill")
        from ragkit.eval.systems import StoreSystem

        info = header(StoreSystem(kit, mode="quote"), file, 1, k=10, name="n")
    assert {"ragkit", "python", "numpy", "torch", "faiss-cpu"} <= info.versions.keys()
    assert len(info.questions["sha256"]) == 64
    assert info.about["generation"] == 1
    assert info.about["models"]["embedder"]["sha256"]
    assert info.machine["cores"] >= 1
    assert "hush" not in json.dumps(info.to_dict())


def test_workers_change_no_figure() -> None:
    """Rows and results of a store are the same for one worker and for three, and so are the answers."""
    questions = [Question(id=str(n), text=f"What does mill {n} grind?", answers=(f"grain {n}",)) for n in range(12)]
    settings = load_settings(environ={}, values={"generation.model": "none", "answering.mode": "quote", "answering.min_answerable": 0.0})
    with Ragkit.in_memory(embedder=SyntheticEmbedder(64), settings=settings) as kit:
        for n in range(12):
            kit.add_text(f"Mill {n} grinds grain {n}. It stands by brook {n}.", uri=f"mill:{n}")
        one, three = (evaluate(kit, questions, workers=n) for n in (1, 3))
    assert [replace(row, record_id="") for row in one.rows] == [replace(row, record_id="") for row in three.rows]
    assert one.results == three.results


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nothing", r"no system 'nothing'.*store, recorded:FILE\.jsonl"),
        ("http:http://127.0.0.1/v1,password=x", "no system"),
        ("python:nowhere:answer", "cannot be imported.*nowhere"),
        ("python:json:nothing", "cannot be imported.*nothing"),
        ("python:json:__name__", "neither a callable nor a system; it is a str"),
    ],
)
def test_a_system_that_there_is_not(spec: str, message: str) -> None:
    """The error says how systems are named."""
    with pytest.raises(UnknownSystem, match=message), open_system(spec, Session()):
        pass


def test_a_mode_is_the_stores() -> None:
    """Another system does not know what quoting is."""
    with pytest.raises(UnknownSystem, match="for the store"), open_system("recorded:x.jsonl", Session(), mode="quote"):
        pass


ANSWERING = """
from ragkit.eval.response import Response

def answer(question):
    return {"Who?": "It was Ada."}[question]

class System:
    name = "own"
    def about(self):
        return {}
    def respond(self, question, k):
        return Response(text="It was Ada.") if question.text == "Who?" else Response(failure="none")

system = System()
"""


@pytest.mark.parametrize("spec", ["recorded:answers.jsonl", "python:answering:answer", "python:answering:system"])
def test_other_systems_are_run_by_the_command(spec: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded answers, callables and systems are asked, kept and measured as the store is; failures are counted, and exit with 3."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "answering", raising=False)
    lines = [{"_id": "1", "question": "Who?", "answers": ["Ada"]}, {"_id": "2", "question": "When?", "answers": ["1871"]}]
    Path("q.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    Path("answers.jsonl").write_text('{"_id": "1", "answer": "It was Ada."}\n', "utf-8")
    Path("answering.py").write_text(ANSWERING, "utf-8")
    assert main(["--json", "eval", "run", "q.jsonl", "--system", spec, "--to", "run", "--workers", "2"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], [row["text"] for row in told["rows"]]) == (1, ["It was Ada.", ""])
    assert told["rows"][1]["failure"]


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is broken off exits with 1, says what is kept, and the command that it names asks only the rest."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "breaking", raising=False)
    Path("breaking.py").write_text(
        "asked = []\n\ndef answer(question):\n    asked.append(question)\n    if len(asked) == 3:\n        raise KeyboardInterrupt\n"
        "    return question\n",
        "utf-8",
    )
    Path("q.jsonl").write_text("".join(json.dumps({"question": f"{n}?"}) + "\n" for n in range(5)), "utf-8")
    run = ["eval", "run", "q.jsonl", "--system", "python:breaking:answer", "--to", "run"]
    assert main(run) == 1
    assert "2 of 5 questions are kept in run; the same command with --to run goes on" in " ".join(capsys.readouterr().err.split())
    assert main(run) == 0
    assert sys.modules["breaking"].asked == ["0?", "1?", "2?", "2?", "3?", "4?"]


def test_an_endpoint_is_named_by_its_address() -> None:
    """The model and the variable that holds the key stand behind the address; the key is in no header."""
    with open_system("http:http://127.0.0.1:9/v1,model=m,key=SECRET", Session()) as system:
        assert system.about()["model"] == "m"
        assert system.respond(QUESTIONS[0], 5).failure
        assert "SECRET" not in json.dumps(system.about())


# --- the command, with the real model -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, and 40 questions on what it holds."""
    made = tmp_path_factory.mktemp("place")
    settings = load_settings(environ={}, values={"generation.model": "none", "answering.mode": "quote"})
    with Ragkit.open(made / "store", settings=settings) as kit:
        kit.add_text("The mill was built in 1740 by Jonas Hale. It grinds ninety sacks a day.", uri="mill")
    lines = [{"_id": f"q{n}", "question": f"Case {n}: who built the mill?", "answers": ["Jonas Hale"]} for n in range(40)]
    (made / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return made


def arguments(place: Path, *more: str) -> list[str]:
    return ["--store", str(place / "store"), "--json", "eval", "run", str(place / "q.jsonl"), "--mode", "quote", *more]


def test_a_killed_run_repeats_no_question(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that is killed in the middle keeps what it had; going on asks the others, and only those, and ends in order.

    The audit log tells: a question that was kept was asked once. One that was in flight had no outcome, and is asked again.
    """
    run = tmp_path / "run"
    command = [sys.executable, "-m", "ragkit", *arguments(place, "--to", str(run), "--workers", "2")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 100
    while kept.count(run) < 3 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate()
    before = [json.loads(line) for line in (run / kept.OUTCOMES).read_bytes().split(b"\n")[:-1]]
    assert 3 <= len(before) < 40, said
    assert main(arguments(place, "--to", str(run))) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["rows"]] == [f"q{n}" for n in range(40)]
    assert (run / kept.OUTCOMES).read_bytes().count(b"\n") == 40
    records = {row["id"]: row["record_id"] for row in told["rows"]}
    assert all(records[one["question"]["id"]] == one["response"]["record_id"] for one in before)
    with Ragkit.open(place / "store") as kit:
        asked = Counter(answer.question for answer in kit.answers())
        assert {answer.record_id for answer in kit.answers()} >= set(records.values())
    assert len(asked) == 40
    assert {asked[one["question"]["text"]] for one in before} == {1}
    assert sum(asked.values()) <= 40 + 2


def test_runs_stand_beside_the_store(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --to a run has a folder of its own there, is listed, and is measured again to the same figures; of what was broken
    off a note tells, and --resume goes on with it."""
    one = arguments(place, "--retrieval-only", "--name", "first", "-k", "3")
    assert main(one) == 0
    told = json.loads(capsys.readouterr().out)
    folder = Path(told["run"])
    assert folder.parent == place / "store-runs"
    store = ["--store", str(place / "store"), "--json", "eval"]
    assert main([*store, "show", "first"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["results"], again["rows"]) == (told["results"], told["rows"])
    lines = (folder / kept.OUTCOMES).read_bytes().splitlines(keepends=True)
    (folder / kept.OUTCOMES).write_bytes(b"".join(lines[:30]) + lines[30][:9])
    assert main([*store, "list"]) == 0
    assert [(run["name"], run["done"]) for run in json.loads(capsys.readouterr().out)["runs"]] == [("first", 30)]
    assert main([*one, "--resume"]) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert (resumed["run"], resumed["rows"]) == (told["run"], told["rows"])
    (folder / kept.OUTCOMES).write_bytes(b"".join(lines[:30]))
    assert main(one) == 0
    other = capsys.readouterr()
    assert json.loads(other.out)["run"] != told["run"]
    assert "--resume goes on with it" in other.err


def test_failures_are_measured_and_may_be_tried_again(tmp_path: Path) -> None:
    """A question that failed counts as one without an answer; going on leaves it, and on demand asks it and no other again."""

    def fail(question: Question) -> None:
        raise FilterError("no such field")

    run = stored.carry_out(tmp_path, INFO, Counting(lambda q: fail(q) if q.id == "q2" else None), QUESTIONS)
    report = scored(run)
    assert (report.failed, report.rows[2].failure) == (1, "no such field")
    assert report.value("answer contains") == 7 / 8
    left, again = Counting(), Counting()
    assert stored.carry_out(tmp_path, INFO, left, QUESTIONS).outcomes == run.outcomes
    mended = stored.carry_out(tmp_path, INFO, again, QUESTIONS, retry=True)
    assert (left.asked, again.asked) == ([], ["q2"])
    assert [outcome.question.id for outcome in mended.outcomes] == [question.id for question in QUESTIONS]
    assert scored(mended).failed == 0
