"""A run, or two, as a page: what it shows, and that text stays text."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ragkit.cli import main
from ragkit.eval import kept
from ragkit.eval.compare import OtherQuestions
from ragkit.eval.gold import Gold
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question, Relevant
from ragkit.eval.reports import Page, render
from ragkit.eval.reports import page_of as page_of_stored
from ragkit.eval.reports.faults import FAULTS, fault
from ragkit.eval.reports.marks import pieces
from ragkit.eval.reports.plots import bins, quantile
from ragkit.eval.response import Cited, Passage, Response, Statement
from ragkit.eval.stored import Stored, load

MakeOutcome = Callable[..., Outcome]
TEXT = "The dome was built in 1931. It turns on eight wheels. Nobody has counted the rivets."
TRAPS = (
    "</script><script>document.title='x'</script>",
    "<img src=x onerror=alert(1)>",
    "\u202eevil\u2066 {{ 7*7 }} {% raw %}",
    "[a](javascript:alert(1)) `code` | cell",
    '" onload="alert(1)',
    "\ud800 lone, \x00 null, \x1b[31m",
)


def info(name: str = "first", **values: object) -> kept.RunInfo:
    made = kept.RunInfo(
        id=name, name=name, created="2026-01-01T00:00:00Z", system="ragkit store", about={"settings": {"k": 1}},
        questions={"file": "q.jsonl"}, k=10, versions={"ragkit": "1"}, machine={"cpus": 2},
    )  # fmt: skip
    return dataclasses.replace(made, **values)  # type: ignore[arg-type]


def asked(
    id: str, text: str = "When was the dome built?", *, cites: tuple[int, int] = (0, 27), answers: Sequence[str] = ("1931",)
) -> Outcome:
    """A question that was answered from a passage that begins at character 100 of its document."""
    start, end = cites
    cited = Cited(uri="/docs/dome.txt", text=TEXT[start:end], start=100 + start, end=100 + end, verbatim=True)
    dome = Passage(uri="/docs/dome.txt", text=TEXT, start=100, end=100 + len(TEXT), score=0.75)
    passages = (dome, Passage(uri="/docs/b.txt", text="No."))
    gold = Gold(id="gold:0", uri="dome.txt", quote=TEXT[:27], uris=("/docs/dome.txt",), spans=(((100, 127),),))
    return Outcome(
        question=Question(id=id, text=text, answers=tuple(answers), relevant=(Relevant(uri="dome.txt", quote=TEXT[:27]),)),
        gold=(gold,),
        response=Response(
            passages=passages,
            statements=(Statement(text=TEXT[start:end], citations=(cited,)),),
            text=TEXT[start:end],
            answerable=0.8,
            timings={"total_s": 0.25},
            record_id="abc",
        ),
    )


def page_of_outcomes(runs: Sequence[tuple[str, kept.RunInfo, Sequence[Outcome]]], max_questions: int | None = None) -> Page:
    """The report of runs that are nowhere kept."""
    stored = [Stored(folder="", info=dataclasses.replace(info, name=name), outcomes=tuple(outcomes)) for name, info, outcomes in runs]
    return page_of_stored(stored, max_questions=max_questions)


def tree(page: Page) -> html.HtmlElement:
    return html.document_fromstring(render(page, "html"))


spans = st.lists(st.tuples(st.integers(-3, 12), st.integers(-3, 12), st.sampled_from(["cited", "gold"])), max_size=4)


@given(text=st.text(max_size=12), spans=spans)
def test_pieces_are_the_text_with_its_marks(text: str, spans: list[tuple[int, int, str]]) -> None:
    """Put together they are the text; each character has the kinds of the spans that hold it, whatever these overlap or exceed."""
    made = pieces(text, spans)
    assert "".join(piece.text for piece in made) == text
    kinds = [piece.kind for piece in made for _ in piece.text]
    assert kinds == [" ".join(sorted({kind for a, b, kind in spans if a <= n < b})) for n in range(len(text))]


def test_long_texts_are_shortened_around_the_mark() -> None:
    """What is marked stays whole, its neighbourhood stays, and the rest becomes a gap."""
    made = pieces("a" * 900 + "MARK" + "b" * 900, [(900, 904, "cited")], 100)
    assert [piece.kind for piece in made] == ["", "cited", ""]
    assert (made[0].text, made[2].text) == (" … " + "a" * 50, "b" * 50 + " … ")


def test_faults_in_order(outcome: MakeOutcome) -> None:
    """Each kind of fault is seen, and the worst one is the question's."""
    found = [
        fault(outcome(text="", failure="it took too long")),
        fault(outcome(answers=(), text="made up")),
        fault(outcome(text="silver")),
        fault(outcome(text="", abstained=True)),
        fault(outcome(text="gold", verbatim=[False])),
        fault(outcome(text="gold", gold=[("a.txt", 0, 5)], hits=[("b.txt", 0, 5)])),
        fault(outcome(text="gold")),
    ]
    assert found == [*(one.name for one in FAULTS), ""]


def test_a_citation_opens_its_passage() -> None:
    """The cited span is marked in the passage that holds it, found by offsets; gold is marked in what was retrieved."""
    page = page_of_outcomes([("r", info(), [asked("q", cites=(28, 53))])])
    cited = tree(page).xpath("//details[@class='cited']")
    assert [one.text_content() for one in cited[0].xpath(".//mark")] == ["It turns on eight wheels."]
    assert cited[0].xpath("string(.//blockquote)") == TEXT
    assert "/docs/dome.txt, characters 128–153" in cited[0].text_content()
    marks = tree(page).xpath("//details[@class='passages']//mark")
    assert [(mark.get("class"), mark.text_content()) for mark in marks] == [("gold", TEXT[:27]), ("cited", TEXT[28:53])]


def test_a_citation_by_number_and_an_invented_one() -> None:
    """A passage that is cited by its index is shown whole; an index outside the ranking is said to be none."""
    one = asked("q")
    cites = tuple(Cited(passage=number) for number in (0, 7))
    response = dataclasses.replace(one.response, statements=(Statement(text="x", citations=cites),))
    page = page_of_outcomes([("r", info(), [dataclasses.replace(one, response=response)])])
    shown = [detail.text_content() for detail in tree(page).xpath("//details[@class='cited']")]
    assert TEXT in shown[0]
    assert "passage 8, of 2: there is none" in shown[1]


def test_what_went_wrong_comes_first() -> None:
    """Wrong answers stand before right ones; with a limit the rest is counted."""
    wrong = asked("w", cites=(28, 53))
    page = page_of_outcomes([("r", info(), [asked("a"), asked("b"), wrong])], max_questions=2)
    assert [(one.question.id, one.fault) for one in page.questions] == [("w", "wrong"), ("a", "")]
    assert page.left_out == 1
    assert "1 further questions" in tree(page).text_content()


def test_every_measure_and_plot_is_there() -> None:
    """Measures that apply stand in a table with value, interval and count; each plot has a text in its place."""
    page = page_of_outcomes([("r", info(), [asked(str(n)) for n in range(4)])])
    made = tree(page)
    rows = {row.xpath("string(th)").strip(): row.xpath("td/text()") for row in made.xpath("//section[@id='measures']//tbody/tr")}
    assert rows["answer contains"][:3] == ["1.000", "0.510 to 1.000", "4"]
    assert {plot.name for plot in page.plots} == {"intervals", "classes", "coverage", "reliability", "latency"}
    assert all(len(svg.xpath("string(*[local-name()='title'])")) > 20 for svg in made.xpath("//*[local-name()='svg']"))
    assert made.xpath("//th[not(@scope)]") == []


def test_two_runs_side_by_side() -> None:
    """Differences are paired, have a direction, and what changed comes first; questions of one run alone are told."""
    first = [asked("a"), asked("b"), asked("c")]
    second = [asked("a"), asked("b", cites=(28, 53)), asked("d")]
    page = page_of_outcomes([("x", info("A"), first), ("x", info("B"), second)])
    found = {one.measure: one for one in page.differences}
    contains = found["answer contains"]
    assert (contains.a, contains.b, contains.difference, contains.questions) == (1.0, 0.5, -0.5, 2)
    assert tree(page).xpath("string(//section[@id='differences']//tr[th='answer contains']//span)") == "worse"
    assert [run.name for run in page.runs] == ["x (A)", "x (B)"]
    assert page.questions[0].question.id == "b"
    assert page.notes == ("Differences are over the 2 questions that both runs have; alone are 1 in x (A) and 1 in x (B)",)
    assert len(tree(page).xpath("(//details[@class='question'])[1]//div[@class='side']")) == 2


def test_runs_without_a_common_question() -> None:
    """They cannot be compared, and that is said; the same id with other words is another question."""
    with pytest.raises(OtherQuestions, match="share no question"):
        page_of_outcomes([("x", info(), [asked("a")]), ("y", info(), [asked("a", "Other words?")])])


@pytest.mark.parametrize("trap", TRAPS)
def test_hostile_text_stays_text(trap: str) -> None:
    """Markup, scripts, braces and overrides in every field of a run: one script, the page's own, no image, link or handler; the
    Markdown has no markup of theirs, and the JSON is strict."""
    one = asked("q", trap + " ?")
    cited = Cited(uri=trap, text=trap, start=0, end=len(trap), verbatim=False)
    response = Response(
        passages=(Passage(uri=trap, text=f"{trap} and {trap}", start=0, end=9, score=1.0),),
        statements=(Statement(text=trap, citations=(cited, Cited(passage=0))),),
        text=trap, failure=None, record_id=trap, timings={trap: 1.0},
    )  # fmt: skip
    question = Question(id=trap, text=trap + " ?", answers=(trap,), kind=trap, relevant=(Relevant(uri=trap, quote=trap),))
    gold = (Gold(id="gold:0", uri=trap, quote=trap),)
    bad = [Outcome(question=question, gold=gold, response=response), dataclasses.replace(one, response=Response(failure=trap))]
    values = {"system": trap, "created": trap, "about": {trap: {trap: trap}}, "machine": {"m": [trap]}}
    page = page_of_outcomes([(trap, info(**values), bad), (trap + "2", info(**values), bad)])
    data = render(page, "html")
    made = html.document_fromstring(data)
    assert len(made.xpath("//script")) == 1
    assert made.xpath("//img | //iframe | //object | //link | //base | //a[not(starts-with(@href, '#'))]") == []
    assert made.xpath("//@*[starts-with(name(), 'on')] | //@style") == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", data.decode("utf-8"))
    assert "49" not in made.xpath("string(//title)")
    text = render(page, "markdown").decode("utf-8")
    assert not re.search(r"(?<!\\)<(script|img)|(?<!\\)\]\(|\u202e", text)
    assert json.loads(render(page, "json"))["runs"][0]["info"]["system"] == trap


def test_the_policy_names_what_stands_in_the_page() -> None:
    """The hashes of the policy are those of the style and the script as they stand there; nothing else is allowed."""
    from base64 import b64encode
    from hashlib import sha256

    data = render(page_of_outcomes([("r", info(), [asked("q")])]), "html").decode("utf-8")
    policy = html.document_fromstring(data).xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    parts = {name: re.findall(f"<{name}>(.*?)</{name}>", data, re.DOTALL) for name in ("style", "script")}
    hashes = {name: "sha256-" + b64encode(sha256(found[-1].encode()).digest()).decode() for name, found in parts.items()}
    sources = f"default-src 'none'; style-src '{hashes['style']}'; script-src '{hashes['script']}'"
    assert policy == f"{sources}; base-uri 'none'; form-action 'none'"


def test_a_thousand_questions_stay_small() -> None:
    """A report of 1,000 questions with ten long passages each is under 8 MB."""
    long = "".join(f"Sentence {n} of a passage that is as long as they are. " for n in range(20))
    one = asked("q")
    rest = [Passage(uri="/docs/long.txt", text=long, start=n, end=n + len(long), score=0.5) for n in range(9)]
    response = dataclasses.replace(one.response, passages=(one.response.passages[0], *rest))
    many = [dataclasses.replace(asked(f"q{n}"), response=response) for n in range(1000)]
    data = render(page_of_outcomes([("r", info(), many)]), "html")
    assert 2_000_000 < len(data) < 8_000_000


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the file's name says what is written; three runs, an unknown form and a folder without a run are refused."""
    for name in ("one", "two"):
        kept.begin(tmp_path / name, info(name))
        kept.append(tmp_path / name, asked("a"))
    runs = [str(tmp_path / name) for name in ("one", "two")]
    for file, begins in (("r.html", b"<!DOCTYPE html>"), ("r.md", b"# Evaluation of one"), ("r.json", b"{")):
        assert main(["eval", "report", *runs, "--to", str(tmp_path / file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["questions"] == 1
        assert (tmp_path / file).read_bytes().startswith(begins)
    assert main(["eval", "report", *runs, runs[0]]) == 2
    assert main(["eval", "report", runs[0], "--to", str(tmp_path / "r.txt")]) == 2
    assert main(["eval", "report", str(tmp_path), "--to", str(tmp_path / "r.html")]) == 1
    assert "there is no run" in capsys.readouterr().err


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    """A run that has fewer outcomes than questions is shown with a note."""
    kept.begin(tmp_path, info(questions={"count": 3}))
    kept.append(tmp_path, asked("a"))
    assert page_of_stored([load(tmp_path)]).notes == ("first: 2 questions have no outcome yet; the run was not finished",)


def test_a_run_of_retrieval_alone(outcome: MakeOutcome) -> None:
    """Nothing was asked: there is no answer to show and no plot of one, and the rest is there."""
    page = page_of_outcomes([("r", info(), [outcome(gold=[("a.txt", 0, 5)], hits=[("a.txt", 0, 9)])])])
    assert {plot.name for plot in page.plots} <= {"intervals", "classes", "reliability"}
    assert page.questions[0].sides[0] is not None
    assert page.questions[0].sides[0].state == "not asked"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_quantiles_are_numpy_s(values: list[float], share: float) -> None:
    """The same as ``numpy.quantile``."""
    import numpy as np

    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_reliability_bins_hold_every_question(pairs: list[tuple[float, bool]]) -> None:
    """Counts add up, and a bin's mean lies within it; probability 1 belongs to the last."""
    found = bins(pairs)
    assert sum(count for *_, count in found) == len(pairs)
    assert all(0 <= mean <= 1 and 0 <= share <= 1 for mean, share, _ in found)
