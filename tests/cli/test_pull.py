"""``ragkit models pull`` against a hub on loopback: resumed, checked by hash, with its licence."""

from __future__ import annotations

import fcntl
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hubs import COMMIT, Hub, serving

from ragkit.errors import ModelError
from ragkit.models import hub as client
from ragkit.models import transfer

CONTENT = random.Random(1).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_WAIT_S", 0.001)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub({"tiny.Q4_1.gguf": CONTENT, "README.md": b"# Tiny", "LICENSE": b"Do as you like.", "run.py": b"evil()"})) as served:
        yield served


@pytest.fixture
def pull(run: Any, hub: Hub, tmp_path: Path) -> Any:
    return lambda *more: run("models", "pull", hub.repository, *more, "--to", str(tmp_path), "--set", f"models.endpoint={hub.endpoint}")


def kept(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_model_is_fetched_with_its_licence(pull: Any, tmp_path: Path) -> None:
    """The only GGUF file and the licence's text, checked, under the commit; the manifest beside them; no code."""
    ran = pull()
    place = tmp_path / "owner--tiny-gguf" / COMMIT
    assert ran.code == 0
    assert "licence: apache-2.0" in ran.out
    assert f"--set generation.model={place / 'tiny.Q4_1.gguf'}" in ran.out
    assert "fetching tiny.Q4_1.gguf, 3.0 MB" in ran.err
    assert kept(place) == {"tiny.Q4_1.gguf", "LICENSE", client.MANIFEST}
    assert (place / "tiny.Q4_1.gguf").read_bytes() == CONTENT
    manifest = json.loads((place / client.MANIFEST).read_text())
    assert (manifest["licence"], manifest["commit"], manifest["repository"]) == ("apache-2.0", COMMIT, "owner/tiny-gguf")
    assert {"name": "tiny.Q4_1.gguf", "bytes": len(CONTENT), "digest": DIGEST} in manifest["files"]


def test_json_says_the_same(pull: Any, hub: Hub) -> None:
    """With ``--json`` one value; a tag may be asked for, and a hash that the user knows."""
    told = pull("tiny.Q4_1.gguf", "--revision", "v1", "--sha256", DIGEST, "--json").json
    assert (told["revision"], told["commit"], told["licence"], told["endpoint"]) == ("v1", COMMIT, "apache-2.0", hub.endpoint)
    assert Path(told["path"]).read_bytes() == CONTENT


def test_what_is_here_is_not_fetched_again(pull: Any, hub: Hub) -> None:
    """The second time only the hub's list is asked for; a file that was changed since is fetched again."""
    pull()
    hub.asked.clear()
    path = Path(pull("--json").json["path"])
    assert [kind for kind, _ in hub.asked] == ["hub"]
    path.write_bytes(b"x" * len(CONTENT))
    assert pull().code == 0
    assert path.read_bytes() == CONTENT


def test_an_interrupted_download_goes_on(pull: Any, hub: Hub, tmp_path: Path) -> None:
    """What was cut off three times within one run is fetched in four pieces, none twice."""
    hub.cut = [1_000_000, 500_000, 1_200_000]
    assert pull("tiny.Q4_1.gguf").code == 0
    ranges = [given for kind, given in hub.asked if kind == "store"]
    assert ranges[:4] == ["", "bytes=1000000-", "bytes=1500000-", "bytes=2700000-"]
    assert (tmp_path / "owner--tiny-gguf" / COMMIT / "tiny.Q4_1.gguf").read_bytes() == CONTENT


def test_the_next_run_goes_on_too(pull: Any, hub: Hub, tmp_path: Path) -> None:
    """When the hub stays away the command fails and keeps what came; the next one asks for the rest."""
    hub.cut = [1_000_000, 0, 0, 0, 0]
    ran = pull()
    assert ran.code == 1
    assert "1,000,000 bytes are here, ask again" in ran.err
    (part,) = kept(tmp_path)
    assert part.endswith(".part")
    hub.asked.clear()
    assert pull().code == 0
    assert ("store", "bytes=1000000-") in hub.asked
    assert ("store", "") in hub.asked  # the licence's text; the model is not begun anew
    assert not [name for name in kept(tmp_path) if name.endswith(".part")]


def test_a_server_without_ranges_begins_anew(pull: Any, hub: Hub) -> None:
    """An answer with the whole file takes the place of what was there."""
    hub.ranges, hub.cut = False, [1_000_000]
    assert Path(pull("--json").json["path"]).read_bytes() == CONTENT


def test_passing_failures_pass(pull: Any, hub: Hub) -> None:
    """A server that is busy for a moment is asked again; one that refuses is not."""
    hub.failing = [503, 429]
    assert pull().code == 0
    hub.files["tiny.Q4_1.gguf"] += b"more"
    hub.failing = [403]
    ran = pull()
    assert ran.code == 1
    assert "licence must be accepted" in ran.err


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_wrong_hash_is_refused(pull: Any, hub: Hub, tmp_path: Path, interrupted: bool) -> None:
    """A file of the right size and another content is not kept, nor the part of it; nor is what the user's own hash denies."""
    hub.siblings["tiny.Q4_1.gguf"] = {"lfs": {"sha256": "0" * 64}}
    hub.cut = [1000] if interrupted else []
    ran = pull()
    assert ran.code == 1
    assert "it was not kept" in ran.err
    assert kept(tmp_path) == set()
    hub.siblings.clear()
    ran = pull("--sha256", "1" * 64)
    assert ran.code == 1
    assert "nothing was fetched" in ran.err
    assert kept(tmp_path) == set()


def test_a_file_without_sha256_is_checked_by_gits_hash(pull: Any, hub: Hub, tmp_path: Path) -> None:
    """Small files are not in large file storage; another content is refused there too."""
    hub.siblings["LICENSE"] = {"blobId": "0" * 40}
    ran = pull()
    assert ran.code == 1
    assert "it was not kept" in ran.err
    assert not [name for name in kept(tmp_path) if "LICENSE" in name]


def test_more_than_was_announced_is_refused(pull: Any, hub: Hub, tmp_path: Path) -> None:
    """A server that sends on and on does not fill the disk."""
    hub.siblings["tiny.Q4_1.gguf"] = {"size": 1000}
    ran = pull()
    assert ran.code == 1
    assert "sends more than the 1,000 bytes" in ran.err
    assert kept(tmp_path) == set()


@pytest.mark.parametrize("name", ["../x.gguf", "/x.gguf", "a/../x.gguf", ".x.gguf", "a\\x.gguf", "run.py", "pytorch_model.bin", "x\n.gguf"])
def test_no_file_is_written_elsewhere_and_no_code_is_fetched(pull: Any, hub: Hub, tmp_path: Path, name: str) -> None:
    """Names that lead out of the folder, code and pickles cannot be asked for."""
    hub.files[name] = b"x"
    ran = pull(name)
    assert ran.code == 1
    assert "has no model file" in ran.err
    assert kept(tmp_path) == set()


def test_an_embedder_is_fetched_whole(pull: Any, hub: Hub) -> None:
    """Without GGUF files: the weights, the tokenizer and the tables of a sentence-transformers model, in its folders."""
    del hub.files["tiny.Q4_1.gguf"]
    wanted = {"model.safetensors", "tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json", "vocab.txt"}
    hub.files |= dict.fromkeys([*wanted, "pytorch_model.bin", "onnx/model.onnx", "modeling_x.py"], b"{}")
    told = pull("--json").json
    assert kept(Path(told["path"])) == wanted | {"LICENSE", client.MANIFEST}
    assert "--set embedding.model=" in pull().out


def test_several_models_are_named(pull: Any, hub: Hub) -> None:
    """Where there is a choice it is the user's; where there is nothing to use that is said."""
    hub.files["tiny.Q8_0.gguf"] = b"x"
    ran = pull()
    assert ran.code == 1
    assert "say which: tiny.Q4_1.gguf, tiny.Q8_0.gguf" in ran.err
    hub.files = {"README.md": b""}
    assert "has no GGUF file" in pull().err


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"license": "other", "license_name": "own", "license_link": "https://x.example/l"}, "other, own, https://x.example/l"),
        ({"license": ["mit", "bsd-3-clause"]}, "mit, bsd-3-clause"),
        ({}, "mit"),
        ({"license": "apache\x1b[2J"}, "apache\ufffd[2J"),
    ],
)
def test_the_licence_is_the_cards(pull: Any, hub: Hub, card: dict[str, Any], said: str) -> None:
    """By the card with the name and link of its own, by the tags without; what would steer a terminal is not printed."""
    hub.card = card
    assert f"licence: {said}\n" in pull().out


def test_the_hub_may_come_from_the_environment(run: Any, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``HF_ENDPOINT`` as other tools know it; the cache is the folder without ``--to``."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint + "/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told = run("models", "pull", hub.repository, "--json").json
    assert Path(told["path"]).is_relative_to(tmp_path / "ragkit" / "models")
    assert client.licence({}) == "not stated"


def test_what_is_no_repository_and_no_hub_is_said_so(run: Any, hub: Hub, pull: Any) -> None:
    """A wrong name, an unknown repository, an unknown revision and an address where nobody answers."""
    there = ("--set", f"models.endpoint={hub.endpoint}")
    for name in ("nobody", "../x", "a/b/c", "a/.."):
        assert "OWNER/NAME" in run("models", "pull", name, *there).err
    assert "shows no repository" in run("models", "pull", "owner/other", *there).err
    assert "at 'v9'" in pull("--revision", "v9").err
    ran = run("models", "pull", hub.repository, "--set", "models.endpoint=http://127.0.0.1:9")
    assert ran.code == 1
    assert "models.endpoint or HF_ENDPOINT" in ran.err


def test_two_at_once_do_not_write_one_file(hub: Hub, tmp_path: Path) -> None:
    """Who comes second is told so, and touches nothing."""
    place = tmp_path / "owner--tiny-gguf" / COMMIT
    place.mkdir(parents=True)
    with open(place / f".tiny.Q4_1.gguf.{DIGEST[:16]}.part", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"first")
        other.flush()
        with pytest.raises(ModelError, match="another process"):
            client.pull(hub.repository, endpoint=hub.endpoint, folder=tmp_path)
    assert Path(other.name).read_bytes() == b"first"
