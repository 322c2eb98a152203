"""Clean images that rows descend from, files and generated ones: load them, make their variants."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from imagegate import image
from imagegate.degrade import Chain, apply_chain, save
from imagegate.errors import CorpusError, ImageNotFoundError
from imagegate.features.letters.lines import letters
from imagegate.tables import Pixels, Table

if TYPE_CHECKING:
    from imagegate.synthetic.pages import Page

# Without text, sizes are relative to the short side: for pictures to a sixteenth, for pages on
# which no letters are found to what a letter would measure.
PICTURE_PARTS, PAGE_PARTS = 16, 40
GRAMMAR = re.compile(r"([a-z]+(?:\+[a-z]+)*):(?:(\d+)-)?(\d+)")
# What is done to a page draws from these, beside its seed: the page draws from the seed alone.
STREAMS = {"capture": 1, "print": 2, "photo": 3}


@dataclass(frozen=True)
class Kind:
    """One kind of generated source: ``NAME:N`` or ``NAME:FIRST-LAST``."""

    name: str
    fonts: str = "bundled"
    taken: Literal["capture", "photo", "print"] | None = None
    of: Literal["pages", "scripts", "handwriting", "office"] = "pages"


KINDS = Table(
    "kind of generated source",
    (
        Kind("pages"),
        Kind("captures", taken="capture"),
        Kind("photos", taken="photo"),
        Kind("prints", taken="print"),
        Kind("pages+fonts", fonts="system"),
        Kind("captures+fonts", fonts="system", taken="capture"),
        Kind("photos+fonts", fonts="system", taken="photo"),
        Kind("prints+fonts", fonts="system", taken="print"),
        Kind("scripts+fonts", "system", of="scripts"),
        Kind("scripts+fonts+captures", "system", "capture", "scripts"),
        Kind("scripts+fonts+photos", "system", "photo", "scripts"),
        Kind("scripts+fonts+prints", "system", "print", "scripts"),
        Kind("handwriting+fonts", "system", of="handwriting"),
        Kind("handwriting+fonts+captures", "system", "capture", "handwriting"),
        Kind("handwriting+fonts+photos", "system", "photo", "handwriting"),
        Kind("handwriting+fonts+prints", "system", "print", "handwriting"),
        Kind("office+fonts", "system", of="office"),
        Kind("office+fonts+captures", "system", "capture", "office"),
        Kind("office+fonts+photos", "system", "photo", "office"),
        Kind("office+fonts+prints", "system", "print", "office"),
    ),
)


def parse(arg: str) -> tuple[Kind, range] | None:
    """Read ``KIND:N`` or ``KIND:FIRST-LAST``: the kind and its seeds; None if it is none.

    >>> parse("captures:10-12")
    (Kind(name='captures', fonts='bundled', taken='capture', of='pages'), range(10, 13))
    >>> parse("scans/") is None
    True
    """
    match = GRAMMAR.fullmatch(arg)
    if match is None or match[1] not in KINDS:
        return None
    first, last = match[2], int(match[3])
    seeds = range(int(first), last + 1) if first else range(last)
    if not seeds:
        raise CorpusError(
            f"{arg} names no page: expected {match[1]}:N above 0, or FIRST-LAST in that order"
        )
    return KINDS[match[1]], seeds


def recorded(path: str) -> tuple[Kind, int] | None:
    """Return the kind and seed that a recorded ``KIND:SEED`` stands for, or None for a file."""
    name, _, seed = path.rpartition(":")
    return (KINDS[name], int(seed)) if name in KINDS and seed.isdigit() else None


@dataclass(frozen=True)
class Source:
    """One clean image that rows descend from: a file, or a generated ``kind`` with its ``seed``.

    ``source_id`` is ``set/name``: chance is drawn from it, so it never depends on the machine. No
    split may cut through a ``group``: a company, a book; the generated sources of one seed show
    the same words and are one group. ``truth_path`` is a transcript, mask or JSON file. Recorded
    paths are relative to ``root``.
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


def render(kind: Kind, seed: int) -> tuple[Pixels, float, str]:
    """Return RGB pixels, the x-height of the running text in pixels, and the transcript."""
    from imagegate.synthetic.capture import capture, draw_phone
    from imagegate.synthetic.wear import print_and_scan

    page = drawn(kind, seed)
    if kind.taken is None:
        return page.pixels, page.x_height_px, page.text
    rng = np.random.default_rng([seed, STREAMS[kind.taken]])
    if kind.taken == "print":
        taken = print_and_scan(page.pixels, page.x_height_px, rng)
    else:
        shot = draw_phone(rng) if kind.taken == "photo" else None
        taken = capture(page.pixels, rng, shot=shot)
    return taken.pixels, page.x_height_px * taken.scale, page.text


def drawn(kind: Kind, seed: int) -> Page:
    """Render the clean page of a kind."""
    from imagegate.synthetic.hands import render_hand
    from imagegate.synthetic.office import render_office
    from imagegate.synthetic.pages import render_page
    from imagegate.synthetic.scripts import render_script

    if kind.of == "scripts":
        return render_script(seed)
    if kind.of == "handwriting":
        return render_hand(seed)
    if kind.of == "office":
        return render_office(seed)
    return render_page(seed, fonts=kind.fonts)
