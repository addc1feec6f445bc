"""Loaders of LangChain and readers of LlamaIndex as sources.

>>> from ragkit.connectors.loaders import from_langchain
>>> kit.ingest(from_langchain(loader, name="wiki"))  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem

from .naming import uri_of

_SCHEME = "loader:"
#: Where metadata say which document it is; of a document in parts, which part.
_IDENTITY = ("source", "url", "file_path", "path", "id")
_PARTS = ("page", "page_label", "row", "seq_num", "chunk")
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class LoaderConnector:
    """What :func:`from_langchain` and :func:`from_llamaindex` give; ``source`` is "loader:" and its name.

    Texts are loaded anew at every listing. ``sync`` without sources cannot make a loader again: give it the same object.
    """

    priority = 20

    def __init__(self, source: str, documents: Callable[[], Iterable[Any]] | None = None) -> None:
        self.source = source
        if not callable(documents):
            raise SourceError(f"{source} was given as an object, and must be given again to be read: kit.sync(from_langchain(…, name=…))")
        self._documents = documents

    @classmethod
    def accepts(cls, source: str) -> bool:
        """``loader:`` and a name."""
        return source.startswith(_SCHEME) and "\0" not in source

    def items(self) -> Iterator[SourceItem | Failure]:
        """The documents in the loader's order; of those with one identity, the second has ``~2`` behind it."""
        seen: Counter[str] = Counter()
        for document in self._documents():
            text, metadata = _text(document), _plain(getattr(document, "metadata", None) or getattr(document, "extra_info", None) or {})
            name = _identity(document, metadata, text)
            seen[name] += 1
            uri = f"{uri_of(self.source)}#{uri_of(name)}" + (f"~{seen[name]}" if seen[name] > 1 else "")
            data = text.encode("utf-8", "replace")
            token = hashlib.sha256(data + b"\0" + json.dumps(metadata, sort_keys=True).encode()).hexdigest()[:32]
            title = str(metadata.get("title") or "")[:1000]
            yield SourceItem(
                uri=uri, token=token, open=partial(io.BytesIO, data), size=len(data), media_type="text/plain", title=uri_of(title) or None,
                metadata=metadata,
            )  # fmt: skip


def from_langchain(loader: Any, *, name: str) -> LoaderConnector:
    """A LangChain document loader as a source that is called ``name``; it is remembered as ``loader:NAME``."""
    return LoaderConnector(f"{_SCHEME}{uri_of(name)}", _asked(loader, "lazy_load", "load"))


def from_llamaindex(reader: Any, *, name: str, **arguments: Any) -> LoaderConnector:
    """A LlamaIndex reader as a source that is called ``name``; ``arguments`` go to its ``lazy_load_data`` or ``load_data``."""
    return LoaderConnector(f"{_SCHEME}{uri_of(name)}", _asked(reader, "lazy_load_data", "load_data", **arguments))


def _asked(loader: Any, *methods: str, **arguments: Any) -> Callable[[], Iterable[Any]]:
    """Calls the first of ``methods`` that the loader has and implements."""
    found: list[Callable[..., Iterable[Any]]] = [getattr(loader, method) for method in methods if callable(getattr(loader, method, None))]
    if not found:
        raise SourceError(f"{type(loader).__name__} is no loader: it has neither {' nor '.join(methods)}")

    def documents() -> Iterable[Any]:
        for method in found[:-1]:
            try:
                return iter(method(**arguments))
            except NotImplementedError:
                continue
        return iter(found[-1](**arguments))

    return documents


def _text(document: Any) -> str:
    """LangChain's ``page_content``, LlamaIndex's ``text``."""
    for name in ("page_content", "text"):
        if isinstance(found := getattr(document, name, None), str):
            return found
    content = getattr(document, "get_content", None)
    return str(content()) if callable(content) else ""


def _identity(document: Any, metadata: Mapping[str, Any], text: str) -> str:
    """What tells a document from the others the next time too; LlamaIndex makes up an id where there is none, which does not."""
    parts = [f"{name}-{metadata[name]}" for name in _PARTS if name in metadata][:1]
    given = [str(metadata[name]) for name in _IDENTITY if metadata.get(name)]
    own = [str(found) for name in ("id", "id_", "doc_id") if (found := getattr(document, name, None)) and not _RANDOM.fullmatch(str(found))]
    name = next(iter([*given, *own]), "")
    return "/".join([name, *parts]) if name else f"sha256-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in metadata.items() if isinstance(value, str | int | float | bool)}
