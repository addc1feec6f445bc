"""Secrets of a source: written ``${NAME}``, and taken from the environment only when a connection is made."""

from __future__ import annotations

import os
import re

from ragkit.errors import SourceError

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ONLY_NAMES = re.compile(rf"(?:{_NAME.pattern})*")
#: The part of a URL before the host. A password with a bare "/" in it ends the host's part early; it is no port then.
_LOGIN = re.compile(r"[A-Za-z][\w+.-]*://(?:([^/?#@:]*)(?::([^/?#]*))?@|[^/?#@:]*:(?!\d*[/?#])([^@]*)@)")
_TOKEN = re.compile(r"(?:gh[a-z]_|github_pat_|gl[a-z]{2,4}-|xox[a-z]-|sk-|AKIA|hf_)\w+")
_QUERY = re.compile(r"[?&;](?:[\w.-]*(?:password|passwd|secret|token|api_?key|access_?key|signature)|pwd|pass|sig)=([^&;#]*)", re.I)


def expand(text: str) -> str:
    """``text`` with each ``${NAME}`` replaced by that variable of the environment.

    Raises:
        SourceError: a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise SourceError(f"the environment variable {match[1]} is not set; the source takes a secret from it")
        return found

    return _NAME.sub(value, text)


def refuse_secret(source: str) -> None:
    """Refuses a URL with a password, token or key in it: sources are remembered in plain text.

    Raises:
        SourceError: it has one. The message does not repeat it.
    """
    login = _LOGIN.match(source)
    found = [part or "" for part in login.groups()[1:]] if login else []
    found += [match[1] for match in _QUERY.finditer(source)]
    if any(not _ONLY_NAMES.fullmatch(part) for part in found) or (login and _TOKEN.fullmatch(login[1] or "")):
        raise SourceError(
            "the source has a secret in it, and would be stored in plain text; put it in an environment variable, and write ${NAME} there"
        )
