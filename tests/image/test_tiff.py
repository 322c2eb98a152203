"""Pages of a TIFF are its pages, and neither their thumbnails nor their masks."""

import struct

import numpy as np
import pytest
from samples import HEIGHT, WIDTH, picture

from imagegate.errors import ImageError, UnsupportedImageError
from imagegate.image import open_file, read

PAGE, OLD_PAGE = {}, {255: 3}
ASIDE = {
    "thumbnail": {254: 1},
    "thumbnail of one page of many": {254: 3},
    "old thumbnail": {255: 2},
    "mask": {254: 4},
    "mask of a thumbnail": {254: 5},
    "mask by its samples": {262: 4},
}


def tiff(pictures, *, order="<", big=False, below=()):
    """Return a file of gray pictures (pixels, tags); those ``below`` hang on the first one."""
    offset, count = ("Q", "Q") if big else ("I", "H")
    step, first = (20, 16) if big else (12, 8)
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42)
    body, starts = b"", []
    shift = first
    sizes = [8 if big else 2, 8 if big else 4]
    placed = [*pictures, *below]
    entries = []
    for number, (pixels, tags) in enumerate(placed):
        height, width = pixels.shape
        shown = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: shift, 277: 1, 278: height}
        shown |= {279: pixels.size, **tags}
        entries.append(shown if number or not below else shown | {330: 0})
        body += pixels.tobytes()
        shift += pixels.size
    for shown in entries:
        starts.append(shift)
        shift += sum(sizes) + step * len(shown)
    if below:
        assert len(below) == 1
        entries[0][330] = starts[len(pictures)]
    for number, shown in enumerate(entries):
        body += struct.pack(order + count, len(shown))
        for tag, value in sorted(shown.items()):
            body += struct.pack(f"{order}HH{offset}{offset}", tag, 16 if big else 4, 1, value)
        follows = starts[number + 1] if number + 1 < len(pictures) else 0
        body += struct.pack(order + offset, follows)
    return mark + head + struct.pack(order + offset, starts[0]) + body


def shades(*levels):
    return [np.full((HEIGHT, WIDTH), level, np.uint8) for level in levels]


@pytest.mark.parametrize("aside", ASIDE)
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_thumbnails_and_masks_are_no_pages_wherever_they_stand(aside, order, big):
    small = np.zeros((8, 8), np.uint8)
    first, second, third = shades(10, 20, 30)
    between = (small, ASIDE[aside])
    pages = [(first, PAGE), between, (second, OLD_PAGE), (third, {254: 2})]
    data = tiff([between, *pages, between], order=order, big=big)
    file = open_file(data)
    assert file.pages == 3
    for number, page in enumerate((first, second, third)):
        np.testing.assert_array_equal(file.page(number + 1).gray, page)
    with pytest.raises(UnsupportedImageError, match="frame 3 was asked for, the TIFF has 3"):
        read(data, frame=3)


def test_a_page_and_its_thumbnail_are_one_page_without_a_note():
    page = picture()[..., 0]
    image = read(tiff([(page, PAGE), (page[::5, ::5], {254: 1})]))
    np.testing.assert_array_equal(image.gray, page)
    assert (image.header.frames, image.notes) == (1, ())


def test_the_whole_picture_below_a_thumbnail_is_the_page():
    page = picture()[..., 0]
    thumbnail = page[::5, ::5].copy()
    np.testing.assert_array_equal(
        read(tiff([(thumbnail, {254: 1})], below=[(page, PAGE)])).gray, page
    )


def test_smaller_versions_below_a_page_are_no_pages():
    page = picture()[..., 0]
    file = open_file(tiff([(page, PAGE)], below=[(page[::2, ::2], {254: 1})]))
    assert file.pages == 1
    np.testing.assert_array_equal(file.page(1).gray, page)


def test_a_thumbnail_alone_is_judged():
    page = picture()[..., 0]
    assert read(tiff([(page, {254: 1})])).gray.shape == page.shape


def test_directories_that_lead_nowhere_or_round_in_a_circle():
    page = picture()[..., 0]
    data = tiff([(page, {254: 1})], below=[(page, PAGE)])
    place = data.index(struct.pack("<HHI", 330, 4, 1)) + 8
    for start in (0, 4, len(data) - 1, 2**32 - 1):
        with pytest.raises(ImageError):
            read(data[:place] + struct.pack("<I", start) + data[place + 4 :])
    own = data[4:8]
    assert read(data[:place] + own + data[place + 4 :]).gray.shape == page.shape
