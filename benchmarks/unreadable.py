"""Count what a gate passes of good pages that were made unreadable, and of those still readable.

    python benchmarks/unreadable.py ocr-tesseract --data scans/ --sources 32 > unreadable.md

Pages that the gate's engine reads are turned, mirrored, tilted, put half out of focus, lit by a
lamp or ruled all over: these should not pass. Negative, tilted by one degree, enlarged or cut to
one line they are read as before, and should not be rejected. Made by plain NumPy and OpenCV (as in
ruin.py), apart from the package's own degradations. Pages in other scripts and in handwriting are
those of ``imagegate.synthetic``, drawn with seeds that no corpus has.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed

import imagegate
from imagegate.synthetic.hands import render_hand
from imagegate.synthetic.scripts import render_script
from imagegate.tasks import TASKS
from ruin import Pixels, Rng, encoded
from ruin_layout import UNREADABLE, tilted
from ruin_sources import Source, fresh_pages, scans

Make = Callable[..., Pixels]  # pixels, scale (the x-height), rng
REAL = ("office-scans", "old-books", "receipts", "forms")
SEED = 900_000  # of pages in other scripts and in handwriting
READ = 0.9  # word recall of a page that the engine reads
FOREIGN = "not for this engine"


def as_it_is(pixels: Pixels, scale: float, rng: Rng) -> Pixels:
    """Return the page itself."""
    return pixels


def negative(pixels: Pixels, scale: float, rng: Rng) -> Pixels:
    """Write white on black."""
    return 255 - pixels


def enlarged(pixels: Pixels, scale: float, rng: Rng) -> Pixels:
    """Enlarge twice."""
    return np.asarray(cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))


def one_line(pixels: Pixels, scale: float, rng: Rng) -> Pixels:
    """Cut one line of text out: the rows of most ink, and some air around them."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dark = (gray < 0.6 * np.median(gray)).mean(axis=1)
    rows = np.convolve(dark, np.ones(max(1, round(scale))), "same")
    middle = int(rows.argmax())
    reach = round(1.9 * scale)
    return pixels[max(0, middle - reach) : middle + reach]


READABLE: tuple[tuple[str, Make], ...] = (
    ("as it is", as_it_is),
    ("negative", negative),
    ("tilted by 1°", partial(tilted, degrees=1)),
    ("enlarged twice", enlarged),
    ("one line alone", one_line),
)
KINDS = (
    *((kind, "still readable", make) for kind, make in READABLE),
    *((kind, "unreadable", make) for kind, make in UNREADABLE),
)

Answer = tuple[str, str, str, str]  # kind, group, decision, code of the first reason


def answer(gate: imagegate.Gate, kind: str, group: str, pixels: Pixels) -> Answer:
    """Return what the gate says of a picture."""
    verdict = gate.check(encoded(np.ascontiguousarray(pixels), "PNG"))
    first = verdict.reasons[0].code if verdict.reasons else ""
    return kind, group, verdict.decision, first


def answers(name: str, number: int, source: Source, seed: int) -> list[Answer]:
    """Return what the gate says of everything that is made of a page."""
    cv2.setNumThreads(1)
    gate, rng = imagegate.load_gate(name), np.random.default_rng([seed, number])
    return [
        answer(gate, kind, group, make(source.pixels, scale=source.scale, rng=rng))
        for kind, group, make in KINDS
    ]


def foreign(name: str, number: int) -> list[Answer]:
    """Return what the gate says of a page in another script and of one written by hand."""
    cv2.setNumThreads(1)
    gate = imagegate.load_gate(name)
    pages = {"another script": render_script, "handwriting": render_hand}
    return [
        answer(gate, kind, FOREIGN, render(SEED + number).pixels) for kind, render in pages.items()
    ]


def readable(data: Path, name: str, engine: str, count: int, seed: int) -> Iterator[Source]:
    """Yield real pages that the engine reads."""
    task = TASKS["ocr"]
    sources, _ = imagegate.find_sources([data / name], task)
    truths = {Path(source.path).name: source.truth_path for source in sources}
    read = task.engines[engine].open()
    for page in scans(data / name, sys.maxsize, seed=seed):
        path = truths.get(page.name)
        if path and 1 - task.loss(read(page.pixels), task.read_truth(path)) >= READ:
            yield page


def table(found: list[Answer]) -> str:
    """Return the shares of decisions, and the most frequent first reasons."""
    lines = [
        "| page | files | passed | rejected | first reason |",
        "| --- | --- | --- | --- | --- |",
    ]
    by_kind: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for one in found:
        by_kind[one[1], one[0]].append(one)
    for (group, kind), ones in by_kind.items():
        passed, rejected = (
            sum(one[2] == decision for one in ones) / len(ones) for decision in ("pass", "reject")
        )
        codes = [one[3] for one in ones if one[3]]
        common = sorted(set(codes), key=codes.count, reverse=True)[:3]
        told = ", ".join(f"{code} {codes.count(code)}" for code in common)
        lines.append(f"| {kind} ({group}) | {len(ones)} | {passed:.2f} | {rejected:.2f} | {told} |")
    return "\n".join(lines)


def main() -> None:
    """Collect pages that the engine reads, ask the gate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("gate")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sources", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    engine = imagegate.load_gate(asked.gate).card.engine or ""
    count = asked.sources // 2 if asked.data else asked.sources
    sources = list(fresh_pages(count, asked.seed))
    for name in REAL if asked.data else ():
        pages = readable(asked.data, name, engine, count, asked.seed)
        sources += islice(pages, -(-count // len(REAL)))
    print(f"{len(sources)} pages", file=sys.stderr)
    jobs = [delayed(answers)(asked.gate, i, s, asked.seed) for i, s in enumerate(sources)]
    jobs += [delayed(foreign)(asked.gate, i) for i in range(asked.sources)]
    found = [one for some in Parallel(asked.jobs)(jobs) for one in some]
    print(f"## {asked.gate}: {len(sources)} pages, seed {asked.seed}\n\n{table(found)}")


if __name__ == "__main__":
    main()
