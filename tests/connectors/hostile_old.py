"""Hostile and damaged Excel workbooks of the old kind."""

from __future__ import annotations

from collections.abc import Iterator

import samples_old
import samples_xls
from hostile_kinds import Hostile


def workbooks() -> Iterator[Hostile]:
    """Truncated, encrypted, named wrongly; with records that lie, point elsewhere, or are very many."""
    data = samples_xls.xls()
    sheets, strings = samples_xls.records(data, 0x0085), samples_xls.records(data, 0x00FC)[0]
    begin, end = samples_xls.stream(data)
    yield Hostile("half.xls", data[: len(data) // 2], reason="old Office file")
    yield Hostile("head.xls", data[:100], reason="")
    yield Hostile("encrypted.xls", samples_xls.patched(data, samples_xls.records(data, 0x0042)[0], b"\x2f\0"), reason="password")
    yield Hostile("old-workbook.docx", data, text="crane", never="hidden")
    yield Hostile("hidden.xls", data, text="crane", never="secret")
    yield Hostile("lost-sheet.xls", samples_xls.patched(data, sheets[0] + 4, b"\xff\xff\xff\x7f"), reason="broken")
    yield Hostile("own-sheet.xls", samples_xls.patched(data, sheets[0] + 4, bytes(4)))
    yield Hostile("one-sheet-twice.xls", samples_xls.patched(data, sheets[1] + 4, data[sheets[0] + 4 : sheets[0] + 8]), text="crane")
    yield Hostile("lying-strings.xls", samples_xls.patched(data, strings + 8, b"\xff\xff\xff\x7f"))
    yield Hostile("long-string.xls", samples_xls.patched(data, strings + 12, b"\xff\xff"), reason="broken")
    yield Hostile("no-records.xls", samples_old.compound({"Workbook": b"\xff" * 9000}), reason="broken")
    yield Hostile("empty-records.xls", samples_old.compound({"Workbook": data[begin : begin + 20] + bytes(4_000_000)}), reason="")
    sheet = data[sheets[0] : sheets[0] + 4 + data[sheets[0] + 2]]
    many = data[begin : sheets[0]] + sheet * 50_000 + data[sheets[0] : end]
    yield Hostile("many-sheets.xls", samples_old.compound({"Workbook": many}))
