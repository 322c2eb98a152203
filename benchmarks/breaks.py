"""How often a gate would tell where the task begins to fail if pictures had nothing to do with it.

    python benchmarks/breaks.py corpora/ocr-tesseract/*

Groups are drawn from a labelled corpus with all their readings, and their failures are made up:
row by row, or with a rate of failing that each group has to itself. What is told of such a corpus
is chance. Once the causes are known, once not, as of images from production.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from imagegate.features import KNOWN, LEARNABLE, SIGNALS
from imagegate.training.breaking import Seen, find_break, sided
from imagegate.training.corpus import Corpus, join_corpora, read_corpus

GROUPS = (12, 30, 100)
RATE, RATES = 0.4, (1.5, 2.5)  # of failing: everywhere, or by group, drawn from a beta


def told(corpus: Corpus, *, causes: bool, seed: int) -> int:
    """Count the signals of which a break is told, as a lesson does."""
    names = [name for name in corpus.names if name in LEARNABLE and KNOWN[name].about != "picture"]
    text = {name: corpus.column(name).astype(str) for name in ("source_id", "group", "cause")}
    seen = Seen(
        *(corpus.matrix(names), tuple(names), np.asarray(corpus.fails, bool)),
        *(text["source_id"], text["group"]),
    )
    tried = len(sided([name for name in names if KNOWN[name].signal in set(SIGNALS)]))
    found = 0
    for signal in SIGNALS:
        alone = np.isin(text["cause"], ["clean", signal]) | (not causes)
        own = [name for name in names if KNOWN[name].signal == signal]
        found += find_break(seen.at(alone), own, seed=seed, tried=tried) is not None
    return found


def made_up(corpus: Corpus, count: int, rng: np.random.Generator, *, by_group: bool) -> Corpus:
    """Return some groups with failures of chance."""
    groups = corpus.column("group").astype(str)
    some = rng.choice(np.unique(groups), count, replace=False)
    rows = corpus.select(np.flatnonzero(np.isin(groups, some)))
    member = np.unique(rows.column("group").astype(str), return_inverse=True)[1]
    rate = rng.beta(*RATES, count)[member] if by_group else np.full(len(rows), RATE)
    loss = np.where(rng.random(len(rows)) < rate, 0.9, 0.1).astype(np.float32)
    return replace(rows, rows=rows.rows | {"loss": loss})


def main() -> None:
    """Print a line for each kind of chance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    corpus = join_corpora([read_corpus(folder) for folder in args.corpora])
    rng = np.random.default_rng(args.seed)
    for count in GROUPS:
        for causes in (True, False):
            for by_group in (False, True):
                found = [
                    told(made_up(corpus, count, rng, by_group=by_group), causes=causes, seed=draw)
                    for draw in range(args.draws)
                ]
                kind = f"causes {'known' if causes else 'not known'}, chance of "
                kind += "groups" if by_group else "rows"
                some = sum(one > 0 for one in found)
                print(
                    f"{count} groups, {kind}: {some} of {args.draws} corpora, {sum(found)} breaks"
                )


if __name__ == "__main__":
    main()
