"""Render HTML pages that open anywhere: one base template, escaped, with nothing to load or run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.extras import require
from imagegate.text import count, number, percent, percent_range

HERE = Path(__file__).parent
FILTERS = {"count": count, "number": number, "percent": percent, "percent_range": percent_range}


@dataclass(frozen=True)
class Tile:
    """A figure that matters, with the lines below it, and ``good``, ``bad`` or nothing."""

    value: str
    lines: tuple[str, ...]
    mark: str = ""


def render(template: Path, **values: Any) -> str:
    """Return a page from a template that extends ``base.html`` and the values that it names.

    Whatever is put into it is escaped, unless it is an SVG figure of ours.
    """
    jinja2 = require("jinja2", "watch")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, HERE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    page: str = environment.get_template(template.name).render(**values)
    return page.replace(" %", "\N{NO-BREAK SPACE}%")
