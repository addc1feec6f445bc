"""Characters that show as nothing. Some carry words past a reader's eyes; others only steer how a line is broken or directed."""

from __future__ import annotations

import re

_WIDTHLESS = "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff"
#: Tag characters, overrides of direction, four and more characters without width or two variation selectors in a row, and a
#: selector of those for ideographs after something else.
_FLAGGED = (
    "[\u202d\u202e\U000e0000-\U000e00ff]"
    f"|[{_WIDTHLESS}\u200c-\u200f]{{4,}}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{2,}}"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
#: The flags of England, Scotland and Wales are a black flag and tag characters.
_EMBLEM = "(?<=\U0001f3f4)" + "|(?<=\U0001f3f4)".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f" for name in ("gbeng", "gbsct", "gbwls")
)
#: All of them; ``flag`` matches what may carry words. Single joiners and marks of direction are kept: scripts and emoji need them.
UNSEEN = re.compile(f"{_EMBLEM}|(?P<flag>{_FLAGGED})|[{_WIDTHLESS}\u202a-\u202c\u2066-\u2069\U000e0100-\U000e01ef]")


def told(invisible: int, marks: int) -> list[str]:
    """The warnings for so many characters that may carry words, and so many that only steer lines.

    >>> told(1, 2)
    ['1 invisible characters left out', '2 soft hyphens, zero-width spaces or direction marks left out']
    """
    found = [f"{invisible} invisible characters left out"] if invisible else []
    return found + ([f"{marks} soft hyphens, zero-width spaces or direction marks left out"] if marks else [])
