"""Say in plain words how two gates compare; every word follows from the paired intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from imagegate.stats.bootstrap import FEW_GROUPS, FEW_OUTCOMES, Estimate
from imagegate.text import count
from imagegate.training.evaluation.headline import share, span
from imagegate.training.evaluation.results import number, percentage, points

if TYPE_CHECKING:  # versus.py calls this file
    from imagegate.training.evaluation.versus import Result, Versus

TITLES = {
    "auroc": "AUROC",
    "e_aurc": "E-AURC",
    "coverage_at_risk": "coverage at {risk} risk",
    "brier": "Brier",
    "coverage": "passed",
    "risk": "failing of passed",
}
SHARES = {"coverage_at_risk", "coverage", "risk"}
LOWER = {"e_aurc", "brier", "risk"}  # is better
NEITHER = {"coverage"}  # to pass more is no merit by itself


def headline(found: Versus) -> Iterator[str]:
    """Yield the sentences: the rows, which ranks better, what could be passed, what is passed."""
    yield scope(found)
    for result in (found.a, found.b):
        if result.note:
            yield result.note.replace("The gate was", f"{result.name} was")
    if too_few(found):
        yield (
            f"Too few to compare gates on: at least {FEW_GROUPS} groups, {FEW_OUTCOMES} failures "
            f"and {FEW_OUTCOMES} successes are needed."
        )
        return
    yield ranks(found)
    yield equal_risk(found)
    yield thresholds(found)


def too_few(found: Versus) -> bool:
    """Tell whether there are so few rows that even a clear interval says next to nothing."""
    outcomes = min(found.failed, found.rows - found.failed)
    return found.groups < FEW_GROUPS or outcomes < FEW_OUTCOMES


def scope(found: Versus) -> str:
    """Say which rows these are, and how often the task fails on them."""
    rows = f"{count(found.rows, 'image')} in {count(found.groups, 'group')}"
    failing = f"{found.engine} fails on {share(found.failed / found.rows)} of them."
    if found.seen:
        return f"NOT PROOF: {rows}, among them some that a gate was made from; {failing}"
    left_out = f" ({found.left_out:,} left out)" if found.left_out else ""
    return f"{rows} that neither gate was made from{left_out}; {failing}"


def ranks(found: Versus) -> str:
    """Say which gate ranks failures better, and by how much."""
    lead = found.lead["auroc"]
    a, b = found.a.figures["auroc"].value, found.b.figures["auroc"].value
    names = {"better": (found.a.name, found.b.name), "worse": (found.b.name, found.a.name)}
    word = standing(lead)
    if word == "n/a":
        return "There are too few rows to tell which ranks failures better."
    if word == "same":
        return f"{found.a.name} and {found.b.name} rank these images alike: AUROC {a:.3f}."
    if word not in names:
        return (
            f"{found.a.name} and {found.b.name} cannot be told apart by how they rank failures on "
            f"{count(found.groups, 'group')}: AUROC {a:.3f} and {b:.3f}, difference "
            f"{lead.value:+.3f} ({span(lead, percent=False)})."
        )
    better, other = names[word]
    return (
        f"{better} ranks failures better than {other}: AUROC {max(a, b):.3f} against "
        f"{min(a, b):.3f}, ahead by {abs(lead.value):.3f} ({span(_size(lead), percent=False)})."
    )


def equal_risk(found: Versus) -> str:
    """Compare what the two could pass if as many of the passed were to fail."""
    lead = found.lead["coverage_at_risk"]
    a, b = (result.figures["coverage_at_risk"].value for result in (found.a, found.b))
    beginning = (
        f"If at most {share(found.risk)} of the passed may fail, {found.a.name} could pass "
        f"{share(a)} and {found.b.name} {share(b)}"
    )
    if standing(lead) in ("n/a", "same"):
        return f"{beginning}."
    end = f"{points(lead)} percentage points"
    provable = "" if standing(lead) in ("better", "worse") else ", which may be chance"
    return f"{beginning}: {end}{provable}."


def thresholds(found: Versus) -> str:
    """Say what either gate passes by its own threshold."""
    return f"By its own threshold {_passes(found.a)}; {_passes(found.b)}."


def _passes(result: Result) -> str:
    passed, failing = (result.figures[name].value for name in ("coverage", "risk"))
    if not passed:
        return f"{result.name} passes nothing"
    return f"{result.name} passes {share(passed)}, and {share(failing)} of those fail"


def standing(lead: Estimate, *, lower: bool = False) -> str:
    """Return what an interval of the difference says of the first gate.

    ``better`` or ``worse`` if it lies on one side of 0, ``same`` if it is nothing but 0,
    ``n/a`` where it is undefined, else ``chance``.

    >>> standing(Estimate(0.1, 0.02, 0.2)), standing(Estimate(0.1, 0.02, 0.2), lower=True)
    ('better', 'worse')
    """
    if math.isnan(lead.value) or math.isnan(lead.low):
        return "n/a"
    if lead == Estimate(0, 0, 0):
        return "same"
    if lead.low <= 0 <= lead.high:
        return "chance"
    return "better" if (lead.low > 0) != lower else "worse"


def table(found: Versus) -> list[list[str]]:
    """Return the comparison as rows of text, the header first."""
    header = ["", "A", "B", "A - B (95 %)", "A is"]
    return [header, *(_row(found, name) for name in TITLES)]


def _row(found: Versus, name: str) -> list[str]:
    lead = found.lead[name]
    values = [Estimate(result.figures[name].value) for result in (found.a, found.b)]
    shown = [percentage(v) if name in SHARES else number(v) for v in values]
    gap = points(lead) if name in SHARES else number(lead, sign=True)
    word = "n/a" if too_few(found) else standing(lead, lower=name in LOWER)
    if name in NEITHER:
        word = {"better": "more", "worse": "fewer"}.get(word, word)
    told = {"chance": "not told apart", "n/a": ""}.get(word, word)
    return [TITLES[name].format(risk=share(found.risk)), *shown, gap, told]


def _size(lead: Estimate) -> Estimate:
    """Return the difference as a lead of whichever is ahead."""
    if lead.value >= 0:
        return lead
    return Estimate(-lead.value, -lead.high, -lead.low)
