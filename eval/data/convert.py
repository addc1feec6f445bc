"""From a known set or a format to a folder of ragkit's own files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ragkit.records import Jsonable, record

from ..claims import Claim
from ..questions import Question
from . import CONVERTERS, DATASETS
from .base import BadData, Converter, Item, Recorded, Text
from .known import Dataset
from .sources import fetched, opened

#: What is made -> its file.
FILES: dict[type[Item], str] = {
    Question: "questions.jsonl",
    Text: "documents.jsonl",
    Claim: "claims.jsonl",
    Recorded: "responses.jsonl",
}
ABOUT = "dataset.json"


@record
class Converted(Jsonable):
    """What was made: the files by kind with how many lines each has, and what they were made of, by sha256."""

    name: str
    converter: str
    files: Mapping[str, int]
    sources: Mapping[str, str]
    licence: str = ""
    origin: str = ""
    citation: str = ""


def find(name: str) -> tuple[Converter, Dataset | None]:
    """The converter of a known set, or of a format by its own name.

    Raises:
        BadData: neither is known by this name.
    """
    for one in DATASETS:
        if one.name == name:
            return CONVERTERS[one.converter], one
    if name in CONVERTERS:
        return CONVERTERS[name], None
    sets, formats = ", ".join(one.name for one in DATASETS), ", ".join(CONVERTERS)
    raise BadData(f"no set or format {name!r}; sets: {sets}; formats: {formats}")


def places(name: str, sources: Sequence[str], *, allow_hosts: Sequence[str] = ()) -> list[Path]:
    """The files and folders that ``sources`` name; URLs are fetched. Without any, those of the known set ``name``.

    Raises:
        BadData: nothing is named, and the set is not one that can be fetched.
    """
    known = find(name)[1]
    if not sources and known is not None and all(file.sha256 for file in known.files):
        sources = [f"{file.url}#sha256={file.sha256}" for file in known.files]
    if not sources:
        where = f"{', '.join(f.name for f in known.files)} from {known.origin} ({known.licence})" if known else CONVERTERS[name].READS
        raise BadData(f"{name} is not fetched by itself: get {where}, then: ragkit eval data {name} --from FILE_OR_FOLDER --to FOLDER")
    return [fetched(one, allow_hosts=allow_hosts) if "://" in one else Path(one).expanduser() for one in sources]


def convert(name: str, sources: Sequence[Path], to: Path, options: Mapping[str, str] | None = None) -> Converted:
    """Writes what ``sources`` hold to files in the folder ``to``, and ``dataset.json``, which says what they were made of.

    Raises:
        BadData: an option or a file is wrong; then none of the files is left or changed.
        OSError: a file cannot be read or written.
    """
    converter, known = find(name)
    given = dict(options or {})
    unknown = [key for key in given if key not in converter.OPTIONS]
    if unknown:
        there = "; ".join(f"{key}: {what}" for key, what in converter.OPTIONS.items()) or "none"
        raise BadData(f"{converter.NAME} takes no option {unknown[0]!r}; there are {there}")
    to.mkdir(parents=True, exist_ok=True)
    with opened(sources) as files:
        counts = _write(converter.items(files, given), to, ", ".join(map(str, sources)))
        hashes = {path.name: _sha256(path) for path in files}
    more = {"licence": known.licence, "origin": known.origin, "citation": known.citation} if known else {}
    made = Converted(name=name, converter=converter.NAME, files=counts, sources=hashes, **more)
    (to / ABOUT).write_text(json.dumps(made.to_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return made


def _write(items: Iterable[Item], to: Path, source: str) -> dict[str, int]:
    """Each item on a line of its kind's file; they are put in place when all is well. Ids must not repeat within a kind."""
    parts: dict[type[Item], IO[str]] = {}
    known: dict[type[Item], set[str]] = {}
    try:
        with contextlib.ExitStack() as stack:
            for item in items:
                kind = type(item)
                if kind not in parts:
                    parts[kind] = stack.enter_context((to / f".{FILES[kind]}.part").open("w", encoding="utf-8"))
                if item.id in known.setdefault(kind, set()):
                    raise BadData(f"{source}: the id {item.id!r} stands twice among the {FILES[kind].removesuffix('.jsonl')}")
                known[kind].add(item.id)
                parts[kind].write(_line(item.to_line()))
        if not parts:
            raise BadData(f"{source}: nothing is in there")
        for kind, part in parts.items():
            os.replace(part.name, to / FILES[kind])
    finally:
        for part in parts.values():
            Path(part.name).unlink(missing_ok=True)
    return {FILES[kind]: len(known[kind]) for kind in FILES if kind in known}


def _line(tree: Mapping[str, Any]) -> str:
    return json.dumps(tree, ensure_ascii=False, allow_nan=False) + "\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
