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
from imagegate.tasks.ocr import OCR, OCR_UNSPACED
from imagegate.tasks.task import Task

OWN, NETWORK = "Your own engine", "Input and output of an ONNX model"


def _own(about: str, metavar: str, *names: str, panel: str = OWN) -> Any:
    """Declare an option about an engine of the user's."""
    return typer.Option(*names, help=about, metavar=metavar, rich_help_panel=panel)


def _network(about: str, metavar: str) -> Any:
    """Declare an option about an ONNX model."""
    return _own(about, metavar, panel=NETWORK)


TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        "-t",
        help="What the images are for: a name that 'imagegate tasks' lists, or MODULE:NAME of "
        "your own Task. By default ocr, or the task that --kind fits.",
    ),
]
TruthFrom = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE",
        help="'own': the engine's output on the clean image is the truth, and truth files are "
        "ignored; 'unverified': likewise, even if the engine is unsure. 'unspaced', for ocr: "
        "truth files lack the spaces within a line.",
    ),
]
EngineName = Annotated[
    str | None, typer.Option("--engine", "-e", help="An engine that 'imagegate tasks' lists.")
]
CommandLine = Annotated[
    str | None,
    _own(
        "A program: 'my-ocr {image}' prints its output, 'cut {image} {output}' writes it.",
        "LINE",
        "--command",
    ),
]
OnnxFile = Annotated[Path | None, _own("An ONNX model.", "FILE")]
KINDS = ", ".join(CHOICES["kind"])
Kind = Annotated[str | None, _own(f"What the ONNX model returns: {KINDS}.", "KIND")]
ClassNames = Annotated[
    Path | None,
    _own("The names of its classes, one a line: those of the folders of images.", "FILE"),
]
InputSize = Annotated[
    str | None, _network("224 or WIDTHxHEIGHT, if the model takes any size.", "SIZE")
]
Fit = Annotated[str | None, _network("Fit images by stretch (default), crop or pad.", "HOW")]
Scaling = Annotated[
    str | None,
    _network("Scaling of the input: 0..1 (default), -1..1, 0..255, imagenet, or MEAN/STD.", "HOW"),
]
Colours = Annotated[str | None, _network("rgb (default) or bgr.", "ORDER")]
InputMultiple = Annotated[int | None, _network("Sides must be multiples of N.", "N")]
Tile = Annotated[int | None, _network("Run it over squares of this side, for large images.", "PX")]
Values = Annotated[
    str | None, _network("What scores are, if unclear: probabilities or logits.", "KIND")
]
# The options that describe an ONNX model.
SHOWN = tuple(field.name for field in fields(Preprocess))
GIVEN = tuple(field.name for field in fields(Postprocess))  # "kind" is the first
DESCRIBING = (*GIVEN, *SHOWN)


def task_and_engine(options: Mapping[str, Any], *, runs: bool = True) -> tuple[Task, Engine | None]:
    """Return the task and the engine that options ask for; None is what was not given."""
    names = {"engine": "--engine", "command_line": "--command", "onnx": "--onnx"}
    given = [name for name in names if options[name] is not None]
    if len(given) > 1:
        two = " and ".join(names[name] for name in given[:2])
        raise SettingsError(f"{two} both name an engine: give one of them")
    about = {name: options[name] for name in DESCRIBING if options[name] is not None}
    if about and options["onnx"] is None:
        raise SettingsError(f"--{next(iter(about)).replace('_', '-')} describes an --onnx FILE")
    task = named_task(options["task"] or default_task(given, about.get("kind")))
    task = with_truth(task, options["truth"])
    if not (runs or given):
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
    if truth not in ("own", "unverified", "unspaced"):
        raise SettingsError(
            f"expected --truth own, unverified or unspaced, or no --truth, got {truth!r}"
        )
    if truth == "unspaced":
        if task is not OCR:
            raise SettingsError(f"--truth unspaced is for {OCR.name}, not for {task.name}")
        return OCR_UNSPACED
    if task.truth == "picture":
        raise SettingsError(f"--truth: the truth of {task.name} is always the clean image itself")
    own = replace(task, truth="own")
    return own if truth == "own" else replace(own, verified=anything)


def anything(output: Any) -> bool:
    """Take any output for the truth."""
    return True


def default_task(given: list[str], kind: str | None) -> str:
    """Return the task if none is named, or ask for it."""
    if given != ["onnx"]:
        return "ocr"
    fitting = [task.name for task in TASKS.values() if task.onnx == known_kind(kind)]
    if len(fitting) > 1:
        raise SettingsError(f"--kind {kind} needs --task: {' or '.join(fitting)}")
    return fitting[0]


def known_kind(kind: str | None) -> str:
    """Return the kind of output, refusing an unknown one."""
    if kind is None:
        raise SettingsError(f"--onnx needs --kind, one of {KINDS}")
    if kind not in CHOICES["kind"]:
        raise UnknownNameError("kind of output", kind, CHOICES["kind"])
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
    kind = known_kind(about.get("kind"))
    if kind not in outputs_for(task):
        wanted = f"works with --kind {task.onnx}" if task.onnx else "takes no ONNX model"
        raise SettingsError(f"{task.name} {wanted}, got --kind {kind}")
    if "input_size" in about:
        about = {**about, "input_size": sides(about["input_size"])}
    shown, given = (
        {name: about[name] for name in names if name in about} for names in (SHOWN, GIVEN)
    )
    return onnx_engine(path, Preprocess(**shown), postprocess=Postprocess(**given))


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
