"""Blur: how wide the sharpest edges are and how fast the spectrum ends."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.local.damage import edge_ratio, partly_soft, where_soft, worst_edge
from imagegate.features.planes import NAN, Floats, quantile, ramp
from imagegate.features.sharpness import edges, spectral_cutoff
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure


def edge_widths(image: Image) -> tuple[float, float]:
    """Return the median over cells of the edge width across and down, NaN without edges."""
    across, down = image.cached(edges)
    return middle(across), middle(down)


def middle(values: Floats, share: float = 0.5) -> float:
    """Return a quantile of the finite values, NaN if there are none."""
    known = values[np.isfinite(values)]
    return quantile(known, share) if known.size else NAN


def edge_width(image: Image) -> float:
    """Return the width of sharp edges in the blurrier of both directions.

    Local range over slope at the strongest gradients, in native pixels, the median over a grid of
    cells; 2 for a step from one pixel to the next, 2.5 sigma under a wide Gaussian blur. NaN
    without edges. Pixelation looks sharp to it.
    Source: after Marziliano et al., ICIP 2002, doi:10.1109/ICIP.2002.1038902; range over slope
    instead of walking to the extrema, and by direction because motion blurs only one.
    """
    return float(np.fmax(*edge_widths(image)))


def edge_width_p90(image: Image) -> float:
    """Return the width of edges where the picture is blurred most.

    As ``blur.edge_width_px``, but the 90th percentile over the cells: high where only a part is out
    of focus. NaN without edges.
    Source: after Marziliano et al., ICIP 2002, doi:10.1109/ICIP.2002.1038902, by cell.
    """
    return middle(np.fmax(*image.cached(edges)), 0.9)


def edge_anisotropy(image: Image) -> float:
    """Return how differently wide edges are across and down.

    Absolute log ratio of the two widths, 0 where both are alike; motion raises it. NaN where one
    direction has no edges.
    Source: own; from the same edges as ``blur.edge_width_px``.
    """
    across, down = edge_widths(image)
    return float(abs(np.log(across / down)))


def edges_across(image: Image) -> float:
    """Return how many edge widths make the shorter side.

    Short side over ``blur.edge_width_px``: sharpness as the picture shows it at any size; NaN
    without edges.
    Source: own.
    """
    return float(min(image.gray.shape) / image.cached(edge_width))


def laplacian_variance(image: Image) -> float:
    """Return the variance of the Laplacian, the classic focus measure.

    Returns
    -------
    float
        Variance in squared gray levels, 0 for a flat image, no upper bound. Doubling the
        contrast makes it four times larger, and noise raises it too: kept as the
        baseline that others use, never shown to a learned gate.

    References
    ----------
    After Pech-Pacheco et al., ICPR 2000, doi:10.1109/ICPR.2000.903548, in the form in
    common use: signed response, 3x3 kernel.
    """
    _, deviation = cv2.meanStdDev(cv2.Laplacian(image.gray, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def score(readings: Mapping[str, float]) -> float:
    """Map edge width to 0–100.

    An image is blurred if its edges are wide in pixels and also relative to what it shows: the
    x-height of text, else the short side. The better of both counts, since small sharp letters
    and large soft pictures are not blurred.
    """
    # motion leaves some edges sharp, the spectrum across them tells; 0.6 / cut-off is what
    # the edge width would be under a Gaussian blur
    width = float(np.fmax(readings["blur.edge_width_px"], 0.6 / readings["blur.spectral_cutoff"]))
    by_pixel = ramp(width, (2.5, 100), (3.3, 70), (4.2, 40), (12, 0))
    letter = readings["text.x_height_px"] / width
    by_letter = ramp(letter, (1, 0), (3.2, 40), (4.4, 70), (7, 100))
    sharp = readings["resolution.short_side_px"] / width
    by_side = ramp(sharp, (25, 0), (90, 40), (130, 60), (250, 80), (400, 100))
    return float(np.fmax(by_pixel, by_side if np.isnan(by_letter) else by_letter))


LIVELIEST, MIDDLE = 2, (256, 512)  # of the tiles, and how much of a large one
STEEP_SHARE = 0.1  # of the gradients: those at edges
MOST_SMEAR = 9.0
# Seldom so large without motion, but where lines of text have grown together, whose gradients point
# up and down.
MOTION, MOTION_ALONG_LINES = 0.85, 2.9
UPRIGHT = 0.9  # how far up and down the steepest direction then points


def structure(image: Image) -> tuple[float, float]:
    """Return the log ratio of both eigenvalues of the structure tensor, and how upright the larger.

    Of the steepest tenth of the gradients in the middle of the liveliest tiles; NaN without edges.
    """
    tensor = np.zeros((2, 2))
    for tile in image.tiles[:LIVELIEST]:
        top, left = (
            max(0, side - most) // 2 for side, most in zip(tile.shape, MIDDLE, strict=True)
        )
        part = tile[top : top + MIDDLE[0], left : left + MIDDLE[1]]
        across, down = (cv2.Sobel(part, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
        squared = across**2 + down**2
        steep = squared >= max(1.0, quantile(squared[::2, ::2].ravel(), 1 - STEEP_SHARE))
        edges_of = np.stack([across[steep], down[steep]]).astype(np.float64)
        tensor += edges_of @ edges_of.T
    (small, large), ways = np.linalg.eigh(tensor)
    if large <= 0:
        return NAN, NAN
    ratio = float(np.log(large / max(small, large * np.exp(-MOST_SMEAR))))
    return ratio, abs(float(ways[1, 1]))


def smear(image: Image) -> float:
    """Return how much more the picture varies along one direction than across it.

    Log ratio of the eigenvalues of the structure tensor of the steepest gradients, 0 to 9: about
    0.4 for pictures and pages, 1.5 and more after motion in any direction, which takes away the
    gradients along its path. Grown-together lines of text raise it, too. NaN without edges.
    Source: Bigün and Granlund, ICCV 1987, for the structure tensor.
    """
    return image.cached(structure)[0]


def motion(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell a blur along one direction from one in all directions."""
    ratio, upright = image.cached(structure)
    return ratio > (MOTION_ALONG_LINES if upright > UPRIGHT else MOTION)


MEASURES = (
    Measure(
        "blur.edge_width_px",
        edge_width,
        "edge width",
        "px",
        "high",
        looks=("edges are softer", "edges are sharper"),
    ),
    Measure(
        "blur.edge_width_p90_px",
        edge_width_p90,
        "edge width in the worst tenth",
        "px",
        "either",
        looks=("the softest edges are softer", "the softest edges are sharper"),
    ),
    Measure("blur.edge_anisotropy", edge_anisotropy, "edge anisotropy", "log ratio", "either"),
    Measure("blur.smear", smear, "smear", "log ratio", "either", learnable=False),
    Measure(
        "blur.edges_across",
        edges_across,
        "number of edge widths across the picture",
        "ratio",
        "low",
        about="picture",
    ),
    Measure(
        "blur.spectral_cutoff",
        spectral_cutoff,
        "spectral cutoff",
        "cycles/px",
        "either",
        looks=("there is more fine detail", "there is less fine detail"),
    ),
    Measure(
        "blur.laplacian_variance",
        laplacian_variance,
        "laplacian variance",
        "squared gray levels",
        "low",
        learnable=False,
    ),
    Measure(
        "blur.worst_third_edge",
        worst_edge,
        "edge width in the worst third of the text",
        "x-heights",
        "high",
        about="text",
    ),
    Measure(
        "blur.edge_ratio",
        edge_ratio,
        "edge width in the worst third of the text to that in the best",
        "ratio",
        "high",
        about="text",
    ),
)

CAUSE = Cause(
    "blur",
    ("blur.edge_width_px", "blur.spectral_cutoff", "text.x_height_px", "resolution.short_side_px"),
    score,
    (
        Code("blur.partly", "blur.edge_ratio", partly_soft, where_soft),
        Code("blur.motion", "blur.smear", motion),
        Code("blur.focus", "blur.edge_width_px"),
    ),
)
