"""Which task and engine the options of ``imagegate label`` ask for, users' own among them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.engines.engine import Engine
from imagegate.engines.onnx import CHOICES, Postprocess, Preprocess, onnx_engine
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.tasks import TASKS, find_engine, find_task
from imagegate.tasks.task import Task

OWN, NETWORK = "An engine of your own", "How to show pictures to an ONNX model, and read it"

TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        "-t",
        help="What the images are for: a name that 'imagegate tasks' lists, or MODULE:NAME of a "
        "Task of yours. By default ocr, or what --output is good for.",
    ),
]
TruthFrom = Annotated[
    str | None,
    typer.Option(
        "--truth",
        metavar="WHERE",
        help="'own': the truth is what the engine makes of the clean image, whatever stands "
        "beside it or its folder is called; 'unverified': likewise, however unsure it is.",
    ),
]
EngineName = Annotated[
    str | None, typer.Option("--engine", "-e", help="The program that does it, by its name.")
]
CommandLine = Annotated[
    str | None,
    typer.Option(
        "--command",
        metavar="LINE",
        help="A program: 'my-ocr {image}' prints its answer, 'cut {image} {output}' writes it.",
        rich_help_panel=OWN,
    ),
]
OnnxFile = Annotated[
    Path | None,
    typer.Option("--onnx", metavar="FILE", help="An ONNX model.", rich_help_panel=OWN),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="KIND",
        help=f"What the ONNX model gives: {', '.join(CHOICES['kind'])}.",
        rich_help_panel=OWN,
    ),
]
ClassNames = Annotated[
    Path | None,
    typer.Option(
        "--class-names",
        metavar="FILE",
        help="The names of its classes, one a line, as the images' folders are called.",
        rich_help_panel=OWN,
    ),
]


def _network(name: str, about: str, **settings: Any) -> Any:
    """Declare an option about ONNX models."""
    return typer.Option(name, help=about, rich_help_panel=NETWORK, **settings)


InputSize = Annotated[
    str | None,
    _network("--input-size", "224, or WIDTHxHEIGHT, if it takes any size.", metavar="SIZE"),
]
Fit = Annotated[
    str | None, _network("--fit", "How: stretch (default), crop or pad.", metavar="HOW")
]
Scaling = Annotated[
    str | None,
    _network(
        "--scaling",
        "0..1 (default), -1..1, 0..255, imagenet, or MEAN/STD of values in 0..1.",
        metavar="HOW",
    ),
]
Colours = Annotated[str | None, _network("--colours", "rgb (default) or bgr.", metavar="ORDER")]
InputMultiple = Annotated[
    int | None, _network("--input-multiple", "Of what its sides are, if of any size.", metavar="N")
]
Tile = Annotated[
    int | None,
    _network("--tile", "Run it over squares of this side: large pictures.", metavar="PX"),
]
OutputName = Annotated[
    str | None, _network("--output-name", "If not the first output.", metavar="NAME")
]
OutputScaling = Annotated[
    str | None,
    _network("--output-scaling", "Of a picture, if not that of the input.", metavar="HOW"),
]
Values = Annotated[
    str | None,
    _network(
        "--values",
        "Of classes or masks: probabilities or logits, if it cannot be told.",
        metavar="KIND",
    ),
]
MaskChannel = Annotated[
    int | None,
    _network("--mask-channel", "Which plane or class is the subject.", metavar="N"),
]
# The options that describe an ONNX model.
SHOWN = tuple(field.name for field in fields(Preprocess))
GIVEN = tuple(field.name for field in fields(Postprocess) if field.name != "kind")
DESCRIBING = ("output", *SHOWN, *GIVEN)


def task_and_engine(options: Mapping[str, Any], *, runs: bool = True) -> tuple[Task, Engine | None]:
    """Return the task and the engine that the command line asks for.

    Parameters
    ----------
    options : mapping
        ``task``, ``truth``, ``engine``, ``command_line``, ``onnx`` and those in ``DESCRIBING``;
        None is what was not given.
    runs : bool
        False if no engine is to run: then none may be given.

    Raises
    ------
    SettingsError
        If they contradict each other, or do not say enough.
    """
    names = {"engine": "--engine", "command_line": "--command", "onnx": "--onnx"}
    given = [name for name in names if options[name] is not None]
    if len(given) > 1:
        two = " and ".join(names[name] for name in given[:2])
        raise SettingsError(f"{two} both name an engine: give one of them")
    about = {name: options[name] for name in DESCRIBING if options[name] is not None}
    if about and options["onnx"] is None:
        raise SettingsError(f"--{next(iter(about)).replace('_', '-')} describes an --onnx FILE")
    task = named_task(options["task"] or default_task(given, about.get("output")))
    task = with_truth(task, options["truth"])
    if not runs:
        if given:
            raise SettingsError("--recipe causes runs no engine: leave the engine out")
        return task, None
    if options["onnx"] is not None:
        return task, network(options["onnx"], task, about)
    line = options["command_line"]
    if line is not None and "{image}" not in line:
        raise SettingsError(f"expected {{image}} in --command, got {line!r}")
    return task, find_engine(task, options["engine"] if line is None else line)


def with_truth(task: Task, truth: str | None) -> Task:
    """Return the task with its truth from where the command line says."""
    if truth is None:
        return task
    if truth not in ("own", "unverified"):
        raise SettingsError(f"expected --truth own or unverified, or no --truth, got {truth!r}")
    if task.truth == "picture":
        raise SettingsError(f"{task.name} knows the truth: the clean picture itself")
    own = replace(task, truth="own")
    return own if truth == "own" else replace(own, verified=anything)


def anything(output: Any) -> bool:
    """Take any output for the truth."""
    return True


def default_task(given: list[str], kind: str | None) -> str:
    """Return what images are for if nobody says it, or ask for it."""
    if given != ["onnx"]:
        return "ocr"
    fitting = [task.name for task in TASKS.values() if task.onnx == known_kind(kind)]
    if len(fitting) > 1:
        raise SettingsError(f"--output {kind} needs --task: {' or '.join(fitting)}")
    return fitting[0]


def known_kind(kind: str | None) -> str:
    """Return what a model gives, refusing what no model does."""
    if kind is None:
        raise SettingsError(f"--onnx needs --output, one of {', '.join(CHOICES['kind'])}")
    if kind not in CHOICES["kind"]:
        raise UnknownNameError("output", kind, CHOICES["kind"])
    return kind


def named_task(name: str) -> Task:
    """Find a task; modules may lie in the current folder, as with ``python -m``."""
    if ":" in name and name not in TASKS:
        here = str(Path.cwd())
        if here not in sys.path:  # worker processes are given this path, too
            sys.path.insert(0, here)
    return find_task(name)


def network(path: Path, task: Task, about: dict[str, Any]) -> Engine:
    """Make an engine of an ONNX model, if what it gives is what the task works with."""
    kind = known_kind(about.get("output"))
    if kind not in outputs_for(task):
        wanted = f"works with --output {task.onnx}" if task.onnx else "takes no ONNX model"
        raise SettingsError(f"{task.name} {wanted}, got --output {kind}")
    if "input_size" in about:
        about = {**about, "input_size": sides(about["input_size"])}
    shown, given = (
        {name: about[name] for name in names if name in about} for names in (SHOWN, GIVEN)
    )
    return onnx_engine(path, Preprocess(**shown), postprocess=Postprocess(kind, **given))


def outputs_for(task: Task) -> tuple[str, ...]:
    """Return which outputs of ONNX models a task works with."""
    if task.onnx == "any":
        return CHOICES["kind"]
    return (task.onnx,) if task.onnx else ()


def sides(text: str) -> tuple[int, int]:
    """Read ``224`` or ``320x240``, WIDTHxHEIGHT."""
    width, cross, height = text.lower().partition("x")
    try:
        return int(width), int(height if cross else width)
    except ValueError:
        raise SettingsError(
            f"expected --input-size like 224 or 320x240 (WIDTHxHEIGHT), got {text!r}"
        ) from None
