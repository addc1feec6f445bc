"""Changes to XML and JSON that leave it well-formed, so that they reach what stands behind the reader of its syntax."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from lxml import etree

_VALUES = ("", "0", "-1", "1", "99999999999", "1e400", "NaN", "true", "x" * 300, "\u202e\U000e0041", "a b", "../../a", "#", "\x7f\x85")
_JSON = (None, True, -1, 0, 1e300, 10**30, "", "x", "\ud800", "a\nb", [], {}, [[]], ["x"], {"a": 1})


def changed(rng: Random, data: bytes, tokens: Sequence[bytes]) -> bytes | None:
    """``data`` with one to four of its elements or values changed; ``None`` when it is neither XML nor JSON."""
    head = data.lstrip()[:1]
    if head == b"<":
        return _xml(rng, data, tokens)
    return _json(rng, data, tokens) if head in b"{[" and head else None


def _xml(rng: Random, data: bytes, tokens: Sequence[bytes]) -> bytes | None:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    for _ in range(rng.choice((1, 1, 2, 4))):
        elements = [element for element in root.iter() if isinstance(element.tag, str)]
        rng.choice(_ELEMENT)(rng, rng.choice(elements), elements, tokens)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _value(rng: Random, tokens: Sequence[bytes]) -> str:
    token = rng.choice(_VALUES) if rng.random() < 0.6 else rng.choice(tokens).decode("utf-8", "replace")
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", token)


def _copied(element: Any) -> Any:
    copied = copy.deepcopy(element)
    copied.tail = None
    return copied


def _attribute(rng: Random, element: Any, elements: list[Any], tokens: Sequence[bytes]) -> None:
    owners = [each for each in elements if each.attrib]
    if owners:
        owner = rng.choice(owners)
        name = rng.choice(sorted(owner.attrib))
        if rng.random() < 0.25:
            del owner.attrib[name]
        else:
            owner.attrib[name] = _value(rng, tokens)


def _lend(rng: Random, element: Any, elements: list[Any], _: Sequence[bytes]) -> None:
    """Gives the element an attribute that another has."""
    other = rng.choice(elements)
    for name, value in other.attrib.items():
        element.attrib[name] = value


def _text(rng: Random, element: Any, _: list[Any], tokens: Sequence[bytes]) -> None:
    element.text = _value(rng, tokens)
    element.tail = _value(rng, tokens) if rng.random() < 0.3 else element.tail


def _remove(_: Random, element: Any, __: list[Any], ___: Sequence[bytes]) -> None:
    if (parent := element.getparent()) is not None:
        parent.remove(element)


def _double(rng: Random, element: Any, _: list[Any], __: Sequence[bytes]) -> None:
    if (parent := element.getparent()) is not None and len(etree.tostring(element)) < 2000:
        for _n in range(rng.choice((1, 1, 3, 30))):
            parent.insert(parent.index(element), _copied(element))


def _move(rng: Random, element: Any, elements: list[Any], _: Sequence[bytes]) -> None:
    """Puts a copy of another element into this one, wherever it belongs."""
    other = _copied(rng.choice(elements))
    if len(etree.tostring(other)) < 5000:
        element.insert(rng.randrange(len(element) + 1), other)


def _nest(rng: Random, element: Any, _: list[Any], __: Sequence[bytes]) -> None:
    """Wraps what is in the element into elements of its own name."""
    inner = _copied(element)
    if len(etree.tostring(inner)) < 5000:
        for _n in range(rng.choice((1, 3, 40))):
            inner, before = etree.Element(element.tag, element.attrib), inner
            inner.append(before)
        element.append(inner)


def _rename(rng: Random, element: Any, elements: list[Any], _: Sequence[bytes]) -> None:
    element.tag = rng.choice(elements).tag


_ELEMENT = (_attribute, _attribute, _attribute, _lend, _text, _remove, _double, _move, _nest, _rename)


def _json(rng: Random, data: bytes, tokens: Sequence[bytes]) -> bytes | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    for _ in range(rng.choice((1, 1, 2, 4))):
        holders = list(_holders(value))
        if holders:
            holder = rng.choice(holders)
            key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
            _put(rng, holder, key, rng.choice(holders), tokens)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")


def _put(rng: Random, holder: Any, key: Any, other: Any, tokens: Sequence[bytes]) -> None:
    how = rng.random()
    if how < 0.5:
        holder[key] = copy.deepcopy(rng.choice(_JSON))
    elif how < 0.7:
        holder[key] = rng.choice(tokens).decode("utf-8", "replace")
    elif how < 0.85:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(other)


def _holders(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting and len(found) < 1000:
        each = waiting.pop()
        if isinstance(each, dict | list) and each:
            found.append(each)
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return found
