"""The part of :class:`ragkit.api.Ragkit` that keeps account of answers: records checked and asked again, the audit log, chats, feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragkit.answer import cases, export, recheck
from ragkit.answer.cases import Case
from ragkit.answer.export import BadExport, Format
from ragkit.answer.recheck import CitationNow, Verification
from ragkit.answer.replay import Replay, differences
from ragkit.errors import StoreError
from ragkit.records import Jsonable, record
from ragkit.store import auditlog, memory
from ragkit.store.auditlog import Entry, Head, Origin
from ragkit.store.catalog import SOMEBODY_ELSES, Catalog
from ragkit.store.changes import now
from ragkit.store.memory import Chat, Feedback, Opinion
from ragkit.store.visibility import Principals, principals_of

if TYPE_CHECKING:
    from ragkit.answer.asker import Asker
    from ragkit.contracts import Embedder, Verifier
    from ragkit.pii.redaction import Redactor


@record
class AnswerInfo(Jsonable):
    """A line of ``ragkit answers``: one answer record."""

    record_id: str
    created_at: str
    generation: int
    question: str
    abstained: bool


class Recordkeeping:
    """What a store offers for its answers to be checked, understood and improved."""

    _catalog: Catalog

    if TYPE_CHECKING:

        @cached_property
        def embedder(self) -> Embedder:
            """The model that turns text into vectors."""

        @cached_property
        def verifier(self) -> Verifier:
            """What checks sentences."""

        @cached_property
        def _asker(self) -> Asker:
            """What answers."""

        @cached_property
        def _redactor(self) -> Redactor:
            """What masks personal data."""

    # --- answer records --------------------------------------------------------------------------------------

    def answers(self) -> list[AnswerInfo]:
        """All answer records, the newest first."""
        return [AnswerInfo(**row) for row in self._catalog.list_answers()]

    def answer_record(self, record_id: str) -> dict[str, Any]:
        """All that was recorded when an answer was given: candidates, evidence, verdicts, models, timings.

        Raises:
            StoreError: there is no such record.
        """
        return self._catalog.load_answer(record_id)

    def citations_now(self, record_id: str) -> list[CitationNow]:
        """Where each citation of an answer stands now: where it was, at another place of a newer version, or no more.

        Raises:
            StoreError: there is no such record.
        """
        kept = self._catalog.load_answer(record_id)
        with self._catalog.snapshot() as connection:
            return recheck.citations_now(self._catalog, connection, kept, shown=self._as_shown(kept))

    def verify_answer(self, record_id: str) -> Verification:
        """Check every citation, hash and verdict of an answer. The model that wrote it is not asked.

        Raises:
            StoreError: there is no such record.
        """
        return self._verified(self._catalog.load_answer(record_id))

    def verify_export(self, file: str | Path, *, alone: bool = False) -> Verification:
        """As :meth:`verify_answer`, for a file that :meth:`export_answer` has given. ``alone``: this store knows nothing of its
        documents; hashes, verdicts, and citations against the recorded evidence are checked, and sources are not compared.

        Raises:
            BadExport: it is no such file, or its hash or its words are not those that were exported.
            OSError: it cannot be read.
        """
        try:
            text = Path(file).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadExport(f"{file} is no exported answer: {error}") from error
        kept = export.read(text, str(file))
        return self._verified_alone(kept) if alone else self._verified(kept, exported=True)

    def export_answer(self, record_id: str, format: Format = "json") -> str:
        """An answer with its whole record, as JSON, Markdown or HTML; the latter two show it to a person as well.

        Raises:
            StoreError: there is no such record.
        """
        return export.render(self._catalog.load_answer(record_id), format)

    def replay(self, record_id: str) -> Replay:
        """Ask the question of a record again, in its mode, with its filter and as its principal, and say what differs.

        The store's settings are those of now. The new answer has a record of its own.

        Raises:
            StoreError: there is no such record.
        """
        kept = self._catalog.load_answer(record_id)
        events = self._asker.stream(
            kept["question"],
            mode=kept["mode"],
            expression=kept.get("filter"),
            principal=kept.get("principal"),
            origin=Origin(replay_of=kept["id"]),
        )
        for event in events:
            if event.answer is not None:
                fresh = self._catalog.load_answer(event.answer.record_id)
                return Replay(record_id=kept["id"], answer=event.answer, differences=tuple(differences(kept, fresh)))
        raise RuntimeError("the stream of an answer ended without the answer")

    def _verified(self, kept: Mapping[str, Any], *, exported: bool = False) -> Verification:
        faults: list[str] = []
        notes: list[str] = []
        shown = self._as_shown(kept)
        with self._catalog.snapshot() as connection:
            entry = auditlog.entry_of(connection, kept["id"])
            if entry is not None and entry.record_sha256 != auditlog.digest(kept):
                faults.append(f"the record is not the one that entry {entry.number} of the audit log was written for")
            elif entry is None:
                notes.append("the audit log has no entry for this answer: it is older than the log, or another store gave it")
            own = not exported or entry is not None
            faults.extend(recheck.record_faults(kept))
            faults.extend(recheck.evidence_faults(self._catalog, connection, kept, shown=shown) if own else ())
            citations = recheck.citations_now(self._catalog, connection, kept, own=own, shown=shown)
        return self._judged(kept, citations, faults, notes)

    def _verified_alone(self, kept: Mapping[str, Any]) -> Verification:
        notes = ["no store is at hand: what the answer cites was compared with the evidence in the file, not with the documents"]
        return self._judged(kept, recheck.citations_alone(kept), list(recheck.record_faults(kept)), notes)

    def _judged(self, kept: Mapping[str, Any], citations: list[CitationNow], faults: list[str], notes: list[str]) -> Verification:
        judged = any(sentence["status"] == "verified" for sentence in kept["sentences"])
        same = not judged or self._same_verifier(kept, notes)
        sentences = recheck.sentences_now(kept, self.verifier if judged else None, same_verifier=same)
        return Verification(
            record_id=kept["id"], citations=tuple(citations), sentences=tuple(sentences), faults=tuple(faults), notes=tuple(notes)
        )

    def _as_shown(self, kept: Mapping[str, Any]) -> Callable[[str], str]:
        """What masks documents as the answer's were: by the settings of now."""
        return self._redactor.text if kept.get("masked") else str

    def _same_verifier(self, kept: Mapping[str, Any], notes: list[str]) -> bool:
        """Whether the check is made as it was then; if not, a note says so."""
        then = ((kept.get("verifier") or {}).get("id"), (kept["models"].get("embedder") or {}).get("sha256"))
        if then == (self.verifier.id, self.embedder.sha256):
            return True
        notes.append("sentences were checked by another verifier or embedding model then: only the decision is compared")
        return False

    # --- the audit log ---------------------------------------------------------------------------------------

    def audit_head(self) -> Head:
        """How far the audit log has come. Kept elsewhere, it shows later whether the log is the one that it was."""
        with self._catalog.snapshot() as connection:
            return auditlog.head(connection)

    def audit_faults(self, head: Head | str | None = None) -> list[str]:
        """What is wrong with the audit log, a line each; with a ``head`` that was taken earlier, also whether it was cut off or
        written anew since.

        Raises:
            StoreError: ``head`` is none.
        """
        given = auditlog.parse_head(head) if isinstance(head, str) else head
        with self._catalog.snapshot() as connection:
            return [fault.line for fault in auditlog.faults(connection, given)]

    def audit_entries(self, *, question: str | None = None) -> list[Entry]:
        """The entries of the audit log, in order; with ``question``, those where exactly this was asked."""
        with self._catalog.snapshot() as connection:
            found = list(auditlog.entries(connection))
            salt = self._catalog.state(connection).row["audit_salt"]
        if question is None:
            return found
        wanted = auditlog.question_hash(salt or b"", question)
        return [entry for entry in found if entry.question == wanted]

    # --- chats and feedback ----------------------------------------------------------------------------------

    def chats(self) -> list[Chat]:
        """All chat sessions, the oldest first, without their turns."""
        return memory.list_chats(self._catalog)

    def chat(self, chat: str, *, principal: Principals = None) -> Chat:
        """A chat session with its turns; one that nobody has begun is empty.

        Raises:
            StoreError: another principal began it.
        """
        names = principals_of(principal)
        asking = None if names is None else tuple(sorted(names))
        found = memory.read_chat(self._catalog, chat)
        if found is not None and found.principal != asking:
            raise StoreError(SOMEBODY_ELSES.format(chat))
        return found or Chat(id=chat, created_at="", principal=asking)

    def drop_chat(self, chat: str) -> bool:
        """Delete a chat session; its answer records stay. Whether there was one."""
        return self._catalog.drop_chat(chat)

    def feedback(self, record_id: str, verdict: Opinion, *, comment: str | None = None, answer: str | None = None) -> Feedback:
        """Keep what somebody says of an answer: ``up`` or ``down``, a comment, and what the answer should have been (``""``: that the
        documents do not answer). It replaces what was said of the answer before.

        Raises:
            StoreError: there is no such record.
            ValueError: ``verdict`` is neither.
        """
        if verdict not in ("up", "down"):
            raise ValueError(f"a verdict is 'up' or 'down', not {verdict!r}")
        known = self._catalog.load_answer(record_id)["id"]
        given = Feedback(record_id=known, verdict=verdict, created_at=now(), comment=comment, answer=answer)
        self._catalog.save_feedback(given.to_dict())
        return given

    def feedback_given(self) -> list[Feedback]:
        """All feedback, the oldest first."""
        return memory.list_feedback(self._catalog)

    def cases(self) -> tuple[list[Case], list[str]]:
        """Feedback as cases for ``ragkit eval``, and the ids of the records that need a right answer to become one."""
        made: list[Case] = []
        wanting: list[str] = []
        for given in self.feedback_given():
            case = cases.case(given, self._catalog.load_answer(given.record_id))
            made.extend([case] if case is not None else [])
            wanting.extend([given.record_id] if case is None else [])
        return made, wanting
