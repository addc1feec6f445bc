"""The error tree.

::

    RagkitError
    ├── SettingsError         (ValueError)         a setting is unknown, or its value is not allowed
    ├── SourceError           (OSError)            a source cannot be listed or opened
    ├── ParseError            (ValueError)         bytes cannot be turned into a document
    │   ├── UnsupportedFormat                      no parser takes this content
    │   └── LimitExceeded                          a document asked for more time, memory or text than allowed
    ├── StoreError            (RuntimeError)       the store cannot do what was asked
    │   ├── StoreNotFound     (FileNotFoundError)  there is no store here
    │   ├── StoreLocked                            another writer holds the store
    │   ├── StoreCorrupt                           a file is not the file that the catalog recorded
    │   └── ModelMismatch                          the store was built with another embedding model
    ├── DocumentNotFound      (LookupError)        no such document in the store
    ├── FilterError           (ValueError)         a filter expression cannot be read
    ├── ModelError            (RuntimeError)       a model cannot be found, loaded or trusted
    ├── MissingExtra          (ImportError)        an optional dependency is not installed
    └── PluginError           (RuntimeError)       an entry point cannot be loaded

Every message says what was asked, what is there, and what mends it. Each error is also the built-in
that a caller would expect, so ``except FileNotFoundError`` works without importing ragkit's names.
"""

from __future__ import annotations


class RagkitError(Exception):
    """Base of all errors that ragkit raises on purpose."""


class SettingsError(RagkitError, ValueError):
    """A setting is unknown, or its value is not allowed."""


class SourceError(RagkitError, OSError):
    """A source cannot be listed or opened."""


class ParseError(RagkitError, ValueError):
    """The bytes of one document cannot be turned into text. The message is one line, fit for a report."""


class UnsupportedFormat(ParseError):
    """No installed parser takes this content."""


class LimitExceeded(ParseError):
    """Parsing asked for more time, memory, nesting or text than the limits allow."""


class StoreError(RagkitError, RuntimeError):
    """The store cannot do what was asked."""


class StoreNotFound(StoreError, FileNotFoundError):
    """There is no store at the given place."""


class StoreLocked(StoreError):
    """Another writer holds the store; the message says who, and since when."""


class StoreCorrupt(StoreError):
    """A file of the store is missing, or is not the file whose size and hash the catalog recorded."""


class ModelMismatch(StoreError):
    """The store was built with another embedding model than the one in use."""


class DocumentNotFound(RagkitError, LookupError):
    """No live document has this URI."""


class FilterError(RagkitError, ValueError):
    """A filter expression cannot be read."""


class ModelError(RagkitError, RuntimeError):
    """A model cannot be found, loaded, or is not the one whose hash is recorded."""


class MissingExtra(RagkitError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class PluginError(RagkitError, RuntimeError):
    """An installed entry point cannot be loaded, or does not keep its contract."""
