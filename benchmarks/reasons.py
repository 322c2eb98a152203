"""Judge whether a gate's first reason is the true cause of what was done to the picture.

    python benchmarks/reasons.py ocr-tesseract --data scans/ --sources 20 > reasons.md

Pictures that pass as they are get ruined by one known cause each (ruin.py, for readers also
ruin_layout.py, made apart from the package's own degradations), and the ruined ones that do not
pass are looked at. Pages are drawn afresh; DATA, if given, holds the folders of real pictures,
and background-removal needs it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from PIL import Image

import imagegate
from reasons_tables import Row, show, show_mixed, show_small
from ruin import RUINS, Rng, Ruin, Ruined, decoded, encoded
from ruin_layout import LAYOUT_RUINS
from ruin_sources import Source, fresh_pages, photos, pictures, scans

SCANS, PHOTOS = ("receipts", "office-scans"), ("people", "clothing", "grocery", "subjects")
FOUND = ("receipts", "receipt-photos")  # small pictures that nobody ruined
SMALL = 460  # pixels of the shorter side
CANDIDATES = 6  # looked at for each source that is wanted
MIXTURES = (2, 2, 2, 3, 3, 3)  # causes in each chain, for every source


def judged(gate: imagegate.Gate, file: bytes, row: Row) -> Row:
    """Return the row with what the gate says of a file."""
    try:
        verdict = gate.check(file)
    except imagegate.ImagegateError as error:
        return replace(row, told=(type(error).__name__,))
    told = tuple(getattr(reason, "cause", None) or reason.signal for reason in verdict.reasons)
    codes = tuple(str(getattr(reason, "code", None) or "") for reason in verdict.reasons)
    return replace(row, passes=verdict.ok, told=told, codes=codes)


def as_file(ruined: Ruined, number: int) -> bytes:
    """Return what compression made as it is; else a PNG or a good JPEG, in turn."""
    if isinstance(ruined, bytes):
        return ruined
    return encoded(ruined, ("PNG", "JPEG")[number % 2])


def rows_of(gate_name: str, number: int, source: Source, seed: int) -> list[Row]:
    """Ruin a source by every kind at two of its strengths and by chains, and ask the gate."""
    cv2.setNumThreads(1)
    gate, rng = imagegate.load_gate(gate_name), np.random.default_rng([seed, number])
    empty, found = Row(number, source.set, (), False, (), ()), []
    kinds = RUINS if gate.card.task == "background-removal" else (*RUINS, *LAYOUT_RUINS)
    for i, (ruin, strength) in enumerate(
        (r, s) for r in kinds for s in r.strengths[number % 2 :: 2]
    ):
        ruined = ruin.apply(source.pixels, strength, source.scale, rng)
        if not isinstance(ruined, bytes) and np.array_equal(ruined, source.pixels):
            continue  # already smaller than it was to be shrunk to
        file = as_file(ruined, number // 2 + i // 2)
        found.append(judged(gate, file, replace(empty, chain=(ruin,))))
    for i, length in enumerate(MIXTURES):
        chain, ruined = mixed(source, length, rng)
        found.append(judged(gate, as_file(ruined, number + i), replace(empty, chain=chain)))
    return found


def mixed(source: Source, length: int, rng: Rng) -> tuple[tuple[Ruin, ...], Ruined]:
    """Ruin by several causes, one after the other, in any order, not by their worst."""
    causes = rng.permutation(list(dict.fromkeys(ruin.cause for ruin in RUINS)))[:length]
    kinds = [[ruin for ruin in RUINS if ruin.cause == cause] for cause in causes]
    chain = tuple(choice[rng.integers(len(choice))] for choice in kinds)
    ruined: Ruined = source.pixels
    for ruin in chain:
        pixels = decoded(ruined)
        scale = source.scale * pixels.shape[1] / source.pixels.shape[1]
        ruined = ruin.apply(pixels, ruin.strengths[rng.integers(3)], scale, rng)
    return chain, ruined


def candidates(gate: imagegate.Gate, data: Path | None, count: int, seed: int) -> list[tuple]:
    """Return for each set its name, how many sources are wanted, and more of them than that."""
    more = CANDIDATES * count
    if gate.card.task == "background-removal":
        if data is None:
            sys.exit("background-removal needs photographs: give their folder by --data")
        share = -(-count // len(PHOTOS))
        return [(name, share, photos(data / name, more, seed=seed)) for name in PHOTOS]
    pages = fresh_pages(more, seed)
    if data is None:
        return [("fresh pages", count, pages)]
    real = [(name, count // 4, scans(data / name, more, seed=seed)) for name in SCANS]
    return [("fresh pages", count - 2 * (count // 4), pages), *real]


def passing(gate: imagegate.Gate, sources: Iterable[Source], clean: list[Row]) -> Iterator[Source]:
    """Yield the sources that pass as PNG and as JPEG; note what is said of every one of them."""
    for source in sources:
        row = Row(-1, source.set, (), False, (), ())
        rows = [judged(gate, as_file(source.pixels, number), row) for number in (0, 1)]
        clean += rows
        if all(row.passes for row in rows):
            yield source


def small(gate: imagegate.Gate, data: Path) -> list[Row]:
    """Ask the gate about small pictures as they were found."""
    found: list[Row] = []
    for name in FOUND:
        for path in pictures(data / name, sys.maxsize, 0):
            if min(Image.open(path).size) <= SMALL:
                row = Row(len(found), name, (), False, (), ())
                found.append(judged(gate, path.read_bytes(), row))
    return found


def main() -> None:
    """Find sources that pass, ruin them, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("gate")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sources", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked, start, clean = parser.parse_args(), time.monotonic(), []
    gate, sources = imagegate.load_gate(asked.gate), []
    for name, wanted, offered in candidates(gate, asked.data, asked.sources, asked.seed):
        kept = list(islice(passing(gate, offered, clean), wanted))
        print(f"{name}: {len(kept)} of {wanted} wanted sources pass", file=sys.stderr)
        sources += kept
    jobs = (delayed(rows_of)(asked.gate, i, s, asked.seed) for i, s in enumerate(sources))
    rows: list[Row] = []
    for done, more in enumerate(Parallel(asked.jobs, return_as="generator")(jobs), 1):
        rows += more
        seconds = time.monotonic() - start
        print(f"{done} of {len(sources)} sources, {seconds:.0f} s", file=sys.stderr)
    told = [row for row in clean if row.passes and row.told]
    fine = sum(row.passes for row in clean)
    print(f"## {asked.gate}: {len(sources)} sources, seed {asked.seed}\n")
    print(
        f"Clean: {fine} of {len(clean)} files pass; {len(told)} of these are given a reason", end=""
    )
    print(f" ({', '.join(f'{n} {name}' for name, n in Counter(r.first for r in told).items())}).")
    show([row for row in rows if len(row.chain) == 1])
    show_mixed([row for row in rows if len(row.chain) > 1])
    if asked.data and gate.card.task != "background-removal":
        show_small(small(gate, asked.data), SMALL)


if __name__ == "__main__":
    main()
