"""Get the bytes of whatever was handed over, within the byte limit."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from imagegate.errors import (
    EmptyImageError,
    ImageError,
    ImageNotFoundError,
    UnreadableImageError,
    UnsupportedImageError,
)
from imagegate.image.header import Limits, check_bytes

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]"
    "| PillowImage | IO[bytes]"
)

# Two letters at least: C:\ is a drive. pathlib folds the second slash away.
URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]+:/{1,3}[^/]|data:[^,]*,)")
SHOWN = 200
PIECE = 1 << 22


@dataclass(frozen=True)
class Content:
    """The content of a file.

    Parameters
    ----------
    data : bytes
        All of it.
    name : str
        What messages call it.
    path : str
        Where it was read from; empty for bytes and file objects.
    """

    data: bytes = field(repr=False)
    name: str
    path: str = ""


def load(source: Any, limits: Limits, *, name: str | None = None) -> Content:
    """Return the content of a path, bytes or a file object; ``name`` is what bytes are called."""
    path = ""
    if isinstance(source, (bytes, bytearray, memoryview)):
        name = name or "<bytes>"
        size = source.nbytes if isinstance(source, memoryview) else len(source)
        check_bytes(size, name, limits)
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
    return Content(data, name, path)


def _read_path(name: str, limits: Limits) -> bytes:
    # Before opening: a pipe would wait for its writer, and a device might never end.
    if not name:
        raise ImageNotFoundError("''", "expected a path, found an empty one")
    path = Path(name)
    with _naming(name):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ImageNotFoundError(name, _irregular(status.st_mode))
    check_bytes(status.st_size, name, limits)
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


def _irregular(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "expected a file, found a directory; pass the files in it"
    return "expected a file, found a pipe or device; open it and pass the file object"


def _read_file(file: Any, limits: Limits) -> tuple[bytes, str]:
    label = getattr(file, "name", None)
    name = label if isinstance(label, str) else "<file object>"
    # In pieces: raw files and sockets give less than they are asked for, and a buffered
    # reader would reserve the whole limit at once.
    pieces, size = [], 0
    while piece := _read_piece(file, name):
        pieces.append(piece)
        size += len(piece)
        check_bytes(size, name, limits)
    return b"".join(pieces), name


def _read_piece(file: Any, name: str) -> bytes:
    try:
        piece = file.read(PIECE)
    except OSError as error:
        raise UnreadableImageError(name, f"the file object cannot be read ({error})") from error
    except ValueError as error:
        raise UnsupportedImageError(
            name,
            f"expected an open binary file, reading it says {str(error).rstrip('.')!r}; "
            "open it with mode 'rb'",
        ) from error
    if not isinstance(piece, bytes):
        raise UnsupportedImageError(
            name,
            f"expected a binary file object, reading it gives {type(piece).__name__}; "
            "open it with mode 'rb'",
        )
    return piece


def _not_a_source(source: Any) -> UnsupportedImageError:
    kind = type(source)
    hint = "; pass its pixels as a NumPy array" if hasattr(source, "__array__") else ""
    return UnsupportedImageError(
        f"<{kind.__name__}>",
        "expected a path, bytes, NumPy array, PIL image or binary file object, "
        f"got {kind.__module__}.{kind.__qualname__}{hint}",
    )
