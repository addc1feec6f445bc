"""Word's formulas (Office MathML) as LaTeX, without which x² and x2, or a fraction and a product, would read the same.

Source: ECMA-376, part 1, section 22.1 (the elements). Letters and signs stay as they are: π is π.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FORMULA = f"{_M}oMath"
_DEPTH = 40
_OPERATORS = {"∑": "\\sum", "∏": "\\prod", "∫": "\\int", "∬": "\\iint", "∭": "\\iiint", "∮": "\\oint", "⋃": "\\bigcup", "⋂": "\\bigcap"}
_ACCENTS = {"\u0302": "\\hat", "\u0303": "\\tilde", "\u0304": "\\bar", "\u0305": "\\overline", "\u20d7": "\\vec", "\u0307": "\\dot"}
_PROPERTIES = frozenset(
    f"{_M}{name}Pr"
    for name in (
        "acc", "bar", "borderBox", "box", "ctrl", "d", "eqArr", "f", "func", "groupChr", "limLow", "limUpp", "m", "nary", "phant", "r",
        "rad", "sPre", "sSub", "sSubSup", "sSup", "oMathPara", "arg",
    )
)  # fmt: skip


def latex(element: Any, text: Callable[[Any], str], depth: int = 0) -> str:
    """A formula, or what stands in one; ``text`` gives the text of a run that shows, and nothing of one that does not.

    What is nested more than forty deep is left out.
    """
    if depth > _DEPTH:
        return ""

    def inside(name: str) -> str:
        return "".join(latex(part, text, depth + 1) for part in element.iterchildren(f"{_M}{name}"))

    name = element.tag.removeprefix(_M) if isinstance(element.tag, str) else ""
    if element.tag in _PROPERTIES or element.tag in (f"{_W}del", f"{_W}moveFrom") or not name:
        return ""
    if name == "r" or element.tag == f"{_W}r":
        return text(element)
    if name in _SHAPES:
        return _SHAPES[name](inside, lambda *path: _value(element, *path))
    if name == "d":
        parts = [latex(part, text, depth + 1) for part in element.iterchildren(f"{_M}e")]
        begin, between, end = (_value(element, "dPr", part) for part in ("begChr", "sepChr", "endChr"))
        return f"{'(' if begin is None else begin}{(between or '|').join(parts)}{')' if end is None else end}"
    if name in ("m", "eqArr"):
        rows = element.iterchildren(f"{_M}mr") if name == "m" else element.iterchildren(f"{_M}e")
        cells = ([latex(cell, text, depth + 1) for cell in (row.iterchildren(f"{_M}e") if name == "m" else [row])] for row in rows)
        return " \\\\ ".join(" & ".join(row) for row in cells)
    return "".join(latex(part, text, depth + 1) for part in element)


def _value(element: Any, *path: str) -> str | None:
    """The value of a property; ``None`` where it is not told."""
    found = element.find("/".join(f"{_M}{name}" for name in path))
    return None if found is None else str(found.get(f"{_M}val", ""))


def _group(said: str) -> str:
    """In braces, where it would be read as two."""
    closed = said.startswith("(") and said.endswith(")") and said.count("(") == 1
    return said if len(said) < 2 or said.isalnum() or closed else f"{{{said}}}"


def _low(said: str) -> str:
    return f"_{{{said}}}" if said else ""


def _high(said: str) -> str:
    return f"^{{{said}}}" if said else ""


_Inside = Callable[[str], str]
_Told = Callable[..., str | None]


def _big(inside: _Inside, told: _Told) -> str:
    sign = told("naryPr", "chr")
    return _OPERATORS.get(sign or "∫", sign or "") + _low(inside("sub")) + _high(inside("sup")) + f" {inside('e')}"


def _root(inside: _Inside, told: _Told) -> str:
    degree = inside("deg")
    return f"\\sqrt{f'[{degree}]' if degree else ''}{{{inside('e')}}}"


def _fraction(inside: _Inside, told: _Told) -> str:
    name = {"noBar": "\\binom", "lin": "", "skw": ""}.get(told("fPr", "type") or "", "\\frac")
    return f"{name}{{{inside('num')}}}{{{inside('den')}}}" if name else f"{_group(inside('num'))}/{_group(inside('den'))}"


#: What is printed for an element, from its parts and its properties.
_SHAPES: dict[str, Callable[[_Inside, _Told], str]] = {
    "f": _fraction,
    "sSup": lambda inside, told: _group(inside("e")) + _high(inside("sup")),
    "sSub": lambda inside, told: _group(inside("e")) + _low(inside("sub")),
    "sSubSup": lambda inside, told: _group(inside("e")) + _low(inside("sub")) + _high(inside("sup")),
    "sPre": lambda inside, told: "{}" + _low(inside("sub")) + _high(inside("sup")) + inside("e"),
    "rad": _root,
    "nary": _big,
    "func": lambda inside, told: f"{inside('fName')} {inside('e')}",
    "limLow": lambda inside, told: inside("e") + _low(inside("lim")),
    "limUpp": lambda inside, told: inside("e") + _high(inside("lim")),
    "acc": lambda inside, told: _ACCENTS.get(told("accPr", "chr") or "\u0302", "") + f"{{{inside('e')}}}",
    "bar": lambda inside, told: ("\\overline" if told("barPr", "pos") == "top" else "\\underline") + f"{{{inside('e')}}}",
}
