"""A long run, killed twice and resumed, beside one that nobody disturbed: same bytes, flat memory.

    python benchmarks/resume.py [--files 20000] [--broken 0.01] [--gate ocr] [--kills 2]

Makes the files in a temporary folder (small generated pages, each of its own bytes; the broken
ones cut off, empty or no image), runs ``imagegate check --out`` once whole and once killed by
SIGKILL after a third and two thirds of the files, and compares the outputs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from imagegate.synthetic.pages import render_page

FOLDER = 1000  # files of a folder
PAGES = 40  # pages that all files are cut from


def main() -> None:
    """Make the files, run, kill, resume and compare."""
    asked = options()
    with tempfile.TemporaryDirectory() as name:
        folder, outputs = Path(name) / "inbox", Path(name)
        broken = make(folder, asked.files, asked.broken)
        size = sum(file.stat().st_size for file in folder.rglob("*")) / asked.files / 1000
        print(f"{asked.files:,} files of {size:.0f} kB on average, {broken:,} of them broken")
        whole, killed = outputs / "whole.jsonl", outputs / "killed.jsonl"
        seconds, marks = undisturbed(folder, whole, asked.gate)
        print(f"undisturbed: {seconds:.0f} s, {asked.files / seconds:.0f} files a second")
        print(f"memory of the parent: {', '.join(f'{mark:.0f} MB' for mark in marks)}")
        for share in range(1, asked.kills + 1):
            done = kill_at(folder, killed, asked.gate, asked.files * share // (asked.kills + 1))
            print(f"killed with {done:,} files done")
        undisturbed(folder, killed, asked.gate)
        rows = [json.loads(line) for line in whole.open(encoding="utf-8")]
        errors = sum(row["error"] is not None for row in rows)
        same = digest(whole) == digest(killed)
        print(f"{len(rows):,} rows, {errors:,} with an error; the same bytes: {same}")
        if not same or errors != broken or len(rows) != asked.files:
            sys.exit("the runs differ")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--broken", type=float, default=0.01)
    parser.add_argument("--gate", default="ocr")
    parser.add_argument("--kills", type=int, default=2)
    return parser.parse_args()


def make(folder: Path, files: int, broken: float) -> int:
    """Write the files and return how many of them are broken."""
    pages = [render_page(seed, layout="letter").pixels for seed in range(PAGES)]
    rng = np.random.default_rng(0)
    bad = set(rng.choice(files, round(files * broken), replace=False).tolist())
    for i in range(files):
        page = pages[i % PAGES]
        top, left = (int(rng.integers(0, side - 400)) for side in page.shape[:2])
        quality = int(rng.integers(20, 95))
        cut = page[top : top + 400, left : left + 400]
        data = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        place = folder / f"{i // FOLDER:04}" / f"{i:07}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes([b"", data[: len(data) // 2], b"no image"][i % 3] if i in bad else data)
    return len(bad)


def undisturbed(folder: Path, out: Path, gate: str) -> tuple[float, list[float]]:
    """Run to the end; return the seconds, and the parent's memory at five moments."""
    started, sizes = time.monotonic(), []
    with begun(folder, out, gate) as going:
        while going.poll() is None:
            sizes.append(resident(going.pid))
            time.sleep(0.5)
    if going.returncode not in (0, 1):
        sys.exit(f"the run ended with exit code {going.returncode}")
    marks = [sizes[len(sizes) * part // 5] for part in range(1, 5)] + [max(sizes)]
    return time.monotonic() - started, marks


def kill_at(folder: Path, out: Path, gate: str, files: int) -> int:
    """Kill a run, with all its workers, once so many files are done; return how many."""
    with begun(folder, out, gate) as going:
        while going.poll() is None and sum(done(out)) < files:
            time.sleep(0.2)
        os.killpg(going.pid, signal.SIGKILL)
    return sum(done(out))


def begun(folder: Path, out: Path, gate: str) -> subprocess.Popen[bytes]:
    """Start the command line in a process group of its own."""
    command = [sys.executable, "-m", "imagegate", "check", folder, "-g", gate, "--out", out]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603


def done(out: Path) -> Iterator[int]:
    """Yield how many files each shard holds."""
    for part in sorted(Path(f"{out}.partial").glob("part-*.jsonl")):
        yield json.loads(part.read_text(encoding="utf-8").splitlines()[-1])["items"]


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB, 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmRSS"))
    return next((int(line[1]) / 1000 for line in lines), 0.0)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
