"""Draw figures as SVG text that takes its ink from the page, light or dark."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any

from imagegate.extras import require

# Stand-ins that matplotlib takes, replaced by what the page has for light, dark and paper.
PAGE_COLORS = {"#010203": "var(--ink)", "#010204": "var(--line)", "#0072b2": "var(--blue)"}
INK, FAINT, BLUE = PAGE_COLORS
STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 2.6,
}


def svg(draw: Callable[[Any], None], *, name: str, size: tuple[float, float]) -> str:
    """Run a drawing function and return SVG to be set into a page, with nothing to load."""
    matplotlib = require("matplotlib", "watch")
    figures = require("matplotlib.figure", "watch")
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # It measures text by a font that lacks many scripts; the browser that sets it has more.
        warnings.simplefilter("ignore", UserWarning)
        figure = figures.Figure(figsize=size, layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=empty)
    return _inline(buffer.getvalue(), name)


def _inline(text: str, name: str) -> str:
    """Strip what a page has no use for, keep ids apart between figures, let the page ink it."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{name}-", text).replace("xlink:href", "href")
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for standin, color in PAGE_COLORS.items():
        text = text.replace(standin, color)
    size = r'width="[\d.]+pt" height="[\d.]+pt"|height="[\d.]+pt" width="[\d.]+pt"'
    return re.sub(size, "", text, count=1)
