"""LaTeX (.tex), read by pylatexenc; nothing is run, and no other file is read."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ragkit.errors import ParseError
from ragkit.records import BlockKind, Parsed

from .builder import Builder
from .source import Source, decode

_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6}
#: Macros whose arguments do not show, or show elsewhere.
_SILENT = frozenset(
    "documentclass usepackage label includegraphics input include bibliography bibliographystyle vspace hspace newcommand renewcommand "
    "providecommand def newenvironment setlength setcounter pagestyle thispagestyle title author date maketitle tableofcontents index "
    "hline cline toprule midrule bottomrule centering noindent newpage clearpage phantom hphantom vphantom color definecolor".split()
)
_TABLES = frozenset("tabular tabular* tabularx longtable array".split())
_CODE = frozenset("verbatim verbatim* lstlisting minted Verbatim".split())
_MATH = frozenset("equation align gather multline eqnarray displaymath math equation* align* gather* multline* eqnarray*".split())
_QUOTES = frozenset(["quote", "quotation", "verse"])
_LISTS = frozenset(["itemize", "enumerate", "description"])
_BREAK = re.compile(r"\n[ \t]*\n\s*")


class LatexParser:
    """Sections, paragraphs, lists, tables; formulas as they are written; anchors give the bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("application/x-tex", "text/x-tex", "application/x-latex")
    suffixes: ClassVar[tuple[str, ...]] = (".tex", ".latex")
    sample: ClassVar[bytes] = b"\\section{A}\nb \\emph{c} $x^2$\n"

    def parse(self, data: bytes, *, uri: str = "") -> Parsed:
        """The readable text of ``data``.

        Raises:
            ParseError: nothing in it can be read, or it is nested too deeply.
        """
        from pylatexenc.latexwalker import LatexWalkerError

        source = decode(data, tags=True)
        reader = _Reader(source)
        try:
            reader.document()
        except RecursionError as error:
            raise ParseError("the LaTeX is nested too deeply") from error
        except (LatexWalkerError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ParseError(f"the LaTeX is broken: {type(error).__name__}") from error
        out = reader.out
        if reader.hidden:
            out.warnings.append(f"{reader.hidden} hidden characters left out")
        return Parsed(
            text=out.text(),
            blocks=tuple(out.blocks),
            anchors=tuple(out.anchors),
            title=reader.metadata.pop("title", None),
            metadata={**reader.metadata, **source.metadata},
            warnings=source.warnings + tuple(out.warnings),
        )


class _Reader:
    def __init__(self, source: Source) -> None:
        from pylatexenc.latex2text import LatexNodes2Text

        self.out = Builder(source)
        self.text = source.text
        self.plain = LatexNodes2Text(strict_latex_spaces=False)
        self.metadata: dict[str, str] = {}
        self.lists = self.quotes = self.tables = self.hidden = 0
        self.off = False
        self.caption = False
        #: In a table: a cell has just begun; the last character was a space.
        self.fresh = self.spaced = False

    def document(self) -> None:
        """The title, then what stands in the document environment; all of it where there is none."""
        from pylatexenc.latexwalker import LatexWalker

        nodes, _, _ = LatexWalker(self.text, tolerant_parsing=True).get_latex_nodes()
        body = next((node for node in nodes if getattr(node, "environmentname", "") == "document"), None)
        self._front([*nodes, *(body.nodelist if body else ())])
        self._nodes(body.nodelist if body else nodes)
        self._flush()

    def _front(self, nodes: list[Any]) -> None:
        for node, after in zip(nodes, [*nodes[1:], None], strict=True):
            name = getattr(node, "macroname", "")
            if name not in ("title", "author", "date"):
                continue
            groups = [arg for arg in (node.nodeargd.argnlist if node.nodeargd else ()) if arg is not None] or [after]
            inner = getattr(groups[-1], "nodelist", None)
            if inner and name not in self.metadata:
                self.metadata[name] = " ".join(self.plain.nodelist_to_text(inner).split())
                self._nodes(inner)
                self.out.flush("heading" if name == "title" else "paragraph", 1 if name == "title" else 0)

    def _nodes(self, nodes: Any) -> None:
        skip = False
        for node in nodes or ():
            if skip and getattr(node, "delimiters", None):
                skip = False
                continue
            skip = False
            if node is not None:
                name = str(getattr(node, "macroname", ""))
                skip = name in ("title", "author", "date", "bibliography") and not any((node.nodeargd and node.nodeargd.argnlist) or ())
                self._node(node)

    def _node(self, node: Any) -> None:
        kind = type(node).__name__
        if self.off and getattr(node, "macroname", "") not in ("fi", "else"):
            self.hidden += len("".join(self.text[node.pos : node.pos + node.len].split()))
        elif kind == "LatexCharsNode":
            self._chars(node.pos, node.pos + node.len)
        elif kind == "LatexGroupNode":
            self._group(node)
        elif kind == "LatexMathNode":
            self._formula(node, display=node.displaytype == "display")
        elif kind == "LatexSpecialsNode" and node.specials_chars == "&" and self.tables:
            self.out.add("| " if self.spaced else " | ")
            self.fresh = True
        elif kind == "LatexSpecialsNode" and not node.specials_chars.strip():
            self._flush()
        elif kind == "LatexSpecialsNode":
            self._stand_in(node)
        elif kind == "LatexEnvironmentNode":
            self._environment(node)
        elif kind == "LatexMacroNode":
            self._macro(node)

    def _flush(self, kind: BlockKind | None = None, level: int = 0) -> None:
        if self.tables:
            return
        if kind is None and self.lists:
            kind, level = "list_item", self.lists
        tight = kind == "list_item" and bool(self.out.blocks) and self.out.blocks[-1].kind == "list_item"
        self.out.flush(kind or ("quote" if self.quotes else "paragraph"), level, tight=tight)

    def _chars(self, low: int, high: int) -> None:
        """Text as it stands; a blank line ends the paragraph, a line's end is a space."""
        at = low
        if self.tables and self.fresh:
            at += len(self.text[low:high]) - len(self.text[low:high].lstrip())
            self.fresh = at == high
        self.spaced = at < high and self.text[high - 1].isspace()
        for found in [*_BREAK.finditer(self.text, low, high), None]:
            end = found.start() if found else high
            self.out.add(self.text[at:end].replace("\n", " "), at, end)
            if found:
                self._flush()
                at = found.end()

    def _group(self, node: Any) -> None:
        caption, self.caption = self.caption, False
        if caption:
            self._flush()
        self._nodes(node.nodelist)
        if caption:
            self._flush("caption")

    def _formula(self, node: Any, *, display: bool) -> None:
        if display:
            self._flush()
        self.out.add(self.text[node.pos : node.pos + node.len], node.pos, node.pos + node.len)
        if display:
            self._flush()

    def _stand_in(self, node: Any) -> None:
        """What a sign or an accent shows as, for all that spells it."""
        end = node.pos + node.len
        try:
            shown = self.plain.nodelist_to_text([node])
        except LookupError:  # the library's own stand-in does not fit what is given: it is shown as it is written
            shown = self.text[node.pos : end]
        self.out.add(shown, *((node.pos, end) if len(shown) != node.len or shown == self.text[node.pos : end] else (-1, -1)))

    def _environment(self, node: Any) -> None:
        name = node.environmentname
        if name == "comment":
            self.hidden += len("".join(self.text[node.pos : node.pos + node.len].split()))
            return
        if name in _MATH:
            self._formula(node, display=True)
            return
        self._flush()
        if name in _CODE:
            whole = self.text[node.pos : node.pos + node.len]
            begin, end = re.match(r"\\begin\{[^{}]*\}(?:\[[^\]]*\])?\n?", whole), whole.rfind("\\end{")
            low, high = node.pos + (begin.end() if begin else 0), node.pos + (end if end > 0 else len(whole))
            self.out.add(self.text[low:high], low, high)
            self._flush("code")
            return
        field = "lists" if name in _LISTS else "quotes" if name in _QUOTES else "tables" if name in _TABLES else None
        if field:
            setattr(self, field, getattr(self, field) + 1)
        self._nodes(node.nodelist)
        if field == "tables":
            self.tables -= 1
            self._flush("table")
            return
        self._flush()
        if field:
            setattr(self, field, getattr(self, field) - 1)

    def _macro(self, node: Any) -> None:
        name = node.macroname
        groups = [arg for arg in (node.nodeargd.argnlist if node.nodeargd else None) or () if arg is not None]
        if name in ("iffalse", "fi", "else"):
            self.off = name == "iffalse"
        elif name in _LEVELS:
            self._flush()
            self._nodes(getattr(groups[-1], "nodelist", None) if groups else ())
            self._flush("heading", _LEVELS[name])
        elif name == "item":
            self._flush()
            self._nodes(groups)
        elif name in ("\\", "newline", "tabularnewline", "par"):
            self.out.add("\n")
            self.fresh = True
        elif name == "caption":
            self._flush()
            self.caption = not groups
            self._nodes(groups)
        elif name not in _SILENT:
            if groups and name.isalpha() and len(name) > 1:
                self._nodes(groups[-1:])
            else:
                self._stand_in(node)
