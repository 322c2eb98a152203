"""Write what was measured as Markdown: the targets, the tables, the machine."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from speed_peers import PEERS
from speed_results import CHECK, COLOUR, CONTENDERS, GRAY, Measured, Results, Target, targets
from speed_rooms import Memory

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RATIOS = """\
CPU time as a multiple of `cv2.imdecode(…, IMREAD_COLOR)` of the same bytes, already in memory, in
the same run. `check(path)` also reads the file, from the system's cache; arrays are already
decoded by the caller, RGB or gray. The columns take turns in random order, so that a slow moment of
the machine affects all of them and the processor's caches are as cold as between different images.
Peers run in a process of their own with their own colour decode, because the memory that they free
changes the cost of the next decode (below). They get the path; CleanVision gets a list of one path,
in one process, without its search for duplicates. – was not run; a name is the error of a peer."""
ROOMS = """\
CPU ms by step, each millisecond counted once. The sum differs from the whole check by the code
between the steps and by the spread between runs."""
MEMORY = """\
MB (2²⁰ bytes) resident in a fresh process that has loaded the gate and checked one small image.
"Beyond" is the peak minus what was held before and minus the gray plane."""


def page(results: Results) -> str:
    """Return all that is written between the markers."""
    sections = (
        machine(),
        "## Targets",
        target_table(results),
        "## Ratio to a colour decode",
        RATIOS,
        ratio_table(results.images),
        "## Milliseconds",
        "CPU / wall, medians.",
        time_table(results.images),
        "## The images",
        image_table(results.images),
        "## Where the time of a check goes",
        ROOMS,
        room_table(results.images),
        "After measuring, CPU ms:",
        part_table(results.parts),
        "## Two workers",
        rate_sentence(results.rates),
        "## Memory",
        MEMORY,
        memory_table(results.memory),
    )
    return "\n\n".join(sections)


def machine() -> str:
    """Name the machine and the versions, without anything that tells whose it is."""
    jpeg = re.search(r"JPEG:\s+(.+)", cv2.getBuildInformation())
    # imagegate imports it when it decodes with it, and nothing else here does
    fast = "simplejpeg" in sys.modules
    decoder = f"simplejpeg {version('simplejpeg')}" if fast else "OpenCV"
    here = [f"{peer.name} {peer.version}" for peer in PEERS if peer.installed]
    large = " --large" if "--large" in sys.argv else ""
    absent = [peer.name for peer in PEERS if not peer.installed]
    lines = [
        f"Measured on {date.today()} by `python benchmarks/speed.py{large}`, "
        "one worker and one thread.",
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {platform.python_version()}, NumPy {np.__version__}, OpenCV {cv2.__version__} "
        f"(JPEG: {jpeg[1].strip() if jpeg else 'unknown'}), imagegate {version('imagegate')}; "
        f"JPEGs were decoded by {decoder}.",
        f"Peers: {', '.join(here) or 'none'}.",
        f"Not installed: {', '.join(absent)}." if absent else "",
    ]
    return " ".join(line for line in lines if line)


def processor() -> str:
    """Return what the processor calls itself."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", told.read_text()) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def target_table(results: Results) -> str:
    """Return a row a target."""
    head = ("target", "limit", "measured", "outcome")
    return table(head, [target_row(target) for target in targets(results)])


def target_row(target: Target) -> list[str]:
    """Return target, limit, what was measured, and whether the target is kept."""
    sign = "≥" if target.at_least else "≤"
    known = {name: value for name, value in target.found.items() if not np.isnan(value)}
    told = "; ".join(f"{name}: {number(v)}" if name else number(v) for name, v in known.items())
    outcome = {None: "not measured", True: "kept", False: "**missed**"}[target.kept]
    return [target.what, f"{sign} {target.limit:g}{target.unit}", told, outcome]


def ratio_table(images: Sequence[Measured]) -> str:
    """Return a row an image, a column a contender."""
    shown = [name for name in CONTENDERS[1:] if any(image.found(name) for image in images)]
    rows = [
        [image.name, f"{image.cpu(COLOUR):.1f} ms", *(ratio_cell(image, name) for name in shown)]
        for image in images
    ]
    return table(("image", f"{COLOUR}, 1 =", *shown), rows)


def ratio_cell(image: Measured, contender: str) -> str:
    """Return a ratio, the name of an error, or a dash for who did not run."""
    found = image.found(contender) or "–"
    return found if isinstance(found, str) else number(image.ratio(contender))


def time_table(images: Sequence[Measured]) -> str:
    """Return CPU and wall time, a row an image, a column a contender."""
    shown = [name for name in CONTENDERS if any(image.found(name) for image in images)]
    rows = []
    for image in images:
        found = (image.found(name) or "–" for name in shown)
        cells = (f if isinstance(f, str) else f"{f.cpu:.1f} / {f.wall:.1f}" for f in found)
        rows.append([image.name, *cells])
    return table(("image", *shown), rows)


def image_table(images: Sequence[Measured]) -> str:
    """Return what the images are."""
    rows = [
        [
            image.name,
            f"{image.width} × {image.height}",
            f"{image.size / (image.width * image.height):.2f}",
            image.decision,
            "yes" if image.colour else "no",
        ]
        for image in images
    ]
    return table(("image", "pixels", "bytes a pixel", "decision", "colour plane needed"), rows)


def room_table(images: Sequence[Measured]) -> str:
    """Return a row a room, a column an image, and the sums."""
    names = dict.fromkeys(room for image in images for room in image.rooms)
    rows = [[name, *(f"{i.rooms.get(name, 0):.2f}" for i in images)] for name in names]
    rows += [
        ["**all steps**", *(f"{sum(i.rooms.values()):.2f}" for i in images)],
        ["**whole check(path)**", *(f"{i.cpu(CHECK):.2f}" for i in images)],
        ["all steps but decode", *(f"{i.beside_decode:.2f}" for i in images)],
        ["whole less OpenCV's gray decode", *(f"{i.cpu(CHECK) - i.cpu(GRAY):.2f}" for i in images)],
    ]
    return table(("step", *(image.name for image in images)), rows)


def part_table(parts: Mapping[str, Mapping[str, float]]) -> str:
    """Return a row a step, a column an image."""
    steps = dict.fromkeys(step for found in parts.values() for step in found)
    rows = [[step, *(f"{found[step]:.3f}" for found in parts.values())] for step in steps]
    return table(("step", *parts), rows)


def rate_sentence(rates: Mapping[int, float]) -> str:
    """Return what two workers do for ``check_many``."""
    one, two = rates[1], rates[2]
    return (
        f"`check_many` on the page photo of 2 MP, wall time, median of runs in turn: {one:.1f} "
        f"images a second with one worker, {two:.1f} with two: {two / one:.2f} times as many."
    )


def memory_table(memory: Mapping[str, Memory | None]) -> str:
    """Return a row an image."""
    rows = []
    for name, found in memory.items():
        if found:
            values = (found.before, found.peak_before, found.peak, found.plane, found.beyond)
            rows.append([name, *(f"{value:.0f}" for value in values)])
        else:
            rows.append([name, *["not told by this system"] * 5])
    head = ("image", "held before", "peak before", "peak after", "gray plane", "beyond")
    return table(head, rows)


def number(value: float) -> str:
    """Return three digits or so."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    marks = ["---"] * len(head)
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, marks, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def written(old: str | None, text: str) -> str:
    """Return a page with the measured part replaced, or a new page around it."""
    block = f"{BEGIN}\n\n{text}\n\n{END}"
    if old is None:
        return f"# Speed\n\n{block}\n"
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"the page has no place for the tables: expected {BEGIN} and {END}")
    return f"{before}{block}{after}"
