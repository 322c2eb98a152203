"""Report: what was looked at, what that proves, what more would prove, and what skipping costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate import html
from imagegate.edits.batch.proof import held_back, proof
from imagegate.edits.batch.publish import flagged
from imagegate.edits.batch.reviews import BAD, DISPUTED, kinds, labels, minutes
from imagegate.edits.batch.store import Store
from imagegate.pipeline.destination import check_page
from imagegate.stats.hypergeometric import looks_needed
from imagegate.text import count, number, percent

TEMPLATE = Path(__file__).with_name("report.html")
BOUNDS = (0.005, 0.01, 0.02, 0.05)
SECONDS = 12.0  # a look, where reviewers' times were not recorded


@dataclass(frozen=True)
class Offer:
    """What it takes to prove that fewer than a share of the batch is bad and unseen."""

    bound: float
    limit: int
    looks: int  # more than were made
    minutes: float


@dataclass(frozen=True)
class Summary:
    """What a batch has come to.

    ``rate`` is the share of bad ones among those drawn at random, None if none was drawn;
    ``skipped`` how many bad ones would then be out if nobody had looked and the check had held
    nothing back.
    """

    pictures: int
    looks: int
    bad: int
    minutes: float
    timed: bool
    held: int
    flagged: int
    sentence: str
    proven: bool
    rate: float | None
    skipped: int | None
    offers: tuple[Offer, ...]


def summary(batch: Store) -> Summary:
    """Return what a batch has come to; raises SettingsError if no sample was drawn."""
    shown, said, size = proof(batch), labels(batch), len(batch.pictures())
    drawn = sum(one.drawn for one in shown.strata.values())
    found = sum(one.found for one in shown.strata.values())
    bad = sum(word in (BAD, DISPUTED) for word in said.values())
    rate = found / drawn if drawn else None
    spent = minutes(batch)
    a_look = 60 * spent / len(said) if spent and said else SECONDS
    unseen = shown.unseen
    return Summary(
        pictures=size,
        looks=len(said),
        bad=bad,
        minutes=spent if spent is not None else len(said) * SECONDS / 60,
        timed=spent is not None,
        held=len(held_back(batch)),
        flagged=flagged(batch),
        sentence=shown.sentence(),
        proven=shown.proven,
        rate=rate,
        skipped=None if rate is None else bad + round(rate * unseen),
        offers=tuple(_offer(batch, bound, a_look) for bound in BOUNDS),
    )


def lines(found: Summary) -> list[str]:
    """Return the summary in sentences."""
    timed = "" if found.timed else f", at {number(SECONDS)} s a look"
    told = [
        f"{count(found.looks, 'look')} in {number(found.minutes)} minutes{timed}; "
        f"{found.bad:,} bad, {found.held:,} held back.",
        f"{found.sentence}.",
    ]
    if found.rate is not None and found.skipped is not None:
        told.append(
            f"Of those drawn at random {percent(found.rate)} are bad: without a look about "
            f"{found.skipped:,} bad pictures would be out."
        )
    return told + [
        f"To prove fewer than {one.limit:,} bad ({percent(one.bound)}): {count(one.looks, 'look')} "
        f"more, about {number(one.minutes)} minutes, if none is bad."
        for one in found.offers
        if one.looks
    ]


def write_batch_report(batch: Store, path: Path) -> None:
    """Write the report as one HTML page; raises MissingExtraError without jinja2."""
    found, shown = summary(batch), proof(batch)
    page = html.render(
        TEMPLATE,
        made=batch.get("provenance"),
        found=found,
        told=lines(found),
        tiles=_tiles(found),
        strata=[
            (name, one.size, one.drawn, one.found, shown.each_below[name])
            for name, one in shown.strata.items()
        ],
        kinds=kinds(batch),
        held=held_back(batch),
        log=batch.rows("SELECT at, who, what FROM log ORDER BY id"),
    )
    check_page(path).write_text(page, encoding="utf-8")


def _offer(batch: Store, bound: float, a_look: float) -> Offer:
    shown, size = proof(batch), len(batch.pictures())
    limit = math.ceil(round(bound * size, 9))
    sizes = [one.size for one in shown.strata.values()]
    found = sum(one.found for one in shown.strata.values())
    drawn = sum(one.drawn for one in shown.strata.values())
    needed = looks_needed(sizes, limit, shown.confidence, found=found) if sizes else 0
    more = max(0, needed - drawn) + shown.high_open
    return Offer(bound, limit, more, more * a_look / 60)


def _tiles(found: Summary) -> list[Any]:
    return [
        html.Tile(f"{found.pictures:,}", ("pictures",)),
        html.Tile(f"{found.looks:,}", ("looked at", f"{number(found.minutes)} minutes")),
        html.Tile(f"{found.bad:,}", ("found bad", f"{found.held:,} held back")),
        html.Tile(
            "proven" if found.proven else "not proven",
            ("the bound that was set",),
            "good" if found.proven else "bad",
        ),
        html.Tile(f"{found.flagged:,}", ("flagged by customers",), "bad" if found.flagged else ""),
    ]
