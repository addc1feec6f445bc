"""Rows of databases as documents: SQLite, and a real PostgreSQL server."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from servers import postgres

from ragkit import Ragkit, Settings
from ragkit.connectors import find_connector
from ragkit.connectors.sql import SqlConnector
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance, SyntheticEmbedder

Change = Callable[..., None]

_ROWS = (
    (1, "Ferry", "The ferry leaves Dunmore at nine.", "2024-05-01", "ann"),
    (2, "Harbour", "Boats longer than 12 metres moor outside.", "2024-05-02", None),
)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Change]:
    """A source with the table ``notes``, and a function that changes the database."""
    if request.param == "sqlite":
        address, writer = f"sqlite:///{tmp_path / 'notes.db'}", f"sqlite:///{tmp_path / 'notes.db'}"
    else:
        monkeypatch.setenv("RAGKIT_TEST_PASSWORD", "sesame")
        address = f"{request.getfixturevalue('server')}/postgres"
        writer = address.replace("postgresql:", "postgresql+pg8000:").replace("${RAGKIT_TEST_PASSWORD}", "sesame")

    def change(statement: str, *values: dict[str, Any]) -> None:
        engine = sa.create_engine(writer, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(statement), list(values) or None)

    change("DROP TABLE IF EXISTS notes")
    change("CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT, changed TEXT, author TEXT)")
    names = ("id", "title", "body", "changed", "author")
    change("INSERT INTO notes VALUES (:id, :title, :body, :changed, :author)", *(dict(zip(names, row, strict=True)) for row in _ROWS))
    return f"sql+{address}#notes", change


@pytest.fixture
def kit() -> Iterator[Ragkit]:
    """An empty store without a model."""
    with Ragkit.in_memory(settings=Settings().with_values(**{"generation.model": "none"}), embedder=SyntheticEmbedder()) as made:
        yield made


def listed(source: str, **options: Any) -> list[SourceItem]:
    """The items of a source that has no failures."""
    found = list(SqlConnector(source, **options).items())
    assert not [item for item in found if isinstance(item, Failure)]
    return [item for item in found if isinstance(item, SourceItem)]


class TestConformance(ConnectorConformance):
    """The suite for connectors, on SQLite."""

    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path) -> None:
        self.file = tmp_path / "a.db"
        connection = sqlite3.connect(self.file)
        connection.execute("CREATE TABLE t (id TEXT, text TEXT)")
        rows = [("a/b c", "x"), ("é\n", "y"), (None, "z"), ("a/b c", "again"), ("big", "b" * 99_999)]
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        connection.commit()
        connection.close()

    def connector(self) -> type[Any]:
        """The connector with the option that it needs."""

        class Reading(SqlConnector):
            def __init__(self, source: str) -> None:
                super().__init__(source, text="text")

        return Reading

    def source(self) -> str:
        """A table with keys of every kind."""
        return f"sql+sqlite:///{self.file}#t"


def test_a_row_is_a_document(database: tuple[str, Change]) -> None:
    """Its URI has the table and the key and no login; its text is the template's, its metadata the columns that are not NULL."""
    source, _ = database
    one, two = listed(source, template="{title}\n\n{body}", title="title", metadata=["author", "changed"])
    assert one.uri.endswith("#notes/1")
    assert "ragkit:" not in one.uri
    assert "PASSWORD" not in one.uri
    assert one.open().read().decode() == "Ferry\n\nThe ferry leaves Dunmore at nine."
    assert (one.title, one.metadata, two.metadata) == ("Ferry", {"author": "ann", "changed": "2024-05-01"}, {"changed": "2024-05-02"})


@pytest.mark.parametrize("watermark", [None, "changed"])
def test_sync_follows_the_table(database: tuple[str, Change], kit: Ragkit, watermark: str | None) -> None:
    """Rows that come, change and go are added, updated and removed; the rest is unchanged."""
    source, change = database
    first = kit.ingest(source, options={"text": "body", "watermark": watermark})
    assert (first.added, first.failed) == (2, ())
    assert kit.sync(source).unchanged == 2
    change("INSERT INTO notes VALUES (3, 'Mill', 'The mill burned in 1790.', '2024-06-01', 'bob')")
    change("UPDATE notes SET body = 'The ferry leaves at ten.', changed = '2024-06-02' WHERE id = 1")
    change("DELETE FROM notes WHERE id = 2")
    report = kit.sync(source)
    assert (report.added, report.updated, report.removed, report.unchanged) == (1, 1, 1, 0)
    assert sorted(kit.text(info.uri).strip() for info in kit.documents()) == ["The ferry leaves at ten.", "The mill burned in 1790."]


def test_with_a_watermark_texts_are_not_listed(database: tuple[str, Change]) -> None:
    """Only a change of the watermark counts, and the text is read when the item is opened; without a value in it, always."""
    source, change = database
    before = listed(source, text="body", watermark="changed")
    change("UPDATE notes SET body = 'New.' WHERE id = 1")
    change("UPDATE notes SET changed = NULL WHERE id = 2")
    after = listed(source, text="body", watermark="changed")
    assert [item.token for item in before] == ["at-2024-05-01", "at-2024-05-02"]
    assert after[0].token == before[0].token
    assert before[0].open().read() == b"New."
    change("UPDATE notes SET body = 'Other.' WHERE id = 2")
    assert listed(source, text="body", watermark="changed")[1].token != after[1].token


def test_a_query_is_a_source(database: tuple[str, Change]) -> None:
    """A SELECT or WITH, with colons, casts and comments as they stand; the fragment is its name."""
    source, _ = database
    address = source.partition("#")[0]
    query = "WITH few AS (SELECT id, body, CAST('9:30' AS TEXT) AS at FROM notes WHERE id < 2) SELECT * FROM few -- :all"
    (item,) = listed(f"{address}#few", query=query, template="{at} {body}")
    assert item.uri.endswith("#few/1")
    assert item.open().read().decode() == "9:30 The ferry leaves Dunmore at nine."


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM notes",
        "SELECT 1 AS id, 'x' AS body; DROP TABLE notes",
        "WITH gone AS (DELETE FROM notes RETURNING id, body) SELECT * FROM gone",
        "SELECT id, body FROM notes) AS x; DROP TABLE notes --",
        "ATTACH 'x.db' AS x",
        "PRAGMA writable_schema = 1",
    ],
)
def test_nothing_is_written(database: tuple[str, Change], query: str) -> None:
    """A query that would change something is refused, and the rows are still there."""
    source, _ = database
    with pytest.raises(SourceError):
        list(SqlConnector(source.partition("#")[0], query=query, text="body").items())
    assert len(listed(source, text="body")) == 2


def test_the_session_is_read_only(database: tuple[str, Change]) -> None:
    """The database itself refuses to write, whatever the statement looks like."""
    connector = SqlConnector(database[0], text="body")
    with pytest.raises(SourceError, match=r"(?i)read.?only"), connector.database._connect() as connection:
        connection.execute(sa.text("DELETE FROM notes"))


@pytest.mark.parametrize("option", ["text", "key", "title", "watermark", "metadata"])
@pytest.mark.parametrize("value", ['body"; DROP TABLE notes; --', "body FROM notes; --", "1 OR 1=1", "body) --"])
def test_options_cannot_inject(database: tuple[str, Change], option: str, value: str) -> None:
    """The name of a column is a name, whatever stands in it."""
    source, _ = database
    with pytest.raises(SourceError, match="there is no column"):
        list(SqlConnector(source, **{"text": "body", option: value}).items())
    with pytest.raises(SourceError):
        list(SqlConnector(source.partition("#")[0], table=f"notes{value}", text="body").items())
    assert len(listed(source, text="body")) == 2


@pytest.mark.parametrize("template", ["{body.__class__}", "{body[0]}", "{body!r}", "{body:>9}", "{}", "{body", "{body:{id}}"])
def test_a_template_has_names_alone(tmp_path: Path, template: str) -> None:
    """Attributes, items, conversions and formats are refused."""
    sqlite3.connect(tmp_path / "a.db").close()
    with pytest.raises(SourceError, match="template"):
        SqlConnector(f"sql+sqlite:///{tmp_path / 'a.db'}#t", template=template)


def test_a_line_end_as_a_shell_passes_it(tmp_path: Path) -> None:
    """A backslash and an n in a template are a line's end."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE t (id INTEGER, a TEXT)")
    connection.execute("INSERT INTO t VALUES (1, 'tide')")
    connection.commit()
    connection.close()
    (item,) = SqlConnector(f"sql+sqlite:///{tmp_path / 'a.db'}#t", template="{a}\\n\\n{id}").items()
    assert isinstance(item, SourceItem)
    assert item.open().read() == b"tide\n\n1"


def test_types(tmp_path: Path) -> None:
    """Bytes, numbers and NULL in text and metadata; a column of files is parsed by what is in it."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("CREATE TABLE t (id REAL, file BLOB, n NUMERIC, j JSON)")
    connection.execute("INSERT INTO t VALUES (1.5, ?, 2.25, '[1]')", [b"%PDF-1.4 \xff"])
    connection.execute("INSERT INTO t VALUES (2, NULL, NULL, NULL)")
    connection.commit()
    connection.close()
    source = f"sql+sqlite:///{tmp_path / 'a.db'}#t"
    one, two = listed(source, text="file", media_type=None, metadata=["n", "j", "file"])
    assert (one.uri.rpartition("#")[2], one.open().read(), one.media_type) == ("t/1.5", b"%PDF-1.4 \xff", None)
    assert (one.metadata, two.metadata, two.open().read()) == ({"n": 2.25, "j": "[1]"}, {}, b"")


def test_types_of_postgresql(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates are ISO 8601, decimals numbers, JSON text; keys of every type find their row again."""
    monkeypatch.setenv("RAGKIT_TEST_PASSWORD", "sesame")
    query = (
        "SELECT DATE '2024-05-01' AS day, 12345678901 AS big, gen_random_uuid() IS NULL AS no, '{\"b\": 1, \"a\": [2]}'::jsonb AS j, "
        "1.50::numeric AS n, '\\x00ff'::bytea AS raw, 'x'::text AS body"
    )
    options = {"query": query, "key": ["day", "big", "n"], "watermark": "day", "metadata": ["j", "n", "no", "day", "raw"]}
    (item,) = listed(f"sql+{server}/postgres", template="{day} {big} {n} {j}", **options)
    assert item.open().read().decode() == '2024-05-01 12345678901 1.50 {"a": [2], "b": 1}'
    assert item.metadata == {"j": '{"a": [2], "b": 1}', "n": 1.5, "no": False, "day": "2024-05-01"}


def test_secrets(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password comes from the environment, may hold any character, and is in no error."""
    with pytest.raises(SourceError, match=r"\$\{NAME\}"):
        SqlConnector(f"sql+{server}/postgres#notes".replace("${RAGKIT_TEST_PASSWORD}", "sesame"), text="body")
    connector = SqlConnector(f"sql+{server}/postgres#notes", text="body")
    monkeypatch.delenv("RAGKIT_TEST_PASSWORD", raising=False)
    with pytest.raises(SourceError, match="RAGKIT_TEST_PASSWORD is not set"):
        list(connector.items())
    monkeypatch.setenv("RAGKIT_TEST_PASSWORD", "wr@ng/pass")
    with pytest.raises(SourceError) as caught:
        list(connector.items())
    assert "wr@ng" not in str(caught.value)


def test_keys_that_are_no_keys(tmp_path: Path) -> None:
    """A row without a key, or with one that another has, is a failure that says what to do."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript("CREATE TABLE t (id, text); INSERT INTO t VALUES (NULL, 'a'), (1, 'b'), (1, 'c'), (2, 'd');")
    connection.close()
    found = list(SqlConnector(f"sql+sqlite:///{tmp_path / 'a.db'}#t", text="text").items())
    assert [item.uri.rpartition("#")[2] for item in found] == ["t/row-1/no-key", "t/1", "t/1/row-3", "t/2"]
    assert "option key" in found[2].reason  # type: ignore[union-attr]


def test_two_tables_of_a_database_are_two_sources(tmp_path: Path, kit: Ragkit) -> None:
    """The table is part of the source, so that each keeps its options and its documents."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript(
        "CREATE TABLE a (id, text); INSERT INTO a VALUES (1, 'Apples.'); CREATE TABLE b (id, body); INSERT INTO b VALUES (1, 'Bees.');"
    )
    connection.close()
    kit.ingest(f"sql+sqlite:///{tmp_path / 'a.db'}#a", options={"text": "text"})
    kit.ingest(f"sql+sqlite:///{tmp_path / 'a.db'}#b", options={"text": "body"})
    assert (kit.sync().unchanged, len(kit.documents())) == (2, 2)


def test_a_source_that_cannot_be_used(tmp_path: Path) -> None:
    """No file, no table, no such table, no address: one line each that says so; no file is made."""
    wrong = (("sqlite:///none.db#t", "no database file"), ("sqlite://#t", "no database file"), ("x://#t", "plugin|driver|load"))
    for source, words in wrong:
        with pytest.raises((SourceError, ImportError), match=words):
            list(find_connector(f"sql+{source}", text="x").items())
    assert not list(Path().iterdir())
    sqlite3.connect(tmp_path / "a.db").close()
    with pytest.raises(SourceError, match="no such table"):
        list(SqlConnector(f"sql+sqlite:///{tmp_path / 'a.db'}#t", text="x").items())
    with pytest.raises(SourceError, match="a table or a query"):
        SqlConnector(f"sql+sqlite:///{tmp_path / 'a.db'}", text="x")


def test_memory_stays_flat(database: tuple[str, Change]) -> None:
    """Reading 20 MB of rows takes far less memory than that."""
    source, change = database
    change("INSERT INTO notes VALUES (:id, 't', :body, '', '')", *({"id": number, "body": "x" * 2000} for number in range(10, 10_010)))
    connector = SqlConnector(source, text="body")
    next(connector.items())
    tracemalloc.start()
    try:
        assert sum(1 for _ in connector.items()) == 10_002
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
