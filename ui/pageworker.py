"""Draws one page: a line of JSON and a PDF on standard input, a PNG on standard output.

Run as ``python -P -m ragkit.ui.pageworker``. The limits are set before the first byte of the PDF is looked at.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

from ragkit.connectors import lockdown

#: Pixels of the page's longer side.
_LONGER = 1400
#: The share of a page's height that a strip of it has at least.
_SHARE = 0.35
_FILL, _LINE = (255, 208, 0, 90), (201, 120, 0, 255)


def main() -> None:
    """Serves the one request."""
    import pypdfium2  # noqa: F401 - loaded before the limits, which allow for little more
    from PIL import Image, ImageDraw, PngImagePlugin

    Image.init()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may mix with the picture
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    lockdown.limit(seconds=request["seconds"], memory_mb=request["memory_mb"])
    lockdown.forbid()
    picture = _drawn(data, request, ImageDraw)
    out = io.BytesIO()
    picture.save(out, format=PngImagePlugin.PngImageFile.format, optimize=True)
    replies.write(out.getvalue())
    replies.flush()


def _drawn(data: bytes, request: dict[str, Any], draw: Any) -> Any:
    """The page as an image, the boxes as a marker would leave them."""
    import pypdfium2
    from PIL import Image

    page = pypdfium2.PdfDocument(data)[request["page"] - 1]
    scale = _LONGER / max(*page.get_size(), 1.0)
    picture = page.render(scale=scale).to_pil().convert("RGBA")
    marks = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = draw.Draw(marks)
    boxes = [[at * scale for at in box] for box in request["boxes"]]
    for x0, y0, x1, y1 in boxes:
        pen.rectangle((x0 - 2, y0 - 2, x1 + 2, y1 + 2), fill=_FILL, outline=_LINE, width=2)
    marked = Image.alpha_composite(picture, marks).convert("RGB")
    return marked if request["whole"] or not boxes else marked.crop(_strip(marked.size, boxes))


def _strip(size: tuple[int, int], boxes: list[list[float]]) -> tuple[int, int, int, int]:
    """The full width of the picture, and the part of its height that has the boxes in its middle."""
    width, height = size
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    part = min(height, max(int(_SHARE * height), int(bottom - top) + 40))
    first = min(max(0, int((top + bottom - part) / 2)), height - part)
    return 0, first, width, first + part


if __name__ == "__main__":
    main()
