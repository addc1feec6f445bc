"""The shape of an answer record that comes from outside: a file may hold anything."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Place(_Part):
    uri: str
    document_version: int
    start_char_index: int
    end_char_index: int


class _Citation(_Place):
    cited_text: str
    document_title: str
    document_index: int = 0


class _Sentence(_Part):
    text: str
    status: str
    support: FiniteFloat
    citations: list[_Citation]


class _Evidence(_Place):
    id: int
    text: str
    document_id: int


class _Document(_Part):
    document_id: int
    uri: str
    version: int
    sha256: str
    text_sha256: str


class _Verdict(_Part):
    support: FiniteFloat
    contradiction: FiniteFloat
    supporting: list[int]
    unsupported_spans: list[list[int]]


class _Check(_Part):
    evidence: list[int]
    verdict: _Verdict


class _Answering(_Part):
    min_support: FiniteFloat = 0.0


class _Settings(_Part):
    answering: _Answering = _Answering()


class _Record(_Part):
    id: str
    created_at: str
    generation: int
    question: str
    text: str
    abstained: bool
    reason: str | None
    mode: str
    sentences: list[_Sentence]
    evidence: list[_Evidence]
    models: dict[str, Any]
    documents: list[_Document] = []
    contexts: list[dict[str, Any]] = []
    checks: list[_Check | None] = []
    settings: _Settings = _Settings()
    verifier: dict[str, Any] | None = None


def fault(kept: Any) -> str | None:
    """Why something cannot be an answer record at all, in a line; ``None``: it can."""
    try:
        _Record.model_validate(kept)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the record'}: {first['msg']}"
    return None
