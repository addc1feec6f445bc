"""The examples of the page on gates are run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "gating.md").read_text("utf-8")
FACTS = {
    "ferry": ("The heron ferry crosses the lake every forty minutes.", "How often does the heron ferry cross the lake?", "forty minutes"),
    "tower": ("The lighthouse on Gull Point was built by Anna Lindqvist.", "Who built the lighthouse on Gull Point?", "Anna Lindqvist"),
}


def example(language: str) -> str:
    """The one block of that language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.mark.slow
def test_the_shell_example_gates(tmp_path: Path) -> None:
    """With real models it fills a store, asks, makes a baseline, and keeps every limit beside it."""
    (tmp_path / "handbook").mkdir()
    for name, (text, _, _) in FACTS.items():
        (tmp_path / "handbook" / f"{name}.txt").write_text(text, "utf-8")
    lines = [json.dumps({"question": q, "answers": [a], "relevant": [{"uri": f"{name}.txt"}]}) for name, (_, q, a) in FACTS.items()]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines), "utf-8")
    ragkit = tmp_path / "bin" / "ragkit"
    ragkit.parent.mkdir()
    ragkit.write_text(f'#!/bin/sh\nexec {sys.executable} -m ragkit "$@"\n', "utf-8")
    ragkit.chmod(0o755)
    (tmp_path / "gate.sh").write_text(example("sh"), "utf-8")
    where = {**os.environ, "PATH": f"{ragkit.parent}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["/bin/sh", "gate.sh"], cwd=tmp_path, env=where, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("kept:") == 3
    baseline = json.loads((tmp_path / "baseline.json").read_text("utf-8"))
    assert [row["values"]["answer contains"] for row in baseline["rows"]] == [1.0, 1.0]


def test_the_workflow_is_one(tmp_path: Path) -> None:
    """GitHub's own schema takes it, and the gate is the shell example's."""
    (tmp_path / "answers.yml").write_text(example("yaml"), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(tmp_path / "answers.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    limits = re.findall(r"--max-drop .*?\"recall@10=0\.9\"", example("sh"))
    assert limits
    assert all(limit in example("yaml") for limit in limits)
