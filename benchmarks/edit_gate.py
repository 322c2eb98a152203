"""How well the artefact gate ranks edits: kinds, tools and sets left out, and real pairs.

    python benchmarks/edit_gate.py corpora/edits/* --real PAIRS

PAIRS holds real edits: labels.csv with id, label (good, bad), kind, task, tool and group, and
ID_original.*, ID_edited.* and perhaps ID_mask.* beside it; or it is a corpus that --keep has
written. Real pairs are measured against, never learned from.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagegate import image
from imagegate.edits.corpus import corpus_of, edit_row, write_corpus
from imagegate.edits.learn import learn_from_labels
from imagegate.edits.made.defects import DEFECTS
from imagegate.edits.made.fillers import FILLERS
from imagegate.features.edits import EDIT_MEASURES, make_pair
from imagegate.models.artifact import load_gate
from imagegate.stats.metrics import auroc, even_weights, passing
from imagegate.training.corpus import Corpus, join_corpora, read_corpus
from imagegate.training.learning.learner import GRID, LearnerSettings, learn
from imagegate.training.split import group_folds

FOLDS, DRAWS = 5, 1000
QUICK = LearnerSettings(grid=GRID[1:2], trees=100, members=1)
TEXT = ("text", "watermark", "caption", "logo")
Mask = NDArray[np.bool_]


def main() -> None:
    """Print every table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--keep", type=Path, help="write the measures of the real pairs here")
    parser.add_argument("--only-real", action="store_true")
    given = parser.parse_args()
    made = join_corpora([read_corpus(folder) for folder in given.corpora])
    if not given.only_real:
        heading(f"Made edits: {len(made):,} rows, {len(np.unique(made.groups)):,} photographs")
        folds = group_folds(made.groups, FOLDS, seed=0)
        of_made(made, folds)
        left_out(made, folds)
    if given.real:
        real = real_pairs(given.real, given.keep)
        heading(f"Real pairs: {len(real)} rows")
        of_real(learned(made, np.ones(len(made), bool)), made, real)


def heading(title: str) -> None:
    """Print a table's head."""
    print(f"\n**{title}**\n\n| what | rows | AUROC |\n| --- | --- | --- |", flush=True)


def learned(rows: Corpus, mask: Mask) -> Callable[[Corpus], NDArray[np.float64]]:
    """Return a function from rows to log-odds, learned from some of the rows."""
    own = rows.select(mask)
    sources = even_weights(own.column("source_id"))
    found = learn(
        *(own.X, own.fails, sources, own.groups), measures=own.names, seed=0, settings=QUICK
    )
    return lambda others: found.forest.decision(others.matrix(own.names))


def of_made(made: Corpus, folds: NDArray[np.intp]) -> None:
    """Print photographs left out in turn, then whole sets."""
    score = np.zeros(len(made))
    for fold in range(FOLDS):
        held = folds == fold
        score[held] = learned(made, ~held)(made.select(held))
    tell("photographs left out", score, made)
    for name, mask in ways(made).items():
        tell(f"– {name}", score[mask], made.select(mask))
    sets = made.column("set").astype(str)
    for name in made.sets:
        held = sets == name
        if not held.all():
            tell(
                f"set left out: {name}", learned(made, ~held)(made.select(held)), made.select(held)
            )


def left_out(made: Corpus, folds: NDArray[np.intp]) -> None:
    """Print kinds of defect, then tools that were not learned from, on other photographs."""
    kinds = made.column("cause").astype(str)
    held = folds == 0
    for table, what in ((DEFECTS, "defect"), (FILLERS, "tool")):
        for name in table:
            own = kinds == name
            rank = learned(made, ~held & ~own)
            mask = held & ((own & made.fails) | (~own & ~made.fails))
            rows = made.select(mask)
            tell(f"{what} left out: {name}", rank(rows), rows)


def real_pairs(folder: Path, keep: Path | None) -> Corpus:
    """Return real pairs as a corpus, measured if need be."""
    if not (folder / "labels.csv").is_file():
        return read_corpus(folder)
    rows = []
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            before, after = (read(folder, line["id"], part) for part in ("original", "edited"))
            about = {
                "source_id": line["id"],
                "group": line["group"],
                "set": line["tool"],
                "path": f"{line['id']} {line['task']}",
                "cause": line["kind"],
            }
            masks = sorted(folder.glob(f"{line['id']}_mask.*"))
            bad = line["label"] == "bad"
            pair = make_pair(before, after)
            rows.append(edit_row(pair, f"{line['id']} found", bad=bad, **about))
            if masks:
                pair = make_pair(before, after, image.read(masks[0]).rgb)
                rows.append(edit_row(pair, f"{line['id']} given", bad=bad, **about))
    if keep:
        write_corpus(keep, rows)
    return corpus_of(rows)


def read(folder: Path, name: str, part: str) -> NDArray[np.uint8]:
    """Return the pixels of one of the pictures of a pair."""
    return image.read(next(iter(sorted(folder.glob(f"{name}_{part}.*"))))).rgb


def of_real(rank: Callable[[Corpus], NDArray[np.float64]], made: Corpus, real: Corpus) -> None:
    """Print real pairs by mask: as they come, all found, and what single measures reach."""
    ids, how = real.column("source_id").astype(str), ways(real)
    with_mask = np.isin(ids, ids[how["mask given"]])
    best = how["mask given"] | (how["region found"] & ~with_mask)
    about = np.array([any(word in path for word in TEXT) for path in real.column("path")])
    score = rank(real)
    for name, mask in {
        "as they come": best,
        "as they come: text and watermarks": best & about,
        "as they come: others": best & ~about,
        "region found": how["region found"],
        "pairs with a mask: mask given": how["mask given"],
        "pairs with a mask: region found": how["region found"] & with_mask,
    }.items():
        tell(name, score[mask], real.select(mask))
    own = real.select(best)
    single = {name: own.column(name).astype(float) for name in EDIT_MEASURES}
    reach = {name: area(np.nan_to_num(x), own.fails) for name, x in single.items()}
    for name in sorted(reach, key=lambda name: -abs(reach[name] - 0.5))[:3]:
        print(f"| {name} alone, the best of {len(reach)} | {len(own)} | {reach[name]:.2f} |")
    gate = load_gate("edits")
    found = learn_from_labels(gate, own)
    print(f"| the gate that ships | {len(own)} | {found.before:.2f} |")
    print(
        f"| learned from these labels, cross-validated by group | {len(own)} | {found.after:.2f} |"
    )


def ways(rows: Corpus) -> dict[str, Mask]:
    """Return which rows were measured with a mask and which without."""
    given = np.char.endswith(rows.column("row_id").astype(str), "given")
    return {"mask given": given, "region found": ~given}


def area(score: NDArray[np.floating], fails: Mask) -> float:
    """Return the area under the ROC curve."""
    return float(auroc(passing(score, fails, np.ones((1, len(score)))))[0])


def tell(name: str, score: NDArray[np.floating], rows: Corpus) -> None:
    """Print one line with an interval, whole groups drawn with replacement."""
    fails = rows.fails
    if fails.all() or not fails.any():
        print(f"| {name} | {len(score)} | n/a |")
        return
    rng, own = np.random.default_rng(0), np.unique(rows.groups, return_inverse=True)[1]
    drawn = []
    for _ in range(DRAWS):
        times = np.bincount(rng.integers(0, own.max() + 1, own.max() + 1), minlength=own.max() + 1)
        weights = times[own].astype(float)
        if weights[fails].any() and weights[~fails].any():
            drawn.append(float(auroc(passing(score, fails, weights[None, :]))[0]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    print(
        f"| {name} | {len(score)} | {area(score, fails):.2f} ({low:.2f}–{high:.2f}) |", flush=True
    )


if __name__ == "__main__":
    main()
