"""The language of a store: recorded with its first passages, kept for queries, changed by indexing anew."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa
from conftest import MakeKit

from ragkit import Ragkit
from ragkit.errors import SettingsError, StoreError
from ragkit.store import seal
from ragkit.store.tables import identity
from ragkit.text.words import analyzer


def _having(kit: Ragkit, word: str) -> set[str]:
    """The documents that have the terms of ``word``."""
    return {hit.uri for hit in kit.search(f"x +{word}")}


def test_words_are_stemmed_in_the_stores_language(make_kit: MakeKit) -> None:
    """A German store finds the plural and drops German stop words; it records what it did."""
    kit = make_kit(retrieval__language="de")
    kit.add_text("Die Häuser am Hafen stehen leer.", uri="hafen")
    kit.add_text("Der Leuchtturm ist hoch.", uri="turm")
    assert _having(kit, "Haus") == {"hafen"}
    assert _having(kit, "der") == {"hafen", "turm"}
    with kit._catalog.snapshot() as connection:
        assert kit._catalog.state(connection).row["analysis"] == analyzer("german").id


def test_another_setting_reads_as_recorded_and_does_not_write(make_kit: MakeKit, caplog: pytest.LogCaptureFixture) -> None:
    """Queries are analysed as the store was, which is said once; adding documents is refused with the command that mends it."""
    make_kit(retrieval__language="german").add_text("Die Häuser am Hafen.", uri="hafen")
    kit = make_kit(retrieval__language="en")
    with caplog.at_level(logging.WARNING, logger="ragkit"):
        assert _having(kit, "Haus") == {"hafen"}
        kit.search("Haus")
    assert [record.getMessage().count("ragkit reindex") for record in caplog.records] == [1]
    with pytest.raises(StoreError, match=r"german/.*english/.*set retrieval.language to german, or index all anew: ragkit reindex"):
        kit.add_text("The harbour.", uri="harbour")
    assert kit.delete("hafen") == 1


def test_indexing_anew_changes_the_language(make_kit: MakeKit) -> None:
    """``reindex`` analyses all texts by the setting, and records it; an unknown language is a settings error."""
    make_kit(retrieval__language="none").add_text("Die Häuser am Hafen.", uri="hafen")
    kit = make_kit(retrieval__language="de")
    assert _having(kit, "Haus") == set()
    kit.reindex()
    assert _having(kit, "Haus") == {"hafen"}
    kit.add_text("Ein Haus.", uri="haus")
    with pytest.raises(SettingsError, match="klingon"):
        make_kit(retrieval__language="klingon").search("Haus")


def test_a_store_of_the_second_format_was_english(make_kit: MakeKit, catalog_url: str) -> None:
    """Opening it records English, and seals the state anew; both kinds of catalog."""
    kit = make_kit()
    kit.add_text("The engines were running.", uri="engines")
    kit.close()
    engine = sa.create_engine(catalog_url)
    with engine.begin() as connection:
        later = dict.fromkeys(("analysis", "audit_count", "audit_head", "audit_salt"))
        row = {**connection.execute(sa.select(identity)).one()._mapping, **later}
        connection.execute(identity.update().values(seal=seal.identity(row), **later))
        for column in later:
            connection.execute(sa.text(f"ALTER TABLE identity DROP COLUMN {column}"))
        for table in ("audit_log", "turns", "chats", "feedback"):
            connection.execute(sa.text(f"DROP TABLE {table}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))
    engine.dispose()
    again = make_kit()
    assert _having(again, "engine") == {"engines"}
    again.add_text("An engine.", uri="engine")
    with pytest.raises(StoreError, match="ragkit reindex"):
        make_kit(retrieval__language="fr").add_text("Un moteur.", uri="moteur")
    assert again.check() == []
