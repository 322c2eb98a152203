"""Say in plain words what an evaluation comes down to; every word follows from the intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imagegate.models.card import Guarantee
from imagegate.stats.bootstrap import FEW_GROUPS, FEW_OUTCOMES, Estimate
from imagegate.text import count

if TYPE_CHECKING:  # evaluation.py calls this file
    from imagegate.training.evaluation.results import Evaluation, Operating, Result


def headline(evaluation: Evaluation) -> list[str]:
    """Return the sentences: the rows, the promise, the rules, the output."""
    if too_few(evaluation):
        few = (
            f"Too few to compare gates on: at least {FEW_GROUPS} groups, {FEW_OUTCOMES} failures "
            f"and {FEW_OUTCOMES} successes are needed."
        )
        return [scope(evaluation), promise(evaluation), few]
    return [
        scope(evaluation),
        promise(evaluation),
        *(against(evaluation["learned"], rival) for rival in rules_of(evaluation)),
        *([with_output(evaluation)] if "output" in evaluation else []),
    ]


def too_few(evaluation: Evaluation) -> bool:
    """Tell whether the rows are too few to compare gates on."""
    outcomes = min(evaluation.failed, evaluation.rows - evaluation.failed)
    return evaluation.groups < FEW_GROUPS or outcomes < FEW_OUTCOMES


def rules_of(evaluation: Evaluation) -> list[Result]:
    """Return the results of the rules that took part."""
    return [evaluation[key] for key in ("tuned", "preset") if key in evaluation]


def scope(evaluation: Evaluation) -> str:
    """Say which rows these are and how often the task fails on them."""
    sources = count(evaluation.sources, "source")
    if evaluation.groups != evaluation.sources:
        sources += f" in {count(evaluation.groups, 'group')}"
    rows = f"{count(evaluation.rows, 'image')} from {sources}"
    who = "the task" if evaluation.engine == "outcomes" else evaluation.engine
    failing = f"{who} fails on {share(evaluation.failure_rate)} of them."
    if evaluation.seen:
        return f"NOT PROOF: {rows}, among them some that the gate was made from; {failing}"
    return f"{rows} that the gate has not learned from; {failing}"


def promise(evaluation: Evaluation) -> str:
    """Say what was promised of the images passed, and whether that was kept."""
    point, guarantee = evaluation["learned"].operating, evaluation.card.guarantee
    if guarantee and not guarantee.kept:
        return no_promise(guarantee)
    if point.passed == 0:
        return "The gate passes none of them, so there is no risk and no use."
    if not guarantee:
        return f"This gate promises no risk; {passes(point)}."
    wanted = f"Promised: of the images passed, at most {share(guarantee.promise)} fail"
    confidence = share(guarantee.confidence)
    return f"{wanted} (confidence {confidence}). Measured: {measured(evaluation, guarantee)}."


def measured(evaluation: Evaluation, guarantee: Guarantee) -> str:
    """Say what passes and fails, and what that says of the promise."""
    point = evaluation["learned"].operating
    kept = as_promised(point.risk, guarantee.promise)
    if evaluation.seen:
        kept = "no proof, for the gate was made from some of these rows"
    return f"{passes(point)}; {kept}"


def passes(point: Operating) -> str:
    """Say what share passes, and what share of those fails."""
    return (
        f"it passes {share(point.coverage.value)}, and {share(point.risk.value)} of those fail "
        f"({span(point.risk)})"
    )


def no_promise(guarantee: Guarantee) -> str:
    """Say that the promise asked for could not be given, and what it would take."""
    more = guarantee.more_sources
    takes = (
        f"it would take at least {more:,} more calibration sources"
        if more
        else "no number of sources would do"
    )
    return (
        f"Asked to promise that of the images passed at most {share(guarantee.promise)} fail, it "
        f"could not: {takes}. So it passes nothing by itself."
    )


def as_promised(risk: Estimate, limit: float) -> str:
    """Judge a promise by the interval, never by the point alone."""
    if risk.high <= limit:
        return "the promise is kept, and these rows prove it"
    if risk.value <= limit:
        return "the promise is kept on these rows, which are too few to prove it"
    if risk.low <= limit:
        return "the promise is missed on these rows, by no more than chance allows"
    return "the promise is BROKEN on these rows"


def against(learned: Result, rival: Result) -> str:
    """Say whether the learned gate beats one set of rules, and what fails of as many passed."""
    sentence, known = ranks(learned, rival), not math.isnan(rival.lead["auroc"].low)
    return sentence + equal_terms(rival.operating) if known else sentence


def ranks(learned: Result, rival: Result) -> str:
    """Say whether the learned gate ranks failures better than one set of rules, by how much."""
    lead, mine, theirs = rival.lead["auroc"], learned.metrics["auroc"], rival.metrics["auroc"]
    name = f"the {rival.name}"
    if math.isnan(lead.value) or math.isnan(lead.low):
        return f"There are too few rows to compare it with {name}."
    figures = f"AUROC {mine.value:.3f} against {theirs.value:.3f}"
    gap = f"{abs(lead.value):.3f} ({span(lead, percent=False)})"
    signed = f"difference {lead.value:+.3f} ({span(lead, percent=False)})"
    if lead.low > 0:
        return f"It ranks failures better than {name}: {figures}, ahead by {gap}."
    if lead.high < 0:
        return f"It ranks failures WORSE than {name}: {figures}, behind by {gap}."
    return f"It does NOT provably rank better than {name}: {figures}, {signed}."


def with_output(evaluation: Evaluation) -> str:
    """Say what it brings to judge the output too, once the engine has run."""
    found, alone = evaluation["output"], evaluation["learned"]
    lead, mine, theirs = found.lead["auroc"], found.metrics["auroc"], alone.metrics["auroc"]
    better = "ranks failures better" if lead.high < 0 else "does NOT provably rank better"
    point = found.operating
    return (
        f"With the output at hand its second gate {better}: AUROC {mine.value:.3f} against "
        f"{theirs.value:.3f}; {passes(point) if point.passed else 'it passes nothing by itself'}."
    )


def equal_terms(rules: Operating) -> str:
    """Compare the failures among the passed at the pass share that the rules choose."""
    if rules.passed == 0:
        return " These rules pass nothing."
    return (
        f" Of the {share(rules.coverage.value)} that these rules pass {share(rules.risk.value)} "
        f"fail; were the gate to pass as many, {share(rules.learned_risk.value)}."
    )


def share(value: float) -> str:
    """Return ``3.1 %``; whole percents from 10 on."""
    if math.isnan(value):
        return "n/a"
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 9.95 or percent == 0 else f"{percent:.2g} %"


def span(part: Estimate, *, percent: bool = True) -> str:
    """Return the interval in words."""
    if math.isnan(part.low):
        return "no interval"
    if percent:
        return f"95 % interval {100 * part.low:.1f} to {100 * part.high:.1f} %"
    return f"95 % interval {part.low:.3f} to {part.high:.3f}"
