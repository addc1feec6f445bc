"""The batch modes' lines, in and out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from ragkit.cli import batch
from ragkit.cli.output import Output
from ragkit.errors import RagkitError, StoreCorrupt


def lines(path: Path, *texts: str) -> Path:
    """A file of these lines."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def done(path: Path, work: Any) -> tuple[list[Any], int]:
    """The lines that come out for the lines of ``path``, and the exit code."""
    stream = io.StringIO()
    code = 0
    try:
        batch.run(Output(json=True, stream=stream), path, ("text",), work)
    except typer.Exit as leaving:
        code = leaving.exit_code
    return [json.loads(line) for line in stream.getvalue().splitlines()], code


def test_one_line_for_each_in_order(tmp_path: Path) -> None:
    """Each line's ``_id`` comes back unchanged, a number stays a number; empty lines are passed over."""
    path = lines(tmp_path / "q.jsonl", '{"_id": "b", "text": "x"}', "", '{"_id": 7, "text": "é"}', '{"text": "z"}')
    assert done(path, lambda line: {"said": line["text"]}) == (
        [{"_id": "b", "said": "x"}, {"_id": 7, "said": "é"}, {"_id": "4", "said": "z"}],
        0,
    )


@pytest.mark.parametrize("bad", ["{not json", "[1]", '{"_id": "x"}', '{"_id": "x", "text": 5}'])
def test_a_bad_line_is_one_of_the_results(bad: str, tmp_path: Path) -> None:
    """A line that cannot be read becomes an error in its place, the rest goes on, and the exit code is 3."""
    results, code = done(lines(tmp_path / "q.jsonl", bad, '{"_id": "ok", "text": "x"}'), lambda line: {"said": line["text"]})
    assert code == 3
    assert "line 1" in results[0]["error"]
    assert results[1] == {"_id": "ok", "said": "x"}


def test_one_failure_does_not_end_the_batch(tmp_path: Path) -> None:
    """An error about one line is that line's result."""

    def work(line: dict[str, Any]) -> dict[str, Any]:
        if line["text"] == "bad":
            raise RagkitError("no")
        return {}

    results, code = done(lines(tmp_path / "q.jsonl", '{"_id": 1, "text": "bad"}', '{"_id": 2, "text": "good"}'), work)
    assert (results, code) == ([{"_id": 1, "error": "no"}, {"_id": 2}], 3)


def test_a_broken_store_ends_the_batch(tmp_path: Path) -> None:
    """What would befall every line alike is raised at the first."""

    def work(line: dict[str, Any]) -> dict[str, Any]:
        raise StoreCorrupt("gone")

    with pytest.raises(StoreCorrupt):
        done(lines(tmp_path / "q.jsonl", '{"_id": 1, "text": "x"}'), work)


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    """A file that an editor began with a byte order mark reads as any other."""
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"_id": "a", "text": "x"}\n')
    assert done(path, lambda line: {})[0] == [{"_id": "a"}]


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    """A batch file that is not there is the caller's mistake."""
    with pytest.raises(typer.BadParameter, match=r"gone\.jsonl"):
        batch.run(Output(), tmp_path / "gone.jsonl", ("text",), lambda line: {})
