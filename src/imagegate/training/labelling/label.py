"""Label images with what a real engine loses on them: the corpus that gates are trained on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imagegate.engines.engine import Engine
from imagegate.errors import CorpusError, SettingsError, UnknownNameError
from imagegate.features import output_measures
from imagegate.parallel.isolation import run_isolated
from imagegate.parallel.pool import cores
from imagegate.pipeline.shards import Shards
from imagegate.tasks import find_engine, find_task
from imagegate.tasks.task import Task
from imagegate.training.corpus import FAIL
from imagegate.training.data.clean import Source
from imagegate.training.labelling import store
from imagegate.training.labelling.recipes import CAUSES_ONLY, RECIPES, usual
from imagegate.training.labelling.record import begin, settings
from imagegate.training.labelling.rows import Plan, row_id, still_to_do

NO_ENGINE = Engine("none", lambda: lambda pixels: None)
SHOWN = 5  # reasons in one message
ERRORS = ("leave-out", FAIL)  # what errors count as
USUAL = {"half_run": False, "strength": 1, "errors_as": ERRORS[0]}  # corpus.json says the others
NUMBER = re.compile(r"\d+(\.\d+)?(e[-+]\d+)?")
Progress = Callable[[int, int, int, int], None]


@dataclass(frozen=True)
class LabelReport:
    """The outcome of a run.

    Parameters
    ----------
    path : Path
        The corpus folder.
    rows, sources, errors, fails : int
        Rows in all, sources that gave them, rows with an error, rows on which the task fails.
    dropped : dict
        Why, by source.
    reasons : tuple of (str, int, str)
        What went wrong in rows with an error, the commonest first: the message, in how many rows,
        and the first of them. Messages that differ in numbers alone count together.
    clean, clean_fails : int
        Rows of sources as they are, without error; and on how many of them the task fails.
    errors_fail : bool
        Whether rows with an error count as failures; then they are among ``fails``.
    """

    path: Path
    rows: int
    sources: int
    errors: int
    fails: int
    dropped: dict[str, str]
    reasons: tuple[tuple[str, int, str], ...] = ()
    clean: int = 0
    clean_fails: int = 0
    errors_fail: bool = False

    @property
    def fail_share(self) -> float:
        """The share of the usable rows on which the task failed."""
        return self.fails / max(1, self.usable)

    @property
    def usable(self) -> int:
        """The rows that can be learned from."""
        return self.rows if self.errors_fail else self.rows - self.errors


def label(
    sources: Sequence[Source],
    task: str | Task,
    engine: str | Engine | None,
    out: str | Path,
    *,
    variants: int = 8,
    recipe: str | None = None,
    seed: int = 0,
    jobs: int | None = None,
    timeout: float = 60.0,
    half_run: bool = False,
    strength: float | None = None,
    failure_threshold: float | None = None,
    errors: str = ERRORS[0],
    progress: Progress | None = None,
    resume: bool = True,
    licences: Mapping[str, str] | None = None,
) -> LabelReport:
    """Degrade every source in several ways, run the engine on each, and keep the loss.

    Parameters
    ----------
    sources : sequence of Source
        From :func:`find_sources`.
    task, engine : str or object
        As in :func:`find_task` and :func:`find_engine`.
    out : str or Path
        The corpus folder; what an unfinished run left there is used.
    variants : int
        Rows a source. The first is the source as it is, file byte for byte.
    recipe : {"reading", "mixed", "singles", "natural", "counterfactuals", "causes"}
        How the others are made. ``mixed``, the default for pictures: some single causes at full
        levels and some realistic chains. ``reading``, the default for tasks that read: as mixed,
        and pages that are turned, skewed, cut off, covered, or spoilt in a part. Only single
        causes; none, so that ``variants`` is 1. The last two teach a gate to
        name causes, in a folder of their own: mixtures, each also without one of its steps
        (``variants`` is best 8 or 15), so that it is known what undoing it gains; or causes at
        any strength that are only measured, without running the engine.
    seed : int
        The same seed gives the same ``corpus.parquet``, byte for byte, on any number
        of processes and after any number of interruptions.
    jobs : int, optional
        Worker processes; all cores by default.
    timeout : float
        Seconds the engine may take for one image before the row becomes an error.
    half_run : bool
        Whether the engine runs on each image at half size as well: how far both masks agree
        becomes a measure of the output. It takes twice the time.
    strength : float, optional
        At what part of the strengths that break reading images are degraded; the task's own by
        default. Choose it so that about half of the variants fail.
    failure_threshold : float, optional
        The loss beyond which the task fails; the task's own by default.
    errors : {"leave-out", "fail"}
        What an error of the engine on a degraded image is: a row that is not learned from, or a
        failure of the task. Choose the latter for programs that end with an error where they find
        nothing. It may be changed by labelling into the same folder once more.
    progress : Callable, optional
        Called as ``progress(done, total, errors, fails)`` after each row.
    resume : bool
        False refuses a folder that holds a corpus already.
    licences : mapping, optional
        The licence of each set by name, for the record and the gate's card. Else the first
        line of a ``LICENSE`` file beside the images is taken.

    Returns
    -------
    LabelReport
        Counts, and the sources that could not serve with the reason.
    """
    task = find_task(task)
    recipe = recipe or usual(text=task.text)
    strength = task.strength if strength is None else strength
    threshold = task.failure_threshold if failure_threshold is None else failure_threshold
    variants = 1 if recipe == "natural" else variants
    plan = Plan(task, _engine(task, engine, recipe), recipe, seed, half_run, strength)
    numbers = {"variants": variants, "jobs": jobs, "timeout": timeout, "strength": strength}
    _check(plan, errors, threshold, numbers)
    unusual = {"half_run": half_run, "strength": strength, "errors_as": errors}
    given = {"seed": seed, "variants": variants, "recipe": recipe}
    given |= {name: value for name, value in unusual.items() if value != USUAL[name]}
    meta = settings(sources, task, plan.engine, threshold, given=given, licences=licences or {})
    tally = _Tally(len(sources) * variants, threshold, progress, errors == FAIL)
    run = _Run(Path(out), sources, plan, variants, tally)
    if not begin(run.folder, meta, resume=resume):
        run.make({**meta, "timeout": timeout}, jobs or cores())
    _count_errors_as(run.folder, errors)
    return _report(run.folder)


@dataclass
class _Tally:
    """The counts of a run, told to the progress callback after each change."""

    total: int
    threshold: float
    progress: Progress | None
    errors_fail: bool = False
    done: int = 0
    errors: int = 0
    fails: int = 0

    def count(self, row: Mapping[str, Any]) -> None:
        failed = row["loss"] > self.threshold or (self.errors_fail and bool(row["error"]))
        self.done += 1
        self.errors += bool(row["error"])
        self.fails += failed

    def show(self) -> None:
        if self.progress:
            self.progress(self.done, self.total, self.errors, self.fails)


@dataclass(frozen=True)
class _Run:
    """One run into a corpus folder."""

    folder: Path
    sources: Sequence[Source]
    plan: Plan
    variants: int
    tally: _Tally

    def make(self, meta: dict[str, Any], jobs: int) -> None:
        """Make the corpus, or what is missing of it."""
        store.arrow()  # missed now rather than when all rows are made
        store.write_meta(self.folder, {**meta, "complete": False})
        with store.open_shards(self.folder) as shards:
            dropped = self.make_rows(shards, jobs=jobs, timeout=meta["timeout"])
            counts = self.join(shards, dropped)
            store.write_meta(self.folder, {**meta, "complete": True, **counts})
        store.clear(self.folder)

    def make_rows(self, shards: Shards, *, jobs: int, timeout: float) -> dict[str, str]:
        """Make the rows that are missing; return the sources that could not serve."""
        tally, made, dropped = self.tally, set(), {}
        for rows in shards.read():
            for row in rows:
                tally.count(row)
                made.add(row["row_id"])
        todo = still_to_do(self.sources, self.variants, made)
        left = {job.subject.source_id: len(job.units) for job in todo}
        tally.show()
        log = self.folder / store.SHARDS / store.LOG
        running = run_isolated(todo, self.plan, count=jobs, timeout=timeout, log=log)
        with closing(running) as events:
            try:
                for event in events:
                    name = event.subject.source_id
                    if event.kind == "result":
                        shards.add(event.value)
                        tally.count(event.value)
                    else:
                        where = " on the clean image" if event.kind == "lost" else ""
                        dropped[name] = event.value + where
                        tally.total -= left[name]
                    tally.show()
            finally:
                shards.flush()  # Ctrl-C: what is made is kept
        return dropped

    def join(self, shards: Shards, dropped: dict[str, str]) -> dict[str, Any]:
        """Join the shards and count what is in them."""
        if self.sources and len(dropped) == len(self.sources):
            reasons = "; ".join(f"{name}: {why}" for name, why in list(dropped.items())[:SHOWN])
            raise CorpusError(f"none of the {len(self.sources)} sources can be used. {reasons}")
        kept = [source for source in self.sources if source.source_id not in dropped]
        names = (row_id(source, variant) for source in kept for variant in range(self.variants))
        table = store.finish(self.folder, shards, names, output_measures(self.plan.task.name))
        errors, cause = (np.array(table[name].to_pylist(), object) for name in ("error", "cause"))
        fails = table["loss"].to_numpy().astype(np.float64) > self.tally.threshold
        clean = (cause == "clean") & (errors == "")
        natural = self.plan.recipe == "natural"
        return {
            "rows": table.num_rows,
            "errors": int((errors != "").sum()),
            "fails": int(fails.sum()),
            "dropped": dict(sorted(dropped.items())),
            **({} if natural else {"clean": [int(clean.sum()), int(fails[clean].sum())]}),
            "reasons": _common(table["row_id"].to_pylist(), errors),
        }


def _engine(task: Task, engine: str | Engine | None, recipe: str) -> Engine:
    if recipe != CAUSES_ONLY:
        return find_engine(task, engine)
    if engine is not None:
        raise SettingsError("the recipe 'causes' runs no engine: leave the engine out")
    return NO_ENGINE


def _check(plan: Plan, errors: str, threshold: float, numbers: Mapping[str, float | None]) -> None:
    """Refuse settings that cannot be meant."""
    if plan.recipe not in RECIPES:
        raise UnknownNameError("recipe", plan.recipe, RECIPES)
    if errors not in ERRORS:
        raise UnknownNameError("way to count errors", errors, ERRORS)
    for name, value in numbers.items():
        if value is not None and not value > 0:
            raise SettingsError(f"expected {name} above 0, got {value}")
    if not 0 <= threshold <= 1:
        raise SettingsError(f"expected failure_threshold from 0 to 1, got {threshold}")
    name = plan.task.name
    if plan.half_run and (plan.task.text or not output_measures(name)):
        raise SettingsError(f"half_run compares two masks; the output of {name} is none")


def _count_errors_as(folder: Path, errors: str) -> None:
    """Write down in a complete corpus what its errors count as from now on."""
    meta = store.read_meta(folder)
    kept = {name: value for name, value in meta.items() if name != "errors_as"}
    new = kept if errors == ERRORS[0] else {**kept, "errors_as": errors}
    if new != meta:
        store.write_meta(folder, new)


def _common(rows: Iterable[str], errors: Iterable[str]) -> list[tuple[str, int, str]]:
    """Return what went wrong, the commonest first: message, in how many rows, the first of them."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for row, error in zip(rows, errors, strict=True):
        if error:
            kinds.setdefault(NUMBER.sub("#", error), []).append((error, row))
    common = sorted(kinds.values(), key=len, reverse=True)
    return [(found[0][0], len(found), found[0][1]) for found in common]


def _report(folder: Path) -> LabelReport:
    """Sum up a complete corpus."""
    meta = store.read_meta(folder)
    errors_fail = "errors_as" in meta
    clean, clean_fails = meta.get("clean", (0, 0))
    return LabelReport(
        path=folder,
        rows=meta["rows"],
        sources=sum(found["sources"] for found in meta["sets"].values()) - len(meta["dropped"]),
        errors=meta["errors"],
        fails=meta["fails"] + (meta["errors"] if errors_fail else 0),
        dropped=meta["dropped"],
        reasons=tuple((str(why), int(n), str(row)) for why, n, row in meta.get("reasons", [])),
        clean=clean,
        clean_fails=clean_fails,
        errors_fail=errors_fail,
    )
