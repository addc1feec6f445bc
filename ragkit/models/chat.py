"""Text generation by a LangChain chat model, which the library's user brings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ragkit.contracts import Generator
from ragkit.errors import ModelError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

#: Longest reply for a token that was asked for, in characters. Not every chat model takes a limit.
_CHARACTERS_A_TOKEN = 16
#: Where a chat model may say how it counts tokens; LangChain's own way fetches a tokenizer of another model.
_COUNTING = ("get_num_tokens", "get_token_ids")


class LangChainGenerator:
    """A LangChain chat model as a :class:`ragkit.contracts.Generator`. It follows no grammar: its answers are checked all the same.

    Decoding settings are the model's own. A reply ends when it is longer than ``max_tokens`` tokens can be.
    """

    sha256 = ""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

    @property
    def id(self) -> str:
        parameters = self._model._get_ls_params()
        name = parameters.get("ls_model_name")
        return f"langchain:{self._model._llm_type}" + (f":{name}" if name else "")

    def count_tokens(self, text: str) -> int:
        """By the model's own tokenizer where it has one, else an estimate that is rather too high."""
        from langchain_core.language_models import BaseChatModel

        own = any(getattr(type(self._model), name) is not getattr(BaseChatModel, name) for name in _COUNTING)
        if own or self._model.custom_get_token_ids is not None:
            with _Foreign(self.id):
                return self._model.get_num_tokens(text)
        return -(-len(text.encode()) // 3)

    def stream(self, system: str, user: str, *, grammar: str | None = None, max_tokens: int = 256) -> Iterator[str]:
        """The reply's pieces.

        Raises:
            ModelError: the chat model raised whatever it raises.
        """
        said = 0
        with _Foreign(self.id):
            for piece in self._model.stream([("system", system), ("human", user)]):
                text = str(piece.text)
                said += len(text)
                if text:
                    yield text
                if said > max_tokens * _CHARACTERS_A_TOKEN:
                    return


class _Foreign:
    """Whatever another's model raises, it is this reply that failed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            raise ModelError(f"{self._name} failed: {type(error).__name__}: {error}") from error


def adapted(model: Any) -> Generator | None:
    """``model`` as a generator: a LangChain chat model in its wrapper, anything else as it is."""
    language_models = sys.modules.get("langchain_core.language_models.chat_models")
    if language_models is not None and isinstance(model, language_models.BaseChatModel):
        return LangChainGenerator(model)
    generator: Generator | None = model
    return generator
