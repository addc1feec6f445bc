"""Question files, gold places, and how hits become a ranking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ragkit.eval.gold import find_quote, locate, names
from ragkit.eval.measures import Ndcg, Recall
from ragkit.eval.questions import BadQuestion, Relevant, parse_questions, read_questions


def test_a_question_file_is_read(tmp_path: Path) -> None:
    """Every key is read; those that may be left out have defaults, and blank lines do not count as questions."""
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"_id": "a", "question": "Q?", "answers": ["x"], "relevant": [{"uri": "d", "quote": " "}]}\n\n{"question": "R?"}\n', "utf-8"
    )
    first, second = read_questions(file)
    assert (first.id, first.answerable, first.relevant) == ("a", True, (Relevant(uri="d"),))
    assert (second.id, second.answerable, second.relevant) == ("3", False, ())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "not JSON"),
        ('["question"]', 'an object with "question"'),
        ('{"question": " "}', 'an object with "question"'),
        ('{"question": "Q?", "answers": "x"}', '"answers" is not a list'),
        ('{"question": "Q?", "answers": [""]}', '"answers" holds something other'),
        ('{"question": "Q?", "relevant": [{"quote": "x"}]}', 'an item of "relevant"'),
        ('{"question": "Q?", "relevant": [{"uri": ""}]}', 'an item of "relevant"'),
        ('{"question": "Q?", "relevant": ["x"]}', 'an item of "relevant"'),
    ],
)
def test_a_bad_line_is_named(line: str, what: str) -> None:
    """The message says which line of which file, and what was expected."""
    with pytest.raises(BadQuestion, match=r"f\.jsonl, line 2") as caught:
        parse_questions(['{"question": "Q?"}', line], "f.jsonl")
    assert what in str(caught.value)


def test_ids_are_unique_and_a_file_is_not_empty() -> None:
    """Two questions of one id, and no question at all, are errors."""
    with pytest.raises(BadQuestion, match="stands on an earlier line"):
        parse_questions(['{"_id": "a", "question": "Q?"}', '{"_id": "a", "question": "R?"}'])
    with pytest.raises(BadQuestion, match="holds no question"):
        parse_questions(["\n"])


@pytest.mark.parametrize(
    ("suffix", "uri", "match"),
    [
        ("a.txt", "/docs/a.txt", True),
        ("docs/a.txt", "/docs/a.txt", True),
        ("/a.txt", "/docs/a.txt", True),
        ("/docs/a.txt", "/docs/a.txt", True),
        ("7", "corpus.jsonl#7", True),
        ("7", "corpus.jsonl#17", False),
        ("a.txt", "/docs/aa.txt", False),
        ("b.txt", "/docs/a.txt", False),
    ],
)
def test_the_end_of_a_uri_names_a_document(suffix: str, uri: str, match: bool) -> None:
    """From a border on, never from within a name."""
    assert names(suffix, uri) is match


def test_quotes_are_found_across_line_ends() -> None:
    """White space may differ, nothing else may; every place counts, and special characters mean themselves."""
    text = "It cost £5 (five\npounds). It cost  £5 (five pounds)."
    assert [text[a:b] for a, b in find_quote(text, "£5 (five pounds)")] == ["£5 (five\npounds)", "£5 (five pounds)"]
    assert find_quote(text, "£5.(five pounds)") == ()


def test_gold_that_is_not_there_matches_nothing() -> None:
    """A document that is missing, or lacks the quote, leaves a place that nothing matches, but that still counts."""
    texts = {"/x/a.txt": "one two", "/x/b.txt": "three"}
    wanted = [Relevant(uri="a.txt", quote="two"), Relevant(uri="b.txt", quote="two"), Relevant(uri="c.txt")]
    here, gone, missing = locate(wanted, texts, texts.__getitem__)
    assert here.matches("/x/a.txt", 0, 5)
    assert not here.matches("/x/a.txt", 0, 4)
    assert not gone.matches("/x/b.txt", 0, 5)
    assert not missing.matches("/x/c.txt", 0, 5)


def test_missing_gold_lowers_recall(outcome: Any) -> None:
    """Half of the gold found is half, although the other half could not have been found in this store."""
    made = outcome(gold=[("a", 0, 5), ("elsewhere", 0, 5)], hits=[("a", 0, 9)])
    assert Recall(k=10).score(made) == 0.5


def test_a_document_has_the_rank_of_its_best_passage(outcome: Any) -> None:
    """Where whole documents are gold, a document stands once, however many of its passages were found."""
    made = outcome(gold=["b"], hits=[("a", 0, 5), ("a", 5, 9), ("b", 0, 5), ("b", 5, 9)])
    assert made.ranking() == ["a", "gold:0"]


def test_passages_count_by_themselves(outcome: Any) -> None:
    """Where passages are gold, wrong passages of one document each take a rank, and a gold one found twice counts once."""
    made = outcome(gold=[("a", 20, 30)], hits=[("a", 0, 9), ("a", 9, 18), ("a", 15, 25), ("a", 24, 40)])
    assert made.ranking() == ["a[0:9]", "a[9:18]", "gold:0"]


def test_one_passage_may_hold_two_gold_places(outcome: Any) -> None:
    """Both are then found, and nDCG stays at most 1."""
    made = outcome(gold=[("a", 0, 5), ("a", 6, 9)], hits=[("a", 0, 20)])
    assert Recall(k=10).score(made) == Ndcg(k=10).score(made) == 1.0


def test_questions_without_gold_have_no_ranking_value(outcome: Any) -> None:
    """What names nothing relevant is left out of the retrieval measures."""
    assert Ndcg(k=10).score(outcome(hits=[("a", 0, 5)])) is None
