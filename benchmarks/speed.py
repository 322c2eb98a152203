"""What one verdict costs, path in to verdict out, beside a colour decode of the same bytes.

    pip install 'imagegate[bench]'        # the peers, and what makes the images
    python benchmarks/speed.py            # prints the tables and writes them into docs/speed.md
    python benchmarks/speed.py --large    # two images of 100 megapixels, too; takes 1.5 GB
    python benchmarks/speed.py --mine my.jpg --out -

One worker and one thread. The contenders take turns, so that a slower spell of the machine meets
all of them and the caches are as cold as between different images. Peers that are not installed
are left out.
"""

from __future__ import annotations

import os

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)  # read when NumPy is imported

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

import imagegate
from imagegate.models.gate import Gate
from speed_images import make, pictures
from speed_page import page, written
from speed_peers import PEERS, quiet
from speed_results import (
    CHECK,
    COLOUR,
    GRAY,
    OF_COLOUR,
    OF_GRAY,
    QUARTER,
    Measured,
    Results,
    Times,
)
from speed_rooms import memory, needs_colour, parts, rooms

Work = Callable[[], object]

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
ROUNDS, FEWEST, SECONDS = 15, 3, 2.0  # a contender has about so long an image, but 3 rounds
PROFILES, LARGE_PROFILES = 9, 3
LARGE_PIXELS = 25e6  # beyond it peers are left out: some take 100 bytes a pixel
HELD = ("page photo, 12 MP", "300 dpi PNG", "page photo, 100 MP", "300 dpi PNG, 104 MP")
SAME, RUNS = 160, 3  # images of one check_many, and how often it runs


def note(text: str) -> None:
    """Say on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


def contenders(gate: Gate, path: Path) -> dict[str, Work]:
    """Return what is timed on one image, by name; the peers have a process of their own."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    colour = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    gray = imagegate.read(path).gray
    return {
        COLOUR: lambda: cv2.imdecode(data, cv2.IMREAD_COLOR),
        GRAY: lambda: cv2.imdecode(data, cv2.IMREAD_GRAYSCALE),
        QUARTER: lambda: cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_4),
        CHECK: lambda: gate.check(path),
        OF_COLOUR: lambda: gate.check(colour),
        OF_GRAY: lambda: gate.check(gray),
    }


def race_peers(path: Path, rounds: int) -> dict[str, Times | str]:
    """Time the installed peers and a colour decode; called in a process that does nothing else."""
    cv2.setNumThreads(1)
    data = np.frombuffer(path.read_bytes(), np.uint8)
    judges = {peer.name: peer.load() for peer in PEERS if peer.installed}
    works: dict[str, Work] = {COLOUR: lambda: cv2.imdecode(data, cv2.IMREAD_COLOR)}
    works |= {name: lambda judge=judge: judge(path) for name, judge in judges.items()}
    return race(works, rounds)


def measured(gate: Gate, name: str, path: Path, elsewhere: Executor, rounds: int) -> Measured:
    """Time everything on one image."""
    height, width = imagegate.read(path).gray.shape
    large = height * width > LARGE_PIXELS
    note(f"{name}: {width} × {height}, {path.stat().st_size / (height * width):.2f} bytes a pixel")
    return Measured(
        name=name,
        width=width,
        height=height,
        size=path.stat().st_size,
        decision=gate.check(path).decision,
        colour=needs_colour(gate, path),
        times=race(contenders(gate, path), rounds),
        peers={} if large else elsewhere.submit(race_peers, path, rounds).result(),
        rooms=rooms(gate, path, LARGE_PROFILES if large else PROFILES),
    )


def race(contenders: Mapping[str, Work], rounds: int) -> dict[str, Times | str]:
    """Call each contender once a round, in an order drawn anew for each round.

    Parameters
    ----------
    contenders : Mapping of str to Callable
        What to call, by name.
    rounds : int
        How many times, after one call that does not count; fewer, down to 3, for whoever would
        need more than 2 seconds.

    Returns
    -------
    dict
        By name, the medians; the name of the error for whoever raised one.
    """
    rng = np.random.default_rng(0)
    first = {name: once(name, work) for name, work in contenders.items()}
    left = {
        name: min(rounds, max(FEWEST, int(SECONDS / found[0])))
        for name, found in first.items()
        if not isinstance(found, str)
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in left}
    for place in range(rounds):
        running = [name for name in left if place < left[name]]
        for name in rng.permutation(running):
            found = once(name, contenders[name])
            if not isinstance(found, str):
                times[name].append(found)
    medians = {name: 1000 * np.median(found, axis=0) for name, found in times.items()}
    return {
        name: found if isinstance(found, str) else Times(*map(float, medians[name]))
        for name, found in first.items()
    }


def once(name: str, work: Work) -> tuple[float, float] | str:
    """Return CPU and wall seconds of one call, or the name of the error that it raised."""
    with quiet():
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever a contender does, the others go on
            problem = error
        else:
            return time.process_time() - cpu, time.perf_counter() - wall
    print(f"{name}: {type(problem).__name__}: {problem}", file=sys.stderr)
    return type(problem).__name__


def all_parts(gate: Gate, page: Path, scene: Path) -> dict[str, dict[str, float]]:
    """Time what follows the measuring, on images with few reasons and with many."""
    clean = imagegate.read(page).gray
    noise = np.random.default_rng(0).normal(0, 8, clean.shape)
    spoilt = np.clip(0.4 * cv2.GaussianBlur(clean, (0, 0), 1.5) + noise, 0, 255).astype(np.uint8)
    images = {"page photo": page, "scene": scene, "page photo, blurred, dark, noisy": spoilt}
    found = {}
    for name, image in images.items():
        read = imagegate.read(image)
        verdict = gate.check(read)
        found[f"{name} ({verdict.decision})"] = parts(gate, read, verdict)
    return found


def rates(gate: Gate, path: Path) -> dict[int, float]:
    """Return the images a second of ``check_many`` with one and two workers, medians."""
    found: dict[int, list[float]] = {1: [], 2: []}
    list(gate.check_many([path] * SAME, jobs=2))  # starts the workers
    for _ in range(RUNS):
        for jobs, runs in found.items():
            start = time.perf_counter()
            for answer in gate.check_many([path] * SAME, jobs=jobs):
                if answer.verdict is None:
                    raise SystemExit(f"check_many: {answer.error}")
            runs.append(SAME / (time.perf_counter() - start))
    return {jobs: float(np.median(runs)) for jobs, runs in found.items()}


def usable(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the files that both imagegate and OpenCV read, by name."""
    found = {}
    for path in paths:
        try:
            imagegate.read(path)
        except imagegate.ImagegateError as error:
            note(f"left out: {error}")
            continue
        if cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR) is None:
            note(f"left out: {path}: OpenCV does not decode it, so it has no ratio")
            continue
        found[path.name] = path
    return found


def run(asked: Any, folder: Path) -> Results:
    """Make the images and measure everything."""
    mine = usable(asked.mine)
    gate = imagegate.load_gate(asked.gate)
    if not isinstance(gate, Gate):
        raise SystemExit(f"{asked.gate}: expected a learned gate")
    made = {picture.name: make(picture, folder) for picture in pictures(large=asked.large)} | mine
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        images = [
            measured(gate, name, path, elsewhere, asked.rounds) for name, path in made.items()
        ]
    note("the parts, check_many, memory")
    return Results(
        gate=gate.name,
        images=images,
        parts=all_parts(gate, made["page photo, 2 MP"], made["scene, 2 MP"]),
        rates=rates(gate, made["page photo, 2 MP"]),
        memory={name: memory(asked.gate, made[name]) for name in HELD if name in made},
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gate", default="ocr", help="name or file of a learned gate")
    parser.add_argument("--large", action="store_true", help="two images of 100 megapixels, too")
    parser.add_argument("--mine", nargs="+", type=Path, default=[], help="images of your own, too")
    parser.add_argument("--images", type=Path, help="a folder to keep the images in, or reuse")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", default=str(PAGE), help="the page to write; - prints only")
    asked = parser.parse_args()
    if asked.out != "-" and not Path(asked.out).parent.is_dir():
        parser.error(f"--out: there is no folder {Path(asked.out).parent}")
    cv2.setNumThreads(1)
    with ExitStack() as stack:
        folder = asked.images or Path(stack.enter_context(TemporaryDirectory()))
        text = page(run(asked, folder))
    print(text)
    if asked.out != "-":
        path = Path(asked.out)
        old = path.read_text("utf-8") if path.exists() else None
        path.write_text(written(old, text), "utf-8")


if __name__ == "__main__":
    main()
