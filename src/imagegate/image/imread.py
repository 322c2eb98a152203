"""Let OpenCV decode a file into an array of ours, which saves a second plane and its copying."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

from imagegate.image.pixels import Pixels

# Beyond about this the system hands out fresh pages: touching those of a second plane, and copying
# it, takes longer than opening a file.
LEAST_BYTES = 1 << 18

TAKES_ARRAY = "dst" in str(cv2.imread.__doc__)  # OpenCV 4.10 and later

# imread leaves the array as it was, and says nothing, where it cannot open or recognise the file.
UNTOUCHED = np.frombuffer(b"nothing was read", np.uint8)

Pieces = Sequence[bytes | memoryview]


def decode(pieces: Pieces, path: str, shape: tuple[int, ...], flags: int) -> Pixels | None:
    """Return the pixels, or None where ``cv2.imdecode`` is to decode them.

    Parameters
    ----------
    pieces : sequence of bytes or memoryview
        The file's content.
    path : str
        Where the same content stands on disk; empty if nowhere.
    shape : tuple of int
        What the header says: (height, width), or (height, width, 3).
    flags : int
        What ``cv2.imread`` takes.
    """
    if not TAKES_ARRAY or math.prod(shape) < LEAST_BYTES:
        return None
    pixels = np.empty(shape, np.uint8)
    end = pixels.reshape(-1)[-UNTOUCHED.size :]
    end[:] = UNTOUCHED
    try:
        with _file(pieces, path) as name:
            found = cv2.imread(name, pixels, flags) if name else None
    except (OSError, cv2.error):
        # No room for a file in memory; or the file has another size than the header by now.
        return None
    return None if found is None or np.array_equal(end, UNTOUCHED) else pixels


@contextmanager
def _file(pieces: Pieces, path: str) -> Iterator[str]:
    """Yield the name of a file of this content: on disk, or in memory where Linux offers that."""
    # Windows takes other names in another encoding, and names that are not Unicode crash OpenCV.
    if path and path.isascii():
        yield path
    elif hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("imagegate"), "wb") as file:
            file.writelines(pieces)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        yield ""
