"""What one verdict costs, beside a colour decode of the same bytes in the same run.

python benchmarks/cost.py IMAGE [IMAGE ...] [--gate ocr]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

import imagegate

REPEATS = 9


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the median CPU time of a call in milliseconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    """Measure each image and print one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--gate", default="ocr")
    arguments = parser.parse_args()
    gate = imagegate.load_gate(arguments.gate)
    print("| megapixels | verdict, CPU ms | colour decode, CPU ms | ratio |")
    print("| --- | --- | --- | --- |")
    for path in arguments.images:
        data = path.read_bytes()
        samples = np.frombuffer(data, np.uint8)
        megapixels = imagegate.read(data).gray.size / 1e6
        verdict = cpu_ms(lambda data=data: gate.check(data))
        decode = cpu_ms(lambda samples=samples: cv2.imdecode(samples, cv2.IMREAD_COLOR))
        print(f"| {megapixels:.2f} | {verdict:.1f} | {decode:.1f} | {verdict / decode:.1f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of this process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
