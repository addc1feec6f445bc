"""The report of the sample documents in a real browser: headless Chromium, from the file, without a network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragkit import Ragkit, load_settings
from ragkit.cli import main
from ragkit.eval import kept
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import read_questions
from ragkit.eval.runs import evaluate
from ragkit.eval.systems import StoreSystem

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [
    pytest.mark.slow,
    # Playwright's own loop leaves its transport to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]



@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the sample questions over the sample documents, in the mode quote."""
    folder = tmp_path_factory.mktemp("demo")
    demo = Path(str(files("ragkit"))) / "demo"
    questions = read_questions(demo / "questions.jsonl")
    seen: list[Outcome] = []
    settings = load_settings(environ={}, values={"generation.model": "none", "answering.mode": "quote"})
    with Ragkit.open(folder / "store", settings=settings) as kit:
        kit.ingest(demo / "documents")
        evaluate(kit, questions, seen=seen)
        system = StoreSystem(kit)
        about = {"created": "2026-01-01T00:00:00Z", "system": system.name, "about": system.about(), "k": 10}
    info = kept.RunInfo(id="demo", name="demo", questions={"count": len(questions)}, versions={}, machine={}, **about)  # type: ignore[arg-type]
    kept.begin(folder / "run", info)
    for outcome in seen:
        kept.append(folder / "run", outcome)
    return folder / "run"


def opened(browser: BrowserContext, file: Path) -> tuple[Page, list[str]]:
    """The page, and what the console and scripts complain of."""
    said: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialogue: said.append(dialogue.message))
    page.goto(file.as_uri())
    return page, said


def test_the_demo_report(run: Path, browser: BrowserContext, asked: list[str], tmp_path: Path) -> None:
    """It opens without a word on the console and asks nobody for anything; a citation opens its marked passage; words and faults filter;
    in the dark the ground is dark."""
    file = tmp_path / "report.html"
    assert main(["eval", "report", str(run), "--to", str(file)]) == 0
    page, said = opened(browser, file)
    questions = page.locator("details.question")
    assert questions.count() == 49
    assert page.locator("#filter output").inner_text() == "49 of 49"
    page.locator("#filter input").fill("dome opened")
    assert 1 <= page.locator("details.question:not([hidden])").count() < 49
    page.locator("#filter input").fill("")
    page.locator("#filter select").select_option("refused")
    left = page.locator("details.question:not([hidden])").evaluate_all("all => all.map(e => e.dataset.fault)")
    assert set(left) == {"refused"}
    page.locator("#filter select").select_option("")
    first = questions.filter(has=page.locator("details.cited")).first
    first.locator("summary").first.click()
    cited = first.locator("details.cited").first
    cited.locator("summary").click()
    mark = cited.locator("mark.cited").first
    mark.wait_for()
    assert len(mark.inner_text()) > 3
    assert page.locator("figure svg").count() == 5
    page.emulate_media(color_scheme="dark")
    assert page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(20, 23, 26)"
    assert said == []
    assert asked == [file.as_uri()]


def test_two_runs_read_without_scripts(run: Path, browser: BrowserContext, tmp_path: Path) -> None:
    """With the script taken out, everything is still there to be read: tables, drawings, questions that open."""
    file = tmp_path / "report.html"
    assert main(["eval", "report", str(run), str(run), "--to", str(file)]) == 0
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("<script>")], "utf-8")
    page, said = opened(browser, file)
    assert page.locator("#differences tbody tr").count() > 5
    assert page.locator("#filter").is_hidden()
    question = page.locator("details.question").first
    question.locator("summary").first.click()
    assert question.locator("div.side").count() == 2
    assert question.locator("div.side").first.is_visible()
    assert said == []


def test_hostile_text_in_a_browser(browser: BrowserContext, asked: list[str], tmp_path: Path) -> None:
    """Questions, answers, names and passages that are scripts and elements: nothing runs, nothing is asked for."""
    from ragkit.eval.questions import Question
    from ragkit.eval.response import Passage, Response

    trap = "</script></title></style><script>document.title='taken'</script><img src=http://127.0.0.1:9/leak onerror=alert(1)>"
    passage = Passage(uri=trap, text=trap, start=0, end=5)
    outcome = Outcome(question=Question(id=trap, text=trap, answers=(trap,), kind=trap), response=Response(text=trap, passages=(passage,)))
    info = kept.RunInfo(id=trap, name=trap, created=trap, system=trap, about={trap: trap}, questions={}, k=10, versions={}, machine={})
    kept.begin(tmp_path / "run", info)
    kept.append(tmp_path / "run", outcome)
    file = tmp_path / "report.html"
    assert main(["eval", "report", str(tmp_path / "run"), "--to", str(file)]) == 0
    page, said = opened(browser, file)
    page.locator("details.question summary").first.click()
    assert page.title().startswith("Evaluation of </script>")
    assert page.locator("img").count() == 0
    assert asked == [file.as_uri()]
    assert said == []
