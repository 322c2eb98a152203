"""How often the general preset rejects clean images, and catches ruined ones.

    python benchmarks/rules.py --pages 100 --photos KODAK --corpus CORPUS

Clean images: generated pages, a folder of photographs, and the natural rows of a labelled
corpus that its engine could read. Ruined ones: every degradation at severity 5 on the pages
and photographs; a cause is caught on a source if the preset rejects the result.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from imagegate import validate
from imagegate.degrade import DEGRADATIONS, single_chain
from imagegate.features import SCORES
from imagegate.training.corpus import read_corpus
from imagegate.training.data.clean import Source, load, variant_bytes
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources


def clean_verdict(data: bytes) -> tuple[str, ...]:
    """Return the causes for which the preset rejects an image."""
    return tuple(reason.cause for reason in validate(data).reasons)


def source_row(
    source: Source, *, text: bool
) -> tuple[tuple[str, ...], dict[str, tuple[bool, bool]]]:
    """Judge a source clean and, by variant, at severity 5: rejected at all, by its own score."""
    clean = load(source, text=text)
    found = {}
    for name, row in DEGRADATIONS.items():
        seed = int.from_bytes(source.source_id.encode()[-4:], "big")
        data = variant_bytes(clean, single_chain(name, 5, seed), seed=seed, variant=1)
        signals = clean_verdict(data)
        found[name] = (bool(signals), row.cause in signals)
    return clean_verdict(variant_bytes(clean, (), seed=1, variant=0)), found


def readable(folder: Path, roots: dict[str, str]) -> Iterator[bytes]:
    """Yield the natural images of a corpus that its engine could read."""
    corpus = read_corpus(folder)
    natural = np.array([str(name).endswith("#000") for name in corpus.rows["row_id"]])
    for index in np.flatnonzero(natural & ~corpus.fails):
        yield remake(corpus, int(index), roots=roots)


def print_clean(name: str, verdicts: list[tuple[str, ...]]) -> None:
    """Print the share of clean images rejected, and for what."""
    rejected = [signals for signals in verdicts if signals]
    why = ", ".join(f"{cause} {n}" for cause, n in Counter(sum(rejected, ())).most_common())
    share = 100 * len(rejected) / max(1, len(verdicts))
    print(f"| {name} | {len(verdicts)} | {share:.1f} % | {why or '–'} |", flush=True)


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=100, help="generated pages")
    parser.add_argument("--photos", type=Path, help="a folder of clean photographs")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="labelled corpora")
    parser.add_argument("--root", action="append", default=[], help="SET=FOLDER of its images")
    arguments = parser.parse_args()
    roots = dict(text.split("=", 1) for text in arguments.root)
    work = Parallel(n_jobs=-1)
    sets = {"pages": (find_sources([f"pages:50000-{49999 + arguments.pages}"])[0], True)}
    if arguments.photos:
        sets["photos"] = (find_sources([arguments.photos], "background-removal")[0], False)
    answers = {
        name: work(delayed(source_row)(source, text=text) for source in sources)
        for name, (sources, text) in sets.items()
    }
    print("| clean images | number | rejected | for |\n| --- | --- | --- | --- |")
    for name, rows in answers.items():
        print_clean(name, [clean for clean, _ in rows])
    for folder in arguments.corpus:
        found = work(delayed(clean_verdict)(data) for data in readable(folder, roots))
        print_clean(f"{folder.name}, readable", found)
    print(
        "\n| severity 5 | "
        + " | ".join(f"{n}: rejected / by its own score" for n in answers)
        + " |"
    )
    print("| --- |" + " --- |" * len(answers))
    for variant in DEGRADATIONS:
        shares = [
            np.mean([found[variant] for _, found in rows], axis=0) for rows in answers.values()
        ]
        print(f"| {variant} | " + " | ".join(f"{a:.0%} / {b:.0%}" for a, b in shares) + " |")
    for cause in SCORES:
        names = [name for name, row in DEGRADATIONS.items() if row.cause == cause]
        shares = [
            np.mean([found[name] for _, found in rows for name in names], axis=0)
            for rows in answers.values()
        ]
        cells = " | ".join(f"{a:.0%} / {b:.0%}" for a, b in shares)
        print(f"| **{cause}** | {cells} |")


if __name__ == "__main__":
    main()
