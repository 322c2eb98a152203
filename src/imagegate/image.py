"""Read an image once, check it, and share its planes: the only file that knows BGR, EXIF, dtype, alpha."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

View = TypeVar("View")


@dataclass(frozen=True)
class Header:
    """What the container says, read without decoding."""

    format: str
    width: int
    height: int
    frames: int = 1
    bits: int = 8
    mode: str = "rgb"
    orientation: int = 1
    size_bytes: int = 0
    luma_table: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """One image, checked; planes are computed on first use and shared."""

    source: str
    gray: NDArray[np.uint8]
    header: Header
    notes: tuple[str, ...] = ()
    decode_rgb: Callable[[], NDArray[np.uint8]] = field(default=lambda: np.empty(0, np.uint8), repr=False)

    @classmethod
    def from_array(cls, pixels: NDArray[np.uint8], *, source: str = "<array>") -> Image:
        """Wrap uint8 RGB (height, width, 3) or gray (height, width) pixels."""
        gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        height, width = gray.shape

        def rgb() -> NDArray[np.uint8]:
            return pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)

        return cls(source, gray, Header("array", width, height), (), rgb)

    @cached_property
    def rgb(self) -> NDArray[np.uint8]:
        """The colour plane, RGB uint8 (height, width, 3); decoded on first use."""
        return self.decode_rgb()

    @cached_property
    def working(self) -> NDArray[np.uint8]:
        """The gray plane reduced by a whole factor to a long side of at most 1024."""
        factor = -(-max(self.gray.shape) // 1024)
        if factor == 1:
            return self.gray
        height, width = self.gray.shape
        size = (max(1, width // factor), max(1, height // factor))
        return cv2.resize(self.gray, size, interpolation=cv2.INTER_AREA)

    @cached_property
    def tiles(self) -> tuple[NDArray[np.uint8], ...]:
        """Native-resolution windows of the gray plane for pixel-exact traces."""
        return (self.gray,)

    def once(self, view: Callable[[Image], View]) -> View:
        """Return ``view(self)``, computed on the first call and shared afterwards."""
        shared: dict[Any, Any] = self.__dict__.setdefault("_shared", {})
        if view not in shared:
            shared[view] = view(self)
        return shared[view]


def read(source: Any) -> Image:
    """Read an image from a path, bytes, array, PIL image or file object."""
    if isinstance(source, Image):
        return source
    if isinstance(source, np.ndarray):
        return Image.from_array(source)
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return Image.from_array(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), source=str(source)[:200])
