"""Secrets stay out of what is stored."""

from __future__ import annotations

import pytest

from ragkit.connectors.secrets import expand, refuse_secret
from ragkit.errors import SourceError


def test_names_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """``${NAME}`` becomes the variable's value, as it stands; what only looks like a name stays."""
    monkeypatch.setenv("PW", "a@${X}b")
    assert expand("u:${PW}@h$PW${}") == "u:a@${X}b@h$PW${}"


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable."""
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(SourceError, match="NOT_SET is not set"):
        expand("${NOT_SET}")


@pytest.mark.parametrize(
    "source",
    [
        "imaps://user:hunter2@host/INBOX",
        "imaps://user:hunter2/x@host/INBOX",
        "imaps://user:hunter@2@host/INBOX",
        "sql+postgresql://u:hunter2${X}@h/db",
        "sql+postgresql://h/db?password=hunter2",
        "https://h/x?a=1&api_key=hunter2",
        "https://h/x?X-Amz-Signature=hunter2",
        "git+https://ghp_hunter2@github.com/a/b.git",
        "git+https://:hunter2@host/b.git",
    ],
)
def test_a_secret_is_refused(source: str) -> None:
    """A literal secret is refused, by a message that does not repeat it."""
    with pytest.raises(SourceError, match=r"write \$\{NAME\}") as caught:
        refuse_secret(source)
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "imaps://user:${PW}@host/INBOX",
        "https://host:8080/@someone/x",
        "https://host/a?page=2&token=${T}",
        "git+https://${TOKEN}@host/b.git",
        "/home/me/a:b@c",
        "sql+sqlite:///x.db",
        "https://host:8080?x=me@there",
    ],
)
def test_a_name_is_no_secret(source: str) -> None:
    """Names of variables, ports and addresses without a login pass."""
    refuse_secret(source)
