"""What stands at a named place of an old binary Office file, by a few lines that read its streams in the order of the file."""

from __future__ import annotations

import email.header
import io
import re
import struct
from collections.abc import Callable

Resolve = Callable[[str], list[str]]


def msg(data: bytes) -> Resolve:
    """The streams of an Outlook message; a header's name and addresses may stand in several."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        streams = {path[-1]: ole.openstream(path).read() for path in ole.listdir() if len(path) == 1}
    text = {name: raw.decode("utf-16-le" if name.endswith("001F") else "cp1252", "replace") for name, raw in streams.items()}
    head = next((value for name, value in text.items() if name.startswith("__substg1.0_007D")), "")
    unfolded = str(email.header.make_header(email.header.decode_header(re.sub(r"\r?\n[ \t]", " ", head))))

    def resolve(place: str) -> list[str]:
        if place == "part 1":
            return [value for name, value in text.items() if name[12:16] in ("1000", "1013")]
        names = {"Subject": ("0037",), "From": ("0C1A", "5D01", "0C1F"), "To": ("0E04",), "Cc": ("0E03",), "Date": ()}
        wanted = names[place.removeprefix("header ")]
        own = [value.strip("\0") for tag in wanted for name, value in text.items() if name[12:16] == tag]
        label = place.removeprefix("header ") + ": "
        return [unfolded, label + "".join(own[:1]), f"{label}{own[0]} <{own[-1]}>" if own else ""]

    return resolve


# --- old Office files ---


def doc(data: bytes) -> Resolve:
    """Paragraphs in the order of the pieces: what is in a table ends with the mark of a cell."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        main = ole.openstream("WordDocument").read()
        which = "1Table" if struct.unpack_from("<H", main, 10)[0] & 0x200 else "0Table"
        side = ole.openstream(which).read()
    at, size = struct.unpack_from("<II", main, 0x1A2)
    clx = side[at : at + size]
    while clx[:1] == b"\x01":
        clx = clx[3 + struct.unpack_from("<H", clx, 1)[0] :]
    count = (len(clx) - 5 - 4) // 12
    bounds = struct.unpack_from(f"<{count + 1}I", clx, 5)
    text = ""
    for number in range(count):
        start = struct.unpack_from("<I", clx, 5 + 4 * (count + 1) + 8 * number + 2)[0]
        length = bounds[number + 1] - bounds[number]
        narrow, start = start & 0x40000000, start & 0x3FFFFFFF
        text += main[start // 2 :][:length].decode("cp1252", "replace") if narrow else main[start:][: 2 * length].decode("utf-16-le")
    text = re.sub(r"\x13[^\x13\x14\x15]*\x14|\x13[^\x14\x15]*\x15|\x15", "", text[: struct.unpack_from("<I", main, 0x4C)[0]])
    text = text.replace("\x1e", "-").replace("\x1f", "")
    paragraphs, rows = [], []
    for part in re.split(r"(?<=\r)|(?<=\x07)", text):
        if part.endswith("\x07"):
            rows.append(part)
        elif part.strip("\r\n\x0b\x0c \x01\x08"):
            paragraphs.append(part)

    def resolve(place: str) -> list[str]:
        if found := re.fullmatch(r"paragraph (\d+)", place):
            return [paragraphs[int(found[1]) - 1]]
        return ["".join(rows).replace("\x07", "")]  # the file does not number tables

    return resolve


def ppt(data: bytes) -> Resolve:
    """The texts of each slide: those of its container, the slides' containers taken in the order of the file, and of the outline."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        stream = ole.openstream("PowerPoint Document").read()
    slides: list[str] = []
    outline: list[str] = []

    def walk(at: int, end: int, into: list[str] | None, listed: bool) -> None:
        while at + 8 <= end:
            version, kind, length = struct.unpack_from("<HHI", stream, at)
            raw = stream[at + 8 : at + 8 + length]
            if kind == 1006:
                slides.append("")
                walk(at + 8, at + 8 + length, slides, False)
            elif kind == 4080:
                walk(at + 8, at + 8 + length, None, version >> 4 == 0)
            elif kind == 1011 and listed:
                outline.append("")
            elif kind in (4000, 4008):
                text = raw.decode("utf-16-le" if kind == 4000 else "latin-1")
                if listed and outline:
                    outline[-1] += text
                elif into:
                    into[-1] += text
            elif version & 0xF == 0xF:
                walk(at + 8, at + 8 + length, into, listed)
            at += 8 + length

    walk(0, len(stream), None, False)

    def resolve(place: str) -> list[str]:
        number = int(re.match(r"slide (\d+)", place)[1]) - 1  # type: ignore[index]
        return [outline[number] + slides[number], slides[number]]

    return resolve
