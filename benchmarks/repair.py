"""Mend held-out images that a gate does not pass, run the real engine before and after, and count.

    python benchmarks/repair.py ocr-tesseract              # 600 generated pages
    python benchmarks/repair.py ocr-tesseract --data DATA --rows 2000
    python benchmarks/repair.py ocr-tesseract --data DATA --rows 2000 --split calibration
    IMAGEGATE_REMBG_MODEL=isnet.onnx python benchmarks/repair.py background-removal --data DATA

DATA holds the folders of corpora/make.sh. Rows are written to a file as they are made: the same
command goes on, or prints the tables again. Rows whose image comes out otherwise than it was
labelled, as with other fonts installed, are left out and counted.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import imagegate
from imagegate.models.verdict import Verdict
from imagegate.parallel.worker import ONE_THREAD
from imagegate.pipeline.repair import LOW_SCORE
from imagegate.tables import Pixels
from imagegate.tasks import find_engine, find_task
from imagegate.training.corpus import Corpus, join_corpora, read_corpus
from imagegate.training.data.clean import Source, load, recorded
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.data.truths import given_truth, own_truth
from imagegate.training.evaluation.evaluate import choose_rows
from repair_tables import print_tables
from repair_tried import NOTHING, OF_PICTURES, OF_TEXT

CORPORA = Path(__file__).parents[1] / "corpora"
SAME = 1e-6  # p_fail of the image as it was labelled and as it is made again
ROWS = {"background-removal": 60}
NAMES = sorted({row.name for row in (*OF_TEXT, *OF_PICTURES)})
Made = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """A gate by name, and its engine."""

    gate: str

    @cached_property
    def judge(self) -> Any:
        """The gate."""
        return imagegate.load_gate(self.gate)

    @cached_property
    def task(self) -> Any:
        """What the gate is for."""
        return find_task(self.judge.card.task)

    @cached_property
    def run(self) -> Callable[[Pixels], Any]:
        """The engine, loaded."""
        return find_engine(self.task, self.judge.card.engine).open()


@dataclass(frozen=True)
class Bench(Judged):
    """A gate, its engine and the images that are mended."""

    data: str | None
    part: str
    tried: tuple[str, ...]

    @cached_property
    def corpus(self) -> Corpus:
        """The rows of the part whose images are at hand."""
        folders = sorted((CORPORA / self.gate).iterdir())
        found = join_corpora([read_corpus(folder) for folder in folders])
        chosen = choose_rows(found.column("group").astype(str), self.part, self.judge.card)
        made = np.array([recorded(str(path)) is not None for path in found.column("path")])
        return found.select(chosen.mask & (made | bool(self.data)))

    @cached_property
    def roots(self) -> dict[str, str]:
        """Where the images of each set are that is no generated one."""
        sets = {str(name) for name in self.corpus.column("set")}
        folders = {name: Path(self.data or "", name) for name in sets}
        return {name: str(path) for name, path in folders.items() if self.data and path.is_dir()}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources that are files, with their truth."""
        found, _ = find_sources(sorted(self.roots.values()), self.task)
        return {source.source_id: source for source in found}

    def not_passed(self, count: int) -> list[int]:
        """Return rows that the gate does not pass, the same first ones whatever the count."""
        rows = np.flatnonzero(~self.judge.passes(self.corpus.X))
        return [int(row) for row in np.random.default_rng(0).permutation(rows)[:count]]

    def source(self, index: int) -> Source:
        """Return what a row descends from."""
        name, group, set_ = (
            str(self.corpus.column(c)[index]) for c in ("source_id", "group", "set")
        )
        made = recorded(str(self.corpus.column("path")[index]))
        if made is None:
            return self.sources[name]
        return Source(name, group, set_, seed=made[1], kind=made[0].name)

    def name(self, index: int) -> str:
        """Name a row; two corpora may worsen the same source."""
        return f"{self.corpus.column('row_id')[index]} {self.corpus.column('seed')[index]}"

    def mended(self, index: int) -> Made:
        """Make the image of a row, mend it in every way, and run the engine on each."""
        made: Made = {
            "row": self.name(index),
            "group": str(self.corpus.column("group")[index]),
            "set": str(self.corpus.column("set")[index]),
        }
        image = imagegate.read(remake(self.corpus, index, roots=self.roots))
        verdict = self.judge.check(image)
        stored = self.corpus.select(np.array([index])).X
        known = self.judge.p_fail(stored)[0]
        if verdict.p_fail is not None and abs(verdict.p_fail - known) > SAME:
            return {**made, "same": False}
        made |= {"same": True, "p": verdict.p_fail, "loss": None, "mends": {}}
        mended = dict(self.mends(image.rgb, verdict))
        if mended:
            truth = self.truth(index)
            made["loss"] = self.loss(image.rgb, truth)
        for name, pixels in mended.items():
            after = made["loss"] if pixels is image.rgb else self.loss(pixels, truth)
            made["mends"][name] = {"p": self.judge.check(pixels).p_fail, "loss": after}
        return made

    def truth(self, index: int) -> Any:
        """Return what is true of a row's source."""
        source = self.source(index)
        clean = load(source, text=False)
        truth = given_truth(source, clean, self.task)
        return own_truth(clean, self.task, self.run) if truth is None else truth

    def mends(self, pixels: Pixels, verdict: Verdict) -> Iterator[tuple[str, Pixels]]:
        """Mend an image in every way that applies to it."""
        blamed = {reason.cause for reason in verdict.reasons}
        blamed |= {NOTHING.name} | {
            name for name, score in verdict.scores.items() if score < LOW_SCORE
        }
        for row in OF_TEXT if self.task.text else OF_PICTURES:
            if row.name in self.tried and blamed.issuperset(row.name.split(" + ")):
                mended = row.function(pixels, verdict.measures)
                if mended is not None:
                    yield row.name, mended

    def loss(self, pixels: Pixels, truth: Any) -> float:
        """Run the engine and score what it lost."""
        rgb = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
        return float(self.task.loss(self.run(np.ascontiguousarray(rgb)), truth))


class Worker:
    """The bench of one process."""

    bench: Bench

    @classmethod
    def start(cls, bench: Bench) -> None:
        """Take up a bench; called once a process."""
        cv2.setNumThreads(1)
        # What engines mutter about pictures; exceptions travel to the parent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        cls.bench = bench

    @classmethod
    def work(cls, index: int) -> Made:
        """Make one row."""
        return cls.bench.mended(index)


def main() -> None:
    """Make the rows that are missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gate", choices=["ocr-tesseract", "ocr-rapidocr", "background-removal"])
    parser.add_argument("--data", help="folder of the real images")
    parser.add_argument("--split", default="test", choices=["test", "calibration", "train"])
    parser.add_argument("--rows", type=int, help="how many of the images that are not passed")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="MEND")
    parser.add_argument("--out", type=Path, help="file of the rows, JSON lines")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    bench = Bench(asked.gate, asked.data, asked.split, tuple(asked.only))
    rows = bench.not_passed(asked.rows or ROWS.get(asked.gate, 600))
    out = asked.out or Path(f"repair-{asked.gate}-{asked.split}.jsonl")
    make(bench, rows, out, asked.jobs)
    wanted = {bench.name(row) for row in rows}
    made = [row for row in kept(out) if row["row"] in wanted]
    print_tables(bench.judge, bench.corpus, made, bench.part)


def make(bench: Bench, rows: list[int], out: Path, jobs: int) -> None:
    """Append the rows that are missing to a file."""
    done = {row["row"] for row in kept(out)}
    todo = [row for row in rows if bench.name(row) not in done]
    os.environ.update(ONE_THREAD)  # of the processes to come
    pool = get_context("spawn").Pool(jobs, Worker.start, (bench,))
    with closing(pool), out.open("a", encoding="utf-8") as file:
        for count, row in enumerate(pool.imap_unordered(Worker.work, todo), start=1):
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"\r{count} of {len(todo)} images", end="", flush=True)
    print("\r", end="")


def kept(path: Path) -> list[Made]:
    """Read the rows made so far; the last line may be half written."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


if __name__ == "__main__":
    main()
