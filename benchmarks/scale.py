"""What very many images cost: a second, a core, a byte, on one machine and on a local Ray cluster.

    python benchmarks/scale.py [--files 2000] [--rows 20000] [--gate ocr] [--no-ray]

Makes pages of about 0.5 and 2 megapixels, checks them with one worker, with all cores and with
Ray on as many workers, and measures what the parent alone can take in: the rows of workers that
take no time. Prints the tables of docs/scale.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from imagegate.models.artifact import load_gate
from imagegate.parallel.pool import Done, run_many
from imagegate.pipeline.files import images_under
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import run
from imagegate.synthetic.pages import render_page

PAGES = 20
SIZES = {"0.5 MP": 0.5e6, "2 MP": 2e6}
QUALITY = 85
CENTS_PER_CORE_HOUR = 4.0  # a spot core of the large clouds, late 2026, for the sum on paper
BILLION = 1e9


def main() -> None:
    """Measure and print."""
    asked = options()
    router = Router(load_gate(asked.gate), {"repair": {}})
    cores = len(os.sched_getaffinity(0))
    engines: dict[str, tuple[Callable[..., Any], int]] = {
        "1 worker": (run_many, 1),
        f"{cores} workers": (run_many, cores),
    }
    if not asked.no_ray:
        from imagegate.integrations.ray import ray_many

        engines[f"Ray, {cores} workers"] = (ray_many, cores)
    print("| images | file | run | images a second | … a worker | core hours a billion | $ |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for size, pixels in SIZES.items():
            folder = Path(name) / size.replace(" ", "")
            bytes_each = make(folder, asked.files, pixels)
            for label, (many, workers) in engines.items():
                rate = asked.files / timed(router, folder, many, workers)
                hours = BILLION / (rate / workers) / 3600
                cost = hours * CENTS_PER_CORE_HOUR / 100
                cells = (size, f"{bytes_each / 1000:.0f} kB", label, f"{rate:.0f}")
                cells = (*cells, f"{rate / workers:.0f}", f"{hours:,.0f}", f"{cost:,.0f}")
                print(f"| {' | '.join(cells)} |", flush=True)
        own_rate(router, folder, Path(name), asked.rows)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--gate", default="ocr")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--no-ray", action="store_true")
    return parser.parse_args()


def make(folder: Path, files: int, pixels: float) -> float:
    """Write pages of so many pixels and return the bytes of one on average."""
    folder.mkdir()
    total = 0
    for page in range(PAGES):
        rgb = render_page(page, layout="letter").pixels
        scale = (pixels / (rgb.shape[0] * rgb.shape[1])) ** 0.5
        bgr = cv2.resize(rgb[..., ::-1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        for copy in range(page, files, PAGES):
            (folder / f"{copy:06}.jpg").write_bytes(data)
            total += len(data)
    return total / files


def timed(router: Router, folder: Path, many: Callable[..., Any], workers: int) -> float:
    """Return the seconds of a run once its workers are warm."""
    paths = list(images_under([str(folder)]))
    for _ in many(router.pages, paths[:100], jobs=workers):
        pass
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        run(router, paths, f"{name}/v.parquet", many=many, jobs=workers)
        return time.perf_counter() - started


def own_rate(router: Router, folder: Path, outputs: Path, rows: int) -> None:
    """Print how many rows a second one parent writes down, what a row weighs, and its memory."""
    path = next(images_under([str(folder)]))
    result = router.pages(path)[0]

    def ready(work: Any, sources: Iterable[str], *, jobs: Any) -> Generator[Done[Any], None, None]:
        yield from (Done(name, [replace(result, source=name)]) for name in sources)

    print(f"\n{rows:,} rows of workers that take no time:\n")
    print("| output | rows a second that one parent takes in | bytes a row | memory, at most |")
    print("| --- | --- | --- | --- |")
    for suffix in ("csv", "jsonl", "parquet"):
        out = outputs / f"own.{suffix}"
        started = time.perf_counter()
        names = (f"{folder}/{i // 1000:05}/{i:09}.jpg" for i in range(rows))
        run(router, names, str(out), many=ready)
        seconds = time.perf_counter() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        weight = out.stat().st_size / rows
        out.unlink()
        print(f"| .{suffix} | {rows / seconds:,.0f} | {weight:,.0f} | {most:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
