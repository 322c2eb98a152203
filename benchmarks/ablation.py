"""Take one idea away at a time, and see what a gate loses on images as they were found.

    python benchmarks/ablation.py corpora/ocr-tesseract/*

Cross-validated by group as in crossval.py: every figure is an AUROC on groups no tree has seen. A
difference under about 0.02 on a few hundred rows is chance; the intervals of crossval.py tell.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from crossval import FOLDS, Fitted, Floats, Mask, natural
from imagegate.features import CAUSES, MEASURES
from imagegate.stats.metrics import auroc, passing
from imagegate.training.corpus import Corpus, join_corpora, read_corpus
from imagegate.training.learning.fit import images_only
from imagegate.training.split import group_folds

SIZE = ("x_height_px", "x_height_p10_px", "x_height_effective_px", "stroke_width_px")
CONTRAST = ("contrast", "contrast_p10", "contrast_evenness", "one_threshold_share")
BROKEN = ("broken_share", "speck_share", "merged_share")
LINES = ("height_spread", "linked_share", "uneven_share")
AMOUNT = ("components", "area_share")
SUBJECT = ("border", "subject")
PARTS = {name for name, row in MEASURES.items() if ".local." in row.function.__module__}
FAMILIES: dict[str, Callable[[str], bool]] = {
    **{cause: (lambda name, cause=cause: name.startswith(f"{cause}.")) for cause in CAUSES},
    "text: size": lambda name: name.removeprefix("text.") in SIZE,
    "text: contrast": lambda name: name.removeprefix("text.") in CONTRAST,
    "text: pieces and blobs": lambda name: name.removeprefix("text.") in BROKEN,
    "text: even lines": lambda name: name.removeprefix("text.") in LINES,
    "letters": lambda name: name.startswith("letters."),
    "damage to a part": lambda name: name in PARTS,
    "text: amount": lambda name: name.removeprefix("text.") in AMOUNT,
    "content: border and subject": lambda name: name.removeprefix("content.").startswith(SUBJECT),
    "content": lambda name: name.startswith("content."),
    "all of text": lambda name: name.startswith("text."),
    "all but text": lambda name: not name.startswith("text."),
}


class Trial:
    """A corpus, its folds, and the rows that figures are given for."""

    def __init__(self, corpus: Corpus, seed: int, folds: int) -> None:
        self.corpus, self.seed = corpus, seed
        groups = corpus.column("group").astype(str)
        self.folds = group_folds(groups, min(folds, len(np.unique(groups))), seed=seed)
        self.sets, self.own = corpus.column("set").astype(str), natural(corpus)
        self.fails = np.asarray(corpus.fails, bool)
        self.subsets = {
            name: self.own & (self.sets == name)
            for name in np.unique(self.sets)
            if len(np.unique(self.fails[self.own & (self.sets == name)])) == 2
        } | {"degraded": ~self.own, "all rows": np.ones(len(corpus), bool)}
        print(f"| | {' | '.join(self.subsets)} |\n|{' --- |' * (1 + len(self.subsets))}")

    def show(self, name: str, measures: list[str], rows: Mask | None = None) -> None:
        """Print what a gate of these measures, learned from these rows, is worth on the others."""
        risk = self.risk(measures, np.ones(len(self.corpus), bool) if rows is None else rows)
        found = [float(auroc(passing(risk[m], self.fails[m]))[0]) for m in self.subsets.values()]
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in found)} |", flush=True)

    def risk(self, measures: list[str], rows: Mask) -> Floats:
        """Return the cross-validated probability of every row."""
        found = np.full(len(self.corpus), np.nan)
        for fold in np.unique(self.folds):
            test = self.folds == fold
            fitted = Fitted(self.corpus, ~test & rows, measures, self.seed)
            found[test] = fitted.p_fail(self.corpus.select(test))
        return found


def main() -> None:
    """Print one line for each idea."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--measures-only", action="store_true", help="keep all rows")
    asked = parser.parse_args()
    corpus = join_corpora([read_corpus(path) for path in asked.corpora])
    trial, measures = Trial(corpus, asked.seed, asked.folds), images_only(corpus)
    trial.show(f"everything, {len(measures)} measures", measures)
    for name, belongs in FAMILIES.items():
        kept = [measure for measure in measures if not belongs(measure)]
        if 0 < len(kept) < len(measures):
            trial.show(f"without {name} ({len(measures) - len(kept)})", kept)
    if asked.measures_only:
        return
    for name in np.unique(trial.sets) if len(np.unique(trial.sets)) > 1 else ():
        trial.show(f"not learned from {name}", measures, trial.sets != name)
    trial.show("learned from images as found only", measures, trial.own)
    trial.show("learned from degraded images only", measures, ~trial.own)
    generated = np.array([":" in str(path) for path in corpus.rows["path"]])
    if generated.any() and not generated.all():
        trial.show("learned from generated images only", measures, generated)
        trial.show("learned from real images only", measures, ~generated)


if __name__ == "__main__":
    main()
