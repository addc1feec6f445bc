"""People's names by a token-classification model: a real, tiny one that is made here, whose weights know four names."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from ragkit import Ragkit
from ragkit.errors import ModelError, SettingsError
from ragkit.models.names import NamesModel
from ragkit.pii.patterns import MASK
from ragkit.settings import Settings
from ragkit.testing import SyntheticEmbedder

NAMES = ("ada", "lovelace", "grace", "hopper")
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *NAMES, "wrote", "to", "and", "the", "harbour", "office", ".", "-")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a BERT without layers whose classifier picks out the embeddings of four words."""
    return str(_made(tmp_path_factory.mktemp("model"), {0: "O", 1: "B-PER"}))


def _made(folder: Path, labels: dict[int, str]) -> Path:
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)
    sizes = {"hidden_size": 8, "num_hidden_layers": 0, "num_attention_heads": 1, "intermediate_size": 8}
    config = BertConfig(vocab_size=len(WORDS), id2label=labels, **sizes)
    made = BertForTokenClassification(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
        embeddings = made.bert.embeddings
        embeddings.LayerNorm.weight.fill_(1.0)
        embeddings.word_embeddings.weight[:, 0] = -1.0
        embeddings.word_embeddings.weight[[WORDS.index(name) for name in NAMES], 0] = 1.0
        made.classifier.weight[1, 0] = 1.0
    made.save_pretrained(folder)
    return folder


def test_names_are_found_with_exact_spans(model: str) -> None:
    """First and last name are one span; every span is the name, however long the text is."""
    text = "Ada Lovelace wrote to Grace-Hopper and the office. " * 100
    found = NamesModel(model)(text)
    assert {text[start:end] for start, end in found} == {"Ada Lovelace", "Grace-Hopper"}
    assert len(found) == 200
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def test_text_without_white_space_comes_to_an_end(model: str) -> None:
    """A run longer than what the model reads at once is read in parts."""
    assert NamesModel(model)("x" * 5000) == []
    assert NamesModel(model)("") == []


def test_names_are_masked_at_ingest(model: str) -> None:
    """With a model in the settings, names count as a kind and are masked with the rest."""
    settings = Settings().with_values(**{"pii.at_ingest": "redact", "pii.names_model": model, "generation.model": "none"})
    with Ragkit.in_memory(settings=settings, embedder=SyntheticEmbedder()) as kit:
        report = kit.add_text("Ada Lovelace wrote to ada@example.org.", uri="note")
        assert report.pii == {"email": 1, "name": 1}
        assert kit.text("note") == f"{MASK * 12} wrote to {MASK * 15}."


def test_a_model_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    """The message names the setting, and a command that downloads such a model."""
    with pytest.raises(ModelError, match=r"cannot be loaded.*huggingface-cli download .*set pii\.names_model to FOLDER"):
        NamesModel(str(tmp_path / "none"))


def test_a_model_without_persons_is_refused(tmp_path: Path) -> None:
    """A model that labels something else is named, with the labels that it has."""
    with pytest.raises(ModelError, match="no label for persons; it has O, B-LOC"):
        NamesModel(str(_made(tmp_path, {0: "O", 1: "B-LOC"})))


def test_a_gliner_folder_asks_for_its_package(tmp_path: Path) -> None:
    """A folder of GLiNER's form takes the package gliner, and the message says so, or says why it cannot be loaded."""
    (tmp_path / "gliner_config.json").write_text(json.dumps({}))
    with pytest.raises((ModelError, ImportError), match=r"gliner|cannot be loaded"):
        NamesModel(str(tmp_path))


def test_the_kind_name_takes_a_model() -> None:
    """Settings that ask for names without a model are refused, and so is a kind that does not exist."""
    with pytest.raises(SettingsError, match=r"set pii\.names_model"):
        Settings().with_values(**{"pii.kinds": "name,email"})
    with pytest.raises(SettingsError, match="no kind 'emial'; known are email"):
        Settings().with_values(**{"pii.kinds": "emial"})
