"""Say what a training had too little of, how many more it would take, and of which kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from imagegate.models.card import Card, percent
from imagegate.stats.bootstrap import FEW_GROUPS, FEW_OUTCOMES
from imagegate.text import count
from imagegate.training.split import PARTS, SHARES

HARDER = "harder variants (a higher --strength)"
MILDER = "clean sources or milder variants (a lower --strength)"
FEW_SOURCES = 50  # to calibrate on
FEW_FAILING = 30  # sources to learn failure from, or images to learn success from
RARE = 0.05  # of all images: fewer failures, or successes, say little about them
PLENTY = 100  # sources that fail, or images that do not: then even a small share is enough


def wanting(card: Card) -> Iterator[str]:
    """Yield what is wanting, one sentence and its remedy each; nothing if nothing is.

    Parameters
    ----------
    card : Card
        Its ``parts`` hold rows, sources, groups, fails and failing sources of every part. The
        numbers asked for follow from the rates among them: *about* so many more sources if
        those to come are like those at hand.
    """
    counts = Counts(card.parts, outcomes=card.engine == "outcomes")
    wants = [*_to_calibrate(counts), *_to_learn(counts), *_to_compare(counts)]
    yield from (want.sentence for want in wants)
    if len(wants) > 1:
        most = counts.alike(max(want.sources for want in wants))
        yield f"For all of this together: {most}."
    yield from _to_balance(counts)
    if card.guarantee and card.guarantee.kept:
        yield from _to_promise(counts, card.guarantee.promise)


@dataclass(frozen=True)
class Want:
    """What is wanting, and about how many more sources like those at hand would bring it."""

    sentence: str
    sources: int


@dataclass(frozen=True)
class Counts:
    """The counts of all parts; ``outcomes`` tells that nothing was degraded or labelled."""

    parts: Mapping[str, Mapping[str, int]]
    outcomes: bool

    def all(self, what: str) -> int:
        """Return a count over all parts."""
        return sum(part[what] for part in self.parts.values())

    def in_all(self, missing: float, part: str) -> int:
        """Return about how many must come in all so that so many more fall to a part."""
        return rounded_up(missing / self.share(part))

    def share(self, part: str) -> float:
        """Return which share of the sources to come falls to a part.

        It is that of the sources at hand; of a few, whole sources make it another than was asked
        for, so then it is the usual one.
        """
        total = max(1, self.all("sources"))
        found, usual = self.parts[part]["sources"] / total, SHARES[PARTS.index(part)]
        return usual if abs(found - usual) * total < 2 else found

    def like(self, missing: int, part: str, what: str) -> int:
        """Return how many sources like those at hand bring a part so many more of something.

        The rate is that of the part, or of all parts if it has none.
        """
        own = self.parts[part]
        many = [(own[what], own["sources"]), (self.all(what), self.all("sources"))]
        rate = next((found / of for found, of in many if found and of), 1.0)
        return self.in_all(missing / rate, part)

    def alike(self, number: int) -> str:
        """Ask for so many more sources like those at hand."""
        return f"about {number:,} more {self.noun} like these"

    @property
    def noun(self) -> str:
        """What a source is called."""
        return "images" if self.outcomes else "sources"

    def with_works(self) -> Counts:
        """Return the counts with those of images on which the task works."""
        parts = {
            name: {**part, "works": part["rows"] - part["fails"]}
            for name, part in self.parts.items()
        }
        return Counts(parts, self.outcomes)


def rounded_up(number: float) -> int:
    """Return a number with two telling digits: what follows from a few rates is no better known.

    >>> rounded_up(7.2), rounded_up(667), rounded_up(3280)
    (8, 670, 3300)
    """
    unit: int = 10 ** max(0, len(str(math.ceil(number))) - 2)
    return math.ceil(number / unit) * unit


def _to_calibrate(counts: Counts) -> Iterator[Want]:
    own = counts.parts["calibration"]
    if own["sources"] < FEW_SOURCES:
        more = counts.in_all(FEW_SOURCES - own["sources"], "calibration")
        yield Want(
            f"Warning: only {count(own['sources'], 'source')} to calibrate on; below {FEW_SOURCES} "
            f"the probabilities are rough. Add about {more:,} more {counts.noun}.",
            more,
        )
    elif own["groups"] < FEW_GROUPS:
        more = rounded_up((FEW_GROUPS - own["groups"]) / counts.share("calibration"))
        yield Want(
            f"Warning: the {own['sources']:,} sources to calibrate on are of only "
            f"{count(own['groups'], 'group')}: images of a group resemble each other, so what is "
            f"promised is surer than it should be. Add about {more:,} more groups.",
            more,
        )
    if own["fails"] in (0, own["rows"]):
        often, what = ("never", "failing_sources") if not own["fails"] else ("always", "works")
        like = counts.with_works().like(FEW_OUTCOMES, "calibration", what)
        kind = "failures" if often == "never" else "successes"
        yield Want(
            f"Warning: the task {often} fails on the calibration images; the probabilities are a "
            f"guess. Add {counts.alike(like)}: they should bring {FEW_OUTCOMES} {kind} there.",
            like,
        )


def _to_learn(counts: Counts) -> Iterator[Want]:
    own = counts.parts["train"]
    missing = FEW_FAILING - own["failing_sources"]
    if missing > 0:
        like = counts.like(missing, "train", "failing_sources")
        yield Want(
            f"Warning: only {count(own['failing_sources'], 'training source')} ever fail; below "
            f"{FEW_FAILING} the gate has seen too few failures. Add {_harder(counts, missing)}"
            f"{counts.alike(like)}.",
            like,
        )
    works = own["rows"] - own["fails"]
    if works < FEW_FAILING:
        more = counts.in_all(FEW_FAILING - works, "train")
        mild = "images that do not fail" if counts.outcomes else MILDER
        like = counts.with_works().like(FEW_FAILING - works, "train", "works")
        yield Want(
            f"Warning: the task succeeds on only {count(works, 'training image')}; below "
            f"{FEW_FAILING} the gate has seen too few successes. Add {more:,} {mild}, or "
            f"{counts.alike(like)}.",
            like,
        )


def _harder(counts: Counts, missing: int) -> str:
    """Return what would bring failures sooner than more of the same, if there is room for it."""
    more = counts.in_all(missing, "train")
    if counts.outcomes:
        return f"{more:,} images that fail, or "
    spared = counts.all("sources") - counts.all("failing_sources")
    return f"{HARDER} of {more:,} sources that do not fail yet, or " if more <= spared else ""


def _to_compare(counts: Counts) -> Iterator[Want]:
    """Say what the test lacks to compare the gate with the rules."""
    full = counts.with_works()
    own = full.parts["test"]
    needed = {"groups": FEW_GROUPS, "fails": FEW_OUTCOMES, "works": FEW_OUTCOMES}
    more = [
        full.like(least - own[what], "test", what)
        for what, least in needed.items()
        if own[what] < least
    ]
    if more:
        yield Want(
            f"Warning: too few to compare with the rules: {count(own['groups'], 'group')} with "
            f"{own['fails']:,} failing and {count(own['works'], 'working image')} kept for the "
            f"test, where it takes {FEW_GROUPS} with {FEW_OUTCOMES} and {FEW_OUTCOMES}. "
            f"Add {full.alike(max(more))}.",
            max(more),
        )


def _to_balance(counts: Counts) -> Iterator[str]:
    """Say if almost everything fails, or almost nothing."""
    rows, fails = counts.all("rows"), counts.all("fails")
    rarely = fails < RARE * rows and counts.all("failing_sources") < PLENTY
    often = rows - fails < RARE * rows and rows - fails < PLENTY
    if not (rarely or often):
        return
    rare = fails if rarely else rows - fails
    more = math.ceil((RARE * rows - rare) / (1 - RARE))  # if every one of them is of the rare kind
    verb, kind, where = (
        ("fails", "that fail", HARDER) if rarely else ("works", "on which it works", MILDER)
    )
    source = "" if counts.outcomes else f": {where}"
    yield (
        f"Warning: the task {verb} on only {percent(rare / rows)} of the images, so the gate "
        f"hardly knows that case. Add at least {more:,} images {kind}{source}."
    )


def _to_promise(counts: Counts, promise: float) -> Iterator[str]:
    """Say if a promise asks for nothing."""
    rate = counts.all("fails") / counts.all("rows")
    if 0 < rate < promise:
        yield (
            f"Only {percent(rate)} of the images fail, fewer than the {percent(promise)} promised: "
            f"to pass every one would keep it. Promise less, such as {rate / 2:.2g}."
        )
