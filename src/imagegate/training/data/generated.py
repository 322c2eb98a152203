"""The kinds of generated sources: how they are asked for, recorded, and made again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from imagegate.errors import CorpusError
from imagegate.tables import Pixels, Table

GRAMMAR = re.compile(r"([a-z]+(?:\+[a-z]+)?):(?:(\d+)-)?(\d+)")
# What is done to a page draws from these, beside its seed: the page draws from the seed alone.
STREAMS = {"capture": 1, "print": 2, "photo": 3}


@dataclass(frozen=True)
class Kind:
    """One kind of generated source: ``NAME:N`` or ``NAME:FIRST-LAST``."""

    name: str
    fonts: str = "bundled"
    taken: Literal["capture", "photo", "print"] | None = None


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
    ),
)


def parse(arg: str) -> tuple[Kind, range] | None:
    """Read ``KIND:N`` or ``KIND:FIRST-LAST``: the kind and its seeds; None if it is none.

    >>> parse("captures:10-12")
    (Kind(name='captures', fonts='bundled', taken='capture'), range(10, 13))
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


def render(kind: Kind, seed: int) -> tuple[Pixels, float, str]:
    """Return RGB pixels, the x-height of the running text in pixels, and the transcript."""
    from imagegate.synthetic.capture import capture, draw_phone
    from imagegate.synthetic.pages import render_page
    from imagegate.synthetic.wear import print_and_scan

    page = render_page(seed, fonts=kind.fonts)
    if kind.taken is None:
        return page.pixels, page.x_height_px, page.text
    rng = np.random.default_rng([seed, STREAMS[kind.taken]])
    if kind.taken == "print":
        taken = print_and_scan(page.pixels, page.x_height_px, rng)
    else:
        shot = draw_phone(rng) if kind.taken == "photo" else None
        taken = capture(page.pixels, rng, shot=shot)
    return taken.pixels, page.x_height_px * taken.scale, page.text
