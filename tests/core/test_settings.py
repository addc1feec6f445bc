"""Settings: three sources in rising precedence, every key checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragkit import Settings, load_settings
from ragkit.errors import SettingsError
from ragkit.settings import known_keys


def test_the_later_source_wins(tmp_path: Path) -> None:
    """File, then environment, then explicit values."""
    config = tmp_path / "ragkit.toml"
    config.write_text("[retrieval]\nk = 3\ncandidates = 30\nrerank_top = 5\n")
    found = load_settings(config, environ={"RAGKIT_RETRIEVAL__K": "4", "RAGKIT_RETRIEVAL__CANDIDATES": "40"}, values={"retrieval.k": "5"})
    assert (found.retrieval.k, found.retrieval.candidates, found.retrieval.rerank_top) == (5, 40, 5)


def test_the_file_is_found_in_the_working_folder_or_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``ragkit.toml`` here, or the file that ``RAGKIT_CONFIG`` names."""
    monkeypatch.chdir(tmp_path)
    Path("ragkit.toml").write_text("[retrieval]\nk = 6\n")
    Path("other.toml").write_text("[retrieval]\nk = 7\n")
    assert load_settings(environ={}).retrieval.k == 6
    assert load_settings(environ={"RAGKIT_CONFIG": "other.toml"}).retrieval.k == 7


@pytest.mark.parametrize(
    ("environ", "values", "text"),
    [
        ({"RAGKIT_RETRIEVAL__KK": "1"}, {}, ""),
        ({"RAGKIT_NONSENSE": "1"}, {}, ""),
        ({}, {"retrieval.kk": 1}, ""),
        ({}, {}, "[retrieval]\nkk = 1\n"),
        ({}, {}, "[retrival]\nk = 1\n"),
    ],
)
def test_an_unknown_key_lists_the_known_ones(environ: dict[str, str], values: dict[str, object], text: str, tmp_path: Path) -> None:
    """Wherever it stands, a misspelt key is an error that helps."""
    config = tmp_path / "c.toml"
    config.write_text(text)
    with pytest.raises(SettingsError, match=r"unknown setting .*retrieval\.k, retrieval\.candidates"):
        load_settings(config, environ=environ, values=values)


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_value_out_of_range_is_refused(value: str) -> None:
    """The message names the key, the value and what is wrong with it."""
    with pytest.raises(SettingsError, match=rf"retrieval\.k.*{value}"):
        load_settings(environ={"RAGKIT_RETRIEVAL__K": value})


def test_the_hash_tells_settings_apart() -> None:
    """Equal settings hash the same, others do not."""
    assert Settings().sha256() == Settings().sha256() != Settings().with_values(**{"retrieval.k": 9}).sha256()


def test_every_key_has_a_description() -> None:
    """The reference is made from them."""
    for part in Settings.model_fields.values():
        for field in part.annotation.model_fields.values():  # type: ignore[union-attr]
            assert field.description
    assert len(known_keys()) == len(set(known_keys()))


@pytest.mark.parametrize("text", ["wiki.internal, 10.2.0.0/16", '["wiki.internal", "10.2.0.0/16"]', " wiki.internal,10.2.0.0/16, "])
def test_a_list_as_text(text: str) -> None:
    """In the environment a list is JSON, or parts between commas; nothing is an empty list."""
    found = load_settings(environ={"RAGKIT_SOURCES__ALLOW_HOSTS": text})
    assert found.sources.allow_hosts == ("wiki.internal", "10.2.0.0/16")
    assert load_settings(environ={"RAGKIT_SOURCES__ALLOW_HOSTS": ""}).sources.allow_hosts == ()


def test_a_list_that_is_broken() -> None:
    """JSON that is none is an error that names the setting."""
    with pytest.raises(SettingsError, match=r"sources\.allow_hosts"):
        load_settings(environ={"RAGKIT_SOURCES__ALLOW_HOSTS": '["wiki'})


def test_reports_show_no_secret() -> None:
    """Keys, passwords and the address of the catalog are in no report, whatever else is."""
    values = {"generation.api_key": "hunter2", "parsing.passwords": ["hunter2"], "catalog.url": "postgresql://me:hunter2@db/x"}
    shown = Settings().with_values(**values).shown()
    assert "hunter2" not in str(shown)
    assert shown["retrieval"]["k"] == Settings().retrieval.k
