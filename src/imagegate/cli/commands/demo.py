"""``imagegate demo``: the whole loop on generated pages, in one sitting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.checking import show
from imagegate.cli.commands import evaluate, label, train
from imagegate.cli.console import out
from imagegate.cli.options import Seed
from imagegate.degrade import Step, apply_chain, save
from imagegate.pipeline.route import Policy, Router
from imagegate.synthetic.pages import render_page

EXAMPLES = ("imagegate demo", "imagegate demo --engine tesseract --out tesseract-demo")
# Sized for ten minutes on two cores with RapidOCR, environment included (`make demo`).
PAGES, VARIANTS = 96, 3
CAUSE_VARIANTS = 8  # of each page that are only measured, to learn the causes from
# What 19 calibration pages can show: 8 passed without a failure bound the risk at 20 %.
RISK_TARGET, CONFIDENCE = 0.2, 0.8


def command(
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("demo"),
    engine: Annotated[str, typer.Option("--engine", "-e", help="The OCR engine.")] = "rapidocr",
    pages: Annotated[int, typer.Option(min=20, help="Generated pages.")] = PAGES,
    variants: Annotated[int, typer.Option(min=2, help="Rows per page.")] = VARIANTS,
    seed: Seed = 0,
) -> None:
    """Render pages, degrade them, run a real OCR engine, train a gate, and evaluate it."""
    started = datetime.now(UTC)
    corpus, causes, gate, report = (
        to / name for name in ("corpus", "causes", "demo.gate", "report.html")
    )
    to.mkdir(parents=True, exist_ok=True)

    heading(f"1. Label: {pages} pages × {variants} variants, read by {engine}")
    sources = [f"pages:{pages}"]
    given: dict[str, Any] = {"task": "ocr", "seed": seed}
    label.run(sources, corpus, engine=engine, variants=variants, **given)
    label.run(sources, causes, engine=None, recipe="causes", variants=CAUSE_VARIANTS, **given)
    heading("2. Train: split by page, fit, calibrate, set the threshold by a risk target")
    asked: dict[str, Any] = {"risk_target": RISK_TARGET, "confidence": CONFIDENCE}
    train.run([corpus, causes], gate, force=True, seed=seed, **asked)
    heading("3. Evaluate: on pages that the gate has never seen")
    evaluate.run(str(gate), [corpus], report=report, seed=seed)
    heading("4. Check: a clean page and the same page ruined")
    router = Router(gate, Policy(repair={}))
    for path in write_two_pages(to, seed=seed + 10_000):
        show(router.pages(str(path))[0].to_dict(), alone=True)
    minutes = (datetime.now(UTC) - started).total_seconds() / 60
    out.print(f"\n{minutes:.1f} minutes. Open [bold]{report}[/] in a browser, and try:")
    out.print(f"  imagegate check --gate {gate} YOUR.png")


def heading(text: str) -> None:
    """Print what comes next."""
    out.print(f"\n[bold cyan]{text}[/]")


def write_two_pages(to: Path, *, seed: int) -> Iterator[Path]:
    """Write a page that no training ever saw, as it is and blurred beyond reading."""
    page = render_page(seed, layout="letter")
    chain = (Step("blur.gaussian", 5, seed, amount=0.45),)  # sigma of nearly half an x-height
    blurred = apply_chain(page.pixels, chain, reference_px=page.x_height_px)
    for name, pixels in (("clean", page.pixels), ("ruined", blurred)):
        data, container = save(pixels, (), seed=seed)
        path = to / f"{name}.{container}"
        path.write_bytes(data)
        yield path
