"""Write an evaluation as one HTML file that opens anywhere, with nothing to load or run."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from imagegate.text import number, percent
from imagegate.training.evaluation.evaluation import Evaluation
from imagegate.training.report import lesson_section, plots, sections


def write_report(evaluation: Evaluation, path: str | Path) -> Path:
    """Write the report.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`imagegate.training.evaluation.evaluate.evaluate` returned.
    path : str or Path
        The HTML file to write; its folder is made if need be.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    target = Path(path)
    page = render(evaluation)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def render(evaluation: Evaluation) -> str:
    """Return the report as HTML; every name and message in it is escaped."""
    folder = files("imagegate.training.report") / "templates"
    template = Template((folder / "report.html").read_text(encoding="utf-8"))
    rate = evaluation.failure_rate
    page = template.substitute(
        css=(folder / "report.css").read_text(encoding="utf-8"),
        title=escape(f"{evaluation.gate}: {evaluation.task} by {evaluation.engine}"),
        facts=sections.facts(evaluation),
        warning=sections.warning(evaluation),
        headline="\n".join(f"<p>{escape(sentence)}</p>" for sentence in evaluation.sentences()),
        tiles=sections.tiles(evaluation),
        bootstrap=f"{evaluation.bootstrap:,}",
        promise=f"{number(100 * evaluation.risk_target)} %",
        comparison=sections.comparison(evaluation),
        comparison_note=sections.comparison_note(evaluation),
        thresholds=sections.thresholds(evaluation),
        threshold_note=sections.threshold_note(evaluation),
        lead=sections.lead(evaluation),
        roc=plots.roc(evaluation),
        risk_coverage=plots.risk_coverage(evaluation),
        reliability=plots.reliability(evaluation),
        calibration=sections.calibration(evaluation),
        severity=sections.severity(evaluation),
        slices=sections.slices(evaluation),
        mistakes=sections.mistakes(evaluation),
        lesson=lesson_section.lesson(evaluation),
        card=sections.card(evaluation),
        failure_rate=percent(rate),
        brier_chance=f"{rate * (1 - rate):.3f}",
    )
    return page.replace(" %", "\N{NO-BREAK SPACE}%")
