"""500 edited pictures, 45 of them bad: what reaches the customer, at how many looks.

Scores are drawn so that they rank bad above good with a given AUROC, and reviewers see every bad
picture that they look at. Run: python benchmarks/edit_story.py
"""

from __future__ import annotations

import argparse
import math
from statistics import NormalDist

import numpy as np

from imagegate.stats.hypergeometric import Sampled, proves

SIZE, BAD, CONFIDENCE = 500, 45, 0.95
AUROCS = (0.5, 0.7, 0.8, 0.98)


def audited(bad: np.ndarray, score: np.ndarray, high: float, limit: int) -> tuple[int, int]:
    """Look at the riskiest share, then at random ones until it is proven; return looks and left."""
    order = np.argsort(-score)
    first = math.ceil(high * bad.size)
    rest = bad[order[first:]]  # in chance order already: the pictures were shuffled
    rest = np.random.default_rng(int(score[0] * 1e6) % 2**32).permutation(rest)
    found = np.concatenate([[0], np.cumsum(rest)])
    low = math.ceil(rest.size * 0.1)
    for drawn in range(low, rest.size + 1):
        if proves([Sampled(rest.size, drawn, int(found[drawn]))], limit, CONFIDENCE):
            break
    return first + drawn, int(rest[drawn:].sum())


def row(name: str, runs: list[tuple[int, int]], limit: int) -> str:
    """Return a line of the table."""
    looks, left = np.array(runs).T
    return (
        f"| {name} | {np.mean(looks):.0f} | {np.mean(left):.1f} | {np.quantile(left, 0.95):.0f} "
        f"| {np.mean(left < limit):.1%} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--bound", type=float, default=0.01)
    options = parser.parse_args()
    rng, limit = np.random.default_rng(16), math.ceil(options.bound * SIZE)
    batches = [rng.permutation(np.arange(SIZE) < BAD) for _ in range(options.runs)]
    print(f"| way | looks | bad left, mean | 95th percentile | fewer than {limit} left |")
    print("| --- | --- | --- | --- | --- |")
    for name, looks in (("glance at three", 3), ("10 % at random", 50)):
        runs = [(looks, BAD - int(bad[:looks].sum())) for bad in batches]
        print(row(name, runs, limit))
    # An SSIM cut as measured on real removals: flags 34 % of the bad and 31 % of the good.
    flags = [rng.random(SIZE) < np.where(bad, 0.34, 0.31) for bad in batches]
    runs = [(int(f.sum()), int((bad & ~f).sum())) for bad, f in zip(batches, flags, strict=True)]
    print(row("look at SSIM < 0.85", runs, limit))
    for auroc in AUROCS:
        apart = math.sqrt(2) * NormalDist().inv_cdf(auroc)
        scores = [rng.normal(size=SIZE) + apart * bad for bad in batches]
        for looks in (100, 250):
            ranked = [b[np.argsort(-s)] for b, s in zip(batches, scores, strict=True)]
            runs = [(looks, int(one[looks:].sum())) for one in ranked]
            print(row(f"riskiest {looks} alone, AUROC {auroc:g}", runs, limit))
        for high in (0.1, 0.3):
            runs = [audited(b, s, high, limit) for b, s in zip(batches, scores, strict=True)]
            print(row(f"audit, AUROC {auroc:g}, high risk {high:.0%}", runs, limit))


if __name__ == "__main__":
    main()
