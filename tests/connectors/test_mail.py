"""Mailboxes as sources: mbox, Maildir, and a real IMAP server."""

from __future__ import annotations

import mailbox
import tracemalloc
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from servers import Dovecot, dovecot

from ragkit import Ragkit, Settings
from ragkit.connectors import find_connector
from ragkit.connectors.imap import ImapConnector, _quoted
from ragkit.connectors.mail import MailConnector
from ragkit.connectors.parsers.mail import MessageParser
from ragkit.errors import SourceError
from ragkit.records import Failure, SourceItem
from ragkit.testing import ConnectorConformance, ParserConformance, SyntheticEmbedder


def message(number: int, text: str = "The ferry leaves at nine.", **headers: str) -> EmailMessage:
    """A message with an id, a sender, a date."""
    made = EmailMessage()
    known = {"From": "Ann <ann@x.example>", "To": "bob@x.example", "Date": "Wed, 01 May 2024 09:00:00 +0200"}
    known["Message-ID"] = f"<m{number}@x>"
    for name, value in {**known, "Subject": f"Grüße {number}", **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
        made[name] = value
    made.set_content(text)
    return made


def with_attachments(number: int) -> EmailMessage:
    """A message with a text, a picture inside, a nested message and two files."""
    made = message(number, "See the files.")
    made.add_attachment("Boats moor outside.", filename="notes/../evil?.txt")
    made.add_attachment(b"name,berth\nMary,4\n", maintype="application", subtype="octet-stream", filename="boats.csv")
    made.add_attachment(message(99, "The nested text."))
    made.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", disposition="inline", filename="logo.png")
    return made


@pytest.fixture
def kit() -> Iterator[Ragkit]:
    """An empty store without a model."""
    with Ragkit.in_memory(settings=Settings().with_values(**{"generation.model": "none"}), embedder=SyntheticEmbedder()) as made:
        yield made


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    """A running IMAP server."""
    with dovecot() as running:
        yield running


@pytest.fixture
def inbox(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    """It with an empty INBOX, and the password in the environment."""
    monkeypatch.setenv("MAIL_PASSWORD", "s3same/@")
    yield server
    for path in [*(server.mail / "new").iterdir(), *(server.mail / "cur").iterdir()]:
        path.unlink()


def mbox(path: Path, *messages: EmailMessage) -> Path:
    """A file with ``messages``, written by the standard library."""
    box = mailbox.mbox(path)
    for each in messages:
        box.add(each)
    box.close()
    return path


def listed(source: str | Path) -> dict[str, SourceItem | Failure]:
    """Items and failures by what stands behind the "#"."""
    return {item.uri.partition("#")[2]: item for item in find_connector(str(source)).items()}


class TestMboxConformance(ConnectorConformance):
    """The suite for connectors, on an mbox file."""

    @pytest.fixture(autouse=True)
    def _box(self, tmp_path: Path) -> None:
        self.path = mbox(tmp_path / "a.mbox", message(1), with_attachments(2), message(1, "Again."))

    def connector(self) -> type[Any]:
        return MailConnector

    def source(self) -> str:
        return str(self.path)


class TestMaildirConformance(TestMboxConformance):
    """The suite for connectors, on a Maildir."""

    @pytest.fixture(autouse=True)
    def _box(self, tmp_path: Path) -> None:
        box = mailbox.Maildir(tmp_path / "mail")
        for each in (message(1), with_attachments(2)):
            box.add(each)
        box.add_folder("old").add(message(3))
        self.path = tmp_path / "mail"


class TestImapConformance(ConnectorConformance):
    """The suite for connectors, on an IMAP server."""

    @pytest.fixture(autouse=True)
    def _box(self, inbox: Dovecot) -> None:
        inbox.deliver("1", bytes(message(1)))
        inbox.deliver("2", bytes(with_attachments(2)))
        self.port = inbox.plain

    def connector(self) -> type[Any]:
        return ImapConnector

    def source(self) -> str:
        return f"imap://ann:${{MAIL_PASSWORD}}@localhost:{self.port}/INBOX"


class TestMessageParser(ParserConformance):
    """The suite for parsers, on messages whose attachments come by themselves."""

    def parser(self) -> MessageParser:
        return MessageParser()

    def samples(self) -> list[bytes]:
        return [bytes(message(1)), bytes(with_attachments(2))]


def test_a_message_and_its_attachments(tmp_path: Path, kit: Ragkit) -> None:
    """One document each, with the headers as metadata; what is attached is parsed by what it is, pictures in the text are not."""
    answer = message(2, "No.", References="<root@x> <m1@x>", In_Reply_To="<m1@x>")
    report = kit.ingest(mbox(tmp_path / "a.mbox", with_attachments(1), answer))
    assert (report.added, report.failed) == (5, ())
    found = {info.uri.partition("#")[2]: info for info in kit.documents()}
    assert set(found) == {
        "m1@x", "m1@x/attachment-1/notes_.._evil_.txt", "m1@x/attachment-2/boats.csv", "m1@x/attachment-3/message.eml", "m2@x",
    }  # fmt: skip
    meta = found["m2@x"].metadata
    assert (meta["from"], meta["date"], meta["subject"]) == ("Ann <ann@x.example>", "2024-05-01T09:00:00+02:00", "Grüße 2")
    assert (meta["thread"], meta["in_reply_to"], meta["message_id"]) == ("root@x", "m1@x", "m2@x")
    assert found["m1@x"].metadata["thread"] == "m1@x"
    assert found["m1@x/attachment-2/boats.csv"].metadata["attached_to"].endswith("#m1@x")
    base = f"{tmp_path / 'a.mbox'}#m1@x"
    assert not kit.document(base).parsed.warnings
    assert "Mary" in kit.text(f"{base}/attachment-2/boats.csv")
    assert "The nested text." in kit.text(f"{base}/attachment-3/message.eml")


def test_sync_follows_a_mailbox(tmp_path: Path, kit: Ragkit) -> None:
    """Messages that come and go are added and removed with their attachments; flags change nothing."""
    box = mailbox.Maildir(tmp_path / "mail")
    first, second = box.add(message(1)), box.add(with_attachments(2))
    assert kit.ingest(tmp_path / "mail").added == 5
    seen = box[first]
    seen.set_subdir("cur")
    seen.set_flags("RS")
    box[first] = seen
    box.remove(second)
    box.add(message(3))
    report = kit.sync()
    assert (report.added, report.removed, report.unchanged, report.failed) == (1, 4, 1, ())


def test_lines_that_look_like_the_next_message(tmp_path: Path) -> None:
    """A "From " inside a text, escaped as mboxrd has it, is text; a file without any message is empty, not an error."""
    path = mbox(tmp_path / "a.mbox", message(1, "One.\n\nFrom here on.\n>From there.\n"), message(2))
    found = listed(path)
    assert list(found) == ["m1@x", "m2@x"]
    assert b"\nFrom here on." in found["m1@x"].open().read()  # type: ignore[union-attr]
    (tmp_path / "b.mbox").write_bytes(b"nothing\n")
    assert listed(tmp_path / "b.mbox") == {}


def test_broken_and_hostile_messages(tmp_path: Path) -> None:
    """Nesting without end, parts without end, no id, headers of nonsense: failures or documents, and the others come."""
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    many = b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\nContent-Disposition: attachment\n\nx\n" * 1500
    odd = b"From: =?utf-8?b?////?=\nDate: never\nMessage-ID: <\x01\x02 >\nReferences: " + b"<a" * 9999
    odd += b"\nSubject: =?nope?q?x?=\n\n\xff\xfe\n"
    full = b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\nContent-Disposition: attachment; filename=../a\n\nx\n" * 300
    parts = [b"From x\n" + each + b"\n\n" for each in (deep, many, odd, full, bytes(message(1)))]
    (tmp_path / "a.mbox").write_bytes(b"".join(parts))
    found = listed(tmp_path / "a.mbox")
    assert "m1@x" in found
    for item in found.values():
        if isinstance(item, SourceItem):
            item.open().close()
            assert item.uri.isprintable()
    reasons = [item.reason for item in found.values() if isinstance(item, Failure)]
    assert any("parts" in reason for reason in reasons)
    assert any("first 100" in reason for reason in reasons)


def test_a_mailbox_that_changed_since(tmp_path: Path) -> None:
    """What was listed is what is opened, or nothing is."""
    path = mbox(tmp_path / "a.mbox", message(1), message(2))
    found = listed(path)
    path.unlink()
    mbox(path, message(3, "Other."), message(4))
    with pytest.raises(SourceError, match="changed since"):
        found["m2@x"].open()  # type: ignore[union-attr]


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Listing 20 MB of messages takes far less memory than that."""
    one = b"From x\nFrom: a@x.example\nMessage-ID: <%d@x>\n\n" + b"x" * 60 * 330 + b"\n\n"
    with (tmp_path / "a.mbox").open("wb") as file:
        file.writelines(one % number for number in range(1000))
    connector = MailConnector(str(tmp_path / "a.mbox"))
    tracemalloc.start()
    try:
        assert sum(1 for _ in connector.items()) == 1000
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_imap_is_read_and_followed(inbox: Dovecot, kit: Ragkit) -> None:
    """Messages that come and go are added and removed; one that is known is not fetched again, and none is marked as seen."""
    inbox.deliver("1", bytes(message(1)))
    inbox.deliver("2", bytes(with_attachments(2)))
    source = f"imap://ann:${{MAIL_PASSWORD}}@127.0.0.1:{inbox.plain}/INBOX"
    report = kit.ingest(source)
    assert (report.added, report.failed) == (5, ())
    one = min(kit.documents(), key=lambda info: (len(info.uri), info.uri))
    assert one.uri.startswith(f"imap://ann@127.0.0.1:{inbox.plain}/INBOX#")
    assert "PASSWORD" not in one.uri
    assert (one.title, one.metadata["thread"], one.metadata["date"]) == ("Grüße 1", "m1@x", "2024-05-01T09:00:00+02:00")
    assert kit.sync().unchanged == 5
    (kept,) = kit._catalog.list_sources().values()
    assert list(kept["state"]["attached"].values()) == [["notes_.._evil_.txt", "boats.csv", "message.eml"]]
    delivered = {path.name.partition(":")[0]: path for part in ("new", "cur") for path in (inbox.mail / part).iterdir()}
    assert all(path.name.partition(":2,")[2] == "" for path in delivered.values())
    delivered["2"].unlink()
    inbox.deliver("3", bytes(message(3, "New.")))
    report = kit.sync()
    assert (report.added, report.removed, report.unchanged, report.failed) == (1, 4, 1, ())


def test_imap_over_tls(inbox: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is verified: one that nobody vouches for, or of another host, is refused."""
    inbox.deliver("1", bytes(message(1)))
    with pytest.raises(SourceError, match=r"(?i)certificate"):
        listed(f"imaps://ann:${{MAIL_PASSWORD}}@localhost:{inbox.tls}/INBOX")
    monkeypatch.setenv("SSL_CERT_FILE", str(inbox.certificate))
    assert len(listed(f"imaps://ann:${{MAIL_PASSWORD}}@localhost:{inbox.tls}/INBOX")) == 1
    with pytest.raises(SourceError, match=r"(?i)certificate"):
        listed(f"imaps://ann:${{MAIL_PASSWORD}}@127.0.0.1:{inbox.tls}/INBOX")


def test_imap_errors(inbox: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password, no folder, no server, no variable: one line each, without the secret."""
    good = f"imap://ann:${{MAIL_PASSWORD}}@127.0.0.1:{inbox.plain}"
    with pytest.raises(SourceError, match=r"(?i)mailbox|exist"):
        listed(f"{good}/No%20such%20%22folder")
    monkeypatch.setenv("MAIL_PASSWORD", "wr0ng")
    with pytest.raises(SourceError, match=r"(?i)authentication") as caught:
        listed(f"{good}/INBOX")
    assert "wr0ng" not in str(caught.value)
    monkeypatch.delenv("MAIL_PASSWORD")
    with pytest.raises(SourceError, match="MAIL_PASSWORD is not set"):
        listed(f"{good}/INBOX")
    monkeypatch.setenv("MAIL_PASSWORD", "x")
    with pytest.raises(SourceError, match=r"(?i)refused"):
        listed("imap://ann:${MAIL_PASSWORD}@127.0.0.1:1/INBOX")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("imaps://ann:hunter2@host/INBOX", r"\$\{NAME\}"),
        ("imap://ann:${X}@mail.example/INBOX", "plain text"),
        ("imaps://host/INBOX", "needs a host, a user"),
        ("imaps://ann:${X}@host/IN%0D%0ABOX", "control characters"),
        ("imaps://ann:${X}@host:99999/INBOX", "port"),
    ],
)
def test_imap_addresses_that_are_refused(source: str, words: str) -> None:
    """Nothing is connected to for an address with a secret in it, without TLS, or with a line break."""
    with pytest.raises(SourceError, match=words):
        find_connector(source)


def test_names_of_imap_folders() -> None:
    """IMAP's own UTF-7, as RFC 3501 shows it, and quoting."""
    assert _quoted("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
    assert _quoted('a & "b\\') == '"a &- \\"b\\\\"'
