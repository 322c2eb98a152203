"""Glyphs: what the letter network says of a picture: how its text lies, its script, its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from imagegate.features.letters.channel import as_read
from imagegate.features.letters.lines import Look, looks, text
from imagegate.features.letters.marks import Marks, in_columns
from imagegate.features.letters.network import (
    ABOUT,
    CLASSES,
    ORIENTATIONS,
    SCRIPTS,
    SIDEWAYS,
    STATES,
    Places,
    Singles,
    evenly,
    evidence_of,
    judge,
    lead,
)
from imagegate.features.planes import NAN, Floats, quantile
from imagegate.image import Image
from imagegate.tables import Measure

FEWEST = 4  # marks; with fewer nothing is said
ENOUGH = 12  # … to tell orientation and script
CLEAR = 0.15  # nats a mark by which an orientation must be likelier than upright
CLEARLY_FLIPPED = 0.4  # … and one that hardly ever happens: upside down in a mirror
SURE_SIDE = 0.5  # … and one on its side than all that stands in rows, or is nothing
SURE = 0.3  # … and a script than all that is not a script
PARTS = 8  # of the marks, of which the worst counts
IN_LINES = 0.5  # of the letter-like marks; with fewer in rows, columns are looked for
SMALL = 0.5  # of the typical height; below are punctuation and dots


@dataclass(frozen=True)
class Glyphs:
    """What the network says of up to 128 marks, evenly spread, one array element a mark."""

    probability: Singles  # (marks, classes), each row sums to 1
    x: Floats  # middle of the mark in the picture, px from the left
    y: Floats  # … and from the top
    columns: bool  # the marks stand in columns: the lines run up or down

    @cached_property
    def mean(self) -> Floats:
        """Mean probability of each class."""
        return np.asarray(self.probability.mean(axis=0), np.float64)

    @cached_property
    def evidence(self) -> Floats:
        """Mean log-likelihood of each class up to a constant, in nats a mark."""
        return evidence_of(self.probability)

    def lead(self, *names: str, over: Sequence[str] = ("upright",)) -> float:
        """Evidence for the likeliest of these classes over others, in nats a mark."""
        return lead(self.evidence, names, over)


def standing(found: Marks) -> tuple[Places, bool]:
    """Return the marks that stand in lines, and whether these run up or down."""
    inline, columns, size = found.inline, False, found.height
    if inline.sum() < IN_LINES * found.letter.sum():
        upended = in_columns(found)
        if upended.sum() > inline.sum():
            inline, columns, size = upended, True, found.width
    picked = np.flatnonzero(inline)
    if len(picked):
        picked = picked[size[picked] >= SMALL * quantile(size[picked], 0.5)]
    return picked, columns


def glyphs(image: Image) -> Glyphs | None:
    """Judge the marks of a look that shows lines of text, None where fewer than 4 stand in lines.

    Where there is no text, as on pages that lie on their side, it is the largest look with 12 marks
    in rows or columns, or else the one with most.
    """
    image = image.cached(as_read)
    there = image.cached(text)
    if there:
        return judged(there.look, *standing(there.look.marks))
    best = None
    for look in looks(image):
        picked, columns = standing(look.marks)
        if len(picked) >= FEWEST and (best is None or len(picked) > len(best[1])):
            best = look, picked, columns
        if len(picked) >= ENOUGH:
            break
    return judged(*best) if best else None


def judged(look: Look, picked: Places, columns: bool) -> Glyphs:
    """Judge up to 128 of the picked marks."""
    found, picked = look.marks, evenly(picked)
    top, left = np.array(look.image.tile_places, np.float64)[found.tile[picked]].T
    x = look.scale * (left + found.x[picked] + found.width[picked] / 2)
    y = look.scale * (top + found.y[picked] + found.height[picked] / 2)
    return Glyphs(judge(look.tiles, found, picked), x, y, columns)


def orientation(image: Image) -> str | None:
    """Return how the text lies, one of ``ORIENTATIONS``, None if that cannot be told.

    ``"clockwise"`` is a page that was turned clockwise by 90 degrees. None with fewer than 12
    marks in lines, where another script is likelier than any orientation of Latin, where one
    is likelier than upright but not clearly so, and where there are no lines of text.
    """
    found = image.cached(glyphs)
    if found is None or len(found.x) < ENOUGH:
        return None
    if found.columns:
        sure = over_others(found, *SIDEWAYS) >= SURE_SIDE
        return likeliest(found.evidence, SIDEWAYS) if sure else None
    best = likeliest(found.evidence, ABOUT)
    ahead = found.lead(best)
    if ahead < 0:
        return "upright"
    foreign = found.lead(*SCRIPTS) > ahead
    clear = ahead >= (CLEARLY_FLIPPED if best == "flipped" else CLEAR)
    return best if in_text(image) and clear and not foreign else None


def in_text(image: Image) -> bool:
    """Tell whether there are lines of text, and 12 marks in them that were judged."""
    found = image.cached(glyphs)
    shown = image.cached(as_read).cached(text) is not None
    return shown and found is not None and len(found.x) >= ENOUGH


def script(image: Image) -> str | None:
    """Return which of ``SCRIPTS`` the text is in, None for Latin and where it cannot be told."""
    found = image.cached(glyphs)
    if found is None or not other_script_lead(image) >= SURE:
        return None
    return likeliest(found.evidence, SCRIPTS)


def likeliest(evidence: Floats, names: Sequence[str]) -> str:
    """Return which of these classes has most evidence."""
    return max(names, key=lambda name: evidence[CLASSES.index(name)])


def upright_share(image: Image) -> float:
    """Return how surely the marks are upright Latin letters or digits.

    Share 0..1, mean probability over up to 128 marks in lines: about 0.5 for clean print, as
    letters like o and x look the same turned. NaN with fewer than 4 marks.
    Source: own; network of ``corpora/letters.py``.
    """
    return mean_of(image, "upright")


def upright_worst(image: Image) -> float:
    """Return the least sure eighth of the marks of ``letters.upright``.

    Share 0..1: the marks are taken in eight parts, from the top to the bottom of each tile, and
    this is the lowest mean of a part. NaN with fewer than 32 marks.
    Source: as ``letters.upright``.
    """
    found = image.cached(glyphs)
    if found is None or len(found.x) < 4 * PARTS:
        return NAN
    sure, begins = found.probability[:, 0], np.arange(PARTS + 1) * len(found.x) // PARTS
    parts = np.add.reduceat(sure, begins[:-1]) / np.diff(begins)
    return float(parts.min())


def turned_lead(image: Image) -> float:
    """Return the evidence that the page is turned or mirrored.

    In nats a mark: mean log-likelihood of the likeliest of the five other orientations over that
    of upright; negative for upright pages. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    found = image.cached(glyphs)
    return found.lead(*ORIENTATIONS[1:]) if found else NAN


def other_script_lead(image: Image) -> float:
    """Return the evidence that the text is in another script than Latin.

    In nats a mark: mean log-likelihood of the likeliest family of scripts over that of the
    likeliest other kind of mark; negative for Latin. NaN without 12 marks in lines of text.
    Source: as ``letters.upright``.
    """
    return lead_over_others(image, *SCRIPTS)


def handwriting_lead(image: Image) -> float:
    """Return the evidence that the text is written by hand.

    In nats a mark: mean log-likelihood of handwriting over that of the likeliest other kind of
    mark; negative for print. NaN without 12 marks in lines of text.
    Source: as ``letters.upright``.
    """
    return lead_over_others(image, "handwriting")


def broken_glyphs(image: Image) -> float:
    """Return how many marks are pieces of letters.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "broken")


def merged_glyphs(image: Image) -> float:
    """Return how many marks are letters that have grown together.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "merged")


def no_glyphs(image: Image) -> float:
    """Return how many marks in lines are no letters: texture, rules, specks.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "none")


def mean_of(image: Image, name: str) -> float:
    """Return the mean probability of a class, NaN without marks."""
    found = image.cached(glyphs)
    return float(found.mean[CLASSES.index(name)]) if found else NAN


def lead_over_others(image: Image, *names: str) -> float:
    """Return ``over_others`` of an image, NaN without 12 marks in lines of text."""
    found = image.cached(glyphs)
    return over_others(found, *names) if found and in_text(image) else NAN


def over_others(found: Glyphs, *names: str) -> float:
    """Return the evidence for the likeliest of some kinds of mark over all other kinds."""
    return found.lead(*names, over=[name for name in CLASSES if name not in (*names, *STATES)])


letter_measure = partial(Measure, about="text")

MEASURES = (
    letter_measure("letters.upright", upright_share, "clearness of letters", "share", "low"),
    letter_measure(
        "letters.upright_worst", upright_worst, "clearness of the worst letters", "share", "low"
    ),
    letter_measure(
        "letters.turned", turned_lead, "evidence for letters that are turned", "nats", "high"
    ),
    letter_measure(
        "letters.other_script", other_script_lead, "evidence for another script", "nats", "high"
    ),
    letter_measure(
        "letters.handwriting", handwriting_lead, "evidence for handwriting", "nats", "high"
    ),
    letter_measure(
        "letters.broken_share",
        broken_glyphs,
        "share of marks that are broken letters",
        "share",
        "high",
    ),
    letter_measure(
        "letters.merged_share",
        merged_glyphs,
        "share of marks that are merged letters",
        "share",
        "high",
    ),
    letter_measure(
        "letters.none_share",
        no_glyphs,
        "share of marks in lines that are no letters",
        "share",
        "high",
    ),
)
