"""Read an image: get its bytes, read its header, decode its pixels."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import (
    EmptyImageError,
    ImageError,
    ImageNotFoundError,
    SettingsError,
    UnreadableImageError,
    UnsupportedImageError,
)
from imagegate.image.decode import decode, from_pillow
from imagegate.image.header import File, Header, Limits, read_header, too_large
from imagegate.image.image import Image, image_of

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]"
    "| PillowImage | IO[bytes]"
)

DEFAULT_LIMITS = Limits()
PAGED = frozenset({"PDF", "TIFF"})  # formats whose frames are pages; others are animations

# Two letters at least: C:\ is a drive. pathlib folds the second slash away.
URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]+:/{1,3}[^/]|data:[^,]*,)")
SHOWN = 200
AT_ONCE = 1 << 22  # bytes


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
    pillow = sys.modules.get("PIL.Image")  # without it, nothing can be a PIL image
    in_memory = (np.ndarray, pillow.Image) if pillow else (np.ndarray,)
    if frame and isinstance(source, in_memory):
        raise SettingsError(f"frame {frame} was asked for, but an array or PIL image is one frame")
    if isinstance(source, np.ndarray):
        return Image.from_array(source, limits=limits)
    if isinstance(source, in_memory):
        return from_pillow(cast("PillowImage", source), limits)
    file = load(source, limits)
    header = read_header(file, limits, frame)
    return _decoded(file, header, frame, alone=True)


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image file whose bytes were read once; its pages are decoded on request.

    Parameters
    ----------
    file : File
        The bytes and what messages call them.
    header : Header
        Of the first page.
    limits : Limits
        Kept by every page.
    """

    file: File = field(repr=False)
    header: Header
    limits: Limits = field(repr=False)

    @property
    def pages(self) -> int:
        """How many pages to judge; of an animation the first picture alone."""
        return self.header.frames if self.header.format in PAGED else 1

    def page(self, number: int) -> Image:
        """Return a page, counted from 1, or raise ImageError."""
        frame = number - 1
        header = read_header(self.file, self.limits, frame) if frame else self.header
        return _decoded(self.file, header, frame, alone=header.format not in PAGED)


def open_file(source: Source | File, *, limits: Limits = DEFAULT_LIMITS) -> ImageFile:
    """Read the bytes and the header of an image file; nothing is decoded yet.

    Parameters
    ----------
    source : path, bytes, binary file object or File
        As for :func:`read`; what has been loaded already is taken as it is.
    limits : Limits
        Checked on the header.

    Raises
    ------
    ImageError
        If it is no image, or one that :func:`read` would refuse by its header.
    """
    file = source if isinstance(source, File) else load(source, limits)
    return ImageFile(file, read_header(file, limits, 0), limits)


def _decoded(file: File, header: Header, frame: int, *, alone: bool) -> Image:
    """Return one frame of a file; ``alone`` tells that no other one is read."""
    notes = header.notes
    if alone and header.frames > 1:
        notes += (f"frame {frame + 1} of {header.frames} was read, the others were not",)
    pixels, colour, more = decode(file, header, frame)
    return image_of(pixels, file.source, header, (*notes, *more), colour)


def _check_bytes(size: int, name: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the file is longer than the limit."""
    if size > limits.bytes:
        allowed = f"{limits.bytes / 1e6:,.1f} MB"
        raise too_large(name, f"{size / 1e6:,.1f} MB", allowed, f"bytes={size}")


def load(source: Any, limits: Limits, *, name: str | None = None) -> File:
    """Return the bytes of a path, bytes or a file object; ``name`` is what bytes are called."""
    path = ""
    if isinstance(source, (bytes, bytearray, memoryview)):
        name = name or "<bytes>"
        _check_bytes(memoryview(source).nbytes, name, limits)
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name = path = os.fsdecode(source)
        data = _read_path(name, limits)
    elif hasattr(source, "read"):
        data, name = _read_file(source, limits)
    else:
        raise _not_a_source(source)
    if not data:
        raise EmptyImageError(name, "expected an image, found 0 bytes; copy or download it again")
    return File(data, name, path)


def _read_path(name: str, limits: Limits) -> bytes:
    # Before opening: a pipe would wait for its writer, and a device might never end.
    if not name:
        raise ImageNotFoundError("''", "expected a path, found an empty one")
    path = Path(name)
    with _naming(name):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        what = "a directory; pass the files in it"
        if not stat.S_ISDIR(status.st_mode):
            what = "a pipe or device; open it and pass the file object"
        raise ImageNotFoundError(name, f"expected a file, found {what}")
    _check_bytes(status.st_size, name, limits)
    with _naming(name), path.open("rb") as file:
        return file.read(status.st_size)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Translate what the system says about a path."""
    shown = name if len(name) <= SHOWN else f"{name[:SHOWN]}…"
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(name, shown) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _missing(name, shown) from None
        raise UnreadableImageError(
            shown, f"the file cannot be read ({error.strerror}); check its rights and its disk"
        ) from error
    except ValueError as error:
        raise ImageNotFoundError(repr(shown), f"not a path ({error})") from None


def _missing(name: str, shown: str) -> ImageError:
    if URL.match(name):
        return UnsupportedImageError(
            shown,
            "expected a path, found a URL. Nothing here connects to a network: "
            "download the file yourself and pass its path or bytes",
        )
    return ImageNotFoundError(shown, "no such file; check the path and the current directory")


def _read_file(file: Any, limits: Limits) -> tuple[bytes, str]:
    label = getattr(file, "name", None)
    name = label if isinstance(label, str) else "<file object>"
    # Bit by bit: raw files and sockets give less than they are asked for, and a buffered
    # reader would reserve the whole limit at once.
    data = bytearray()
    while more := _read_some(file, name):
        data += more
        _check_bytes(len(data), name, limits)
    return bytes(data), name


def _read_some(file: Any, name: str) -> bytes:
    try:
        data = file.read(AT_ONCE)
    except OSError as error:
        raise UnreadableImageError(name, f"the file object cannot be read ({error})") from error
    except ValueError as error:
        says = f"an open binary file, reading it says {str(error).rstrip('.')!r}"
        raise UnsupportedImageError(name, f"expected {says}; open it with mode 'rb'") from error
    if not isinstance(data, bytes):
        gives = f"a binary file object, reading it gives {type(data).__name__}"
        raise UnsupportedImageError(name, f"expected {gives}; open it with mode 'rb'")
    return data


def _not_a_source(source: Any) -> UnsupportedImageError:
    found = f"{type(source).__module__}.{type(source).__qualname__}"
    hint = "; pass its pixels as a NumPy array" if hasattr(source, "__array__") else ""
    return UnsupportedImageError(
        f"<{type(source).__name__}>",
        f"expected a path, bytes, NumPy array, PIL image or binary file object, got {found}{hint}",
    )
