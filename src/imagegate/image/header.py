"""What a container says about its picture, and the limits that this must keep."""

from __future__ import annotations

from dataclasses import dataclass

from imagegate.errors import ImageTooLargeError, SettingsError


@dataclass(frozen=True)
class Header:
    """The facts of one picture, read without decoding it.

    Parameters
    ----------
    format : str
        ``"JPEG"``, ``"PNG"``, ``"WebP"``, ``"TIFF"``, ``"BMP"``, ``"GIF"``, ``"AVIF"``,
        ``"HEIC"``, ``"PDF"``; ``"PIL"`` or ``"array"`` where there is no container.
    width, height : int
        Size in pixels as the picture is seen: the orientation is applied already.
    frames : int
        Pictures in the file: pages, or frames of an animation. A JPEG has one; the
        previews and gain maps behind it are not counted.
    bits : int
        Bits a sample as stored: 1 to 16.
    mode : str
        Samples as stored: ``"gray"``, ``"rgb"``, ``"palette"``, ``"cmyk"``,
        ``"ycbcr"`` or ``"lab"``.
    alpha : bool
        Whether there is an alpha channel or a transparent colour.
    orientation : int
        The EXIF orientation that was found (1 to 8) and has been applied.
    profile : bool
        Whether there is an ICC profile other than sRGB; it is ignored.
    size_bytes : int
        Length of the file; 0 for arrays and PIL images.
    luma_table : tuple of 64 int, or None
        The JPEG quantisation table of the first component in natural (row by row) order.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    bits: int = 8
    mode: str = "rgb"
    alpha: bool = False
    orientation: int = 1
    profile: bool = False
    size_bytes: int = 0
    luma_table: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Limits:
    """The largest file and picture that are accepted, checked before decoding.

    Parameters
    ----------
    bytes : int
        Length of the file; the default holds an uncompressed 100-megapixel colour TIFF.
    pixels : int
        Width times height; the default holds a 151-megapixel camera's photograph. Decoding its
        gray plane takes, besides the file, about 1 byte of memory a pixel for JPEG (progressive: up
        to 7) and PNG of 8 bits (in colour, up to 16 megapixels: 4), up to 13 for the rest.
    side : int
        The longer side.
    frames : int
        Pages or frames in one file.

    Examples
    --------
    >>> Limits(pixels=40_000_000).pixels
    40000000
    """

    bytes: int = 512 * 1024 * 1024
    pixels: int = 160_000_000
    side: int = 65_535
    frames: int = 1000

    def __post_init__(self) -> None:
        """Refuse limits that are not positive whole numbers."""
        for name, value in vars(self).items():
            if type(value) is not int or value < 1:
                raise SettingsError(
                    f"limit {name!r}: expected a whole number above 0, got {value!r}"
                )


def check_bytes(size: int, source: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the file is longer than the limit."""
    if size > limits.bytes:
        found = f"{size / 1e6:,.1f} MB"
        raise _too_large(source, found, f"{limits.bytes / 1e6:,.1f} MB", f"bytes={size}")


def check_header(header: Header, source: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the header promises more than the limits allow."""
    width, height, frames = header.width, header.height, header.frames
    if max(width, height) > limits.side:
        found = f"{width} × {height} pixels"
        raise _too_large(source, found, f"a side of {limits.side}", f"side={max(width, height)}")
    if width * height > limits.pixels:
        found = f"{width} × {height} = {width * height / 1e6:,.1f} megapixels"
        allowed = f"{limits.pixels / 1e6:,.1f} megapixels"
        raise _too_large(source, found, allowed, f"pixels={width * height}")
    if frames > limits.frames:
        found = f"more than {limits.frames} frames"
        raise _too_large(source, found, f"{limits.frames} frames", "frames=…")


def _too_large(source: str, found: str, allowed: str, setting: str) -> ImageTooLargeError:
    option = ", or --max-megapixels" if setting.startswith("pixels") else ""
    return ImageTooLargeError(
        source,
        f"found {found}, the limit is {allowed}. If you trust the file, "
        f"raise the limit: read(…, limits=Limits({setting})){option}",
    )
