"""How often Tesseract fails on rendered pages, by variant and severity, and on clean ones.

    python benchmarks/severity.py --pages 22 --megapixels 0.9   the table of docs/degradations.md
    python benchmarks/severity.py --pages 110 --clean           the readability of clean pages

A page counts where its clean version has a word recall of at least 0.9; a variant fails
under 0.7. The strengths were set on other seeds than those measured here.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from imagegate.degrade import DEGRADATIONS, apply_chain, save, single_chain
from imagegate.degrade.compression import decode
from imagegate.engines.tesseract import open_tesseract, version
from imagegate.synthetic.pages import LAYOUTS, Page, render_page
from imagegate.tasks.text import word_recall

CLEAN_RECALL, FAIL_RECALL = 0.9, 0.7
FIRST_SEED = 0


def main() -> None:
    """Print one of the two tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=33)
    parser.add_argument("--megapixels", type=float, default=9.0, help="leave larger pages out")
    parser.add_argument("--fonts", choices=("bundled", "system"), default="bundled")
    parser.add_argument("--only", default="", help="variants whose name begins so")
    parser.add_argument("--clean", action="store_true", help="clean pages only, by layout")
    arguments = parser.parse_args()
    read = open_tesseract()
    pages = render(arguments.pages, arguments.megapixels, arguments.fonts)
    recalls = [word_recall(read(page.pixels).text, page.text) for page in pages]
    print(f"{version()}, {arguments.pages} pages, fonts: {arguments.fonts}\n")
    if arguments.clean:
        print_clean(pages, recalls)
    else:
        kept = [page for page, recall in zip(pages, recalls, strict=True) if recall >= CLEAN_RECALL]
        print_severities(kept, read, arguments.only)


def render(count: int, megapixels: float, fonts: str) -> list[Page]:
    """Render pages of all layouts in turn, the first ones of each that are small enough."""
    names, seed, pages = list(LAYOUTS), FIRST_SEED, list[Page]()
    while len(pages) < count:
        page = render_page(seed, layout=names[len(pages) % len(names)], fonts=fonts)
        if page.pixels.shape[0] * page.pixels.shape[1] <= megapixels * 1e6:
            pages.append(page)
        seed += 1
    return pages


def print_clean(pages: list[Page], recalls: list[float]) -> None:
    """Print mean, worst and share of readable pages for each layout."""
    found: dict[str, list[float]] = defaultdict(list)
    for page, recall in zip(pages, recalls, strict=True):
        found[page.layout].append(recall)
    found["all"] = recalls
    print(
        "| layout | pages | mean recall | worst | recall ≥ 0.9 |\n| --- | --- | --- | --- | --- |"
    )
    for layout, values in found.items():
        share = np.mean(np.array(values) >= CLEAN_RECALL)
        cells = f"{len(values)} | {np.mean(values):.3f} | {min(values):.2f} | {share:.0%}"
        print(f"| {layout} | {cells} |")


def print_severities(pages: list[Page], read, only: str) -> None:
    """Print the share of failures at each severity of each variant."""
    print(f"{len(pages)} pages read well when clean.\n")
    print(
        "| variant | strengths | 1 | 2 | 3 | 4 | 5 |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, row in DEGRADATIONS.items():
        if not name.startswith(only):
            continue
        shares = [
            np.mean([fails(page, name, level, index, read) for index, page in enumerate(pages)])
            for level in range(1, 6)
        ]
        strengths = ", ".join(f"{strength:g}" for strength in row.strengths)
        cells = " | ".join(f"{share:.0%}" for share in shares)
        print(f"| `{name}` | {strengths} ({row.unit}) | {cells} |", flush=True)


def fails(page: Page, name: str, severity: int, seed: int, read) -> bool:
    """Tell whether a page, worsened and stored as in a corpus, is read too badly."""
    chain = single_chain(name, severity, seed)
    worse = apply_chain(page.pixels, chain, reference_px=page.x_height_px)
    stored = decode(save(worse, chain, seed=seed)[0])
    return bool(word_recall(read(stored).text, page.text) < FAIL_RECALL)


if __name__ == "__main__":
    main()
