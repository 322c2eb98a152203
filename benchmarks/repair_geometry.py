"""Put held-out real pages wrong, straighten them, run the real engine before and after, and count.

    python benchmarks/repair_geometry.py ocr-tesseract DATA
    python benchmarks/repair_geometry.py ocr-rapidocr DATA --pages 2
    python benchmarks/repair_geometry.py ocr-tesseract DATA --only upright --pages 1000 --no-engine
    python benchmarks/repair_geometry.py ocr-tesseract DATA --sort      # as imagegate sort does

DATA holds some of office-scans, old-books, receipts and forms; pages of groups that the gate was
made from are left out. Rows are written to a file as they are made: the same command goes on, or
prints the tables again. With --sort, every third page lies wrong in a folder that is sorted with
repairs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import imagegate
from imagegate.degrade.geometry import rotated
from imagegate.pipeline.repair import proven
from imagegate.pipeline.route import Policy, Router
from imagegate.pipeline.sort import Sorter, save
from imagegate.pipeline.straighten import straighten
from imagegate.tables import Pixels
from imagegate.training.data.clean import Source
from imagegate.training.data.sources import find_sources
from imagegate.training.evaluation.evaluate import made_from
from repair import Judged, kept
from repair_tables import AFTER, cells, header, shown

SETS = {"office-scans": None, "old-books": "^([a-z])", "receipts": None, "forms": None}
Made = dict[str, Any]


def turned(pixels: Pixels, quarters: int) -> Pixels:
    """Turn clockwise by so many times 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -quarters))


def both(pixels: Pixels, quarters: int, degrees: float) -> Pixels:
    """Turn and skew."""
    return rotated(turned(pixels, quarters), degrees)


WRONG: Mapping[str, Callable[[Pixels], Pixels]] = {
    "upright": lambda pixels: pixels,
    "turned by 90°": partial(turned, quarters=1),
    "turned by 180°": partial(turned, quarters=2),
    "turned by 270°": partial(turned, quarters=3),
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "skewed by 1°": partial(rotated, degrees=1),
    "skewed by 3°": partial(rotated, degrees=-3),
    "skewed by 6°": partial(rotated, degrees=6),
    "skewed by 10°": partial(rotated, degrees=-10),
    "skewed by 15°": partial(rotated, degrees=15),
    "turned by 180°, skewed by 5°": partial(both, quarters=2, degrees=5),
    "turned by 90°, skewed by 10°": partial(both, quarters=1, degrees=-10),
}


@dataclass(frozen=True)
class Bench(Judged):
    """A gate, its engine, and the pages that are put wrong."""

    data: Path
    each: int  # pages of each set
    read: bool = True  # whether the engine is run
    losses: dict[str, float] = field(default_factory=dict)  # by content, of the page at hand

    def sources(self) -> list[Source]:
        """Return pages with truth that the gate was not made from, spread evenly over each set.

        One page of each set after the other, so that a part of them is a fair sample, too.
        """
        chosen: list[list[Source]] = []
        for name, group_by in SETS.items():
            if not (self.data / name).is_dir():
                continue
            found, _ = find_sources([self.data / name], self.task, group_by=group_by)
            new = ~made_from(self.judge.card, np.array([one.group for one in found]))
            held = [one for one, fresh in zip(found, new, strict=True) if fresh and one.truth_path]
            places = np.linspace(0, len(held) - 1, min(self.each, len(held)))
            chosen.append([held[round(place)] for place in places])
        return [one for pages in zip_longest(*chosen) for one in pages if one]

    def loss(self, pixels: Pixels, truth: Any) -> float | None:
        """Run the engine and score what it lost; once for pixels that come again."""
        if not self.read:
            return None
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        if key not in self.losses:
            self.losses[key] = float(self.task.loss(self.run(pixels.copy()), truth))
        return self.losses[key]

    def rows(self, source: Source, wrongs: list[str]) -> Iterator[Made]:
        """Put one page wrong in every way, straighten it, and read it before and after."""
        pixels = imagegate.read(str(source.path)).rgb
        truth = self.task.read_truth(source.truth_path)
        self.losses.clear()
        for wrong in wrongs:
            yield self.row(source, wrong, pixels, truth)

    def row(self, source: Source, wrong: str, pixels: Pixels, truth: Any) -> Made:
        """Put one page wrong in one way, straighten it, and read it before and after."""
        put = WRONG[wrong](pixels)
        done = straighten(put, {})
        after = put if done is None else done
        return {
            "row": f"{source.source_id} {wrong}",
            "set": source.set,
            "group": source.group,
            "wrong": wrong,
            "repaired": done is not None,
            "lies": lies(after, pixels),
            "p0": self.judge.check(put).p_fail,
            "p": self.judge.check(after).p_fail,
            "loss0": self.loss(put, truth),
            "loss": self.loss(after, truth),
        }


def lies(pixels: Pixels, upright: Pixels) -> str:
    """Tell how a page lies against the upright one: as it should, or turned or mirrored."""
    ways: Mapping[str, Callable[[Pixels], Pixels]] = {
        "as it should": lambda page: page,
        "turned by 90°": partial(turned, quarters=1),
        "turned by 180°": partial(turned, quarters=2),
        "turned by 270°": partial(turned, quarters=3),
        "mirrored": lambda page: page[:, ::-1],
        "flipped": lambda page: page[::-1],
    }
    side = min(*pixels.shape[:2], *upright.shape[:2])
    seen = middle(pixels, side)
    likeness = {name: (seen * middle(way(upright), side)).mean() for name, way in ways.items()}
    return max(likeness, key=likeness.__getitem__)


def middle(pixels: Pixels, side: int) -> Any:
    """Return the square in the middle, which skewing leaves in its place: mean 0, variance 1."""
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    part = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    gray = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    plane = cv2.resize(gray, (96, 96), interpolation=cv2.INTER_AREA).astype(np.float64)
    return (plane - plane.mean()) / max(plane.std(), 1e-9)


def print_tables(rows: list[Made], gate: Any) -> None:
    """Print what straightening did, by how the pages lay and by set."""
    limit, passing = gate.card.limit, gate.thresholds.passing
    print(header("page", "pages", "repaired", "lie right after", AFTER))
    for name in WRONG:
        own = [row for row in rows if row["wrong"] == name]
        if own:
            print(f"| {name} | {counts(own)} | {read_cells(own, limit)} |")
    print()
    print(header("set, lying wrong", "pages", "repaired", "lie right after", AFTER))
    for name in SETS:
        own = [row for row in rows if row["set"] == name and row["wrong"] != "upright"]
        if own:
            print(f"| {name} | {counts(own)} | {read_cells(own, limit)} |")
    print()
    moved = [row for row in rows if row["wrong"] == "upright" and row["lies"] != "as it should"]
    print(f"- upright pages wrongly turned: {len(moved)}", *(row["row"] for row in moved))
    most = proven(gate).get("geometry", passing)
    good = [row for row in rows if row["repaired"] and row["p"] is not None and row["p"] <= most]
    print(f"- repaired pages with p_fail at most {most:.3g}: {len(good)}")
    if good and good[0]["loss"] is not None:
        fails = [row["loss"] > limit for row in good]
        print(f"- their loss and failures: {cells(good, limit)}")
        print(f"- of them fail {shown(fails, [row['group'] for row in good])}")


def counts(rows: list[Made]) -> str:
    """Return three cells: pages, repaired ones, and those that lie as they should."""
    right = sum(row["lies"] == "as it should" for row in rows)
    return f"{len(rows)} | {sum(row['repaired'] for row in rows)} | {right}"


def read_cells(rows: list[Made], limit: float) -> str:
    """Return what the engine read, nothing if it was not run."""
    return cells([row for row in rows if row["loss"] is not None], limit)


def sort(bench: Bench) -> None:
    """Sort a folder in which every third page lies wrong, and read what is in it before and after.

    A page that is neither used nor repaired is not read afterwards.
    """
    ways = [name for name in WRONG if name != "upright"]
    with tempfile.TemporaryDirectory() as folder:
        inbox, target = Path(folder, "inbox"), Path(folder, "sorted")
        inbox.mkdir()
        limits = {"geometry": bench.judge.thresholds.passing} | dict(proven(bench.judge))
        sorter = Sorter(Router(bench.judge, Policy(repair=limits)), str(inbox), str(target), "copy")
        rows = []
        for number, source in enumerate(bench.sources()):
            wrong = ways[number // 3 % len(ways)] if number % 3 == 0 else "upright"
            path = str(inbox / f"{number:04}.png")
            save(path, WRONG[wrong](imagegate.read(str(source.path)).rgb))
            result = sorter(path)[0]
            truth = bench.task.read_truth(source.truth_path)
            bench.losses.clear()
            before = bench.loss(imagegate.read(path).rgb, truth)
            after = bench.loss(imagegate.read(result.written).rgb, truth)
            route = result.repair or result.action
            rows.append((wrong != "upright", route, before, after))
            print(f"\r{len(rows)} pages", end="", file=sys.stderr, flush=True)
    print_sorted(rows, bench.judge.card.limit)


def print_sorted(rows: list[tuple[bool, str, float, float]], limit: float) -> None:
    """Print what was read, of pages that lay right and wrong and of both."""
    print(header("pages", "count", "recall before → after", "failing before → after", "routes"))
    for name, part in (
        ("lying wrong", [row for row in rows if row[0]]),
        ("upright", [row for row in rows if not row[0]]),
        ("all", rows),
        ("used or repaired", [row for row in rows if row[1] not in ("review", "reject")]),
    ):
        before, after = (np.array([row[k] for row in part]) for k in (2, 3))
        routes = ", ".join(f"{k} {n}" for k, n in Counter(row[1] for row in part).most_common())
        recall = f"{1 - before.mean():.3f} → {1 - after.mean():.3f}" if part else "–"
        failing = f"{(before > limit).sum()} → {(after > limit).sum()}"
        print(f"| {name} | {len(part)} | {recall} | {failing} | {routes} |")


def main() -> None:
    """Make the rows that are missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gate", help="a gate of text that ships, or its file")
    parser.add_argument("data", type=Path, help="folder of the real images")
    parser.add_argument("--pages", type=int, default=12, help="of each set")
    parser.add_argument("--only", nargs="+", choices=list(WRONG), default=list(WRONG))
    parser.add_argument("--no-engine", action="store_true", help="tell how pages lie, read none")
    parser.add_argument("--sort", action="store_true")
    parser.add_argument("--out", type=Path, help="file of the rows, JSON lines")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    bench = Bench(asked.gate, asked.data, asked.pages, not asked.no_engine)
    if asked.sort:
        sort(bench)
        return
    out = asked.out or Path(f"repair-geometry-{Path(asked.gate).stem}.jsonl")
    made = {row["row"]: row for row in kept(out)}
    wanted = []
    for number, source in enumerate(bench.sources()):
        names = {f"{source.source_id} {wrong}": wrong for wrong in asked.only}
        wanted += names
        todo = [wrong for name, wrong in names.items() if name not in made]
        with out.open("a", encoding="utf-8") as file:
            for row in bench.rows(source, todo) if todo else []:
                made[row["row"]] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
        print(f"\r{number + 1} pages", end="", file=sys.stderr, flush=True)
    print_tables([made[name] for name in wanted], bench.judge)


if __name__ == "__main__":
    main()
