"""Find and read what an engine made of the images that are checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imagegate import image
from imagegate.errors import OutputError, SettingsError
from imagegate.models.gate import Gate, no_output_check
from imagegate.models.verdict import Row, Verdict, check_many
from imagegate.tasks import TASKS
from imagegate.tasks.task import Task
from imagegate.tasks.transcript_files import READERS, read_transcript_file

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate


def check_outputs(
    gate: Gate | RulesGate, files: Sequence[str], output: Path, *, jobs: int | None, language: str
) -> Iterator[Row]:
    """Yield the row of every image; its ``output`` is the path of what was judged with it.

    ``output`` is the output of the only image, or a folder with one of the same stem for each.

    Raises
    ------
    SettingsError
        If the gate knows no outputs, or it is not clear which output belongs to which image.
    """
    if not isinstance(gate, Gate) or not (gate.output or gate.judges_output):
        raise no_output_check(gate.name)
    task = TASKS[gate.card.task]  # never from elsewhere: a gate file must not name code to load
    found = pairs(files, output, task)
    check = partial(check_pair, gate=gate, task=task, found=found, folder=output)
    for result in check_many(check, files, gate=gate.name, jobs=jobs):
        if result.verdict:
            result = replace(result, verdict=result.verdict.translated(language))
        yield {**result.to_dict(), "output": found[result.source]}


def check_pair(
    path: str, *, gate: Gate, task: Task, found: Mapping[str, str | None], folder: Path
) -> Verdict:
    """Judge one image and its output together."""
    own = found[path]
    if own is None:
        wanted = f"transcript ({', '.join(READERS)})" if task.text else "mask image"
        raise OutputError(f"{path}: no {wanted} of the same stem in {folder}")
    read = read_transcript_file if task.text else task.read_truth
    try:
        return gate.check(path, output=read(own))
    except OutputError as error:
        raise OutputError(f"{own}: {error}") from None


def pairs(files: Sequence[str], output: Path, task: Task) -> dict[str, str | None]:
    """Return the output of every image, None where a folder has none."""
    if not output.exists():
        raise SettingsError(f"--engine-output: no such file or folder: {output}")
    if not output.is_dir():
        if len(files) > 1:
            raise SettingsError(
                f"--engine-output: {output} is one file for {len(files)} images, expected a folder"
            )
        return dict.fromkeys(files, str(output))
    stems = Counter(Path(file).stem for file in files)
    twice = [stem for stem, times in stems.items() if times > 1]
    if twice:
        raise SettingsError(
            f"--engine-output: several images are called {twice[0]}; check them separately"
        )
    wanted, by_stem = READERS if task.text else image.SUFFIXES, defaultdict(list)
    for path in sorted(output.iterdir()):
        if path.suffix.lower() in wanted:
            by_stem[path.stem.removesuffix(".mask")].append(path)
    return {file: only(Path(file), by_stem[Path(file).stem]) for file in files}


def only(file: Path, outputs: list[Path]) -> str | None:
    """Return the one output of an image; the image itself is none."""
    found = [path for path in outputs if path.resolve() != file.resolve()]
    if len(found) > 1:  # plain text lacks the confidences that another format may hold
        found = [path for path in found if path.suffix.lower() != ".txt"]
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise SettingsError(f"--engine-output: which of {names} belongs to {file}?")
    return str(found[0]) if found else None
