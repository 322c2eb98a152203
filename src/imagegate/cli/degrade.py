"""``imagegate degrade``: make worsened copies of images, with a contact sheet and the recipe of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from imagegate import image
from imagegate.cli.check import find_images
from imagegate.cli.console import complain, out, progress_bar
from imagegate.degrade import (
    DEGRADATIONS,
    Chain,
    apply_chain,
    chain_to_json,
    draw_chain,
    save,
    single_chain,
)
from imagegate.errors import ImageError, SettingsError
from imagegate.image import Image
from imagegate.tables import CAUSES, Pixels
from imagegate.training.variants import reference_px

CELL_PX = 240


def command(
    sources: Annotated[
        list[str], typer.Argument(help="Images, or folders that are searched through.")
    ],
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for the copies.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", help="A cause ('blur') or a variant ('blur.motion'); may be repeated."
        ),
    ] = None,
    severity: Annotated[
        int | None, typer.Option("--severity", "-s", min=1, max=5, help="Only this severity.")
    ] = None,
    chains: Annotated[
        int, typer.Option("--chains", help="Instead: this many realistic mixtures of each image.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 0,
) -> None:
    """Worsen images on purpose: every variant at severities 1 to 5, or realistic mixtures.

    Beside the copies stand sheet.jpg (all of them at a glance) and variants.jsonl
    (what was done to each, so that any of them can be made again).
    """
    files = list(find_images(sources))
    if not files:
        raise SettingsError(f"no images under {', '.join(sources)}")
    plan = list(mixtures(chains, seed) if chains else singles(only or [], severity, seed))
    to.mkdir(parents=True, exist_ok=True)
    broken = 0
    with progress_bar() as bar, (to / "variants.jsonl").open("w", encoding="utf-8") as log:
        ticks = bar.add_task("degrading", total=len(files) * len(plan), note="")
        for path in files:
            try:
                picture = image.read(path)
            except ImageError as error:
                complain(str(error))
                broken += 1
                bar.advance(ticks, len(plan))
                continue
            thumbnails = [("as it is", thumbnail(picture.rgb))]
            for name, chain in plan:
                entry, small = write_variant(picture, path, name, chain, to, seed=seed)
                log.write(json.dumps(entry) + "\n")
                thumbnails.append((name, small))
                bar.advance(ticks)
            write_sheet(thumbnails, to / f"{Path(path).stem}__sheet.jpg")
    out.print(f"{(len(files) - broken) * len(plan):,} variants in {to}; look at *__sheet.jpg first")
    if broken:
        raise typer.Exit(1)


def singles(only: list[str], severity: int | None, seed: int) -> Iterator[tuple[str, Chain]]:
    """Yield every wanted variant at every wanted severity."""
    for wanted in only:
        if wanted not in CAUSES:
            _ = DEGRADATIONS[wanted]
    for name, row in DEGRADATIONS.items():
        if only and name not in only and row.cause not in only:
            continue
        for level in [severity] if severity else range(1, 6):
            yield f"{name}-{level}", single_chain(name, level, seed)


def mixtures(count: int, seed: int) -> Iterator[tuple[str, Chain]]:
    """Yield realistic chains."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        yield f"mixture-{index:03d}", draw_chain(rng)


def write_variant(
    picture: Image, path: str, name: str, chain: Chain, to: Path, *, seed: int
) -> tuple[dict[str, object], Pixels]:
    """Write one variant; return its log entry and its thumbnail."""
    reference = reference_px(picture)
    pixels = apply_chain(picture.rgb, chain, reference_px=reference)
    data, container = save(pixels, chain, seed=seed)
    file = to / f"{Path(path).stem}__{name}.{container}"
    file.write_bytes(data)
    entry: dict[str, object] = {
        "file": file.name,
        "source": path,
        "chain": json.loads(chain_to_json(chain)),
        "reference_px": reference,
        "seed": seed,
    }
    return entry, thumbnail(image.read(data).rgb)


def thumbnail(pixels: Pixels) -> Pixels:
    """Return the middle of the picture at native size where it is large: worsening hides in small copies."""
    height, width = pixels.shape[:2]
    top, left = max(0, (height - CELL_PX) // 2), max(0, (width - CELL_PX) // 2)
    crop = pixels[top : top + CELL_PX, left : left + CELL_PX]
    cell = np.full((CELL_PX, CELL_PX, 3), 255, np.uint8)
    cell[: crop.shape[0], : crop.shape[1]] = crop
    return cell


def write_sheet(thumbnails: list[tuple[str, Pixels]], path: Path) -> None:
    """Write a contact sheet, five cells a row, the name under each."""
    columns, footer = 5, 24
    rows = -(-len(thumbnails) // columns)
    sheet = np.full((rows * (CELL_PX + footer), columns * (CELL_PX + 8), 3), 255, np.uint8)
    for index, (name, cell) in enumerate(thumbnails):
        top, left = index // columns * (CELL_PX + footer), index % columns * (CELL_PX + 8)
        sheet[top : top + CELL_PX, left : left + CELL_PX] = cell
        where = (left + 4, top + CELL_PX + 16)
        cv2.putText(sheet, name, where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
