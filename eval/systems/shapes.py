"""What systems return, as a :class:`~ragkit.eval.response.Response`: a text with markers, or an object of one of the usual shapes.

::

    {"answer": "Rye bread is baked on Fridays [1].", "passages": [{"uri": "bakery.md", "text": "Rye bread is …"}]}
    {"statements": [{"text": "…", "citations": [{"passage": 0}]}], "passages": […], "abstained": false}

``[1]`` is the first passage, as in ALCE (Gao et al. 2023); ``[0]`` and ``[7]`` of three passages are invented citations, which stay as
they are and count as wrong. Of other names ``text``, ``response`` and ``output`` are read as ``answer``; ``contexts``, ``context``,
``documents``, ``docs`` and ``sources`` as ``passages``; in a passage ``content``, ``page_content`` and ``document`` as ``text``, and
``id``, ``source``, ``url`` and ``title`` as ``uri``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ragkit.text.sentences import sentence_spans

from ..response import Cited, Passage, Response, Statement

_MARKER = re.compile(r"\s*\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]")
_LEADING = re.compile(rf"(?:{_MARKER.pattern})+")
_ANSWERS = ("answer", "text", "response", "output")
_PASSAGES = ("passages", "contexts", "context", "documents", "docs", "sources")
_TEXTS = ("text", "content", "page_content", "document", "passage")
_URIS = ("uri", "id", "_id", "source", "url", "title")
#: Keys of a response that are taken as they are.
_PLAIN = ("answerable", "timings", "tokens", "peak_bytes", "failure", "record_id")

#: What a model says in place of an answer. Only a text that begins so, and says nothing else of length, is an abstention.
_REFUSAL = re.compile(
    r"\W*(?:(?:i(?:'m| am)? )?(?:sorry|apologi[sz]e)\W.{0,20}?)?"
    r"(?:i (?:do not|don't|cannot|can't|could not|couldn't) (?:know|answer|find|determine|say)|"
    r"(?:the |this |there is )?(?:provided |given |retrieved )?(?:context|documents?|sources?|passages?|information|text)s? "
    r"(?:do(?:es)? not|don't|doesn't|did not) (?:contain|mention|provide|answer|say|include|specify)|"
    r"there(?: is|'s| was) (?:no|not enough|insufficient) (?:answer|information|evidence|context|relevant)|"
    r"(?:no|not enough|insufficient) (?:answer|information|evidence|context|relevant \w+)(?: is| was)? ?(?:available|found|given)?\W*$|"
    r"(?:unanswerable|not answerable|n/a|none|no answer)\W*$)",
    re.IGNORECASE,
)
_LONGEST_REFUSAL = 240


class BadResponse(ValueError):
    """A value is not of a shape that can be measured."""


def is_refusal(text: str) -> bool:
    """Whether a text is one of the usual ways to say that there is no answer.

    >>> is_refusal("I don't know."), is_refusal("The context does not mention the year."), is_refusal("No answer was given until 1871.")
    (True, True, False)
    """
    return len(text) <= _LONGEST_REFUSAL and bool(_REFUSAL.match(text.strip())) and not _MARKER.search(text)


def statements(text: str) -> tuple[Statement, ...]:
    """The sentences of a text with markers, each with what its markers cite; the markers are no part of the sentences.

    >>> [(s.text, [c.passage for c in s.citations]) for s in statements("It opened in 1871 [2]. It is 34 m high. [1, 3]")]
    [('It opened in 1871.', [1]), ('It is 34 m high.', [0, 2])]
    """
    found: list[Statement] = []
    for start, end in sentence_spans(text):
        begin = start
        if found and (leading := _LEADING.match(text, start, end)):  # markers after the full stop of the sentence before
            begin = leading.end()
            found[-1] = Statement(text=found[-1].text, citations=(*found[-1].citations, *_cited(text[start:begin])))
        said = _MARKER.sub("", text[begin:end]).strip()
        if re.search(r"\w", said):
            found.append(Statement(text=said, citations=_cited(text[begin:end])))
    return tuple(found)


def _cited(text: str) -> tuple[Cited, ...]:
    return tuple(Cited(passage=int(number) - 1) for marker in _MARKER.findall(text) for number in marker.split(","))


def response(value: Any, passages: Sequence[Passage] | None = None) -> Response:
    """A response from what a system returned; ``passages`` where it names none itself.

    Raises:
        BadResponse: it is neither a text nor an object with an answer, statements or passages.
    """
    if isinstance(value, Response):
        return value
    if isinstance(value, str):
        return _told(value, tuple(passages or ()), {})
    if not isinstance(value, Mapping):
        raise BadResponse(f'a {type(value).__name__} is no response; give a text, or an object with "answer" and "passages"')
    listed = next((value[key] for key in _PASSAGES if value.get(key) is not None), None)
    shown = tuple(passages or ()) if listed is None else tuple(_passages(listed))
    plain = {key: value[key] for key in _PLAIN if value.get(key) is not None}
    if value.get("statements") is not None:
        return _stated(value, shown, plain)
    told = next((value[key] for key in _ANSWERS if value.get(key) is not None), None)
    if told is None:
        if listed is None and "failure" not in plain:
            raise BadResponse(f'an object with {", ".join(sorted(value)) or "no key"} has neither "answer" nor "passages"')
        return Response(passages=shown, asked="failure" in plain, **plain)
    if not isinstance(told, str):
        raise BadResponse(f"the answer is a {type(told).__name__}, not a text")
    made = _told(told, shown, plain)
    return made if value.get("abstained") is None else replace(made, abstained=bool(value["abstained"]))


def _told(text: str, passages: tuple[Passage, ...], plain: dict[str, Any]) -> Response:
    if is_refusal(text):
        return Response(passages=passages, text=text, abstained=True, **plain)
    return Response(passages=passages, text=_MARKER.sub("", text).strip(), statements=statements(text), **plain)


def _stated(value: Mapping[str, Any], passages: tuple[Passage, ...], plain: dict[str, Any]) -> Response:
    try:
        made = Response.from_dict({"statements": value["statements"]}).statements
    except (KeyError, TypeError) as error:
        raise BadResponse(f'"statements" are objects with "text" and "citations": {error}') from error
    text = next((value[key] for key in _ANSWERS if isinstance(value.get(key), str)), " ".join(s.text for s in made))
    abstained = bool(value.get("abstained", is_refusal(text)))
    return Response(passages=passages, statements=made, text=text, abstained=abstained, **plain)


def _passages(listed: Any) -> Iterator[Passage]:
    for number, one in enumerate([listed] if isinstance(listed, str) else listed):
        if isinstance(one, Passage):
            yield one
        elif isinstance(one, str):
            yield Passage(uri=str(number), text=one)
        elif isinstance(one, Mapping):
            yield passage(one, str(number))
        else:
            raise BadResponse(f"passage {number} is a {type(one).__name__}; give a text or an object with text and uri")


def passage(one: Mapping[str, Any], name: str = "") -> Passage:
    """A passage from an object of one of the usual shapes; ``name`` is its URI where it has none."""
    text = next((one[key] for key in _TEXTS if isinstance(one.get(key), str)), "")
    uri = next((str(one[key]) for key in _URIS if one.get(key) not in (None, "")), name)
    numbers = {key: value for key in ("start", "end") if isinstance(value := one.get(key), int)}
    score = one.get("score")
    return Passage(uri=uri, text=text, score=float(score) if isinstance(score, int | float) else None, **numbers)
