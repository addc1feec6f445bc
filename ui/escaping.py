"""Text of documents and models as text: nothing in it can become an element, a link, an image or an instruction."""

from __future__ import annotations

import re

#: Control characters but tab and line feed, overrides of the writing direction, tag characters: what hides or reorders text.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
#: All of ASCII's punctuation: each sign that HTML or Markdown gives a meaning to is among it.
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]")


def escape(text: object) -> str:
    """``text`` for :func:`streamlit.html`, between tags or inside a quoted attribute.

    Every sign of HTML and of Markdown becomes a numeric character reference, which neither reads as markup. Streamlit's
    Markdown makes links of bare addresses after it has resolved references, so text from outside never goes there.

    >>> escape("<b>[x](y)</b>")
    '&#60;b&#62;&#91;x&#93;&#40;y&#41;&#60;&#47;b&#62;'
    """
    return _SIGNS.sub(lambda sign: f"&#{ord(sign.group())};", _UNSEEN.sub("\ufffd", str(text)))
