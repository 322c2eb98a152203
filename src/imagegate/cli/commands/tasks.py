"""``imagegate tasks``: the tasks, the engines that can run here, and what your own needs."""

from __future__ import annotations

from collections.abc import Iterator
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
        source = {"from": point.dist.name if point.dist else "an installed package"}
        try:
            yield {**source, **facts(find_task(name)), "name": name}
        except SettingsError as error:
            yield {**source, "name": name, "error": str(error)}


def facts(task: Task) -> dict[str, Any]:
    """Gather what a user wants to know of a task."""
    about_loss = (task.loss.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    name_of_loss = getattr(task.loss, "__name__", type(task.loss).__name__)
    ways = ["prints it"] if task.parse else []
    ways += [] if task.read_truth is no_files else ["writes it to {output}"]
    return {
        "name": task.name,
        "about": task.about,
        "loss": about_loss.removeprefix("Return ") or name_of_loss,
        "limit": task.failure_threshold,
        "truth": TRUTHS[task.truth] + OR_OWN * (task.truth not in ("picture", "own")),
        "engines": [engine_facts(engine) for engine in task.engines.values()],
        "command": " or ".join(ways) or None,
        "onnx": list(outputs_for(task)),
        "error": None,
    }


def engine_facts(engine: Engine) -> dict[str, Any]:
    """Say whether an engine can run here, and what is missing."""
    try:
        version = engine.version()
    except Exception as error:  # noqa: BLE001 an engine of a package may raise anything
        said = {"runs": False, "version": None, "missing": str(error) or repr(error)}
    else:
        said = {"runs": True, "version": version, "missing": None}
    return {"name": engine.name, **said, "licence": engine.licence}


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
    own = [f"--command, which {row['command']}"] if row["command"] else []
    own += [f"--onnx with --kind {' or '.join(row['onnx'])}"] if row["onnx"] else []
    line("yours", "; ".join(own) or "a Task in Python")
    out.print()


def line(name: str, text: str) -> None:
    """Print one fact."""
    out.print(f"  [dim]{name:<7}[/] {plain(text)}", soft_wrap=True)
