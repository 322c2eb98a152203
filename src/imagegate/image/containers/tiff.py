"""Walk the directories of a TIFF: facts of one page, pages, and whether all data is there."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import UnsupportedImageError
from imagegate.image.containers.jpeg_rows import is_whole
from imagegate.image.header import Header, damaged, is_foreign, truncated

WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES = 256, 257, 258, 262, 274, 277
STRIPS, STRIP_BYTES, TILES, TILE_BYTES = 273, 279, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, PROFILE = 338, 339, 34675
PALETTE, JPEG_TABLES = 320, 347
COMPRESSION, JPEG = 259, 7
SUBFILE, OLD_SUBFILE, BELOW = 254, 255, 330
REDUCED, MASK, OLD_REDUCED = 1, 4, 2  # bits of SUBFILE, and a value of OLD_SUBFILE
MASK_SAMPLES = 4  # of PHOTOMETRIC
UNSIGNED, UNDEFINED_FORMAT = 1, 4
ALPHA = (1, 2)
BIG_TIFF = 43
MODES = {0: "gray", 1: "gray", 2: "rgb", 3: "palette", 5: "cmyk", 6: "ycbcr", 8: "lab"}

WANTED = frozenset(
    {WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, STRIPS, STRIP_BYTES, TILES, TILE_BYTES}
    | {
        EXTRA_SAMPLES,
        SAMPLE_FORMAT,
        PROFILE,
        PALETTE,
        JPEG_TABLES,
        COMPRESSION,
        SUBFILE,
        OLD_SUBFILE,
        BELOW,
    }
)

# The field types as numpy spells them; all others cannot stand in a wanted tag.
KINDS = {1: "u1", 3: "u2", 4: "u4", 7: "u1", 13: "u4", 16: "u8", 18: "u8"}

MOST_ENTRIES = 4096
MOST_DIRECTORIES = 100_000  # pages, thumbnails and masks

Tags = dict[int, NDArray[np.unsignedinteger]]
Directory = tuple[int, Tags]  # where it begins


@dataclass(frozen=True)
class Layout:
    """How directories are written: byte order, and TIFF's or BigTIFF's widths."""

    order: str
    offset: str
    count: str
    first: int

    @property
    def inline(self) -> int:
        """Bytes of a value that fit into the entry itself."""
        return struct.calcsize(self.offset)


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of one page; counting stops one page beyond ``most_frames``."""
    try:
        pages = _pages(data, source, most_frames + 1)
    except (struct.error, ValueError, OverflowError):
        raise truncated(source, "TIFF") from None
    if not pages:
        raise damaged(source, "TIFF", "no page in it")
    _, tags = pages[min(frame, len(pages) - 1)]
    return replace(_describe(tags, source), frames=len(pages))


def verify(data: bytes, source: str) -> None:
    """Raise if the strips or tiles of any page, thumbnail or mask are cut short."""
    for _, tags in (*_chain(data, source), *_pages(data, source, MOST_DIRECTORIES)):
        for offsets, lengths in ((STRIPS, STRIP_BYTES), (TILES, TILE_BYTES)):
            if _beyond(tags.get(offsets), tags.get(lengths), len(data)):
                raise truncated(source, "TIFF")
        if _first(tags, COMPRESSION, 1) == JPEG and not all(map(is_whole, _jpegs(data, tags))):
            raise truncated(source, "JPEG in the TIFF")


def _jpegs(data: bytes, tags: Tags) -> Iterator[bytes]:
    """Yield the JPEG file of each strip or tile; all share their tables."""
    shared = tags[JPEG_TABLES].tobytes()[:-2] if JPEG_TABLES in tags else b"\xff\xd8"
    for offsets, lengths in ((STRIPS, STRIP_BYTES), (TILES, TILE_BYTES)):
        for start, length in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False):
            yield shared + data[int(start) + 2 : int(start) + int(length)]


def page_first(data: bytes, source: str, frame: int) -> bytes:
    """Return a file of which the first directory is that of a page."""
    layout = _layout(data)
    start, _ = _pages(data, source, frame + 1)[frame]
    place = struct.pack(layout.order + layout.offset, start)
    end = layout.first + len(place)
    return data if data[layout.first : end] == place else data[: layout.first] + place + data[end:]


def _pages(data: bytes, source: str, most: int) -> list[Directory]:
    """Return the first ``most`` pages: directories of neither a thumbnail nor a mask.

    Where a thumbnail stands alone, the pages are the pictures below it, and else itself.
    """
    chain = _chain(data, source)
    pages = list(itertools.islice((each for each in chain if not _is_aside(each[1])), most))
    if pages:
        return pages
    layout = _layout(data)
    for _, tags in _chain(data, source):
        found = (_directory(data, source, layout, int(start)) for start in tags.get(BELOW, ()))
        pages += ((start, tags) for start, tags, _ in found if not _is_aside(tags))
        if len(pages) >= most:
            break
    return pages[:most] or list(itertools.islice(_chain(data, source), most))


def _is_aside(tags: Tags) -> bool:
    """Tell whether a picture is a smaller version of another or says where one is opaque."""
    return bool(
        _first(tags, SUBFILE, 0) & (REDUCED | MASK)
        or _first(tags, OLD_SUBFILE, 0) == OLD_REDUCED
        or _first(tags, PHOTOMETRIC, 1) == MASK_SAMPLES
    )


def _chain(data: bytes, source: str) -> Iterator[Directory]:
    layout = _layout(data)
    seen: set[int] = set()
    (start,) = struct.unpack_from(layout.order + layout.offset, data, layout.first)
    while start and start not in seen:
        if len(seen) == MOST_DIRECTORIES:
            raise damaged(source, "TIFF", f"more than {MOST_DIRECTORIES:,} directories")
        seen.add(start)
        found, tags, following = _directory(data, source, layout, start)
        yield found, tags
        start = following


def _directory(data: bytes, source: str, layout: Layout, start: int) -> tuple[int, Tags, int]:
    """Return where a directory begins, its tags, and where the next one begins."""
    (count,) = struct.unpack_from(layout.order + layout.count, data, start)
    if count > MOST_ENTRIES:
        raise damaged(source, "TIFF", f"a page with {count} tags")
    entry = start + struct.calcsize(layout.count)
    step = 4 + 2 * layout.inline
    tags = dict(_tags(data, layout, range(entry, entry + count * step, step)))
    (following,) = struct.unpack_from(layout.order + layout.offset, data, entry + count * step)
    return start, tags, following


def _layout(data: bytes) -> Layout:
    order = "<" if data[:2] == b"II" else ">"
    (version,) = struct.unpack_from(order + "H", data, 2)
    return Layout(order, "Q", "Q", 8) if version == BIG_TIFF else Layout(order, "I", "H", 4)


def _tags(
    data: bytes, layout: Layout, entries: range
) -> Iterator[tuple[int, NDArray[np.unsignedinteger]]]:
    for entry in entries:
        tag, kind, count = struct.unpack_from(f"{layout.order}HH{layout.offset}", data, entry)
        if tag in WANTED and kind in KINDS:
            dtype = np.dtype(KINDS[kind]).newbyteorder(">" if layout.order == ">" else "<")
            place = entry + 4 + layout.inline
            if count * dtype.itemsize > layout.inline:
                (place,) = struct.unpack_from(layout.order + layout.offset, data, place)
            yield tag, np.frombuffer(data, dtype, count, place)


def _describe(tags: Tags, source: str) -> Header:
    width, height = _first(tags, WIDTH, 0), _first(tags, HEIGHT, 0)
    if not width or not height:
        raise damaged(source, "TIFF", f"a size of {width} × {height} pixels")
    bits = int(max(tags.get(BITS, np.ones(1, np.uint8)), default=1))
    kind, photometric = _first(tags, SAMPLE_FORMAT, UNSIGNED), _first(tags, PHOTOMETRIC, 1)
    if kind not in (UNSIGNED, UNDEFINED_FORMAT) or bits > 16 or photometric not in MODES:
        raise UnsupportedImageError(
            source,
            f"found a TIFF of {bits}-bit samples (format {kind}, photometric {photometric}); "
            "save it as 8 or 16-bit gray or RGB",
        )
    turned = _first(tags, ORIENTATION, 1)
    return Header(
        "TIFF",
        width,
        height,
        bits=bits,
        mode=MODES[photometric],
        alpha=_first(tags, EXTRA_SAMPLES, 0) in ALPHA,
        orientation=turned if 1 <= turned <= 8 else 1,
        profile=PROFILE in tags and is_foreign(tags[PROFILE].tobytes()),
    )


def _first(tags: Tags, tag: int, default: int) -> int:
    values = tags.get(tag)
    return default if values is None or not values.size else int(values[0])


def _beyond(
    offsets: NDArray[np.unsignedinteger] | None,
    lengths: NDArray[np.unsignedinteger] | None,
    size: int,
) -> bool:
    if offsets is None or lengths is None or not offsets.size or offsets.size != lengths.size:
        return False
    # Each alone first: their sum could wrap around.
    if int(offsets.max()) > size or int(lengths.max()) > size:
        return True
    return int((offsets.astype(np.uint64) + lengths.astype(np.uint64)).max()) > size
