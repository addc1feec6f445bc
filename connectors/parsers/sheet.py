"""What the style sheets in a page's own text do to the sight of elements: rules of one simple selector (``.x``, ``#x``, ``tag``).

There is no cascade: where another rule that names the same class, id or tag shows what the first one hides, it counts as shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from . import visibility

_SIMPLE = re.compile(r"[.#]?[a-z_][\w-]*")
#: What makes an element visible again, or gives it another colour.
_SHOWS = re.compile(r"(?:^|;)(?:display:(?!none)|visibility:visible|opacity:(?:1|0?\.[1-9])|color:|clip:auto|position:static|height:(?!0))")
_LONGEST = 1 << 20


class Sheet:
    """The declarations of one page's rules by selector; ``plain``: nothing may have painted a ground."""

    def __init__(self, page: str) -> None:
        text = page.lower()
        styles = "\n".join(_elements(_without(text, "noscript"), "style"))[:_LONGEST]
        self.plain = not re.search(r"rel\s*=\s*[\"']?stylesheet", text) and "background" not in styles and "@import" not in styles
        self._rules = dict(_hiding(styles)) if styles else {}

    def declarations(self, tag: str, attributes: Mapping[str, str | None]) -> str:
        """What the rules that hide things say of an element."""
        if not self._rules:
            return ""
        names = [tag, f"#{(attributes.get('id') or '').lower()}", *(f".{name}" for name in (attributes.get("class") or "").lower().split())]
        return ";".join(self._rules[name] for name in names if name in self._rules)


def _hiding(styles: str) -> Iterator[tuple[str, str]]:
    hiding: dict[str, str] = {}
    shown: set[str] = set()
    for selector, declarations, nested in _rules(styles):
        named = [one.strip() for one in selector.split(",")]
        hides = visibility.may_hide(declarations)
        if hides and not nested:
            hiding.update((name, declarations) for name in named if _SIMPLE.fullmatch(name) and name not in ("html", "body"))
        if not hides and _SHOWS.search(declarations):
            shown.update(_SIMPLE.findall(selector))
    return ((name, declarations) for name, declarations in hiding.items() if name not in shown)


def _rules(styles: str) -> Iterator[tuple[str, str, bool]]:
    """Selector, declarations without white space, and whether the rule stands in another, such as ``@media``."""
    depth = 0
    for piece in _uncommented(styles).split("}"):
        parts = piece.split("{")
        depth += len(parts) - 1
        if len(parts) > 1:
            yield parts[-2].rpartition(";")[2].strip(), "".join(parts[-1].split()), depth > 1
        depth = max(0, depth - 1)


def _uncommented(styles: str) -> str:
    first, *others = styles.split("/*")
    return first + "".join(other.partition("*/")[2] for other in others)


def _elements(text: str, tag: str) -> Iterator[str]:
    """What stands in each element of a kind; the text is in lower case."""
    at = text.find(f"<{tag}")
    while at >= 0:
        low = text.find(">", at) + 1
        high = text.find(f"</{tag}", low)
        if not low or high < 0:
            return
        if "print" not in text[at:low]:
            yield text[low:high]
        at = text.find(f"<{tag}", high)


def _without(text: str, tag: str) -> str:
    parts, at = [], 0
    while (low := text.find(f"<{tag}", at)) >= 0 and (high := text.find(f"</{tag}", low)) >= 0:
        parts.append(text[at:low])
        at = high
    return "".join([*parts, text[at:]])
