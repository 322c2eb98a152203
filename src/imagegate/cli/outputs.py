"""Find and read what an engine made of the images that are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from imagegate import image
from imagegate.errors import OutputError, SettingsError
from imagegate.messages import ENGLISH
from imagegate.models.gate import no_output_check
from imagegate.models.verdict import Row, Verdict, check_many
from imagegate.models.zoo import Gate, RulesGate
from imagegate.tasks import TASKS
from imagegate.tasks.task import Task


def check_outputs(
    gate: Gate | RulesGate,
    files: Sequence[str],
    output: Path,
    *,
    jobs: int | None,
    language: str = ENGLISH,
) -> Iterator[Row]:
    """Yield the row of every image; its ``output`` is the path of what was judged with it.

    Parameters
    ----------
    gate : Gate
        With a check of outputs.
    files : sequence of str
        The images.
    output : Path
        The output of the only image, or a folder with one of the same stem for each.
    jobs : int, optional
        Worker processes; all cores by default.
    language : str
        Of the messages.

    Raises
    ------
    SettingsError
        If the gate knows no outputs, or it is not clear which output belongs to which image.
    """
    if isinstance(gate, RulesGate) or not (gate.output or gate.judges_output):
        raise no_output_check(gate.name)
    task = TASKS[gate.card.task]  # never from elsewhere: a gate file must not name code to load
    found = pairs(files, output, task)
    check = partial(check_pair, gate=gate, task=task, found=found, output=output)
    for result in check_many(check, files, gate=gate.name, jobs=jobs):
        if result.verdict:
            result = replace(result, verdict=result.verdict.translated(language))
        yield {**result.to_dict(), "output": found[result.source]}


def check_pair(
    path: str, *, gate: Gate, task: Task, found: Mapping[str, str | None], output: Path
) -> Verdict:
    """Judge one image and its output together."""
    own = found[path]
    if own is None:
        wanted = "text file (.txt)" if task.text else "mask image"
        raise OutputError(f"{path}: no {wanted} of the same stem in {output}")
    try:
        return gate.check(path, output=task.read_truth(own))
    except OutputError as error:
        raise OutputError(f"{own}: {error}") from None


def pairs(files: Sequence[str], output: Path, task: Task) -> dict[str, str | None]:
    """Return the output of every image, None where a folder has none."""
    if not output.exists():
        raise SettingsError(f"--output: no such file or folder: {output}")
    if not output.is_dir():
        if not files:
            return {}
        if len(files) != 1:
            raise SettingsError(f"--output {output} is one file for {len(files)} images: a folder?")
        return {files[0]: str(output)}
    twice = [
        stem for stem, times in Counter(Path(file).stem for file in files).items() if times > 1
    ]
    if twice:
        raise SettingsError(f"--output: several images are called {twice[0]}; check them apart")
    return {file: beside(Path(file), output, task) for file in files}


def beside(file: Path, folder: Path, task: Task) -> str | None:
    """Return the output of one image in a folder; the image itself is none."""
    wanted = {".txt"} if task.text else image.SUFFIXES
    same = (path for path in folder.iterdir() if path.stem.removesuffix(".mask") == file.stem)
    found = [
        str(path)
        for path in sorted(same)
        if path.suffix.lower() in wanted and path.resolve() != file.resolve()
    ]
    if len(found) > 1:
        raise SettingsError(f"--output: which of {', '.join(found)} belongs to {file}?")
    return found[0] if found else None
