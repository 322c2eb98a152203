"""``imagegate degrade``: degraded copies of images, a contact sheet, and the recipe of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import cv2
import numpy as np
import typer

from imagegate import image
from imagegate.cli.commands.label import Licence, LimitSources, sources_of
from imagegate.cli.console import complain, out, progress
from imagegate.cli.options import Seed, Sources, pairs
from imagegate.degrade import (
    DEGRADATIONS,
    Chain,
    apply_chain,
    chain_to_json,
    draw_chain,
    save,
    single_chain,
)
from imagegate.edits.corpus import made_edits, made_rows, write_corpus
from imagegate.edits.made.make import MadeEdit
from imagegate.errors import ImageError, SettingsError
from imagegate.features import CAUSES
from imagegate.tables import Pixels
from imagegate.training.data.clean import Clean, Source, load

EXAMPLES = (
    "imagegate degrade invoice.jpg --out variants",
    "imagegate degrade scans/ --only blur --severity 3 --out variants",
    "imagegate degrade photos/ --edits 4 --out made-edits",
)
Plan = list[tuple[str, Chain]]  # name and recipe of every variant

CELL_PX = 240


def command(
    sources: Sources,
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for the copies.")],
    only: Annotated[
        list[str] | None,
        typer.Option(help="A cause ('blur') or a variant ('blur.motion'); repeatable."),
    ] = None,
    severity: Annotated[
        int | None, typer.Option("--severity", "-s", min=1, max=5, help="Only this severity.")
    ] = None,
    chains: Annotated[
        int, typer.Option(help="Draw this many realistic mixtures per image instead.")
    ] = 0,
    edits: Annotated[
        int, typer.Option(help="Make this many edits per image instead, good ones and bad ones.")
    ] = 0,
    limit_sources: LimitSources = None,
    licence: Licence = None,
    measures_only: Annotated[
        bool, typer.Option("--measures-only", help="With --edits: write the corpus alone.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Degrade images: every variant at severities 1 to 5, or realistic mixtures.

    Also writes NAME__sheet.jpg, which shows all variants, and variants.jsonl, the recipe of each.
    With --edits, writes each picture before and after its edit, its mask, and a corpus for
    'imagegate train'.
    """
    if edits:
        told = pairs(licence, "--licence SET=TEXT")
        found = sources_of(sources, "background-removal", limit=limit_sources)
        write_edits(found, edits, seed, to, told, pictures=not measures_only)
        return
    if measures_only or licence:
        raise SettingsError("--measures-only and --licence go with --edits")
    found = sources_of(sources, limit=limit_sources)
    plan = list(mixtures(chains, seed) if chains else singles(only or [], severity, seed))
    broken = write(found, plan, to)
    out.print(f"{(len(found) - broken) * len(plan):,} variants in {to}; see *__sheet.jpg first")
    if broken:
        raise typer.Exit(1)


def write(found: list[Source], plan: Plan, to: Path) -> int:
    """Write the planned variants of every source; return how many could not be read."""
    to.mkdir(parents=True, exist_ok=True)
    broken = 0
    with progress("degrading") as tell, (to / "variants.jsonl").open("w", encoding="utf-8") as log:
        for done, source in enumerate(found, start=1):
            try:
                clean = load(source, text=True)
            except ImageError as error:
                complain(str(error))
                broken += 1
            else:
                write_variants(source, clean, plan, to, log)
            tell(done, len(found), source.shown)
    return broken


def write_edits(
    found: list[Source],
    count: int,
    seed: int,
    to: Path,
    licences: dict[str, str],
    *,
    pictures: bool,
) -> None:
    """Write edits of every source as a corpus, and, if wanted, as pictures."""
    to.mkdir(parents=True, exist_ok=True)
    rows = []
    with progress("editing") as tell:
        for done, source in enumerate(found, start=1):
            try:
                clean = load(source, text=False)
            except ImageError as error:
                complain(str(error))
                continue
            for number, made in enumerate(made_edits(source, clean.pixels, count, seed)):
                rows += made_rows(source, number, made)
                if pictures:
                    write_pair(made, to / f"{source.source_id.replace('/', '__')}__{number:03d}")
            tell(done, len(found), source.shown)
    if not rows:
        raise SettingsError("no edit could be made: give photographs of 96 pixels a side at least")
    write_corpus(to, rows, licences)
    bad = sum(row["loss"] for row in rows)
    out.print(f"{len(rows):,} rows in {to}, {bad:,.0f} of bad edits; next: imagegate train {to}")


def write_pair(made: MadeEdit, stem: Path) -> None:
    """Write the three pictures of an edit as PNG: they were saved before, as pictures are."""
    planes = {
        "original": made.original[..., ::-1],
        f"{made.kind}_{made.label}": made.edited[..., ::-1],
        "mask": 255 * made.mask.astype(np.uint8),
    }
    for name, plane in planes.items():
        (stem.parent / f"{stem.name}_{name}.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )


def singles(only: list[str], severity: int | None, seed: int) -> Iterator[tuple[str, Chain]]:
    """Yield every wanted variant at every wanted severity."""
    for wanted in sorted(set(only) - set(CAUSES)):
        _ = DEGRADATIONS[wanted]  # raises if there is none
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


def write_variants(source: Source, clean: Clean, plan: Plan, to: Path, log: IO[str]) -> None:
    """Write every variant of one source, its recipe as a line of the log, and the sheet."""
    stem = source.source_id.replace("/", "__")
    thumbnails = [("as it is", thumbnail(clean.pixels))]
    for name, chain in plan:
        data = stored(apply_chain(clean.pixels, chain, reference_px=clean.reference_px), chain)
        picture = image.read(data)
        file = to / f"{stem}__{name}.{picture.header.format.lower()}"
        file.write_bytes(data)
        entry = {
            "file": file.name,
            "source": source.path or source.shown,
            "chain": json.loads(chain_to_json(chain)),
            "reference_px": clean.reference_px,
        }
        log.write(json.dumps(entry) + "\n")
        thumbnails.append((name, thumbnail(picture.rgb)))
    write_sheet(thumbnails, to / f"{stem}__sheet.jpg")


def stored(pixels: Pixels, chain: Chain) -> bytes:
    """Return the file of a variant: PNG, so that nothing but its cause is added."""
    if chain and chain[-1].name.startswith("compression."):
        return save(pixels, chain)[0]
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


def thumbnail(pixels: Pixels) -> Pixels:
    """Return the middle of the picture at native size: degradation hides in small copies."""
    top, left = (max(0, (side - CELL_PX) // 2) for side in pixels.shape[:2])
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
