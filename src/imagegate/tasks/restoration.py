"""The tasks of making pictures larger and better: how wrong the result is, and the engines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from imagegate.engines.enhancement import open_auto, open_clahe
from imagegate.errors import MissingExtraError, OutputError
from imagegate.image import read
from imagegate.tables import Pixels, Table
from imagegate.tasks.haarpsi import haarpsi
from imagegate.tasks.task import Engine, Task

FACTOR = 2  # that upscaling makes up for
MOST_STRETCH = 0.05  # log ratio of the aspects; rounding makes a picture 50 px wide differ by 2 %

# 1 - HaarPSI from which people would not take the picture. Clean Kodak photos, people and groceries
# lose 0.005 to 0.1 by resampling; at 0.15 damage shows when one looks for it, from 0.2 without
# looking, and from 0.25 all of them are blurred, blocky or grainy through and through.
UPSCALING_LIMIT = 0.25

# Mean CIEDE2000 beyond which the colours are others. Differences of pictures were seen from a
# mean of 2.5 (Song and Luo, CIC 2001), and accepted up to nearly twice of what was seen (Xu, Tong
# and Gong, 2013). Kodak photos, garments and groceries that got 3 stops too little light differ by
# 27, once mended by 3, at most 5; with 9 stops too little by 20 even then.
ENHANCEMENT_LIMIT = 0.05
MOST_DIFFERENCE = 100.0  # black against white
COLOUR_SIDE = 384  # px, long side at which colours are compared: what the whole picture shows
LEAST_RANGE = 64  # gray levels that an enhanced clean picture must span to serve as truth


def picture_of(output: Any) -> Pixels:
    """Return an output as a picture, refusing what is none.

    Parameters
    ----------
    output : object
        What an engine returned.

    Returns
    -------
    ndarray of uint8
        RGB (height, width, 3).

    Raises
    ------
    OutputError
        If it is anything else.
    """
    kind = type(output).__name__
    if not isinstance(output, np.ndarray):
        raise OutputError(f"expected a uint8 RGB picture of shape (height, width, 3), got {kind}")
    if output.dtype != np.uint8 or output.ndim != 3 or output.shape[2] != 3 or not output.size:
        raise OutputError(
            "expected a uint8 RGB picture of shape (height, width, 3), "
            f"got {output.dtype} of shape {output.shape}"
        )
    return output


def fitted(picture: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Resize a picture to (height, width), refusing one of another aspect."""
    (height, width), (tall, wide) = picture.shape[:2], shape[:2]
    if (height, width) == (tall, wide):
        return picture
    stretch = (width / wide) / (height / tall)
    if abs(np.log(stretch)) > max(MOST_STRETCH, 1 / min(tall, wide, height, width)):
        raise OutputError(
            f"expected a picture shaped like {wide} x {tall} px, got {width} x {height} px"
        )
    way = cv2.INTER_AREA if width > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (wide, tall), interpolation=way), np.uint8)


def upscaling_loss(output: Any, truth: Pixels) -> float:
    """Return 1 - HaarPSI with the picture as it was.

    Parameters
    ----------
    output, truth : ndarray of uint8
        RGB (height, width, 3). The output is resized to the truth if it has another size; another
        aspect is refused.

    Returns
    -------
    float
        0..1, 0 for the very picture. See :func:`imagegate.tasks.haarpsi.haarpsi` for what it
        means and costs. It wants the same picture, not a beautiful one: details that an engine
        makes up count as damage.

    Raises
    ------
    OutputError
        If the output is no picture, or of another aspect.
    """
    right = picture_of(truth)
    return 1 - haarpsi(fitted(picture_of(output), right.shape), right)


def enhancement_loss(output: Any, truth: Pixels) -> float:
    """Return the mean colour difference to the right picture, in hundredths of CIEDE2000.

    Parameters
    ----------
    output, truth : ndarray of uint8
        RGB (height, width, 3), taken as sRGB. The output is resized to the truth if it has
        another size; another aspect is refused.

    Returns
    -------
    float
        0..1: 0.01 is a mean difference of 1, hardly seen side by side; 1 is black for white. Both
        are reduced to a long side of 384 px first, so it is about colour and light and grain,
        and hardly about sharpness: never take it for a measure of blur. Some 100 ms.

    Raises
    ------
    OutputError
        If the output is no picture, or of another aspect.
    MissingExtraError
        If scikit-image is not installed.

    References
    ----------
    Sharma, Wu, Dalal, Color Research and Application 30, 2005, doi:10.1002/col.20070, as in
    scikit-image.
    """
    right = picture_of(truth)
    shown = fitted(picture_of(output), right.shape)
    try:
        from skimage.color import deltaE_ciede2000, rgb2lab
    except ImportError as error:
        raise MissingExtraError("scikit-image", "pictures") from error
    difference: Callable[..., Any] = deltaE_ciede2000
    # OpenCV's own CIELAB is off by up to 0.15
    found = difference(rgb2lab(reduced(shown)), rgb2lab(reduced(right)))
    return min(1.0, float(found.mean()) / MOST_DIFFERENCE)


def reduced(picture: Pixels) -> Pixels:
    """Return a picture with a long side of at most 384 px."""
    height, width = picture.shape[:2]
    scale = min(1.0, COLOUR_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_picture(path: str) -> Pixels:
    """Read an image file as a picture that is right: what a program wrote, or given truth."""
    return read(path).rgb


def enlarged(pixels: Pixels, way: int) -> Pixels:
    """Return a picture twice as large."""
    size = (pixels.shape[1] * FACTOR, pixels.shape[0] * FACTOR)
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def open_resampling(way: int) -> Callable[[Pixels], Pixels]:
    """Return one of OpenCV's resamplings, twice as large."""
    return partial(enlarged, way=way)


def is_picture(output: Any) -> bool:
    """Tell whether an upscaled picture is one; its truth is always given, so no more is asked."""
    return picture_of(output).size > 0


def verified(output: Any) -> bool:
    """Tell whether an enhanced clean picture shows enough to stand in for the truth."""
    gray = cv2.cvtColor(picture_of(output), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(gray, (1, 99))
    return bool(high - low >= LEAST_RANGE)


def opencv_version() -> str:
    """Return the version of OpenCV."""
    return f"opencv {cv2.__version__}"


def enhancement_version() -> str:
    """Return the version of the method, which is ours, and of OpenCV."""
    return f"1, {opencv_version()}"


TASKS = (
    Task(
        "upscaling",
        upscaling_loss,
        UPSCALING_LIMIT,
        Table(
            "upscaling engine",
            tuple(
                Engine(name, partial(open_resampling, way), opencv_version, "Apache-2.0")
                for name, way in (("lanczos", cv2.INTER_LANCZOS4), ("cubic", cv2.INTER_CUBIC))
            ),
        ),
        is_picture,
        read_picture,
        truth="picture",
        shrink=FACTOR,
        strength=0.25,
        onnx="image",
        about="make a picture larger",
    ),
    Task(
        "enhancement",
        enhancement_loss,
        ENHANCEMENT_LIMIT,
        Table(
            "enhancement engine",
            (
                Engine("auto", open_auto, enhancement_version, "Apache-2.0"),
                Engine("clahe", open_clahe, enhancement_version, "Apache-2.0"),
            ),
        ),
        verified,
        read_picture,
        strength=0.5,
        onnx="image",
        about="better the light and colours of a picture",
    ),
)
