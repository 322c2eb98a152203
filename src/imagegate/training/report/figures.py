"""Draw the report's figures as SVG text that takes its ink from the page, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imagegate.features import CAUSES
from imagegate.html.figures import BLUE, FAINT, INK, PAGE_COLORS, svg
from imagegate.stats import metrics
from imagegate.stats.metrics import Floats
from imagegate.text import brief_percent
from imagegate.training.evaluation.comparison import Response
from imagegate.training.evaluation.evaluation import Evaluation

# Okabe and Ito's palette, told apart by all common kinds of colour vision; line styles repeat it.
STYLES: dict[str, dict[str, Any]] = {
    "learned": {"color": BLUE, "linewidth": 2.4, "linestyle": "-"},
    "output": {"color": "#56B4E9", "linewidth": 2.0, "linestyle": (0, (6, 1))},
    "tuned": {"color": "#D55E00", "linewidth": 1.7, "linestyle": "--"},
    "preset": {"color": "#E69F00", "linewidth": 1.7, "linestyle": "-."},
    "laplacian": {"color": "#CC79A7", "linewidth": 1.7, "linestyle": ":"},
    "perfect": {"color": "#009E73", "linewidth": 1.4, "linestyle": (0, (1, 1))},
}
OTHERS = ("#999999", "#882255", "#44AA99")  # other gates, in turn
MAX_POINTS = 400


def style(key: str) -> dict[str, Any]:
    """Return how a baseline is drawn; other gates take turns in colours of their own."""
    number = key.removeprefix("against_")
    if number == key:
        return STYLES[key]
    return {"color": OTHERS[int(number) % len(OTHERS)], "linewidth": 1.7, "linestyle": (0, (3, 1))}


def roc(evaluation: Evaluation) -> str:
    """Draw failures caught against good images held back, for every baseline."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot([0, 100], [0, 100], color=FAINT, linewidth=1)
        for baseline in evaluation.baselines:
            curve = metrics.passing(baseline.risk, evaluation.fails)
            rows, fails = curve.totals
            good = rows - fails
            held_good = 100 * (1 - (curve.rows - curve.fails)[0] / max(1, good[0]))
            held_bad = 100 * (1 - curve.fails[0] / max(1, fails[0]))
            axes.plot(*thin(held_good, held_bad), label=baseline.name, **style(baseline.key))
        _percent_axes(axes, "good images held back (%)", "failures caught (%)")
        axes.set_aspect("equal")
        axes.legend(loc="lower right")

    return svg(draw, name="roc", size=(5.2, 4.8))


def risk_coverage(evaluation: Evaluation) -> str:
    """Draw the failures among the passed against the share passed, for every baseline."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for baseline in evaluation.baselines:
            curve = metrics.passing(baseline.risk, evaluation.fails)
            passed, failed = curve.rows[0][1:], curve.fails[0][1:]
            if baseline.key == "perfect":
                passed, failed = _oracle(evaluation)
            coverage, risk = 100 * passed / evaluation.rows, 100 * failed / passed
            axes.plot(*thin(coverage, risk), label=baseline.name, **style(baseline.key))
        axes.axhline(100 * evaluation.risk_target, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            f"{brief_percent(evaluation.risk_target)}{' guaranteed' * evaluation.guaranteed}",
            (1, 100 * evaluation.risk_target),
            xytext=(0, 3),
            textcoords="offset points",
        )
        _own_points(axes, evaluation)
        top = 100 * min(1.0, 1.6 * evaluation.failure_rate + 0.02)
        _percent_axes(axes, "images passed (%)", "failing of those passed (%)", top=top)
        axes.legend(loc="best")

    return svg(draw, name="risk-coverage", size=(5.2, 4.8))


def reliability(evaluation: Evaluation) -> str:
    """Draw observed failures against predicted ones, over a histogram of the predictions."""
    if not evaluation.reliability:
        return ""

    bins = [part for part in evaluation.reliability if part.works + part.fails]
    color = STYLES["learned"]["color"]

    def draw(figure: Any) -> None:
        above, below = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
        above.plot([0, 100], [0, 100], color=FAINT, linewidth=1)
        for part in bins:
            x = 100 * part.expected
            above.plot([x, x], [100 * part.failed.low, 100 * part.failed.high], color=color)
            above.plot(x, 100 * part.failed.value, "o", color=color, markersize=5)
        _percent_axes(above, "", "observed failures (%)")
        middle = [50 * (part.low + part.high) for part in bins]
        works, fails = [part.works for part in bins], [part.fails for part in bins]
        width = 90 * (bins[0].high - bins[0].low)
        below.bar(middle, works, width, color="#56B4E9", label="works")
        below.bar(middle, fails, width, works, color=STYLES["tuned"]["color"], label="fails")
        below.set(xlabel="predicted probability of failure (%)", ylabel="images")
        below.legend(loc="upper center", ncols=2)

    return svg(draw, name="reliability", size=(5.2, 5.2))


def severity_response(evaluation: Evaluation) -> str:
    """Draw the failure rate and the mean probability by severity, one small plot a cause."""
    present = {response.cause for response in evaluation.responses if response.severity > 0}
    causes = [cause for cause in (*CAUSES, "mixture") if cause in present]
    if not causes:
        return ""

    def draw(figure: Any) -> None:
        columns = min(4, len(causes))
        lines = -(-len(causes) // columns)
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes, cause in zip(grid.flat, causes, strict=False):
            axes.tick_params(labelbottom=True)
            _response(axes, cause, [r for r in evaluation.responses if r.cause == cause])
        for axes in grid.flat[len(causes) :]:
            axes.remove()
        for axes in grid[:, 0]:
            axes.set_ylabel("failing (%)")
        for axes in grid.flat[max(0, len(causes) - columns) : len(causes)]:
            axes.set_xlabel("severity")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=2)

    return svg(draw, name="severity", size=(10.6, 0.3 + 2.6 * -(-len(causes) // 4)))


def page_color(key: str) -> str:
    """Return a baseline's colour as the page writes it."""
    color = str(style(key)["color"])
    return PAGE_COLORS.get(color, color)


def thin(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep at most a few hundred points of a curve, the ends among them."""
    if len(x) <= MAX_POINTS:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, MAX_POINTS).astype(int))
    return x[kept], y[kept]


def _percent_axes(axes: Any, x: str, y: str, *, top: float = 100) -> None:
    axes.set(xlim=(0, 100), ylim=(0, top), xlabel=x, ylabel=y)


def _oracle(evaluation: Evaluation) -> tuple[Floats, Floats]:
    """Return the curve of the oracle row by row: first all that works, then what fails."""
    passed = np.arange(1, evaluation.rows + 1, dtype=np.float64)
    return passed, np.maximum(0.0, passed - (evaluation.rows - evaluation.failed))


def _own_points(axes: Any, evaluation: Evaluation) -> None:
    """Mark where each baseline's own threshold puts it."""
    for result in evaluation.results:
        point = result.operating
        if point.passed and result.key != "perfect":
            at = (100 * point.coverage.value, 100 * point.risk.value)
            color = style(result.key)["color"]
            axes.plot(*at, marker="o", markersize=7, color=color, markeredgecolor=INK, zorder=5)


def _response(axes: Any, cause: str, responses: Sequence[Response]) -> None:
    severity = [r.severity for r in responses]
    color = STYLES["tuned"]["color"]
    low, high = ([100 * getattr(r.failed, end) for r in responses] for end in ("low", "high"))
    axes.fill_between(severity, low, high, color=color, alpha=0.2, linewidth=0)
    failed = [100 * r.failed.value for r in responses]
    axes.plot(severity, failed, color=color, marker="o", markersize=4, label="observed failures")
    expected = [100 * r.expected for r in responses]
    axes.plot(severity, expected, label="mean probability", **STYLES["learned"])
    axes.set(title=cause, ylim=(0, 100), xticks=range(6))
