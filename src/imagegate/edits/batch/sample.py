"""Draw the pictures that people look at: all of high risk, a random part of every other stratum."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from imagegate.edits.batch.store import Store
from imagegate.edits.batch.validate import FOR_REVIEW, REJECTED
from imagegate.edits.reasons import UNCHANGED
from imagegate.errors import SettingsError
from imagegate.stats.hypergeometric import Sampled, bad_below, looks_needed

HIGH_RISK = "high risk"
EVERY = "other"
FEWEST = 20  # pictures of a stratum by look


@dataclass(frozen=True)
class Plan:
    """What is to be looked at: ``high`` all, ``drawn`` of the others, if none of them is bad.

    ``limit``: fewer bad ones than so many shall be left; 0 with a fixed ``share``.
    ``tenth`` is how many looks a fixed 10 % takes and the number of bad it stays below at best.
    """

    sizes: Mapping[str, int]
    limit: int
    confidence: float
    share: float | None
    high: int
    drawn: int
    tenth: tuple[int, int]

    @property
    def looks(self) -> int:
        """Return the number of looks."""
        return self.high + self.drawn

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "looks": self.looks}


def sample(
    batch: Store,
    *,
    who: str,
    bound: float = 0.01,
    confidence: float = 0.95,
    share: float | None = None,
    high: float = 0.1,
    strata: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Plan:
    """Fix strata and the order of looking, and return how many looks the bound takes.

    Parameters
    ----------
    bound, confidence : float
        Fewer than this share of the batch shall be bad among what nobody looked at.
    share : float, optional
        Look at this share of every stratum instead, and prove what that proves.
    high : float
        The share with the largest ``p_artifact`` that counts as high risk, besides what the check
        sends to review for another reason than that. Rejected pictures are held back and not
        looked at.
    strata : mapping, optional
        A stratum for each name; by default the look of the picture (``edits.looks``), looks of
        fewer than 20 pictures together.

    Raises
    ------
    SettingsError
        If the batch was not validated, reviews have begun, or a setting is out of range.
    """
    if not (0 < bound < 1 and 0 < confidence < 1 and 0 <= high <= 1 and 0 < (share or 1) <= 1):
        raise SettingsError("bound, confidence and shares lie between 0 and 1")
    rows = batch.pictures()
    if any(row["decision"] is None for row in rows):
        raise SettingsError(f"{batch.folder}: validate the batch before a sample is drawn")
    if batch.rows("SELECT 1 FROM reviews"):
        raise SettingsError(f"{batch.folder}: reviews have begun: the sample stays as it was drawn")
    rows = [row for row in rows if row["decision"] != REJECTED]
    risky, strata = _risky(rows, high), _looks(rows) if strata is None else strata
    rng, groups = np.random.default_rng(seed), dict[str, list[str]]()
    for row in rows:
        group = HIGH_RISK if row["name"] in risky else strata.get(row["name"], EVERY)
        groups.setdefault(group, []).append(row["name"])
    with batch.change() as db:
        db.execute("UPDATE pictures SET stratum = NULL, place = NULL")
        for group, names in groups.items():
            drawn = risky if group == HIGH_RISK else [names[i] for i in rng.permutation(len(names))]
            for place, name in enumerate(drawn):
                value = (group, place, name)
                db.execute("UPDATE pictures SET stratum = ?, place = ? WHERE name = ?", value)
        limit = 0 if share else math.ceil(round(bound * len(batch.pictures()), 9))
        found = {"limit": limit, "confidence": confidence, "share": share, "seed": seed}
        batch.set("sample", found)
        batch.log("sample", who=who, bound=bound, high=high, **found)
    return planned(batch)


def planned(batch: Store) -> Plan:
    """Return the plan that was fixed; raises SettingsError if none was."""
    found = batch.get("sample")
    if not found:
        raise SettingsError(f"{batch.folder}: no sample was drawn; run 'imagegate edits sample'")
    counted = batch.rows(
        "SELECT stratum, count(*) AS n FROM pictures WHERE stratum IS NOT NULL GROUP BY stratum"
    )
    sizes = {row["stratum"]: row["n"] for row in counted}
    others = [size for name, size in sizes.items() if name != HIGH_RISK]
    share, limit, confidence = found["share"], found["limit"], found["confidence"]
    drawn = sum(part(size, share) for size in others) if share else 0
    drawn = drawn if share else looks_needed(others, limit, confidence)
    tenth = [Sampled(size, part(size, 0.1), 0) for size in sizes.values()]
    at_best = sum(one.drawn for one in tenth), bad_below(tenth, confidence) if tenth else 1
    return Plan(sizes, limit, confidence, share, sizes.get(HIGH_RISK, 0), drawn, at_best)


def part(size: int, share: float) -> int:
    """Return a share of a number, rounded up."""
    return math.ceil(round(share * size, 9))


def _looks(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return the look of every picture whose look is not rare."""
    counted = Counter(row["look"] for row in rows)
    return {
        row["name"]: row["look"] for row in rows if row["look"] and counted[row["look"]] >= FEWEST
    }


def _risky(rows: list[dict[str, Any]], high: float) -> list[str]:
    """Return the names of high risk, the riskiest first.

    These are the riskiest share, and what is for review for another reason than its risk: that
    only orders, and a gate that promises nothing sends much to review.
    """
    rows = sorted(rows, key=lambda row: (-(row["p_artifact"] or 0.0), row["name"]))
    ranked = [row["name"] for row in rows if row["p_artifact"] is not None]
    top = set(ranked[: part(len(rows), high)])
    return [r["name"] for r in rows if r["name"] in top or _for_another_reason(r)]


def _for_another_reason(row: dict[str, Any]) -> bool:
    reasons = json.loads(row["verdict"] or "{}").get("reasons", ())
    by_risk = row["p_artifact"] is not None and all(
        reason["cause"] == "edit" and reason["code"] != UNCHANGED for reason in reasons
    )
    return row["decision"] == FOR_REVIEW and not by_risk
