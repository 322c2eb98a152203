"""Heat map: where people see that two pictures differ, with the edit outlined."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.features.edits.pair import EditPair
from imagegate.features.planes import Plane, u8

OUTLINE = (90, 220, 255)
ENDINGS = (".png", ".jpg", ".webp")


def heat_map(pair: EditPair) -> Plane:
    """Return the FLIP map, RGB (height, width, 3): black where nothing differs, to yellow.

    Source: Andersson et al., "FLIP: A Difference Evaluator for Alternating Images", Proc. ACM
    Comput. Graph. Interact. Tech. 3 (2020), doi:10.1145/3406183; flip-evaluator computes it.

    Raises
    ------
    MissingExtraError
        Without flip-evaluator (extra ``edits``).
    """
    flip = require("flip_evaluator", "edits")
    one, two = (x.astype(np.float32) / 255 for x in (pair.original, pair.edited))
    found, _, _ = flip.evaluate(one, two, "LDR", computeMeanError=False)
    drawn = u8(np.clip(np.rint(255 * found), 0, 255))
    outlines, _ = cv2.findContours(u8(pair.region), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thick = max(1, round(min(drawn.shape[:2]) / 400))
    return u8(cv2.drawContours(np.ascontiguousarray(drawn), outlines, -1, OUTLINE, thick))


def write_heat_map(pair: EditPair, to: Path) -> None:
    """Write the heat map to a file; its ending tells the format.

    Raises
    ------
    SettingsError
        If the ending is none of a picture.
    """
    check_name(to)
    Pillow.fromarray(heat_map(pair)).save(to)


def check_name(to: Path) -> None:
    """Raise if a heat map cannot be written to a file of this name."""
    if to.suffix.lower() not in ENDINGS:
        raise SettingsError(f"{to}: expected a name that ends with {', '.join(ENDINGS)}")
