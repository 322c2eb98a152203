"""``imagegate tasks``: the tasks, the engines that can run here, and what your own needs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from typing import Any

from imagegate.cli.console import out, plain, print_json
from imagegate.cli.engine_options import outputs_for
from imagegate.cli.options import RowsAsJson
from imagegate.engines.engine import Engine
from imagegate.errors import SettingsError
from imagegate.tasks import TASKS, find_task, offered_tasks
from imagegate.tasks.task import Task, no_files

EXAMPLES = ("imagegate tasks", "imagegate tasks --json")
TRUTHS = {
    "text": "NAME.txt beside the image, or in text/ beside images/",
    "mask": "NAME.mask.png beside the image, or masks/NAME.png beside images/",
    "json": "NAME.json beside the image, or in json/ beside images/",
    "class": "the name of the folder that the image lies in",
    "picture": "the clean image itself",
    "own": "what the engine makes of the clean image",
}
OR_OWN = "; else what the engine makes of the clean image, if that is good"


def command(as_json: RowsAsJson = False) -> None:
    """List the tasks with their loss, failure threshold, truth and engines."""
    for row in rows():
        if as_json:
            print_json(row)
        else:
            show(row)
    if not as_json:
        out.print(
            "[dim]Your own: imagegate label --command 'my-program {image}', --onnx model.onnx "
            "--kind KIND, or --task MODULE:NAME of a Task made in Python.[/]",
            soft_wrap=True,
        )


def rows() -> Iterator[dict[str, Any]]:
    """Yield what is known of every task as plain values."""
    for task in TASKS.values():
        yield {"from": "imagegate", **facts(task)}
    for name, point in offered_tasks().items():
        if name in TASKS:
            continue
        source = {"from": package(point)}
        try:
            yield {**source, **facts(find_task(name)), "name": name}
        except SettingsError as error:
            yield {**source, "name": name, "error": str(error)}


def package(point: metadata.EntryPoint) -> str:
    """Name the package that offers a task."""
    return point.dist.name if point.dist else "an installed package"


def facts(task: Task) -> dict[str, Any]:
    """Gather what a user wants to know of a task."""
    return {
        "name": task.name,
        "about": task.about,
        "loss": loss_of(task),
        "limit": task.failure_threshold,
        "truth": truth_of(task),
        "engines": [engine_facts(engine) for engine in task.engines.values()],
        "command": command_of(task),
        "onnx": list(outputs_for(task)),
        "error": None,
    }


def loss_of(task: Task) -> str:
    """Say what the loss is: the first line of its docstring, or its name."""
    first = (task.loss.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    name: str = getattr(task.loss, "__name__", type(task.loss).__name__)
    return first.removeprefix("Return ") or name


def truth_of(task: Task) -> str:
    """Say where the truth of images stands."""
    given = TRUTHS[task.truth]
    return given if task.truth in ("picture", "own") else f"{given}{OR_OWN}"


def engine_facts(engine: Engine) -> dict[str, Any]:
    """Say whether an engine can run here, and what is missing."""
    try:
        version = engine.version()
    except Exception as error:  # noqa: BLE001 an engine of a package may raise anything
        said = {"runs": False, "version": None, "missing": str(error) or repr(error)}
    else:
        said = {"runs": True, "version": version, "missing": None}
    return {"name": engine.name, **said, "licence": engine.licence}


def command_of(task: Task) -> str | None:
    """Say how a command line of the user's answers, None if it cannot."""
    ways = ["prints it"] if task.parse else []
    ways += [] if task.read_truth is no_files else ["writes it to {output}"]
    return " or ".join(ways) or None


def show(row: dict[str, Any]) -> None:
    """Print a task for people."""
    source = "" if row["from"] == "imagegate" else f" [dim]from {plain(row['from'])}[/]"
    out.print(f"[bold]{plain(row['name'])}[/]{source}  {plain(row.get('about', ''))}")
    if row["error"]:
        line("cannot be used", row["error"])
        out.print()
        return
    line("loss", f"{row['loss']}; fails beyond {row['limit']:g}")
    line("truth", row["truth"])
    for engine in row["engines"]:
        said = engine["version"] or f"cannot run here: {engine['missing']}"
        line("engine", f"{engine['name']} ({said})")
    if not row["engines"]:
        line("engine", "yours")
    line("yours", "; ".join(own(row)) or "a Task in Python")
    out.print()


def own(row: dict[str, Any]) -> Iterator[str]:
    """Yield how an engine of the user's can do a task."""
    if row["command"]:
        yield f"--command, which {row['command']}"
    if row["onnx"]:
        yield f"--onnx with --kind {' or '.join(row['onnx'])}"


def line(name: str, text: str) -> None:
    """Print one fact."""
    out.print(f"  [dim]{name:<7}[/] {plain(text)}", soft_wrap=True)
