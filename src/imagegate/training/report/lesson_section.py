"""The section of the report on what the gate has learned, as HTML."""

from __future__ import annotations

from html import escape

from imagegate.models.card_text import (
    SEVERITIES,
    diagnosis_lines,
    lesson_sentences,
    severity_cells,
    severity_title,
)
from imagegate.training.evaluation.evaluation import Evaluation
from imagegate.training.report.markup import table


def lesson(evaluation: Evaluation) -> str:
    """Return the lesson on the gate's card as a section, nothing for a card without one."""
    told = evaluation.card.lesson
    sentences = "".join(f"<p>{escape(text.strip())}</p>" for text in lesson_sentences(told))
    rows = [("", [*map(escape, (cause, *cells))]) for cause, cells, _ in severity_cells(told)]
    if rows:
        caption = f"<p>{escape(severity_title(told))}</p>"
        sentences += f'{caption}<div class="wide">{table(["", *SEVERITIES], rows)}</div>'
    sentences += "".join(
        f"<p>{escape(text.strip())}</p>" for text in diagnosis_lines(evaluation.card.diagnosis)
    )
    return f"<h2>What the gate has learned</h2>\n{sentences}" if sentences else ""
