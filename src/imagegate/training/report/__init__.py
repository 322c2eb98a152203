"""Write an evaluation as one HTML page: ``report.html`` is the page, this file what it shows."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imagegate import html
from imagegate.models import card_text
from imagegate.stats.bootstrap import FEW_GROUPS, Estimate
from imagegate.text import brief_percent, percent
from imagegate.training.evaluation.evaluation import (
    AT_THRESHOLD,
    COLUMNS,
    LOWER_IS_BETTER,
    Evaluation,
    cell,
    standing,
)
from imagegate.training.report import figures

TEMPLATE = Path(__file__).with_name("report.html")
LEAD = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "e_aurc": "E-AURC ↓",
    "coverage_at_risk": "coverage at the risk target, % points",
    "risk_at_equal_coverage": "failing of passed at the same pass rate, % points ↓",
}


def write_report(evaluation: Evaluation, path: str | Path) -> Path:
    """Write an evaluation as one self-contained HTML page.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`imagegate.evaluate`.
    path : str or Path
        The HTML file to write; its folder is made if need be.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed.
    """
    target = Path(path)
    page = render(evaluation)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def render(evaluation: Evaluation) -> str:
    """Return the report as HTML; every name and message in it is escaped."""
    rate, oracle = evaluation.failure_rate, evaluation["perfect"]
    others = [result for result in evaluation.results if result.key not in ("learned", oracle.key)]
    judged = [evaluation["learned"], *others]
    target = brief_percent(evaluation.risk_target)
    return html.render(
        TEMPLATE,
        evaluation=evaluation,
        learned=evaluation["learned"],
        others=others,
        judged=judged,
        target=target,
        columns={name: title.format(risk=f"{target} risk") for name, title in COLUMNS.items()},
        at_threshold=AT_THRESHOLD,
        lead=LEAD,
        aurocs=[f"AUROC {one.name.removesuffix(' gate').removesuffix(' rules')}" for one in judged],
        few_groups=FEW_GROUPS,
        tiles=list(tiles(evaluation)),
        figures=figures,
        findings=card_text,
        card_lines=list(card_lines(evaluation)),
        brier_by_chance=rate * (1 - rate),
        cell=cell,
        difference=difference,
        jpeg=jpeg,
        plain=plain,
    )


def tiles(evaluation: Evaluation) -> Iterator[html.Tile]:
    """Yield the four figures that matter most."""
    point, metrics = evaluation["learned"].operating, evaluation["learned"].metrics
    target, risk = evaluation.risk_target, point.risk
    mark = "bad" if risk.low > target else "good" if risk.high <= target else ""
    yield _share("failing of those passed", risk, mark)
    yield _share("passed", point.coverage)
    yield _share("of the oracle's coverage at that risk", metrics["share_of_perfect"])
    auroc = metrics["auroc"]
    interval = auroc.interval(percent=False)
    yield html.Tile(f"{auroc.value:.3f}", ("AUROC", f"95 %: {interval}"))


def card_lines(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Yield the lines of the card, topic and text; but for what has a section of its own."""
    card = evaluation.card
    elsewhere = {*card_text.insight_lines(card.lesson), *card_text.diagnosis_lines(card.diagnosis)}
    for text in card_text.card_lines(card):
        if text not in elsewhere:
            topic, colon, rest = text.partition(": ")
            yield (topic, rest) if colon else ("", text)


def difference(result: Any, name: str) -> tuple[str, str]:
    """Return a paired difference, and whether it is ``good``, ``bad`` or may be chance ("")."""
    found = result.lead.get(name, Estimate(math.nan))
    lower = name in LOWER_IS_BETTER or name == "risk_at_equal_coverage"
    mark = {"better": "good", "worse": "bad"}.get(standing(found, lower=lower), "")
    return found.points() if "% points" in LEAD[name] else found.decimal(sign=True), mark


def jpeg(data: bytes) -> str:
    """Return a JPEG as a ``data:`` URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def plain(value: Any) -> str:
    """Return a value of the card as text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _share(name: str, found: Estimate, mark: str = "") -> html.Tile:
    return html.Tile(percent(found.value), (name, f"95 %: {found.interval()}"), mark)
