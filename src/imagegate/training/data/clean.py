"""A clean image that rows descend from: load it and make any of its variants, now or again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from imagegate import image
from imagegate.degrade import Chain, apply_chain, save
from imagegate.errors import ImageNotFoundError
from imagegate.features.letters import letters
from imagegate.tables import Pixels
from imagegate.training.data.generated import KINDS, render

# Without text, sizes are relative to the short side: for pictures to a sixteenth, for pages on
# which no letters are found to what a letter would measure.
PICTURE_PARTS, PAGE_PARTS = 16, 40


@dataclass(frozen=True)
class Source:
    """One clean image that rows descend from.

    Parameters
    ----------
    source_id : str
        ``set/name``; chance is drawn from it, so it never depends on the machine.
    group : str
        What no split may cut through: a company, a book; the source itself if alone. The
        generated sources of one seed show the same words, so their group is one, too.
    set : str
        The name of the collection.
    path : str or None
        The file; None for a generated source.
    truth_path : str or None
        The transcript, mask or JSON file; None if there is none.
    class_name : str or None
        The class that the image shows; None if it is not known.
    seed : int or None
        The seed of a generated source.
    kind : str
        Which kind of generated source, a name of ``generated.KINDS``; unused for files.
    root : str
        The folder that recorded paths are relative to.
    """

    source_id: str
    group: str
    set: str
    path: str | None = None
    truth_path: str | None = None
    class_name: str | None = None
    seed: int | None = None
    kind: str = "pages"
    root: str = ""

    @property
    def shown(self) -> str:
        """The path relative to the root, or ``KIND:SEED``."""
        if self.path is None:
            return f"{self.kind}:{self.seed}"
        path, root = Path(self.path), Path(self.root)
        return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


@dataclass(frozen=True)
class Clean:
    """A source as it was found; ``whole`` is the picture before it was made smaller."""

    pixels: Pixels
    data: bytes | None
    reference_px: float
    text: str | None = None
    whole: Pixels | None = None


def cause_of(chain: Chain) -> str:
    """Return ``"clean"``, the one cause of the chain, or ``"mixture"``."""
    causes = {step.cause for step in chain}
    return "mixture" if len(causes) > 1 else next(iter(causes), "clean")


def load(source: Source, *, text: bool, shrink: int = 1) -> Clean:
    """Read or render a source, ``shrink`` times smaller; with ``text`` sizes go by the x-height."""
    found = _loaded(source, text)
    if shrink == 1:
        return found
    height, width = (max(1, side // shrink) for side in found.pixels.shape[:2])
    small = cv2.resize(found.pixels, (width, height), interpolation=cv2.INTER_AREA)
    return replace(
        found,
        pixels=np.asarray(small, np.uint8),
        data=None,
        reference_px=found.reference_px / shrink,
        whole=found.pixels,
    )


def _loaded(source: Source, text: bool) -> Clean:
    if source.path is None:
        pixels, x_height, transcript = render(KINDS[source.kind], int(source.seed or 0))
        return Clean(pixels, None, x_height, transcript)
    path = Path(source.path)
    if not path.is_file():
        raise ImageNotFoundError(source.path, "no such file")
    picture = image.read(path)
    data = path.read_bytes()
    short = min(picture.gray.shape) / (PAGE_PARTS if text else PICTURE_PARTS)
    found = picture.cached(letters) if text else None
    # the median, in whole pixels: what is done to an image outlives finer measures of it
    return Clean(picture.rgb, data, float(np.median(found.height)) if found else short)


def variant_bytes(clean: Clean, chain: Chain, *, seed: int, variant: int) -> bytes:
    """Return the file of a variant; variant 0 of a file is that file."""
    if variant == 0 and clean.data is not None:
        return clean.data
    degraded = apply_chain(clean.pixels, chain, reference_px=clean.reference_px)
    return save(degraded, chain, seed=seed)[0]
