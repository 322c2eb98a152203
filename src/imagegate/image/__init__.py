"""Read an image once, check it, and share its planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import SettingsError
from imagegate.image import pixels as px
from imagegate.image.containers import SUFFIXES, other_format_of, read_header
from imagegate.image.decode import to_planes
from imagegate.image.header import Header, Limits, check_header
from imagegate.image.pillow import decode_open_image, is_pillow_image
from imagegate.image.pixels import Pixels
from imagegate.image.source import Content, Source, load
from imagegate.image.tiles import select_tiles

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

__all__ = ["PAGED", "SUFFIXES", "Header", "Image", "ImageFile", "Limits", "open_file", "read"]

View = TypeVar("View")

WORKING_SIDE = 512  # px, the longest that a working plane may be
SAMPLED_FROM, SAMPLED_SIDE = 4096, 2048  # px of the long side; beyond it pixels are skipped
THINNEST = 32  # px that are left of the short side, whatever the long one is
DEFAULT_LIMITS = Limits()
PAGED = frozenset({"PDF", "TIFF"})  # formats whose frames are pages; others are animations


@dataclass(frozen=True, eq=False)
class Image:
    """One image, checked and upright; its planes are computed on first use and shared.

    Made by ``read`` or ``Image.from_array``. All planes are read-only uint8. Several threads may
    use one Image: at worst two of them compute the same plane, and one result is kept.

    Parameters
    ----------
    source : str
        The path, or ``"<bytes>"``, ``"<array>"``, ``"<PIL image>"``.
    gray : NDArray[np.uint8]
        Luma (height, width): a JPEG's own, else ITU-R BT.601 of RGB.
    header : Header
        What the container said.
    notes : tuple of str
        What was done to the picture or looks odd about the file, for people.
    decode_rgb : Callable
        Returns the colour plane; ``rgb`` calls it once.
    """

    source: str
    gray: Pixels = field(repr=False)
    header: Header
    notes: tuple[str, ...]
    decode_rgb: Callable[[], Pixels] = field(repr=False)

    @classmethod
    def from_array(cls, pixels: NDArray[Any], *, source: str = "<array>") -> Image:
        """Wrap an array without limits on its size.

        Parameters
        ----------
        pixels : NDArray
            uint8 or uint16: gray (height, width) or (height, width, 1), RGB (height, width, 3)
            or RGBA (height, width, 4). A uint8 array is shared, not copied: do not write into
            it while the Image is in use.
        source : str
            What messages call it.

        Examples
        --------
        >>> Image.from_array(np.zeros((4, 6, 3), np.uint8)).gray.shape
        (4, 6)
        """
        px.check_array(pixels, source)
        simple, notes = px.simplify(px.contiguous(pixels))
        height, width = simple.shape[:2]
        bits = 8 * pixels.dtype.itemsize
        header = Header(
            "array",
            width,
            height,
            bits=bits,
            mode="gray" if simple.ndim == 2 else "rgb",
            alpha=pixels.ndim == 3 and pixels.shape[2] == 4,
        )
        return _image(source, simple, header, notes)

    @property
    def rgb(self) -> Pixels:
        """The colour plane, RGB (height, width, 3); decoded on first use."""
        return self.once(_rgb)

    @property
    def working(self) -> Pixels:
        """The gray plane halved, by averaging, until its long side is at most 512.

        The plane itself if it is that small. Beyond 4096 pixels every n-th pixel of every n-th
        row is taken first, down to 2048, so that the cost does not grow with the picture. The
        short side stays at 32 or more. For what scales with the picture, such as layout
        and light; never for noise, compression or pixelation, whose traces averaging removes.
        """
        return self.once(_working)

    @property
    def tiles(self) -> tuple[Pixels, ...]:
        """Windows of the gray plane at native resolution, for pixel-exact traces.

        The whole plane if it has at most half a megapixel, else at most eight windows of 256 × 256
        (or the whole side where that is shorter), one in each cell of a grid of 2 × 4, where the
        cell has most gradient energy; tops and lefts are multiples of 16.
        """
        return self.once(_tiles)

    def once(self, view: Callable[[Image], View]) -> View:
        """Return ``view(self)``, computed on the first call and shared afterwards."""
        shared: dict[Any, Any] = self.__dict__.setdefault("_shared", {})
        if view not in shared:
            shared.setdefault(view, view(self))
        return cast("View", shared[view])


def read(source: Source | Image, *, limits: Limits = DEFAULT_LIMITS, frame: int = 0) -> Image:
    """Read one image, upright and without alpha, and refuse what cannot be judged.

    Parameters
    ----------
    source : path, bytes, bytearray, memoryview, array, PIL image, binary file object or Image
        Bytes are a file's content. A file object is read from where it stands to its end. Arrays as
        in ``Image.from_array``. Pass path or bytes rather than a PIL image where you can: only they
        carry what the container knows (file size, JPEG tables). An Image is returned as it is.
    limits : Limits
        Checked on the header, before anything is decoded.
    frame : int
        The page or animation frame to read, 0 is the first.

    Returns
    -------
    Image
        Everything unusual that was done stands in its ``notes``.

    Raises
    ------
    ImageError
        Or one of its kinds (see ``imagegate.errors``); the message names the file, what was found
        and what to do.

    Examples
    --------
    >>> image = read(np.full((40, 60), 128, np.uint8))
    >>> image.rgb.shape
    (40, 60, 3)
    """
    if isinstance(source, Image):
        return source
    if frame and (isinstance(source, np.ndarray) or is_pillow_image(source)):
        raise SettingsError(f"frame {frame} was asked for, but an array or PIL image is one frame")
    if isinstance(source, np.ndarray):
        px.check_array(source, "<array>")
        header = Header("array", source.shape[1], source.shape[0])
        check_header(header, "<array>", limits)
        return Image.from_array(source)
    if is_pillow_image(source):
        return _from_pillow(cast("PillowImage", source), limits)
    content = load(source, limits)
    header = read_header(content.data, content.name, limits, frame)
    return _decoded(content, header, frame, _frame_notes(header, frame))


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image file whose bytes were read once; its pages are decoded when they are asked for.

    Parameters
    ----------
    content : Content
        The bytes and what messages call them.
    header : Header
        Of the first page.
    limits : Limits
        Kept by every page.
    """

    content: Content = field(repr=False)
    header: Header
    limits: Limits = field(repr=False)

    @property
    def pages(self) -> int:
        """How many pages to judge; of an animation the first picture alone."""
        return self.header.frames if self.header.format in PAGED else 1

    def page(self, number: int) -> Image:
        """Return a page, counted from 1, or raise ImageError."""
        data, name, frame = self.content.data, self.content.name, number - 1
        header = read_header(data, name, self.limits, frame) if frame else self.header
        notes = () if self.header.format in PAGED else _frame_notes(header, frame)
        return _decoded(self.content, header, frame, notes)


def open_file(source: Source | Content, *, limits: Limits = DEFAULT_LIMITS) -> ImageFile:
    """Read the bytes and the header of an image file; nothing is decoded yet.

    Parameters
    ----------
    source : path, bytes, binary file object or Content
        As for :func:`read`; what has been loaded already is taken as it is.
    limits : Limits
        Checked on the header.

    Raises
    ------
    ImageError
        If it is no image, or one that :func:`read` would refuse by its header.
    """
    content = source if isinstance(source, Content) else load(source, limits)
    return ImageFile(content, read_header(content.data, content.name, limits, 0), limits)


def _decoded(content: Content, header: Header, frame: int, notes: tuple[str, ...]) -> Image:
    gray, colour, found = to_planes(content, header, frame)
    told = (*_container_notes(header, content.name), *notes, *found)
    return Image(content.name, px.frozen(gray), header, told, colour)


def _from_pillow(picture: PillowImage, limits: Limits) -> Image:
    source = str(getattr(picture, "filename", "") or "<PIL image>")
    check_header(Header("PIL", *picture.size), source, limits)
    pixels, notes, turned = decode_open_image(picture, source)
    height, width = pixels.shape[:2]
    mode = "gray" if pixels.ndim == 2 else "rgb"
    header = Header("PIL", width, height, mode=mode, orientation=turned)
    return _image(source, pixels, header, (*_turn_note(turned), *notes))


def _image(source: str, pixels: Pixels, header: Header, notes: tuple[str, ...]) -> Image:
    shared = px.frozen(pixels)
    gray = px.frozen(px.to_gray(shared))
    return Image(source, gray, header, notes, partial(px.to_rgb, shared))


def _frame_notes(header: Header, frame: int) -> tuple[str, ...]:
    if header.frames == 1:
        return ()
    return (f"frame {frame + 1} of {header.frames} was read, the others were not",)


def _container_notes(header: Header, source: str) -> tuple[str, ...]:
    notes = []
    suffix = Path(source).suffix
    if other_format_of(suffix, header.format):
        notes.append(f"named {suffix}, but the content is {header.format}")
    if header.profile:
        notes.append("ICC profile other than sRGB ignored")
    return (*notes, *_turn_note(header.orientation))


def _turn_note(orientation: int) -> tuple[str, ...]:
    return () if orientation == 1 else (f"turned upright (EXIF orientation {orientation})",)


def _rgb(image: Image) -> Pixels:
    return px.frozen(image.decode_rgb())


def _working(image: Image) -> Pixels:
    plane = image.gray
    if max(plane.shape) > SAMPLED_FROM:
        step = max(1, min(-(-max(plane.shape) // SAMPLED_SIDE), min(plane.shape) // THINNEST))
        plane = np.ascontiguousarray(plane[step // 2 :: step, step // 2 :: step])
    while max(plane.shape) > WORKING_SIDE and min(plane.shape) >= 2 * THINNEST:
        plane = px.halved(plane)
    return plane if plane is image.gray else px.frozen(plane)


def _tiles(image: Image) -> tuple[Pixels, ...]:
    return select_tiles(image.gray, image.working)
