"""From words on a page to paragraphs: pure geometry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ragkit.records import Box

_BROKEN = re.compile("[^\\W\\d_A-Z]{2}[-\u00ad\u2010]\\Z")


@dataclass(slots=True)
class Word:
    """Some letters and the box around them, in points from the page's top left. ``soft`` is a hyphen of a broken word after it."""

    text: str
    box: Box
    soft: bool = False


@dataclass(slots=True)
class Line:
    """Words that stand side by side. ``size`` is the height of most of its type, in points."""

    words: list[Word]
    size: float

    @property
    def left(self) -> float:
        return min(word.box.x0 for word in self.words)

    @property
    def right(self) -> float:
        return max(word.box.x1 for word in self.words)

    @property
    def top(self) -> float:
        return min(word.box.y0 for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.box.y1 for word in self.words)


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together."""

    lines: list[Line] = field(default_factory=list)

    @property
    def size(self) -> float:
        return self.lines[0].size

    def words(self) -> Iterator[tuple[str, Box | None]]:
        """The paragraph's text in pieces: words with their boxes, what stands between them without. A word broken by
        the end of a line is joined where the file marks its hyphen as soft or both halves are lower case."""
        before: Word | None = None
        for line, following in zip(self.lines, [*self.lines[1:], None], strict=True):
            for word in line.words:
                text = word.text
                if before is not None and not before.soft:
                    yield " ", None
                broken = following is not None and word is line.words[-1] and _broken(word, following.words[0])
                yield (text.rstrip("-\u00ad\u2010") or text) if broken else text, word.box
                before = Word(text, word.box, soft=broken)


def _broken(word: Word, after: Word) -> bool:
    if word.soft:
        return True
    return _BROKEN.search(word.text) is not None and after.text[:1].islower()


def paragraphs(lines: list[Line]) -> Iterator[Paragraph]:
    """``lines`` joined where they follow each other closely, in type of the same size, in one column."""
    current = Paragraph()
    for line in lines:
        if current.lines and not _continues(current.lines[-1], line, current):
            yield current
            current = Paragraph()
        current.lines.append(line)
    if current.lines:
        yield current


def _continues(above: Line, line: Line, paragraph: Paragraph) -> bool:
    height = max(above.size, 1.0)
    step = line.top - above.top
    if abs(above.size - line.size) > 0.12 * height or not -0.3 * height <= step <= 2.4 * height:
        return False
    if line.top - above.bottom > 0.75 * height or min(above.right, line.right) <= max(above.left, line.left) - 2 * height:
        return False
    if len(paragraph.lines) > 1:
        usual = paragraph.lines[1].top - paragraph.lines[0].top
        if step > usual * 1.3 + 1:
            return False
    indented = line.left - above.left > 0.8 * height and above.left - paragraph.lines[0].left < 0.5 * height and len(paragraph.lines) > 1
    return not indented
