"""What the reviews prove about the pictures that nobody looked at, and whom to look at next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from imagegate.edits.batch.reviews import BAD, DISPUTED, GOOD, SKIP, labels
from imagegate.edits.batch.sample import HIGH_RISK, part, planned
from imagegate.edits.batch.store import Store
from imagegate.stats.hypergeometric import (
    Sampled,
    bad_below,
    bad_below_each,
    binomial_tail,
    hypergeometric_p,
    proves,
    stopping_level,
)
from imagegate.text import percent


@dataclass(frozen=True)
class Proof:
    """What is proven now.

    ``strata`` are those drawn at random. ``looks`` counts every picture looked at, ``bad`` those
    found bad (disputed ones included), ``undecided`` the skipped ones: both are held back.
    ``left_below`` says that fewer bad ones than so many are among the ``unseen``.
    ``to_go`` is how many more looks prove the limit if no more bad ones are found.
    """

    strata: dict[str, Sampled]
    each_below: dict[str, int]
    confidence: float
    limit: int
    proven: bool
    looks: int
    bad: int
    undecided: int
    high_open: int
    unseen: int
    left_below: int
    to_go: int

    def sentence(self) -> str:
        """Say it in one line."""
        drawn = sum(one.drawn for one in self.strata.values())
        found = sum(one.found for one in self.strata.values())
        if not self.unseen:
            return f"every picture that the check passes on was looked at, {self.bad:,} were bad"
        at = f"at {percent(self.confidence)} confidence"
        said = f"{found} of {drawn} drawn at random found bad"
        if self.left_below <= self.unseen:
            said += f": fewer than {self.left_below} of {self.unseen} unseen are bad, {at}"
        else:
            said += f", which proves nothing yet of the {self.unseen} unseen"
        if self.high_open:
            said += f"; {self.high_open} of high risk are still to be looked at"
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            **vars(self),
            "strata": {name: vars(one) for name, one in self.strata.items()},
            "sentence": self.sentence(),
        }


def proof(batch: Store) -> Proof:
    """Return what the reviews prove.

    In every stratum those looked at in the drawn order, without a gap, are the random sample.
    Others that were looked at count as unseen, which claims too little rather than too much.
    A skipped or disputed picture counts as bad.
    """
    plan, said = planned(batch), labels(batch)
    groups = _groups(batch)
    high = groups.pop(HIGH_RISK, [])
    strata = {name: _sampled(names, said) for name, names in groups.items()}
    listed = list(strata.values())
    high_open = sum(name not in said for name in high)
    unseen = sum(one.size - one.drawn for one in listed) + high_open
    found = sum(one.found for one in listed)
    below = bad_below(listed, plan.confidence) - found + high_open
    if plan.share:
        proven = all(one.drawn >= part(one.size, plan.share) for one in listed)
    else:
        proven = proves(listed, plan.limit, plan.confidence)
    values = list(said.values())
    return Proof(
        strata,
        dict(zip(strata, bad_below_each(listed, plan.confidence), strict=True)),
        plan.confidence,
        plan.limit,
        proven and not high_open,
        len(said),
        values.count(BAD) + values.count(DISPUTED),
        values.count(SKIP),
        high_open,
        unseen,
        below,
        high_open + _to_go(listed, plan.limit, plan.confidence, plan.share),
    )


def next_picture(store: Store, reviewer: str) -> str | None:
    """Return the picture that this reviewer should look at next, None if all were seen."""
    return next(iter(next_pictures(store, reviewer)), None)


def next_pictures(store: Store, reviewer: str) -> list[str]:
    """Return what this reviewer may look at: what proves most, first.

    First disputed pictures that the reviewer has not seen, then high risk by falling risk, then
    the stratum of which the smallest share was drawn, in its order.
    """
    answers = store.rows("SELECT name, reviewer FROM reviews WHERE NOT undone")
    seen = {row["name"] for row in answers}
    own = {row["name"] for row in answers if row["reviewer"] == reviewer}
    waiting = [name for name, said in labels(store).items() if said == DISPUTED]
    groups = _groups(store)
    high = [name for name in groups.pop(HIGH_RISK, []) if name not in seen]
    rest = [
        ((place + 1) / len(names), name)
        for names in groups.values()
        for place, name in enumerate(names)
        if name not in seen
    ]
    ordered = [*(name for name in waiting if name not in own), *high]
    return [*ordered, *(name for _, name in sorted(rest))]


def held_back(batch: Store) -> dict[str, str]:
    """Return the pictures that may not be published, each with the reason."""
    said, held = labels(batch), {}
    for row in batch.pictures():
        label = said.get(row["name"])
        if label in (BAD, DISPUTED, SKIP):
            held[row["name"]] = label
        elif row["decision"] == "reject" and label != GOOD:
            held[row["name"]] = "rejected by the check"
    return held


def _groups(batch: Store) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for row in batch.rows("SELECT * FROM pictures WHERE stratum IS NOT NULL ORDER BY place"):
        groups.setdefault(row["stratum"], []).append(row["name"])
    return groups


def _sampled(names: list[str], said: dict[str, str]) -> Sampled:
    drawn = next((i for i, name in enumerate(names) if name not in said), len(names))
    return Sampled(len(names), drawn, sum(said[name] != GOOD for name in names[:drawn]))


def _to_go(strata: list[Sampled], limit: int, confidence: float, share: float | None) -> int:
    """Return how many more looks are needed if none finds a bad one."""
    if share:
        return sum(max(0, part(one.size, share) - one.drawn) for one in strata)
    if not strata or proves(strata, limit, confidence):
        return 0
    found, total = sum(one.found for one in strata), sum(one.size for one in strata)
    alpha = stopping_level(limit, confidence)

    def fine(drawn: int) -> bool:
        if len(strata) == 1:
            return hypergeometric_p(found, min(found + limit, total), drawn, total) <= alpha
        share = drawn / total
        return not (found and found > share * (found + limit) - 1) and (
            binomial_tail(found, found + limit, share) <= alpha
        )

    low, high = -1, total
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fine(middle) else (middle, high)
    needed = math.fsum(max(0, part(one.size, high / total) - one.drawn) for one in strata)
    return int(needed)
