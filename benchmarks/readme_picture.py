"""Draw the picture of the README: a photograph, degraded in three ways, with its verdicts.

python benchmarks/readme_picture.py docs/verdicts.png
"""

from __future__ import annotations

import sys
import textwrap

import matplotlib as mpl
import numpy as np

import imagegate
from imagegate.degrade import Step, apply_chain
from imagegate.synthetic.capture import capture, draw_phone
from imagegate.synthetic.pages import render_page
from imagegate.text import percent

SEED = 12
DEGRADED = {
    "as taken": (),
    "out of focus": (Step("blur.defocus", 5, 1),),
    "in the dark": (Step("exposure.under", 3, 2),),
    "made small": (Step("resolution.left_small", 5, 3),),
}
COLORS = {"pass": "#1a7f37", "review": "#9a6700", "reject": "#cf222e"}


def main(target: str) -> None:
    """Render, degrade, check and draw."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    page = render_page(SEED, layout="receipt")
    photo = capture(
        page.pixels, np.random.default_rng(SEED), shot=draw_phone(np.random.default_rng(SEED))
    )
    gate = imagegate.load_gate("ocr")
    figure, axes = plt.subplots(1, len(DEGRADED), figsize=(10, 5.4), dpi=110)
    for axis, (name, chain) in zip(axes, DEGRADED.items(), strict=True):
        pixels = apply_chain(photo.pixels, chain, reference_px=page.x_height_px * photo.scale)
        verdict = gate.check(pixels)
        reason = verdict.reasons[0].message if verdict.reasons else "No reason to expect a failure."
        axis.imshow(pixels)
        axis.set_axis_off()
        axis.set_title(name, fontsize=11)
        told = f"{verdict.decision}, {percent(verdict.p_fail)}"
        axis.text(
            0,
            -0.04,
            told,
            transform=axis.transAxes,
            va="top",
            fontsize=13,
            weight="bold",
            color=COLORS[verdict.decision],
        )
        axis.text(
            0, -0.12, textwrap.fill(reason, 30), transform=axis.transAxes, va="top", fontsize=9
        )
    figure.tight_layout()
    figure.savefig(target, bbox_inches="tight")


if __name__ == "__main__":
    main(sys.argv[1])
