"""What differs between a recorded answer and the same question asked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ragkit.records import Answer, Jsonable, record

#: Scores that differ by less are the same: models that compute in half precision round by what else is computed with them.
TOLERANCE = 0.01

_PLACE = ("uri", "start_char_index", "end_char_index")


@record
class Difference(Jsonable):
    """One difference: in which part of the record, of what, and both values; ``None`` where there is none."""

    part: str
    what: str
    before: Any = None
    now: Any = None


@record
class Replay(Jsonable):
    """A question that was asked again: the new answer, on record under its own ``record_id``, and what differs from the old one."""

    record_id: str
    answer: Answer
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command line, with ``same``."""
        return {"same": self.same, **Jsonable.to_dict(self)}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """What differs between two records: generation, models, prompt, settings, candidates, evidence, sentences."""
    for name in ("generation", "prompt_version", "prompt_sha256", "settings_sha256"):
        if before.get(name) != now.get(name) and (name != "prompt_sha256" or name in before):  # older records do not have it
            yield Difference(part=name, what=name, before=before.get(name), now=now.get(name))
    yield from _values("settings", before.get("settings") or {}, now.get("settings") or {})
    yield from _values("models", before.get("models") or {}, now.get("models") or {})
    yield from _values("verifier", before.get("verifier") or {}, now.get("verifier") or {})
    for part in ("candidates", "evidence"):
        yield from _listed(part, before.get(part) or (), now.get(part) or ())
    for name in ("abstained", "reason", "answerable"):
        if not _near(before.get(name), now.get(name)):
            yield Difference(part="answer", what=name, before=before.get(name), now=now.get(name))
    yield from _sentences(before.get("sentences") or (), now.get("sentences") or ())


def _values(part: str, before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Iterator[Difference]:
    if part == "settings" and not before:  # a record from before they were kept
        return
    for name in sorted({*before, *now}):
        a, b = before.get(name), now.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from _values(part, a, b, f"{prefix}{name}.")
        elif a != b:
            yield Difference(part=part, what=f"{prefix}{name}", before=a, now=b)


def _listed(part: str, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """Passages that came, went, changed places or scores, or are of another version."""
    olds, news = ({tuple(one[key] for key in _PLACE): (rank, one) for rank, one in enumerate(some, 1)} for some in (before, now))
    for place in [*olds, *(place for place in news if place not in olds)]:
        what = f"{place[0]} {place[1]}:{place[2]}"
        old, new = olds.get(place), news.get(place)
        if old is None or new is None:
            yield Difference(part=part, what=what, before=old and {"rank": old[0]}, now=new and {"rank": new[0]})
            continue
        a, b = _looked_at(*old), _looked_at(*new)
        changed = [name for name in {**a, **b} if not _near(a.get(name), b.get(name))]
        if changed:
            yield Difference(part=part, what=what, before={n: a.get(n) for n in changed}, now={n: b.get(n) for n in changed})


def _looked_at(rank: int, one: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: one[name] for name in ("text", "document_version", "dropped") if name in one}
    score = one["score"] if "score" in one else one.get("scores", {}).get("final")
    return {"rank": rank, "score": score, **kept}


def _sentences(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    for number in range(max(len(before), len(now))):
        a, b = (_said(some[number]) if number < len(some) else None for some in (before, now))
        if a is None or b is None or any(not _near(a[name], b[name]) for name in a):
            yield Difference(part="sentences", what=f"sentence {number + 1}", before=a, now=b)


def _said(sentence: Mapping[str, Any]) -> dict[str, Any]:
    places = [{key: citation[key] for key in (*_PLACE, "document_version")} for citation in sentence["citations"]]
    return {"text": sentence["text"], "status": sentence["status"], "support": sentence["support"], "citations": places}


def _near(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= TOLERANCE
    return bool(a == b)
