"""The sections of the report as HTML; every name and message that enters one is escaped here."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape

from imagegate.models.card_text import card_lines, diagnosis_lines, lesson_lines
from imagegate.stats.bootstrap import FEW_GROUPS, Estimate
from imagegate.text import count, number, percent
from imagegate.training.evaluation.comparison import Result, Slice
from imagegate.training.evaluation.evaluation import AT_THRESHOLD, COLUMNS, Evaluation, cell
from imagegate.training.evaluation.mistakes import Mistake
from imagegate.training.report import plots
from imagegate.training.report.markup import fact, line, table, two_lines

LEAD = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "e_aurc": "E-AURC",
    "coverage_at_risk": "coverage at the promised risk, % points",
    "risk_at_equal_coverage": "failing of passed at the other's pass share, % points",
}
LOWER_IS_BETTER = {"e_aurc", "risk_at_equal_coverage"}
PARTS = {
    "natural": "As they came, nobody degraded them",
    "set": "By set",
    "cause": "By cause",
    "severity": "By severity (of the strongest step)",
}


def facts(evaluation: Evaluation) -> str:
    """Return the line under the title: how much of what was judged."""
    threshold = f"{evaluation.failure_threshold:g}"
    parts = (
        f"engine {evaluation.engine}, fails where the loss is above {threshold}",
        f"{evaluation.rows:,} images",
        count(evaluation.sources, "source"),
        count(evaluation.groups, "group"),
        f"{percent(evaluation.failure_rate)} fail",
        f"seed {evaluation.seed}",
    )
    return f"{escape(' · '.join(parts))}<br>{escape(evaluation.split_note)}"


def warning(evaluation: Evaluation) -> str:
    """Return a box that nobody overlooks if the rows prove nothing."""
    if not evaluation.seen:
        return ""
    words = "These figures are no proof: among the rows are some that the gate was made from."
    return f'<p class="warning">{words} Evaluate with part "test" for a fair comparison.</p>'


def tiles(evaluation: Evaluation) -> str:
    """Return the four figures that matter most."""
    learned = evaluation["learned"]
    point, figures = learned.operating, learned.metrics
    proved = "good" if point.risk.high <= evaluation.risk_target else ""
    mark = "bad" if point.risk.low > evaluation.risk_target else proved
    shown = (
        ("failing of those passed", percent(point.risk.value), point.risk.interval(), mark),
        ("passed", percent(point.coverage.value), point.coverage.interval(), ""),
        (
            "of the oracle's coverage at that risk",
            percent(figures["share_of_perfect"].value),
            figures["share_of_perfect"].interval(),
            "",
        ),
        ("AUROC", f"{figures['auroc'].value:.3f}", figures["auroc"].interval(percent=False), ""),
    )
    return "\n".join(
        f'<div class="tile"><b class="{mark}">{value}</b><span>{name}</span>'
        f"<span>95 %: {interval}</span></div>"
        for name, value, interval, mark in shown
    )


def comparison(evaluation: Evaluation) -> str:
    """Return the table of all baselines and figures."""
    risk = f"{number(100 * evaluation.risk_target)} % risk"
    titles = ["", *(title.format(risk=risk) for title in COLUMNS.values())]
    rows = []
    for result in evaluation.results:
        cells = [_name(result), *(_cell(result, column) for column in COLUMNS)]
        rows.append((f' class="{result.key}"', cells))
    return table(titles, rows)


def thresholds(evaluation: Evaluation) -> str:
    """Return the table of what each does at its own threshold."""
    titles = ["", *AT_THRESHOLD.values(), "failing if the gate passed as many"]
    rows = []
    for result in evaluation.results:
        cells = [two_lines(cell(result, column)) for column in AT_THRESHOLD]
        own = result.key in ("learned", "perfect")
        equal = "" if own else two_lines(result.operating.learned_risk.percent())
        rows.append((f' class="{result.key}"', [_name(result), *cells, equal]))
    return table(titles, rows)


def threshold_note(evaluation: Evaluation) -> str:
    """Return how many rows the guard holds back."""
    odd = percent(evaluation.unfamiliar / evaluation.rows)
    why = "because they are unlike anything that it has learned from"
    return f"The gate sends {evaluation.unfamiliar:,} of the images ({odd}) to review {why}."


def comparison_note(evaluation: Evaluation) -> str:
    """Return what must be known to read the table fairly."""
    notes = [rule.note for rule in evaluation.baselines if rule.note]
    return "<br>".join(escape(note) for note in notes)


def lead(evaluation: Evaluation) -> str:
    """Return the table of paired differences, in bold where the interval leaves 0 out."""
    rivals = [r for r in evaluation.results if r.key not in ("learned", "perfect")]
    titles = ["", *(f"{t}{' ↓' * (n in LOWER_IS_BETTER)}" for n, t in LEAD.items())]
    rows = [("", [_name(r), *(_lead_cell(r, name) for name in LEAD)]) for r in rivals]
    return table(titles, rows)


def calibration(evaluation: Evaluation) -> str:
    """Return in words how true the probability is."""
    learned = evaluation["learned"].metrics
    if "calibration" not in learned:
        return "<p>This gate gives no probability.</p>"
    part, chance = learned["calibration"], evaluation.calibration_by_chance
    said = (
        "no more than chance would show: nothing speaks against the probabilities"
        if part.value <= chance
        else "more than chance would show: the probabilities are off"
    )
    rate = evaluation.failure_rate
    return (
        f"<p>Smooth calibration error <strong>{part.decimal()}</strong>. A gate whose every "
        f"probability is true would show up to {chance:.3f} on as many independent images, "
        f"so this is {said}.</p>"
        f"<p>Brier score <strong>{learned['brier'].decimal()}</strong>; to always answer "
        f"{percent(rate)} would give {rate * (1 - rate):.3f}.</p>"
    )


def severity(evaluation: Evaluation) -> str:
    """Return the small plots of severity and response."""
    drawing = plots.severity_response(evaluation)
    if not drawing:
        return "<p>No image of these was degraded on purpose.</p>"
    words = (
        "How often the task fails at each severity (with 95 % interval), and the mean "
        "probability that the gate gave. Severity 0 is the clean image, in a mixture it is "
        "that of the strongest step."
    )
    return f"<figure>{drawing}<figcaption>{words}</figcaption></figure>"


def slices(evaluation: Evaluation) -> str:
    """Return the table of parts."""
    rivals = [r for r in evaluation.results if r.key != "perfect"]
    titles = ["", "images", "groups", "failing", *(f"AUROC {_short(r)}" for r in rivals)]
    titles += ["passed by the gate", "failing of passed"]
    rows: list[tuple[str, list[str]]] = []
    for kind, title in PARTS.items():
        parts = [part for part in evaluation.slices if part.kind == kind]
        if parts:
            span = f'<th colspan="{len(titles)}">{title}</th>'
            rows.append((' class="kind"', [span]))
        rows += [("", _slice(part, [r.key for r in rivals])) for part in parts]
    return table(titles, rows)


def mistakes(evaluation: Evaluation) -> str:
    """Return the worst mistakes as cards with pictures, apart for the two kinds."""
    sections = []
    for kind, title in (
        ("false pass", "False passes: passed, and the task failed"),
        ("false reject", "False rejects: held back, and the task would have worked"),
    ):
        found = [mistake for mistake in evaluation.mistakes if mistake.kind == kind]
        cards = "\n".join(map(_mistake, found))
        body = f'<div class="mistakes">{cards}</div>' if found else "<p>None.</p>"
        sections.append(f"<h3>{title}</h3>\n{body}")
    return "\n".join(sections)


def card(evaluation: Evaluation) -> str:
    """Return the gate's card in plain words, and every fact of it folded below."""
    known = evaluation.card
    told = {
        *lesson_lines(known.lesson),
        *diagnosis_lines(known.diagnosis),
    }  # in a section of its own
    texts = [text for text in card_lines(known) if text not in told]
    lines = "\n".join(f"<li>{line(text)}</li>" for text in texts)
    rows = [
        ("", [escape(name.replace("_", " ")), fact(value)])
        for name, value in known.to_dict().items()
    ]
    facts = f"<details><summary>every fact</summary>{table([], rows)}</details>"
    return f'<ul class="lines">{lines}</ul>\n<div class="card">{facts}</div>'


def _name(result: Result) -> str:
    color = plots.page_color(result.key)
    return f'<i class="swatch" style="background:{color}"></i>{escape(result.name)}'


def _short(result: Result) -> str:
    return result.name.removesuffix(" gate").removesuffix(" rules")


def _cell(result: Result, column: str) -> str:
    text = two_lines(cell(result, column))
    if column != "coverage_at_risk":
        return text
    color, width = plots.page_color(result.key), 100 * result.metrics[column].value
    bar = f'<i style="width:{width:.1f}%;background:{color}"></i>' if width >= 0 else ""
    return f'{text}<span class="bar">{bar}</span>'


def _lead_cell(result: Result, name: str) -> str:
    part = result.lead.get(name, Estimate(math.nan))
    text = two_lines(part.points() if "% points" in LEAD[name] else part.decimal(sign=True))
    if math.isnan(part.low) or part.low <= 0 <= part.high:
        return text
    good = (part.low > 0) != (name in LOWER_IS_BETTER)
    return f'<b class="{"good" if good else "bad"}">{text}</b>'


def _slice(part: Slice, keys: Sequence[str]) -> list[str]:
    few = ' <span class="few">few</span>' if part.groups < FEW_GROUPS else ""
    return [
        escape(part.name),
        f"{part.rows:,}",
        f"{part.groups:,}{few}",
        percent(part.failed / part.rows),
        *(two_lines(part.auroc[key].decimal()) for key in keys),
        two_lines(part.coverage.percent()),
        two_lines(part.risk.percent()),
    ]


def _mistake(mistake: Mistake) -> str:
    shots = "".join(
        f'<img alt="{alt}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        for alt, data in (("whole picture", mistake.thumbnail), ("detail", mistake.detail))
        if data
    )
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in mistake.reasons)
    note = f"<p>{escape(mistake.note)}</p>" if mistake.note else ""
    return (
        f'<article class="mistake"><div class="shots">{shots}</div>'
        f"<p><strong>{escape(mistake.path)}</strong> <small>{escape(mistake.row_id)}</small></p>"
        f"<p>{escape(mistake.degraded)}</p>"
        f"<p>predicted {percent(mistake.p_fail)} to fail, loss {mistake.loss:.2f}</p>"
        f"{note}<ul>{reasons}</ul></article>"
    )
