"""The doors through which any system is measured."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda

from ragkit.eval.questions import Question
from ragkit.eval.response import Cited, Passage, Response
from ragkit.eval.systems import CallableSystem, EndpointSystem, RecordedSystem, System
from ragkit.eval.systems.endpoint import BadEndpoint
from ragkit.eval.systems.langchain import LangChainSystem
from ragkit.eval.systems.recorded import BadRecording
from ragkit.eval.systems.shapes import BadResponse, is_refusal, response, statements

ASKED = Question(id="q1", text="When is rye bread baked?")
PASSAGES = [{"uri": "bakery.md", "text": "Rye bread is baked on Fridays."}, {"id": "mill.md", "content": "The mill is old.", "score": 0.5}]


# --- shapes -------------------------------------------------------------------------------------------------


def test_markers_belong_to_their_sentence() -> None:
    """Markers before and after the full stop cite for the sentence; ``[0]`` and ``[9]`` stay as indices outside."""
    found = statements("Rye is baked on Fridays [1][2]. The oven is old. [9] Nobody knows why [0, 2].")
    assert [(s.text, [c.passage for c in s.citations]) for s in found] == [
        ("Rye is baked on Fridays.", [0, 1]),
        ("The oven is old.", [8]),
        ("Nobody knows why.", [-1, 1]),
    ]


def test_an_index_outside_is_no_passage() -> None:
    """Neither ``[0]`` nor ``[3]`` of two passages is resolved; ``[2]`` is the second."""
    made = response({"answer": "A [0]. B [3]. C [2].", "passages": PASSAGES})
    assert [made.resolved(c) and made.resolved(c).uri for c in made.citations] == [None, None, "mill.md"]  # type: ignore[union-attr]


def test_usual_names_are_read() -> None:
    """Passages under their usual names are the same passages, texts alone included."""
    for key in ("passages", "contexts", "documents", "docs", "sources"):
        made = response({"response": "Fridays.", key: PASSAGES})
        assert made.passages == (
            Passage(uri="bakery.md", text="Rye bread is baked on Fridays."),
            Passage(uri="mill.md", text="The mill is old.", score=0.5),
        )
    assert response({"answer": "x", "contexts": ["one", "two"]}).passages[1] == Passage(uri="1", text="two")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I don't know.", True),
        ("I'm sorry, but I cannot answer that from the documents.", True),
        ("The provided context does not contain the year.", True),
        ("Unanswerable.", True),
        ("", False),
        ("No answer was given until the bridge opened in 1871, when the council met again.", False),
        ("The documents do not mention it, but the mill was built in 1740 [1].", False),
    ],
)
def test_what_is_a_refusal(text: str, refused: bool) -> None:
    """The usual phrases are; a text that cites, or only begins with such words, is not; an empty text is no answer by itself."""
    assert is_refusal(text) == refused
    assert response({"answer": text, "passages": []}).state == ("abstained" if refused or not text else "answered")


def test_what_cannot_be_measured_is_said() -> None:
    """Neither an answer nor passages: the keys that are there are named."""
    with pytest.raises(BadResponse, match="with colour has neither"):
        response({"colour": "red"})
    with pytest.raises(BadResponse, match="a int is no response"):
        response(7)
    with pytest.raises(BadResponse, match="passage 0 is a int"):
        response({"answer": "x", "passages": [3]})


@given(st.text())
def test_any_text_is_a_response(text: str) -> None:
    """Whatever a model writes: no statement holds a marker that cites, and what is there survives the file."""
    made = response(text)
    assert Response.from_dict(json.loads(json.dumps(made.to_dict(), allow_nan=False))) == made


def test_passages_without_an_answer_are_retrieval() -> None:
    """Then nothing was asked, and no measure of answers applies."""
    made = response({"passages": PASSAGES})
    assert not made.asked
    assert len(made.passages) == 2


# --- callables and recordings -------------------------------------------------------------------------------


def test_what_a_callable_raises_is_a_failure() -> None:
    """Any exception, and a value that is no response, is the question's failure with its reason; the time counts."""
    for function in (lambda q: 1 / 0, lambda q: object()):
        made = CallableSystem(function).respond(ASKED, 5)
        assert made.state == "failed"
        assert made.timings["total_s"] >= 0
    assert CallableSystem(lambda q: 1 / 0).respond(ASKED, 5).failure == "ZeroDivisionError: division by zero"


def test_systems_keep_the_contract(tmp_path: Path) -> None:
    """Each door is a :class:`System` with a name and plain values about itself."""
    file = tmp_path / "answers.jsonl"
    file.write_text('{"_id": "q1", "answer": "On Fridays [1].", "passages": ["x"]}\n', "utf-8")
    chain = LangChainSystem(RunnableLambda(str))
    for system in (CallableSystem(str), RecordedSystem(file), EndpointSystem("http://127.0.0.1:9/v1"), chain):
        assert isinstance(system, System)
        assert system.name
        json.dumps(system.about())


def test_recorded_answers(tmp_path: Path) -> None:
    """Each question has the answer of its line; one that has none is a failure, not left out."""
    file = tmp_path / "answers.jsonl"
    lines = [{"_id": "q1", "answer": "On Fridays [1].", "passages": PASSAGES}, {"_id": 2, "abstained": True, "answer": ""}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    system = RecordedSystem(file)
    assert system.respond(ASKED, 10).citations == (Cited(passage=0),)
    assert system.respond(Question(id="2", text="?"), 10).state == "abstained"
    missing = system.respond(Question(id="3", text="?"), 10)
    assert (missing.state, missing.failure) == ("failed", "answers.jsonl holds no answer to '3'")


@pytest.mark.parametrize(("line", "told"), [("[]", "no object"), ("{", "line 2"), ('{"_id": "a", "answer": ""}', "earlier line"),
                                            ('{"_id": "b", "statements": [{}]}', '"statements" are objects')])  # fmt: skip
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    """A line that cannot be read is an error with its number, not an answer less."""
    file = tmp_path / "answers.jsonl"
    file.write_text(f'{{"_id": "a", "answer": ""}}\n{line}\n', "utf-8")
    with pytest.raises(BadRecording, match=told):
        RecordedSystem(file)


# --- an endpoint --------------------------------------------------------------------------------------------


@contextmanager
def served(reply: bytes, kind: str, code: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback that answers every POST with ``reply``; what it was sent."""
    seen: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
        server.shutdown()
        thread.join()


def events(*objects: object) -> bytes:
    return "".join(f"data: {json.dumps(one)}\n\n" for one in objects).encode() + b"data: [DONE]\n\n"


def test_a_streaming_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces are put together, sources are the passages, usage is kept, the key comes from the environment, the first token is timed."""
    monkeypatch.setenv("KEY_FOR_THIS", "s3cret")
    reply = events(
        {"sources": PASSAGES, "choices": [{"delta": {"role": "assistant"}}]},
        {"choices": [{"delta": {"content": "On Fri"}}]},
        {"choices": [{"delta": {"content": "days [1]."}}]},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
    )
    with served(reply, "text/event-stream") as (url, seen):
        system = EndpointSystem(url, model="m", key="KEY_FOR_THIS", system="Cite.")
        made = system.respond(ASKED, 10)
    assert made.failure is None
    assert (made.text, made.statements[0].citations, made.tokens) == ("On Fridays.", (Cited(passage=0),), {"prompt": 9, "completion": 4})
    assert 0 < made.timings["first_token_s"] <= made.timings["total_s"]
    assert [m["content"] for m in seen[0]["messages"]] == ["Cite.", ASKED.text]
    assert (seen[0]["path"], seen[0]["key"]) == ("/v1/chat/completions", "Bearer s3cret")
    assert "s3cret" not in json.dumps(system.about())


def test_an_endpoint_that_does_not_stream() -> None:
    """A plain reply is read as well, with the sources in the message's context."""
    message = {"content": "On Fridays [2].", "context": {"citations": PASSAGES}}
    with served(json.dumps({"choices": [{"message": message}]}, indent=1).encode(), "application/json") as (url, _):
        made = EndpointSystem(url).respond(ASKED, 10)
    assert made.resolved(made.citations[0]) == Passage(uri="mill.md", text="The mill is old.", score=0.5)


@pytest.mark.parametrize(
    ("reply", "code", "told"),
    [
        (b"no", 500, "answered 500"),
        (b"data: {\n\n", 200, "JSONDecodeError"),
        (events({"error": "busy"}), 200, "the server sent"),
        (b"[1]", 200, "the server sent"),
    ],
)
def test_an_endpoint_that_fails(reply: bytes, code: int, told: str) -> None:
    """Whatever comes back that is no answer is the question's failure."""
    with served(reply, "text/event-stream", code) as (url, _):
        made = EndpointSystem(url).respond(ASKED, 10)
    assert made.state == "failed"
    assert told in str(made.failure)


def test_nobody_listens() -> None:
    """No server is a failure as well."""
    assert "ConnectError" in str(EndpointSystem("http://127.0.0.1:9/v1").respond(ASKED, 10).failure)


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://user:pw@host/v1", "file:///etc/passwd", "http://host/v1?key=1", "", "http://"])
def test_addresses_that_are_refused(url: str) -> None:
    """Only an http(s) address without a secret in it is asked."""
    with pytest.raises(BadEndpoint):
        EndpointSystem(url)


# --- LangChain ----------------------------------------------------------------------------------------------


class Bakery(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        first = Document(page_content="Rye bread is baked on Fridays.", metadata={"source": "bakery.md", "start_index": 10})
        return [first, Document(page_content="x", id="2")]


def test_a_retriever_of_langchain() -> None:
    """Its documents are passages, with offsets where the splitter kept them; nothing is asked."""
    made = LangChainSystem(Bakery()).respond(ASKED, 10)
    assert made.passages == (Passage(uri="bakery.md", text="Rye bread is baked on Fridays.", start=10, end=40), Passage(uri="2", text="x"))
    assert not made.asked
    assert LangChainSystem(Bakery()).respond(ASKED, 1).passages == made.passages[:1]


def test_a_chain_of_langchain() -> None:
    """The dict of a retrieval chain, a message and a text are answers."""
    chain = RunnableLambda(lambda given: {"answer": "On Fridays [1].", "context": Bakery().invoke(given["input"])})
    made = LangChainSystem(chain, input="input").respond(ASKED, 10)
    resolved = made.resolved(made.citations[0])
    assert resolved is not None
    assert resolved.uri == "bakery.md"
    model = FakeListChatModel(responses=["I don't know."])
    assert LangChainSystem(model).respond(ASKED, 10).state == "abstained"
