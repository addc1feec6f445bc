"""Pictures of PDF pages: of the file that was ingested alone, drawn in a child with limits."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from ragkit.ui import pageimage


@pytest.fixture(scope="module")
def pdf(papers: Path) -> bytes:
    """A PDF of two pages of 400 by 560 points."""
    return (papers / "ferry.pdf").read_bytes()


def yellow(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The part of the picture that a marker coloured."""
    red, _, blue = picture.split()
    spots = Image.eval(blue, lambda value: 255 * (value < 190))
    bright = Image.eval(red, lambda value: 255 * (value > 200))
    return Image.composite(spots, Image.new("L", picture.size), bright).getbbox()


def test_a_page_is_drawn_with_its_boxes(pdf: bytes) -> None:
    """The picture has the page's proportions, and the mark stands where the box does."""
    picture = Image.open(io.BytesIO(pageimage.render(pdf, 2, [(40, 250, 240, 265)])))
    scale = picture.size[1] / 560
    assert picture.size[0] == pytest.approx(400 * scale, abs=2)
    assert yellow(picture) == pytest.approx((40 * scale, 250 * scale, 240 * scale, 265 * scale), abs=5)


def test_a_strip_holds_its_boxes(pdf: bytes) -> None:
    """Not the whole page: its full width, with the marks in the middle."""
    picture = Image.open(io.BytesIO(pageimage.render(pdf, 2, [(40, 250, 240, 265)], whole=False)))
    marked = yellow(picture)
    assert marked is not None
    assert picture.size[0] > 2 * picture.size[1]
    assert (marked[1] + marked[3]) / 2 == pytest.approx(picture.size[1] / 2, abs=5)


@pytest.mark.parametrize("data", [b"", b"no PDF at all", b"%PDF-1.7\n" + b"\0" * 1000])
def test_what_cannot_be_drawn_is_said(data: bytes) -> None:
    """A file that is broken gives a sentence, not a crash."""
    with pytest.raises(pageimage.NoImage, match="could not be drawn"):
        pageimage.render(data, 1, [])


def test_a_page_that_is_not_there_is_said(pdf: bytes) -> None:
    """Nor does a number beyond the last page crash anything."""
    with pytest.raises(pageimage.NoImage):
        pageimage.render(pdf, 99, [])


def test_a_huge_page_stays_small(pdf: bytes) -> None:
    """A page of 200 inches is drawn no larger than any other."""
    huge = pdf.replace(b"/MediaBox [ 0 0 400 560 ]", b"/MediaBox [ 0 0 14400 14400 ]")
    assert huge != pdf
    assert max(Image.open(io.BytesIO(pageimage.render(huge, 1, []))).size) <= 1401


def test_the_source_must_be_the_one_that_was_ingested(tmp_path: Path) -> None:
    """The bytes come back only while their hash is the recorded one; else the sentence says what happened."""
    path = tmp_path / "a b%41.pdf"
    path.write_bytes(b"data")
    sha256 = hashlib.sha256(b"data").hexdigest()
    uri = str(path).replace("%", "%25")
    assert pageimage.source(uri, sha256, 100) == b"data"
    with pytest.raises(pageimage.NoImage, match="changed"):
        pageimage.source(uri, "0" * 64, 100)
    with pytest.raises(pageimage.NoImage, match="changed"):
        pageimage.source(uri, sha256, 3)
    path.unlink()
    with pytest.raises(pageimage.NoImage, match="gone"):
        pageimage.source(uri, sha256, 100)


def test_only_files_are_read(tmp_path: Path) -> None:
    """What is no file of this machine has no page; a FIFO does not make the page wait."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(pageimage.NoImage, match="regular file"):
        pageimage.source(str(tmp_path / "pipe"), "0" * 64, 100)
    for uri in ("text:note", "https://example.org/a.pdf", "a.pdf", "/dev/null/x"):
        with pytest.raises(pageimage.NoImage):
            pageimage.source(uri, "0" * 64, 100)
