"""Whether a reader would see an element's text, as far as its own attributes and the page's simple rules tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

#: Inline styles, in lower case and without white space, that take text out of sight.
_HIDING = re.compile(
    r"(?:^|;)(?:"
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden"
    r"|opacity:(?:0?\.0\d*|0+%?)(?=;|!|$)"
    r"|font-size:(?:0*\.\d+|0+(?:\.\d+)?|1(?:\.\d+)?)(?:px|pt)(?=;|!|$)|font-size:0+(?:\.0*)?(?:em|rem|%|vw)?(?=;|!|$)"
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top):-(?:9\d\d|\d{4,})(?:\.\d+)?(?:px|pt|em|rem)?"
    r"|(?:left|right|text-indent):-\d{3,}(?:\.\d+)?(?:em|rem|vw|%)"
    r"|(?:left|right|text-indent|margin-left):(?:(?:[2-9]\d\d|\d{4,})(?:\.\d+)?(?:vw|%)|\d{4,}(?:\.\d+)?(?:em|rem)|\d{5,}(?:\.\d+)?px)"
    r"|transform:(?:scale[xy]?\(0(?:\.0+)?\)|translate[xy]?\(-(?:9\d\d|\d{4,})(?:px|em|%|vw))"
    r"|clip:rect\((?:[01](?:px)?[,)]){4}|clip-path:(?:inset\((?:[5-9]\d|100)%\)|circle\(0(?:px|%)?[)a])"
    r")"
)
#: An element without height shows its text all the same, unless what overflows is cut off.
_FLAT = re.compile(r"(?:^|;)(?:max-)?height:0(?:px)?(?=;|!|$)")
_CUT = re.compile(r"(?:^|;)overflow(?:-y)?:(?:hidden|clip)")
#: A box of one pixel out of the page's flow, and text pushed out of its box.
_DOT = (re.compile(r"(?:^|;)(?:width|height):[01]px(?=;|!|$)"), re.compile(r"(?:^|;)position:(?:absolute|fixed)"))
_PUSHED = re.compile(r"(?:^|;)text-indent:[1-9]\d\d+%")
_COLOUR = re.compile(r"(?:^|;)color:([^;!]+)")
_GROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_RGB = re.compile(r"rgba?\((\d+%?),(\d+%?),(\d+%?)(?:,([\d.]+%?))?\)")
_NAMES = {"white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245)}
_NEAR = 12

Rgb = tuple[int, int, int]


class Look(NamedTuple):
    """What is known of an element's look: hidden by itself or above; its colours, ``None`` where they are not told."""

    hidden: bool = False
    colour: Rgb | None = None
    ground: Rgb | None = None
    clear: bool = False
    unsure: bool = False

    def hides(self, plain_canvas: bool) -> bool:
        """Whether text is out of sight; ``plain_canvas``: no style sheet may have painted a ground, so it is white."""
        if self.hidden or self.clear:
            return True
        ground = self.ground or ((255, 255, 255) if plain_canvas and not self.unsure else None)
        return self.colour is not None and ground is not None and all(abs(a - b) <= _NEAR for a, b in zip(self.colour, ground, strict=True))


PLAIN = Look()


def inherit(above: Look, attributes: Mapping[str, str | None], rules: str = "") -> Look:
    """The look of an element inside one that looks like ``above``; ``rules`` are the declarations of a sheet's rules for it."""
    if above.hidden:
        return above
    if (attributes.get("aria-hidden") or "").lower() == "true":
        return above._replace(hidden=True)
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return above._replace(hidden=True)
    look = _styled(above, rules) if rules else above
    if ground := attributes.get("bgcolor"):
        look = look._replace(ground=_rgb(ground.lower()), unsure=_rgb(ground.lower()) is None)
    if colour := attributes.get("color"):
        look = look._replace(colour=_rgb(colour.lower()))
    style = attributes.get("style")
    return _styled(look, re.sub(r"\s+", "", re.sub(r"/\*.*?\*/", "", style[:10_000])).lower()) if style else look


def may_hide(style: str) -> bool:
    """Whether declarations, in lower case and without white space, hide an element, or set a colour that may."""
    return _hidden(style) or bool(_COLOUR.search(style) and any(_white(colour) for colour in _COLOUR.findall(style)))


def _white(colour: str) -> bool:
    found = _rgb(colour)
    return _clear(colour) or (found is not None and min(found) >= 255 - _NEAR)


def _hidden(style: str) -> bool:
    if _HIDING.search(style):
        return True
    return bool(_CUT.search(style)) and bool(_FLAT.search(style) or _PUSHED.search(style) or all(part.search(style) for part in _DOT))


def _styled(look: Look, style: str) -> Look:
    if _hidden(style):
        return look._replace(hidden=True)
    if grounds := _GROUND.findall(style):
        ground = _rgb(grounds[-1])
        look = look._replace(ground=ground, unsure=ground is None)
    if colours := _COLOUR.findall(style):
        look = look._replace(colour=_rgb(colours[-1]), clear=_clear(colours[-1]))
    return look


def _clear(colour: str) -> bool:
    found = _RGB.fullmatch(colour)
    return colour == "transparent" or bool(found and found.group(4) and float(found.group(4).rstrip("%") or 1) == 0)


def _rgb(colour: str) -> Rgb | None:
    if colour in _NAMES:
        return _NAMES[colour]
    if re.fullmatch("#[0-9a-f]{3,4}", colour):
        return (int(colour[1] * 2, 16), int(colour[2] * 2, 16), int(colour[3] * 2, 16))
    if re.fullmatch("#(?:[0-9a-f]{6}|[0-9a-f]{8})", colour):
        return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
    if found := _RGB.fullmatch(colour):
        red, green, blue = (int(v[:-1]) * 255 // 100 if v.endswith("%") else int(v) for v in found.groups()[:3])
        return (red, green, blue)
    return None
