"""Cross-validate gates by group: every set as it was found, causes and engines never seen.

    python benchmarks/crossval.py corpora/ocr-tesseract/* --other corpora/ocr-rapidocr/*

Every figure is of rows whose group (company, book, page) no tree has seen; brackets are 95 %
intervals from drawing whole groups again. The rules are tuned on the same training rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from imagegate.features import CAUSES
from imagegate.models.calibration import fit_calibration, sigmoid
from imagegate.models.rules import PRESETS
from imagegate.stats.bootstrap import estimate, resample
from imagegate.stats.metrics import auroc, brier, passing, smooth_calibration_error
from imagegate.training.corpus import Corpus, join_corpora, read_corpus
from imagegate.training.evaluation.baselines import by_rules
from imagegate.training.learning.fit import images_only
from imagegate.training.learning.learner import learn, varying
from imagegate.training.learning.ood import fit_detector
from imagegate.training.learning.rules import six_scores, tune_rules
from imagegate.training.split import group_folds

FOLDS, CAUSE_FOLDS, DRAWS = 6, 3, 400
STRICT = 0.5  # the loss beyond which a reading is hopeless, beside the task's own limit
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass
class Fitted:
    """What one fold learned."""

    corpus: Corpus
    train: Mask
    measures: list[str]
    seed: int

    def __post_init__(self) -> None:
        rows = self.corpus.select(self.train)
        groups, sources = (rows.column(name).astype(str) for name in ("group", "source_id"))
        kept = varying(rows.matrix(self.measures), groups, seed=self.seed)
        self.measures = [self.measures[j] for j in kept]
        _, member, count = np.unique(sources, return_inverse=True, return_counts=True)
        weights, fails = 1 / count[member], np.asarray(rows.fails, bool)
        self.X = rows.matrix(self.measures)
        learned = learn(self.X, fails, weights, groups, measures=self.measures, seed=self.seed)
        self.forest = learned.forest
        # Out-of-fold log-odds of the training rows calibrate, for there is no third part here.
        self.line = fit_calibration(learned.unseen, fails, weights)
        self.rows, self.sources, self.fails, self.weights = rows, sources, fails, weights

    def p_fail(self, corpus: Corpus) -> Floats:
        """Return calibrated probabilities."""
        raw = self.forest.decision(corpus.matrix(self.measures))
        return sigmoid(self.line.log_odds(raw))

    def rules_risk(self, corpus: Corpus) -> Floats:
        """Return the risk that rules tuned on the same rows see."""
        preset = PRESETS.get(str(corpus.meta["task"]), PRESETS["general"])
        found = six_scores(self.rows.X, self.rows.names)
        tuned = tune_rules(found, self.fails, self.weights, preset)
        return by_rules("tuned", "tuned", tuned, corpus).risk

    def unfamiliar(self, corpus: Corpus, usual: Mask) -> Mask:
        """Return what a guard that knows the training rows holds back."""
        X = corpus.matrix(self.measures)
        guard = fit_detector(self.X, self.sources, X[usual], seed=self.seed)
        return guard.alarm(X)


def cross(corpus: Corpus, folds: NDArray[np.intp], measures: Sequence[str], seed: int) -> Floats:
    """Return the risks that the gate, the rules and the Laplacian see in rows of unseen groups."""
    found = np.full((3, len(corpus)), np.nan)
    for fold in np.unique(folds):
        test = folds == fold
        fitted = Fitted(corpus, ~test, list(measures), seed)
        rows = corpus.select(test)
        found[0, test], found[1, test] = fitted.p_fail(rows), fitted.rules_risk(rows)
    found[2] = -corpus.column("blur.laplacian_variance").astype(np.float64)
    return found


def area(risk: Floats, fails: Mask, groups: NDArray[np.str_]) -> str:
    """Return the AUROC with its interval."""
    if fails.all() or not fails.any():
        return "–"
    draws = resample(
        lambda weights: {"auroc": auroc(passing(risk, fails, weights))},
        groups,
        count=DRAWS,
        seed=0,
    )
    got = estimate(draws["auroc"])
    return f"{got.value:.3f} ({got.low:.3f}–{got.high:.3f})"


def natural(corpus: Corpus) -> Mask:
    """Tell which rows are images as they were found."""
    return np.array([str(name).endswith("#000") for name in corpus.rows["row_id"]])


def causes_of(corpus: Corpus) -> list[set[str]]:
    """Return the causes in the chain of every row."""
    chains = (json.loads(str(text)) for text in corpus.rows["chain"])
    return [{step["name"].partition(".")[0] for step in steps} for steps in chains]


def by_subset(corpus: Corpus, found: Floats, limits: Sequence[float]) -> None:
    """Print a line for every set as found and degraded, and for every cause."""
    sets, groups = (corpus.column(name).astype(str) for name in ("set", "group"))
    own, cause = natural(corpus), corpus.column("cause").astype(str)
    subsets = [(f"{name}, as found", own & (sets == name)) for name in np.unique(sets)]
    subsets += [(f"{name}, degraded", ~own & (sets == name)) for name in np.unique(sets)]
    subsets += [(f"one cause: {name}", ~own & (cause == name)) for name in CAUSES]
    subsets += [("mixtures", cause == "mixture"), ("all rows", np.ones(len(corpus), bool))]
    print("| rows | number | failure threshold | fail | learned gate | tuned rules | Laplacian |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, rows in subsets:
        for limit in limits:
            fails = corpus.column("loss")[rows] > limit
            cells = [area(risk[rows], fails, groups[rows]) for risk in found]
            share = f"{100 * fails.mean():.0f} %" if rows.any() else "–"
            print(f"| {name} | {rows.sum()} | {limit:g} | {share} | {' | '.join(cells)} |")
    fails = np.asarray(corpus.fails, bool)
    error = smooth_calibration_error(found[0], fails)[0]
    print(f"\nsmooth calibration error {error:.3f}, Brier {brier(found[0], fails)[0]:.3f}\n")


def left_out(corpus: Corpus, measures: Sequence[str], seed: int) -> None:
    """Print how a gate does on a cause that no training row had."""
    groups, fails = corpus.column("group").astype(str), np.asarray(corpus.fails, bool)
    found, folds = causes_of(corpus), group_folds(groups, CAUSE_FOLDS, seed=seed)
    print("| cause left out | rows | fail | AUROC | failures under p 0.5 | … and not held back |")
    print("| --- | --- | --- | --- | --- | --- |")
    means = []
    for cause in CAUSES:
        without = np.array([cause not in causes for causes in found])
        tested = np.array([causes <= {cause} for causes in found])
        p, odd = np.full(len(corpus), np.nan), np.zeros(len(corpus), bool)
        for fold in range(CAUSE_FOLDS):
            mine = tested & (folds == fold)
            fitted = Fitted(corpus, without & (folds != fold), list(measures), seed)
            rows, usual = corpus.select(mine), without[mine]
            p[mine], odd[mine] = fitted.p_fail(rows), fitted.unfamiliar(rows, usual)
        bad = tested & fails & ~without
        got = area(p[tested], fails[tested], groups[tested])
        slip, through = (p[bad] < 0.5).mean(), ((p[bad] < 0.5) & ~odd[bad]).mean()
        means.append([float(auroc(passing(p[tested], fails[tested]))[0]), slip, through])
        print(
            f"| {cause} | {tested.sum()} | {100 * fails[tested].mean():.0f} % | {got} | "
            f"{100 * slip:.0f} % | {100 * through:.0f} % |"
        )
    mean = np.mean(means, axis=0)
    print(f"| **mean** | | | {mean[0]:.3f} | {100 * mean[1]:.0f} % | {100 * mean[2]:.0f} % |\n")


def other_engine(one: Corpus, two: Corpus, measures: Sequence[str], seed: int) -> None:
    """Print how a gate of one engine ranks the failures of the other, on groups not seen."""
    print("| trained on | tested on | rows | AUROC |")
    print("| --- | --- | --- | --- |")
    both = [corpus.column("group").astype(str) for corpus in (one, two)]
    folds = group_folds(np.concatenate(both), FOLDS, seed=seed)
    parts = (folds[: len(one)], folds[len(one) :])
    for learning, judged in ((0, 0), (0, 1), (1, 0), (1, 1)):
        corpora = (one, two)
        p = np.full(len(corpora[judged]), np.nan)
        for fold in range(FOLDS):
            fitted = Fitted(corpora[learning], parts[learning] != fold, list(measures), seed)
            mine = parts[judged] == fold
            p[mine] = fitted.p_fail(corpora[judged].select(mine))
        fails = np.asarray(corpora[judged].fails, bool)
        names = [str(corpora[place].meta["engine"]) for place in (learning, judged)]
        print(f"| {' | '.join(names)} | {len(p)} | {area(p, fails, both[judged])} |")
    print()


def kinds(corpus: Corpus, measures: Sequence[str], seed: int) -> None:
    """Print how a gate does on a set when it has learned from the others alone."""
    sets, groups = (corpus.column(name).astype(str) for name in ("set", "group"))
    print("| set never seen | rows | fail | AUROC |")
    print("| --- | --- | --- | --- |")
    for name in np.unique(sets):
        mine = sets == name
        fitted = Fitted(corpus, ~mine & ~np.isin(groups, groups[mine]), list(measures), seed)
        rows, fails = corpus.select(mine), np.asarray(corpus.fails[mine], bool)
        got = area(fitted.p_fail(rows), fails, groups[mine])
        print(f"| {name} | {mine.sum()} | {100 * fails.mean():.0f} % | {got} |")
    print()


def main() -> None:
    """Read the corpora and print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--other", nargs="*", default=[], help="corpora of another engine")
    parser.add_argument("--output", action="store_true", help="judge image and output together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tables", default="sets,causes,kinds,engines")
    asked = parser.parse_args()
    tables = asked.tables.split(",")
    corpus = join_corpora([read_corpus(path) for path in asked.corpora])
    measures = list(chain(images_only(corpus), corpus.outputs if asked.output else ()))
    groups = corpus.column("group").astype(str)
    if "sets" in tables:
        folds = group_folds(groups, min(FOLDS, len(np.unique(groups))), seed=asked.seed)
        limits = (
            sorted({corpus.failure_threshold, STRICT})
            if corpus.meta.get("text")
            else [corpus.failure_threshold]
        )
        by_subset(corpus, cross(corpus, folds, measures, asked.seed), limits)
    if "causes" in tables:
        left_out(corpus, measures, asked.seed)
    if "kinds" in tables:
        kinds(corpus, measures, asked.seed)
    if asked.other and "engines" in tables:
        other = join_corpora([read_corpus(path) for path in asked.other])
        other_engine(corpus, other, measures, asked.seed)


if __name__ == "__main__":
    main()
