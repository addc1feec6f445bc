"""Converters of data sets, on small files written by hand in each format, and the command."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragkit.cli import main
from ragkit.eval.claims import read_claims
from ragkit.eval.data import CONVERTERS, DATASETS, BadData
from ragkit.eval.data.convert import convert, find, places
from ragkit.eval.measures import AnswerableAuroc, AnswerContains, FalseAnswerRate
from ragkit.eval.outcome import Outcome
from ragkit.eval.questions import Question, parse_questions, read_questions
from ragkit.eval.response import Response
from ragkit.eval.systems.recorded import RecordedSystem

Lines = Callable[..., Path]


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Writes a file of JSON lines, or of text as it is."""

    def write(name: str, *rows: Any) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return path

    return write


def converted(name: str, *sources: Path, **options: str) -> dict[str, list[dict[str, Any]]]:
    """What a converter makes, by kind, read back from its files."""
    to = next(place for place in (sources[0], *sources[0].parents) if place.name == "in").parent / f"out-{name}"
    convert(name, sources, to, options)
    return {path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in to.glob("*.jsonl")}


def test_every_known_set_can_be_read() -> None:
    """Each names a converter that there is, an origin, a licence and files; a hash comes with a URL; names are unique, and no format's
    but that of the same converter."""
    assert len({one.name for one in DATASETS}) == len(DATASETS)
    for one in DATASETS:
        assert one.converter in CONVERTERS
        assert all([one.about, one.origin, one.licence, one.citation, one.files, one.made])
        assert all(bool(file.url) == bool(file.sha256) for file in one.files)
        assert one.name not in CONVERTERS or one.converter == one.name
    assert all(one.READS and all(one.OPTIONS.values()) for one in CONVERTERS.values())


def test_beir(lines: Lines) -> None:
    """Judged queries become questions with gains and without answers; the test part comes before others; ids name documents."""
    corpus = lines("corpus.jsonl", {"_id": "d1", "title": "T", "text": "one"}, {"_id": "d2", "text": "two"})
    lines("queries.jsonl", {"_id": "q1", "text": "what?"}, {"_id": "q2", "text": "not judged"})
    lines("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1\td2\t1\n")
    lines("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    made = converted("beir", corpus.parent)
    assert made["questions"] == [{"_id": "q1", "question": "what?", "relevant": [{"uri": "d1", "gain": 2}, {"uri": "d2", "gain": 0}]}]
    assert made["documents"] == [{"_id": "d1", "title": "T", "text": "one"}, {"_id": "d2", "title": "", "text": "two"}]
    (question,) = read_questions(corpus.parents[1] / "out-beir" / "questions.jsonl")
    assert (question.ungraded, question.answerable) == (True, False)


def test_beir_says_what_is_wrong(lines: Lines) -> None:
    """A part that is not there, a relevant document that is not in the corpus, and a gain that is no number are named with their place."""
    corpus = lines("corpus.jsonl", {"_id": "d1", "text": "one"})
    lines("queries.jsonl", {"_id": "q1", "text": "what?"})
    lines("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1\td9\t1\n")
    with pytest.raises(BadData, match=r"no qrels/test\.tsv; there are dev; choose with --option split"):
        converted("beir", corpus.parent, split="test")
    with pytest.raises(BadData, match=r"queries\.jsonl, line 1: 1 documents are judged relevant and not in the corpus, 'd9'"):
        converted("beir", corpus.parent)
    lines("qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tmuch\n")
    with pytest.raises(BadData, match=r"dev\.tsv, line 2: \"score\" is 'much'"):
        converted("beir", corpus.parent)


def squad(**qa: Any) -> dict[str, Any]:
    made = {"id": "q1", "question": "When?", "answers": [{"text": "1931", "answer_start": 21}], **qa}
    text = "It rained. It opened 1931. Then it shut."
    return {"data": [{"title": "The_Dome", "paragraphs": [{"context": text, "qas": [made]}]}]}


def test_squad(lines: Lines) -> None:
    """A paragraph is a document, the gold passage the sentence around the answer; what is impossible has no answer and a gain of 0."""
    made = converted("squad", lines("dev.json", squad()))
    assert made["documents"] == [{"_id": "0-0", "title": "The Dome", "text": "It rained. It opened 1931. Then it shut."}]
    assert made["questions"] == [
        {"_id": "q1", "question": "When?", "answers": ["1931"], "relevant": [{"uri": "0-0", "quote": "It opened 1931."}]}
    ]
    made = converted("squad", lines("impossible.json", squad(answers=[], is_impossible=True)))
    assert made["questions"] == [{"_id": "q1", "question": "When?", "answers": [], "relevant": [{"uri": "0-0", "gain": 0}]}]


def test_squad_checks_where_answers_stand(lines: Lines) -> None:
    """An answer that does not stand at its offset, and one that is missing, are named with their path."""
    with pytest.raises(BadData, match=r"data\[0\], paragraphs\[0\], qas\[0\], answers\[0\]: '1931' does not stand"):
        converted("squad", lines("dev.json", squad(answers=[{"text": "1931", "answer_start": 3}])))
    with pytest.raises(BadData, match="no answer, and not marked as impossible"):
        converted("squad", lines("dev.json", squad(answers=[])))
    with pytest.raises(BadData, match=r"dev\.json: not JSON: .* line 1"):
        converted("squad", lines("dev.json", "{"))


def clapnq(name: str, answer: str, selected: list[str]) -> dict[str, Any]:
    passage = {"title": "T", "text": "It opened in 1931 . It rained .", "sentences": ["It opened in 1931 .", "It rained ."]}
    return {"id": name, "input": "when", "passages": [passage], "output": [{"answer": answer, "selected_sentences": selected}]}


def test_clapnq(lines: Lines) -> None:
    """Selected sentences are the gold passages; an empty answer is unanswerable; a passage that two questions share is one document."""
    made = converted("clapnq", lines("dev.jsonl", clapnq("1", "In 1931.", ["It opened in 1931 ."]), clapnq("2", "", [])))
    (document,) = made["documents"]
    assert made["questions"][0]["answers"] == ["In 1931."]
    assert made["questions"][0]["relevant"] == [{"uri": document["_id"], "quote": "It opened in 1931 ."}]
    assert made["questions"][1]["answers"] == []
    assert made["questions"][1]["relevant"] == [{"uri": document["_id"], "gain": 0}]
    with pytest.raises(BadData, match=r"line 1, output\[0\]: a selected sentence is in no passage: 'It snowed"):
        converted("clapnq", lines("dev.jsonl", clapnq("1", "In 1931.", ["It snowed ."])))


def test_alce(lines: Lines) -> None:
    """Markers become citations by place, one outside of the documents stays; the recording is read by the door of recorded answers."""
    docs = [{"id": "7", "title": "A", "text": "It opened in 1931."}, {"id": "8", "title": "B", "text": "It rained."}]
    item = {"sample_id": "s1", "question": "When?", "qa_pairs": [{"short_answers": ["1931"]}], "docs": docs}
    path = lines("asqa.json", {"args": {}, "data": [{**item, "output": "It opened in 1931 [1]. It rained. [2][5]"}]})
    made = converted("alce", path)
    assert made["questions"] == [{"_id": "s1", "question": "When?", "answers": ["1931"]}]
    response = RecordedSystem(path.parents[1] / "out-alce" / "responses.jsonl").respond(Question(id="s1", text="When?"), 10)
    assert [(s.text, [c.passage for c in s.citations]) for s in response.statements] == [
        ("It opened in 1931.", [0]),
        ("It rained.", [1, 4]),
    ]
    assert [passage.uri for passage in response.passages] == ["7", "8"]
    assert response.text == "It opened in 1931. It rained."


def test_trec(lines: Lines) -> None:
    """Files are told apart by their lines; a run is ordered as trec_eval does, by score and then by id descending."""
    qrels = lines("judged.txt", "q1 0 d1 2\nq1 0 d2 0\nq2 0 d3 1\n")
    run = lines("bm25.run", "q1 Q0 d1 1 0.5 tag\nq1 Q0 d2 2 0.5 tag\nq1 Q0 d3 3 0.9 tag\n")
    topics = lines("topics.tsv", "q1\twhat is it\n")
    made = converted("trec", qrels, run, topics)
    assert [(q["_id"], q["question"], len(q["relevant"])) for q in made["questions"]] == [("q1", "what is it", 2), ("q2", "q2", 1)]
    assert all("answers" not in question for question in made["questions"])
    recorded = RecordedSystem(qrels.parents[1] / "out-trec" / "responses.jsonl")
    assert [one.uri for one in recorded.respond(Question(id="q1", text=""), 10).passages] == ["d3", "d2", "d1"]
    nothing = recorded.respond(Question(id="q2", text=""), 10)
    assert (nothing.passages, nothing.asked, nothing.failure) == ((), False, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q1 Q0 d1 1 much tag\n", "line 1: a run has six fields"),
        ("q1 Q0 d1 1 nan tag\n", "line 1: the score is not a number"),
        ("q1 Q0 d1 1 1 a\nq1 Q0 d1 2 1 a\n", "line 2: d1 is ranked twice"),
        ("q1 0 d1 1\nq1 0 d1\n", "line 2: judgements have four fields"),
        ("one two three\n", "line 1: 3 fields"),
    ],
)
def test_trec_says_what_is_wrong(lines: Lines, text: str, said: str) -> None:
    """The file and the line are named."""
    with pytest.raises(BadData, match=said):
        converted("trec", lines("file.txt", text))


def test_claims(lines: Lines) -> None:
    """WiCE, AttributionBench and BEGIN become claims with one set of labels, sources, and supporting sentences where there are any."""
    wice = {
        "claim": "c",
        "evidence": ["a", "b"],
        "label": "partially_supported",
        "supporting_sentences": [[0, 1], []],
        "meta": {"id": "w1"},
    }
    made = converted("wice", lines("wice.jsonl", wice))["claims"]
    assert made == [
        {"_id": "w1", "claim": "c", "evidence": ["a", "b"], "label": "partially supported", "source": "WiCE", "supporting": [[0, 1]]}
    ]
    bench = {"id": "a1", "claim": "c", "references": ["r"], "attribution_label": "not attributable", "src_dataset": "LFQA"}
    made = converted("attributionbench", lines("ab.jsonl", bench))["claims"]
    assert made == [{"_id": "a1", "claim": "c", "evidence": ["r"], "label": "unsupported", "source": "LFQA"}]
    header = "model_name\tdata_source\tknowledge\tmessage\tresponse\tbegin_label\n"
    begin = lines("begin.tsv", header, 't5\twow\tIt "is" red.\thm\tIt is red.\tFully attributable\n', "t5\twow\tk\tm\tr\tGeneric\n")
    made = converted("begin", begin)["claims"]
    assert [(one["evidence"], one["label"], one["source"]) for one in made] == [
        (['It "is" red.'], "supported", "wow, t5"),
        (["k"], "unsupported", "wow, t5"),
    ]
    with pytest.raises(BadData, match=r'wice\.jsonl, line 1: "label" is \'maybe\'; known are supported, partially_supported'):
        converted("wice", lines("wice.jsonl", {**wice, "label": "maybe"}))
    with pytest.raises(BadData, match=r"begin\.tsv, line 2: 2 fields, where the first line names 6"):
        converted("begin", lines("begin.tsv", header, "t5\twow\n"))


def test_scifact_claims(lines: Lines) -> None:
    """A claim for each cited abstract; sentences keep their places where the corpus has them; the CSV form says the same."""
    corpus = lines(
        "corpus.jsonl", {"doc_id": 5, "title": "T", "abstract": ["One.", "Two."]}, {"doc_id": 6, "title": "U", "abstract": ["Three."]}
    )
    evidence = {"5": [{"sentences": [0], "label": "CONTRADICT"}, {"sentences": [1], "label": "CONTRADICT"}]}
    claims = lines("claims_dev.jsonl", {"id": 1, "claim": "c", "evidence": evidence, "cited_doc_ids": [5, 6]})
    made = converted("scifact-claims", corpus, claims)["claims"]
    header = "id,claim,evidence_doc_id,evidence_label,evidence_sentences,cited_doc_ids\n"
    table = lines("claims_dev.csv", header, "1,c,5,CONTRADICT,[0],[ 5 6]\n1,c,5,CONTRADICT,[1],[ 5 6]\n")
    assert made == converted("scifact-claims", corpus, table)["claims"]
    assert [(one["_id"], one["label"], one.get("supporting")) for one in made] == [
        ("1-5", "contradicted", [[0], [1]]),
        ("1-6", "unsupported", None),
    ]
    with pytest.raises(BadData, match=r"claims_dev\.csv, line 2: the claim cites document 9"):
        converted("scifact-claims", corpus, lines("claims_dev.csv", header, "1,c,,,[],[9]\n"))


def test_a_table_of_ones_own(lines: Lines) -> None:
    """Columns are mapped by options; several answers in a field; a quoted line break does not move the line that an error names."""
    path = lines("t.csv", 'Q,A,Kind\n"When, and\nwhere?",1931|here,x\nWho?,,y\n')
    made = converted("csv", path, **{"question": "Q", "answers": "A", "class": "Kind", "separator": "|"})
    assert made["questions"] == [
        {"_id": "1", "question": "When, and\nwhere?", "answers": ["1931", "here"], "class": "x"},
        {"_id": "2", "question": "Who?", "answers": [], "class": "y"},
    ]
    assert converted("csv", path, text="Q", title="Kind")["documents"][1] == {"_id": "2", "title": "y", "text": "Who?"}
    own = lines("c.csv", "claim;ev;ok\nc;e;yes\nd;e;perhaps\n")
    with pytest.raises(BadData, match=r"c\.csv, line 3: the label is 'perhaps'; it is one of supported"):
        converted("csv", own, claim="claim", evidence="ev", label="ok", delimiter=";")
    with pytest.raises(BadData, match="no column 'X'; there are 'Q', 'A', 'Kind'"):
        converted("csv", path, question="X")
    with pytest.raises(BadData, match="say which column is what: --option question=COLUMN"):
        converted("csv", path)
    with pytest.raises(BadData, match="takes no option 'colour'; there are question: the column of the question"):
        converted("csv", path, colour="red")


def test_a_failed_conversion_changes_nothing(lines: Lines, tmp_path: Path) -> None:
    """What was there before stays, and no part is left, when a later line is wrong or an id stands twice."""
    row = {"id": "a", "claim": "c", "references": ["r"], "attribution_label": "attributable", "src_dataset": "s"}
    good = lines("good.jsonl", row)
    convert("attributionbench", [good], tmp_path / "to")
    before = (tmp_path / "to" / "claims.jsonl").read_bytes()
    with pytest.raises(BadData, match=r"bad\.jsonl: the id 'a' stands twice among the claims"):
        convert("attributionbench", [lines("bad.jsonl", row, row)], tmp_path / "to")
    with pytest.raises(BadData, match=r"bad\.jsonl, line 2: not JSON"):
        convert("attributionbench", [lines("bad.jsonl", {**row, "id": "b"}, "nothing\n")], tmp_path / "to")
    assert (tmp_path / "to" / "claims.jsonl").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == ["claims.jsonl", "dataset.json"]


def test_archives_are_unpacked_and_lead_nowhere_else(lines: Lines, tmp_path: Path) -> None:
    """A zip and a tar are read like their folder; names with a way out, links and programs are not followed or kept."""
    row = json.dumps({"id": "a", "claim": "c", "references": ["r"], "attribution_label": "attributable", "src_dataset": "s"}).encode()
    zipped, tarred = tmp_path / "x.zip", tmp_path / "x.tar.gz"
    with zipfile.ZipFile(zipped, "w") as made:
        made.writestr("../../outside.jsonl", row)
        made.writestr("loader.py", b"raise SystemExit('run')")
    with tarfile.open(tarred, "w:gz") as made_tar:
        info = tarfile.TarInfo("set/dev.jsonl")
        info.size = len(row)
        made_tar.addfile(info, io.BytesIO(row))
        link = tarfile.TarInfo("set/link.jsonl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made_tar.addfile(link)
    for archive in (zipped, tarred):
        assert convert("attributionbench", [archive], tmp_path / archive.stem).files == {"claims.jsonl": 1}
    assert not (tmp_path.parent / "outside.jsonl").exists()
    with pytest.raises(BadData, match="there is no file"):
        convert("attributionbench", [tmp_path / "gone.jsonl"], tmp_path / "to")


def test_what_is_not_fetched_by_itself_says_where_it_is() -> None:
    """Without --from a set without a hash names its files, its origin, its licence and the command; unknown names list what there is."""
    with pytest.raises(BadData, match=r"get dev\.jsonl from https://github\.com/ryokamoi/wice \(.*ragkit eval data wice --from"):
        places("wice", [])
    with pytest.raises(BadData, match=r"no set or format 'mine'; sets: scifact, .*; formats: beir, squad"):
        find("mine")


def test_the_command(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    """It lists sets and formats, as a table and as JSON, converts into a folder, and says licence, origin and citation."""
    assert main(["eval", "data"]) == 0
    assert "CC BY-SA 4.0" in capsys.readouterr().out
    assert main(["eval", "data", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in listed["datasets"]} == {one.name for one in DATASETS}
    assert set(listed["formats"]) == set(CONVERTERS)
    wice = lines("wice.jsonl", {"claim": "c", "evidence": ["a"], "label": "supported"})
    assert main(["eval", "data", "wice", "--from", str(wice), "--to", "out", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["files"], made["converter"], list(made["sources"])) == ({"claims.jsonl": 1}, "wice", ["wice.jsonl"])
    assert "ryokamoi/wice" in json.loads(Path("out/dataset.json").read_text("utf-8"))["origin"]
    assert [claim.supported for claim in read_claims([Path("out/claims.jsonl")])] == [True]
    assert main(["eval", "data", "--to", "out"]) == 2


def test_what_nobody_graded_is_neither_right_nor_wrong() -> None:
    """A question without the key "answers" is in no measure that needs to know; with an empty list it is unanswerable."""
    ungraded, unanswerable = parse_questions(['{"_id": "u", "question": "What?"}', '{"_id": "n", "question": "What?", "answers": []}'])
    assert (ungraded.ungraded, unanswerable.ungraded) == (True, False)
    assert parse_questions([json.dumps(ungraded.to_line())]) == [ungraded]
    said = Response(text="This.", answerable=0.9)
    values = [
        [measure.score(Outcome(question=q, response=said)) for q in (ungraded, unanswerable)]
        for measure in (FalseAnswerRate(), AnswerContains())
    ]
    assert values == [[None, 1.0], [None, None]]
    assert AnswerableAuroc().summary([Outcome(question=ungraded, response=said), Outcome(question=unanswerable, response=said)]) is None
