"""The HTML elements that are open around a piece of Markdown."""

from __future__ import annotations

from html.parser import HTMLParser

from . import visibility

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_DEEPEST = 100


class Around(HTMLParser):
    """Fed with every piece of HTML in the order of the text; :attr:`look` is that of what comes next."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.stack: list[tuple[str, visibility.Look]] = []

    @property
    def look(self) -> visibility.Look:
        """How text looks here, as far as the elements around it tell."""
        return self.stack[-1][1] if self.stack else visibility.PLAIN

    def see(self, html: str) -> None:
        """Reads a piece, with whole tags."""
        self.reset()
        self.feed(html)

    def begin_block(self) -> None:
        """A paragraph or heading of Markdown ends a paragraph of HTML."""
        while self.stack and self.stack[-1][0] == "p":
            self.stack.pop()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and len(self.stack) < _DEEPEST:
            self.stack.append((tag, visibility.inherit(self.look, dict(attrs))))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        depth = next((at for at in range(len(self.stack) - 1, -1, -1) if self.stack[at][0] == tag), None)
        if depth is not None:
            del self.stack[depth:]
