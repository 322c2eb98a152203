"""Read an image once, check it, and share its planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import SettingsError
from imagegate.image import pixels as px
from imagegate.image.containers import SUFFIXES, other_format_of, read_header
from imagegate.image.decode import to_planes
from imagegate.image.header import Header, Limits, check_header
from imagegate.image.pillow import decode_open_image, is_pillow_image
from imagegate.image.pixels import Pixels
from imagegate.image.source import Source, load
from imagegate.image.tiles import select_tiles

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

__all__ = ["SUFFIXES", "Header", "Image", "Limits", "read"]

View = TypeVar("View")

WORKING_SIDE = 1024
DEFAULT_LIMITS = Limits()


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
        """The gray plane reduced by a whole factor, by averaging, to a long side of at most 1024.

        Shape (height // factor, width // factor) with ``factor = ceil(long side / 1024)``; the
        plane itself where the factor is 1. For what scales with the picture, such as layout and
        light; never for noise, compression or pixelation, whose traces averaging removes.
        """
        return self.once(_working)

    @property
    def tiles(self) -> tuple[Pixels, ...]:
        """Windows of the gray plane at native resolution, for pixel-exact traces.

        The whole plane if it has at most 1.5 megapixels, else at most 16 windows of 320 × 320
        (or the whole side where that is shorter), one in each cell of a grid, where the
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
    data, name = load(source, limits)
    header = read_header(data, name, limits, frame)
    gray, colour, notes = to_planes(data, header, name, frame)
    return Image(
        name, px.frozen(gray), header, (*_container_notes(header, name, frame), *notes), colour
    )


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


def _container_notes(header: Header, source: str, frame: int) -> tuple[str, ...]:
    notes = []
    suffix = Path(source).suffix
    if other_format_of(suffix, header.format):
        notes.append(f"named {suffix}, but the content is {header.format}")
    if header.frames > 1:
        notes.append(f"frame {frame + 1} of {header.frames} was read, the others were not")
    if header.profile:
        notes.append("ICC profile other than sRGB ignored")
    return (*notes, *_turn_note(header.orientation))


def _turn_note(orientation: int) -> tuple[str, ...]:
    return () if orientation == 1 else (f"turned upright (EXIF orientation {orientation})",)


def _rgb(image: Image) -> Pixels:
    return px.frozen(image.decode_rgb())


def _working(image: Image) -> Pixels:
    height, width = image.gray.shape
    factor = -(-max(height, width) // WORKING_SIDE)
    if factor == 1:
        return image.gray
    size = (max(1, width // factor), max(1, height // factor))
    # Cut to whole blocks, so that each pixel is the mean of exactly factor × factor.
    whole = image.gray[: size[1] * factor, : size[0] * factor]
    reduced = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return px.frozen(cast("Pixels", reduced))


def _tiles(image: Image) -> tuple[Pixels, ...]:
    return select_tiles(image.gray, image.working)
