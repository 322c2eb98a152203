"""Where the time and the memory of one check go, room by room."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import imagegate
from imagegate.features import MEASURES, scores
from imagegate.image import Image
from imagegate.models.gate import Gate
from imagegate.models.reasons import Evidence, cause_reason, worth_telling
from imagegate.models.verdict import Verdict

DECODE, WORKING, REASONS = "decode", "working plane and tiles", "forest, scores, reasons"
# By the name of the function, or by the last part of the name of its module; one that is not named
# is a room of its own.
ROOMS = {
    "image": WORKING,
    "planes": WORKING,
    "blur": "blur and edges",
    "edges": "blur and edges",
    "sharpness": "spectrum",
    "resolution": "spectrum",
    "noise": "noise",
    "traces": "traces",
    "compression": "traces",
    "pixelation": "traces",
    "exposure": "exposure",
    "letters": "text",
    "text": "text",
    "legibility": "text",
    "content": "content",
}
DECODED = ("gray", "rgb")  # how the names of decoded planes end
PART_CALLS = 300


@dataclass
class Watch:
    """CPU time by room, each second counted once, in the innermost room."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    inner: list[float] = field(default_factory=list)

    def timed(self, room: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a call returns, and book its time."""
        self.inner.append(0.0)
        start = time.process_time()
        result = work(*arguments)
        whole = time.process_time() - start
        self.spent[room] += whole - self.inner.pop()
        if self.inner:
            self.inner[-1] += whole
        return result

    @contextmanager
    def on_views(self) -> Iterator[None]:
        """Book every shared view of an Image for as long as this lasts."""
        cached = Image.cached
        Image.cached = lambda image, view: self.timed(room_of(view), cached, image, view)
        try:
            yield
        finally:
            Image.cached = cached


def room_of(function: Callable[..., Any]) -> str:
    """Return the room of a view or a measure, by the module that it stands in."""
    package, _, module = function.__module__.rpartition(".")
    if package == "imagegate.image" and function.__name__.endswith(DECODED):
        return DECODE
    return ROOMS.get(function.__name__) or ROOMS.get(module, module)


def rooms(gate: Gate, path: Path, rounds: int) -> dict[str, float]:
    """Return the CPU milliseconds of each room of a check, medians over some checks.

    The check is taken apart: read, measure, judge. What holds its parts together is in none.
    """
    names = tuple(gate.check(path).measures)
    found: list[dict[str, float]] = []
    for _ in range(rounds):
        watch = Watch()
        with watch.on_views():
            image = watch.timed(DECODE, imagegate.read, path)
            readings = {}
            for name in names:
                function = MEASURES[name].function
                readings[name] = float(watch.timed(room_of(function), function, image))
        judge(watch, gate, image, readings)
        found.append(watch.spent)
    order = dict.fromkeys([DECODE, *ROOMS.values(), *found[0]])
    return {
        room: 1000 * float(np.median([spent[room] for spent in found]))
        for room in order
        if any(room in spent for spent in found)
    }


def judge(watch: Watch, gate: Gate, image: Image, readings: Mapping[str, float]) -> None:
    """Decide on readings as the gate does, booking detector and reasons."""
    x = np.array([readings[name] for name in gate.card.measures])
    seen = Evidence(image, readings, watch.timed(REASONS, scores, readings), gate._usual)
    watch.timed("out of distribution", gate.ood.alarm, x[None, :])
    watch.timed(REASONS, reasons, gate, x, seen)


def reasons(gate: Gate, x: Any, seen: Evidence) -> object:
    """Return the causes that speak against an image, in words."""
    p_fail = float(gate.p_fail(x[None, :])[0])
    found, _ = gate._findings(seen.image, dict(seen.readings))
    findings = worth_telling(
        found, seen.scores, p_fail, passes=gate.thresholds.decide(p_fail) == "pass"
    )
    return [cause_reason(one, seen, p_fail) for one in findings]


def parts(gate: Gate, image: Image, verdict: Verdict) -> dict[str, float]:
    """Return the CPU milliseconds of the steps behind the measuring, medians over many calls."""
    x = np.array([verdict.measures[name] for name in gate.card.measures])
    seen, watch = Evidence(image, verdict.measures, verdict.scores, gate._usual), Watch()
    steps: dict[str, Callable[[], object]] = {
        "forest and calibration": lambda: gate.log_odds(x[None, :]),
        "reasons": lambda: reasons(gate, x, seen),
        "out of distribution": lambda: gate.ood.alarm(x[None, :]),
        "all after measuring": lambda: judge(watch, gate, image, verdict.measures),
    }
    return {name: cpu_ms(step, PART_CALLS) for name, step in steps.items()}


def cpu_ms(work: Callable[[], object], calls: int) -> float:
    """Return the median CPU milliseconds of a call."""
    times = []
    for _ in range(calls):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


def needs_colour(gate: Gate, path: Path) -> bool:
    """Tell whether a check asks for the colour plane."""
    plane, asked = Image.rgb, []

    def counted(image: Image) -> Any:
        asked.append(image)
        return plane.fget(image)

    Image.rgb = property(counted)
    try:
        gate.check(path)
    finally:
        Image.rgb = plane
    return bool(asked)


@dataclass(frozen=True)
class Memory:
    """Megabytes (2**20 bytes) that a fresh process holds around one check.

    Parameters
    ----------
    before, peak_before : float
        What is resident before the check, and the most that was until then.
    peak : float
        The most until after it.
    plane : float
        The decoded gray plane.
    """

    before: float
    peak_before: float
    peak: float
    plane: float

    @property
    def beyond(self) -> float:
        """What the check takes beside the gray plane."""
        return self.peak - self.before - self.plane


def memory(gate: str, path: Path) -> Memory | None:
    """Check one image in a fresh process; None where the system does not tell a peak."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_memory, gate, path).result()


def _memory(name: str, path: Path) -> Memory | None:
    if not Path("/proc/self/status").exists():
        return None
    cv2.setNumThreads(1)
    gate = imagegate.load_gate(name)
    gate.check(np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8))
    before, peak_before = _held()
    gate.check(path)
    _, peak = _held()
    plane = imagegate.read(path).gray.size / 2**20
    return Memory(before, peak_before, peak, plane)


def _held() -> tuple[float, float]:
    """Return what is resident now, and the most so far."""
    # not getrusage, whose peak begins with that of the parent process
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    now, most = (int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    return now, most
