"""Small Word, PowerPoint and Outlook files of the old kinds, written byte by byte when they are needed."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_SECTOR = 512
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def u16(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)


# --- compound files ---


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file of version 3; a stream's name is its path, storages before slashes. No stream is shorter than 4096 bytes, so
    that there are no small ones."""
    paths = [(), *sorted({tuple(name.split("/")[:depth]) for name in streams for depth in range(1, name.count("/") + 2)})]
    fat: list[int] = []
    body, entries = b"", []
    for index, path in enumerate(paths):
        data = streams.get("/".join(path)) if path else None
        start, size = _END, 0
        if data is not None:
            data = data.ljust(4096, b"\0")
            start, size = len(fat), len(data)
            body += _padded(data, _SECTOR)
            fat += _chain(len(fat), len(body) // _SECTOR)
        kids = [number for number, other in enumerate(paths) if other and other[:-1] == path]
        siblings = [number for number, other in enumerate(paths) if path and other and other[:-1] == path[:-1] and number > index]
        name = (path[-1] if path else "Root Entry").encode("utf-16-le") + b"\0\0"
        kind = 5 if not path else 1 if data is None else 2
        tree = u32(_NONE, siblings[0] if siblings else _NONE, kids[0] if kids else _NONE)
        entries.append(name.ljust(64, b"\0") + u16(len(name)) + bytes([kind, 1]) + tree + bytes(36) + u32(start, size, 0))
    directory = len(fat)
    body += _padded(b"".join(entries), _SECTOR)
    fat += _chain(directory, len(body) // _SECTOR)
    first = len(fat)
    tables = -(-len(fat) // 127)
    fat += [_FAT] * tables
    body += u32(*fat, *[_FREE] * (tables * 128 - len(fat)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + u16(0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += u32(0, tables, directory, 0, 4096, _END, 0, _END, 0, *range(first, first + tables))
    return head.ljust(_SECTOR, b"\xff") + body


def _chain(start: int, end: int) -> list[int]:
    return [*range(start + 1, end), _END]


# --- Word ---

HIDDEN, DELETED, WHITE = u16(0x083C) + b"\1", u16(0x0800) + b"\1", u16(0x2A42) + b"\x08"
TINY, PALE, BOLD = u16(0x4A43, 2), u16(0x6870) + b"\xff\xff\xff\0", u16(0x0835) + b"\1"
CELL, ROW, LISTED = u16(0x2416) + b"\1", u16(0x2416) + b"\1" + u16(0x2417) + b"\1", u16(0x460B, 1)


class Par(NamedTuple):
    """A paragraph or cell: texts with their properties, what ends it, its style and its own properties."""

    runs: Sequence[tuple[str, bytes]]
    mark: str = "\r"
    style: int = 0
    properties: bytes = b""


def par(text: str, style: int = 0, properties: bytes = b"") -> Par:
    return Par([(text, b"")], "\r", style, properties)


def row(*cells: str) -> list[Par]:
    return [*(Par([(cell, b"")], "\x07", 0, CELL) for cell in cells), Par([], "\x07", 0, ROW)]


def word(pars: Sequence[Par], wide_from: int | None = None, *, flags: int = 0x0200, more: Mapping[str, bytes] | None = None) -> bytes:
    """A document whose paragraphs from ``wide_from`` on are a second piece, in UTF-16. Style 1 is a heading, style 2 based on it."""
    split = len(pars) if wide_from is None else wide_from
    main, counts, starts = b"", [0, 0], [0x800, 0]
    characters: list[tuple[int, int, bytes]] = []
    paragraphs: list[tuple[int, int, bytes]] = []
    parts: list[bytes] = []
    at = 0x800
    for number, one in enumerate(pars):
        wide = number >= split
        if number == split:
            parts.append(bytes(at % 2))
            at += at % 2
            starts[1] = at
        begin = at
        for text, properties in [*one.runs, (one.mark, b"")]:
            raw = text.encode("utf-16-le") if wide else text.encode("cp1252")
            characters += [(at, at + len(raw), properties)] if raw else []
            parts.append(raw)
            at += len(raw)
            counts[wide] += len(raw) // (1 + wide)
        paragraphs.append((begin, at, u16(one.style) + one.properties))
    main = _padded(bytes(0x800) + b"".join(parts), _SECTOR)
    total = sum(counts)
    bounds = [0, counts[0], total] if counts[0] and counts[1] else [0, total]
    pieces = [(2 * starts[0] | 0x40000000, counts[0]), (starts[1], counts[1])]
    plc = u32(*bounds) + b"".join(u16(0) + u32(place) + u16(0) for place, count in pieces if count)
    main, character_table = _pages(main, characters, 20, 1)
    main, paragraph_table = _pages(main, paragraphs, 10, 13)
    styles = u16(4, 3, 0) + b"".join(u16(4, sti, base << 4 | 1) for sti, base in [(0, 0xFFF), (1, 0), (0xFFE, 1)])
    table, fib = b"", bytearray(main[:0x800])
    structures = {0x1A2: b"\1" + u16(2) + b"xx\2" + u32(len(plc)) + plc, 0xFA: character_table, 0x102: paragraph_table, 0xA2: styles}
    for place, data in structures.items():
        fib[place : place + 8] = u32(len(table), len(data))
        table += data
    fib[:12], fib[0x4C:0x50] = u16(0xA5EC, 0xC1, 0, 0, 0, flags), u32(total)
    return compound({"WordDocument": bytes(fib) + main[0x800:], "1Table": table, **(more or {})})


def _pages(main: bytes, runs: Sequence[tuple[int, int, bytes]], most: int, width: int) -> tuple[bytes, bytes]:
    """The stream with pages of properties behind it, and the table that finds them."""
    first, numbers, out = [], [], [main]
    for start in range(0, len(runs), most):
        some = runs[start : start + most]
        heads, tail, top = b"", b"", 511
        for _, _, properties in some:
            grown = _padded(properties, 2)
            entry = (bytes([0, len(grown) // 2]) + grown) if width == 13 else bytes([len(properties)]) + properties
            top -= len(entry)
            pad = top % 2
            top -= pad
            tail = entry + bytes(pad) + tail
            heads += bytes([top // 2 if properties else 0]) + bytes(width - 1)
        page = u32(some[0][0], *(end for _, end, _ in some)) + heads
        out.append(page.ljust(511 - len(tail), b"\0") + tail + bytes([len(some)]))
        first.append(some[0][0])
        numbers.append(len(main) // _SECTOR + len(numbers))
    return b"".join(out), u32(*first, runs[-1][1], *numbers)


def doc() -> bytes:
    """Two pieces, a heading and one based on it, a field, a list, a table, and text that nobody sees."""
    return word(
        [
            par("The harbour", 1),
            Par([("Opens at ", BOLD), ("eight", b""), ("hidden", HIDDEN), ("gone", DELETED), ("white", WHITE), ("specks", TINY)]),
            Par([("See \x13 HYPERLINK x \x14the plan\x15 – today.", b"")]),
            Par([("", b""), ("pale", PALE)]),
            par("hemp", 0, LISTED),
            par("rope", 0, LISTED),
            par("Tïdes of łódź 🚢", 2),
            *row("Berth", "Depth"),
            *row("North", "nine\x0bmetres"),
            par("After the table."),
        ],
        6,
    )


# --- PowerPoint ---


def record(kind: int, body: bytes | Sequence[bytes], instance: int = 0, version: int = 0) -> bytes:
    """A record; of a sequence a container of records."""
    if not isinstance(body, bytes):
        body, version = b"".join(body), 0xF
    return u16(instance << 4 | version, kind) + u32(len(body)) + body


def text(words: str, kind: int = 4) -> bytes:
    """A text's header and its characters."""
    narrow = words.isascii()
    return record(3999, u32(kind)) + record(4008 if narrow else 4000, words.encode("ascii" if narrow else "utf-16-le"))


def box(content: bytes, place: tuple[int, int] | None = None) -> bytes:
    """A shape with a text; ``place``: its left and top in a group."""
    anchor = record(0xF00F, u32(*place, place[0] + 9, place[1] + 9)) if place else b""
    return record(0xF004, [record(0xF00A, u32(1, 0), 1, 2), anchor, record(0xF00D, [content])])


def group(*shapes: bytes, table: bool = True) -> bytes:
    """Shapes that belong together, as the cells of a table do."""
    options = record(0xF122, u16(0x39F) + u32(int(table)), 1, 3)
    own = record(0xF004, [record(0xF009, u32(0, 0, 99, 99), 0, 1), record(0xF00A, u32(2, 1), 0, 2), options])
    return record(0xF003, [own, *shapes])


def slide(*shapes: bytes, hidden: bool = False) -> bytes:
    info = record(1017, bytes(10) + u16(4 * hidden) + bytes(4))
    return record(1006, [info, record(1036, [record(0xF002, [record(0xF003, list(shapes))])])])


def slides(made: Sequence[tuple[bytes, bytes]], *, old: bytes = b"", encrypted: bool = False) -> bytes:
    """A presentation of slides, each with the texts of its outline; ``old`` is what the first was in an earlier edit."""
    listed = b"".join(record(1011, u32(number, 0, 0, 256 + number, 0)) + outline for number, (_, outline) in enumerate(made, 2))
    stream, places = record(1000, []), {}
    for number, part in enumerate([record(1000, [record(4080, [listed])]), old, *(part for part, _ in made[1:])], 1):
        places[number] = len(stream)
        stream += part
    directory = len(stream)
    stream += record(6002, u32(len(places) << 20 | 1, *places.values()))
    before = len(stream)
    stream += record(4085, u32(0, 0, 0, directory, 1, 0, 0))
    newer = len(stream)
    stream += made[0][0]
    directory = len(stream)
    stream += record(6002, u32(1 << 20 | 2, newer))
    last = len(stream)
    stream += record(4085, u32(0, 0, before, directory, 1, 0, 0))
    user = record(4086, u32(20, 0xF3D1C4DF if encrypted else 0xE391C05F, last) + bytes(12))
    return compound({"PowerPoint Document": stream, "Current User": user})


def ppt() -> bytes:
    """A slide that was changed, a hidden one, texts in the outline and in boxes, a table."""
    first = slide(box(record(3998, u32(0))), box(record(3998, u32(1))), box(text("In a b\u00f6x", 4)))
    cells = [box(text(word), place) for word, place in [("nine", (50, 20)), ("Berth", (10, 10)), ("Depth", (50, 10)), ("North", (10, 20))]]
    return slides(
        [
            (first, text("The harbour", 0) + text("Ropes\rof h\u00e9mp", 1)),
            (slide(box(text("Unseen", 0)), hidden=True), b""),
            (slide(box(text("Berths", 6)), group(*cells)), b""),
        ],
        old=slide(box(text("Stale words", 0))),
    )


# --- Outlook ---


def msg(values: Mapping[str, str | bytes], attached: Mapping[str, bytes] | None = None) -> bytes:
    """A message of properties by their tags (with the kind: 001F wide, 001E narrow, 0102 bytes), and attached files."""
    encoded = {
        tag: value.encode("utf-16-le" if tag.endswith("F") else "cp1252") if isinstance(value, str) else value
        for tag, value in values.items()
    }
    streams = {f"__substg1.0_{tag}": value for tag, value in encoded.items()} | {"__properties_version1.0": bytes(32)}
    for number, (name, data) in enumerate((attached or {}).items()):
        folder = f"__attach_version1.0_#{number:08X}"
        streams |= {f"{folder}/__substg1.0_3707001F": name.encode("utf-16-le"), f"{folder}/__substg1.0_37010102": data}
    return compound(streams)


def mail() -> bytes:
    """A message in UTF-16, with a Word document attached."""
    head = "Date: Mon, 01 Jan 2024 09:00:00 +0000\r\nX-More: 1\r\n\r\n"
    body = "The harbour opens at eight.\r\n\r\nBring röpes."
    values: dict[str, str | bytes] = {"0037001F": "Öffnung", "0C1A001F": "Ada", "5D01001F": "ada@x.example", "0E04001F": "Ben"}
    return msg({**values, "1000001F": body, "007D001F": head}, {"plan.doc": doc()})


def old_mail() -> bytes:
    """A message with 8-bit properties and no text but HTML."""
    page = b"<html><p>Seen</p><p style='display:none'>Unseen</p></html>".ljust(4096)
    return msg({"0037001E": "Röpes", "0C1A001E": "Ada", "10130102": page})
