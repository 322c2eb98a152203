"""Label images with what a real engine loses on them: the corpus that gates are trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.engines.engine import Engine
from imagegate.errors import CorpusError, MissingExtraError, SettingsError, UnknownNameError
from imagegate.features import output_measures
from imagegate.tasks import find_engine, find_task
from imagegate.tasks.task import Task
from imagegate.training.corpus import FAIL
from imagegate.training.data.sources import Source
from imagegate.training.labelling import parts
from imagegate.training.labelling.recipes import CAUSES_ONLY, RECIPES
from imagegate.training.labelling.record import begin, settings
from imagegate.training.labelling.report import LabelReport, clean_rows, common, report
from imagegate.training.labelling.rows import Plan, row_id, still_to_do
from imagegate.training.labelling.workers import run_jobs

NO_ENGINE = Engine("none", lambda: lambda pixels: None)
SHOWN = 5  # reasons in one message
ERRORS = ("leave-out", FAIL)  # what errors count as
Progress = Callable[[int, int, int, int], None]


def label(
    sources: Sequence[Source],
    task: str | Task,
    engine: str | Engine | None,
    out: str | Path,
    *,
    variants: int = 8,
    recipe: str = "mixed",
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
    """Worsen every source in several ways, run the engine on each, and keep the loss.

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
    recipe : {"mixed", "singles", "natural", "counterfactuals", "causes"}
        How the others are made: some single causes at full levels and some realistic
        chains; only single causes; none, so that ``variants`` is 1. The last two teach a gate to
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
        At what part of the strengths that break reading images are worsened; the task's own by
        default. Choose it so that about half of the variants fail.
    failure_threshold : float, optional
        The loss beyond which the task fails; the task's own by default.
    errors : {"leave-out", "fail"}
        What an error of the engine on a worsened image is: a row that is not learned from, or a
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
    chosen = no_engine(engine) if recipe == CAUSES_ONLY else find_engine(task, engine)
    folder, variants = Path(out), 1 if recipe == "natural" else variants
    strength = task.strength if strength is None else strength
    check(recipe, errors, variants=variants, jobs=jobs, timeout=timeout, strength=strength)
    check_half_run(task, half_run)
    given = {"seed": seed, "variants": variants, "recipe": recipe}
    given |= unusual(half_run=half_run, strength=strength, errors=errors)
    meta = settings(
        sources,
        task,
        chosen,
        failure_threshold=failure_threshold,
        licences=licences or {},
        given=given,
    )
    if begin(folder, meta, resume=resume):
        count_errors_as(folder, errors)
        return report(folder, parts.read_meta(folder))
    parts.write_meta(folder, {**meta, "timeout": timeout, "complete": False})
    plan = Plan(task, chosen, recipe, seed, half_run, strength)
    tally = Tally(len(sources) * variants, meta["limit"], progress, errors == FAIL)
    dropped = work(folder, sources, plan, tally, variants, jobs=jobs or cores(), timeout=timeout)
    counts = complete(folder, sources, plan, tally.limit, variants, dropped)
    parts.write_meta(folder, {**meta, "timeout": timeout, "complete": True, **counts})
    parts.clear(folder)
    return report(folder, parts.read_meta(folder))


def no_engine(engine: object) -> Engine:
    """Return what stands for an engine where none runs; refuse one that is given for nothing."""
    if engine is not None:
        raise SettingsError("the recipe 'causes' runs no engine: leave the engine out")
    return NO_ENGINE


@dataclass
class Tally:
    """The counts of a run, told to the progress callback after each change."""

    total: int
    limit: float
    tell: Progress | None
    errors_fail: bool = False
    done: int = 0
    errors: int = 0
    fails: int = 0

    def count(self, error: str, loss: float) -> None:
        """Count a row."""
        self.done += 1
        self.errors += bool(error)
        self.fails += loss > self.limit or (self.errors_fail and bool(error))  # its loss is NaN

    def show(self) -> None:
        """Tell how far the run is."""
        if self.tell:
            self.tell(self.done, self.total, self.errors, self.fails)


def work(
    folder: Path,
    sources: Sequence[Source],
    plan: Plan,
    tally: Tally,
    variants: int,
    *,
    jobs: int,
    timeout: float,
) -> dict[str, str]:
    """Make the rows that are missing; return the sources that could not serve."""
    outputs = output_measures(plan.task.name)
    made = parts.read_parts(folder, outputs)
    for error, loss in zip(made["error"].to_pylist(), made["loss"].to_pylist(), strict=True):
        tally.count(error, loss)
    todo = still_to_do(sources, variants, set(made["row_id"].to_pylist()))
    left = {job.source.source_id: len(job.variants) for job in todo}
    writer, dropped = parts.Parts(folder, outputs), {}
    tally.show()
    running = run_jobs(todo, plan, count=jobs, timeout=timeout, log=writer.folder / parts.LOG)
    with closing(running) as events:
        try:
            for event in events:
                if event.kind == "row" and event.row:
                    writer.add(event.row)
                    tally.count(event.row["error"], event.row["loss"])
                elif event.kind == "dropped":
                    dropped[event.source.source_id] = event.reason
                    tally.total -= left[event.source.source_id]
                tally.show()
        finally:
            writer.flush()  # Ctrl-C: what is made is kept
    return dropped


def check_half_run(task: Task, half_run: bool) -> None:
    """Refuse a run at half size where there are no masks to compare."""
    if half_run and (task.text or not output_measures(task.name)):
        raise SettingsError(f"half_run compares two masks; the output of {task.name} is none")


def check(recipe: str, errors: str, **numbers: float | None) -> None:
    """Refuse settings that cannot be meant."""
    if recipe not in RECIPES:
        raise UnknownNameError("recipe", recipe, RECIPES)
    if errors not in ERRORS:
        raise UnknownNameError("way to count errors", errors, ERRORS)
    for name, value in numbers.items():
        if value is not None and not value > 0:
            raise SettingsError(f"expected {name} above 0, got {value}")


def unusual(*, half_run: bool, strength: float, errors: str) -> dict[str, Any]:
    """Return the settings that are not as they are for most corpora."""
    return {
        **({"half_run": True} if half_run else {}),
        **({"strength": strength} if strength != 1 else {}),
        **({"errors_as": errors} if errors != ERRORS[0] else {}),
    }


def count_errors_as(folder: Path, errors: str) -> None:
    """Write down in a complete corpus what its errors count as from now on."""
    meta = parts.read_meta(folder)
    kept = {name: value for name, value in meta.items() if name != "errors_as"}
    new = kept if errors == ERRORS[0] else {**kept, "errors_as": errors}
    if new != meta:
        parts.write_meta(folder, new)


def complete(
    folder: Path,
    sources: Sequence[Source],
    plan: Plan,
    limit: float,
    variants: int,
    dropped: dict[str, str],
) -> dict[str, Any]:
    """Merge the parts and count what is in them."""
    if sources and len(dropped) == len(sources):
        reasons = "; ".join(f"{name}: {why}" for name, why in list(dropped.items())[:SHOWN])
        raise CorpusError(f"none of the {len(sources)} sources can serve. {reasons}")
    kept = [source for source in sources if source.source_id not in dropped]
    names = (row_id(source, variant) for source in kept for variant in range(variants))
    table = parts.finish(folder, names, output_measures(plan.task.name))
    error, loss = table["error"].to_pylist(), table["loss"].to_pylist()
    return {
        "rows": table.num_rows,
        "errors": sum(map(bool, error)),
        "fails": sum(value > limit for value in loss),
        "dropped": dict(sorted(dropped.items())),
        **({"clean": clean_rows(table, limit)} if plan.recipe != "natural" else {}),
        "reasons": common(table["row_id"].to_pylist(), error),
    }


def cores() -> int:
    """Count the cores this process may use, container limits included."""
    try:
        import joblib
    except ImportError as error:
        raise MissingExtraError("joblib", "train") from error
    return int(joblib.cpu_count())
