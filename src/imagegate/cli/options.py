"""Options that several commands share, each declared once, and what their values must be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from imagegate.errors import SettingsError


def complete_gate(incomplete: str) -> list[str]:
    """Return the names of gates that begin so, for the shell."""
    from imagegate.models.artifact import ALIASES, gate_names

    return [name for name in (*ALIASES, *gate_names()) if name.startswith(incomplete)]


GateName = Annotated[
    str,
    typer.Option(
        "--gate",
        "-g",
        help="A bundled gate, 'rules:TASK', or a .gate file.",
        autocompletion=complete_gate,
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", "-p", help="TOML: thresholds, repairs, what goes to manual review."),
]
LogFile = Annotated[
    str | None, typer.Option(help="Append every decision to this local file (JSON lines).")
]
Thresholds = Annotated[
    Path | None,
    typer.Option(help="Your own thresholds for a rules gate, as TOML or JSON."),
]
Megapixels = Annotated[
    float | None,
    typer.Option("--max-megapixels", help="Refuse larger images; 160 by default."),
]
Language = Annotated[
    str,
    typer.Option(help="Language of the messages: en, de, or your own TOML file."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", help="Worker processes; 0 starts one for each core.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Sources = Annotated[
    list[str],
    typer.Argument(
        help="Clean images, folders, CSV lists (path,truth,group,set), or generated ones: "
        "'pages:N', 'captures:N', 'photos:N', 'prints:N'."
    ),
]
CORPORA = typer.Argument(help="Corpus folders from 'imagegate label'; several are joined.")
Corpora = Annotated[list[Path], CORPORA]
Roots = Annotated[
    list[str] | None,
    typer.Option("--root", help="'SET=FOLDER': where the images of a set are now; repeatable."),
]
RowsAsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
GateOut = Annotated[Path, typer.Option("--out", "-o", help="The gate file to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing gate file.")]
Name = Annotated[
    str | None, typer.Option(help="The name of the gate; by default that of its file.")
]
RISK_TARGET = typer.Option(help="Largest share of passed images that may fail.")
FalsePass = Annotated[
    float | None,
    typer.Option(help="Instead of a risk target: the cost of passing a bad image."),
]
FalseReject = Annotated[
    float | None,
    typer.Option(help="The cost of holding back a good image."),
]


def both_costs(false_pass: float | None, false_reject: float | None) -> tuple[float, float] | None:
    """Return the two costs, None if neither is given."""
    if false_pass is None and false_reject is None:
        return None
    if false_pass is None or false_reject is None:
        raise SettingsError("--cost-false-pass and --cost-false-reject go together")
    return false_pass, false_reject


def pairs(texts: list[str] | None, expected: str) -> dict[str, str]:
    """Read options of the form ``NAME=VALUE``."""
    split = [(text, *text.partition("=")[::2]) for text in texts or []]
    for text, name, value in split:
        if not (name and value):
            raise SettingsError(f"expected {expected}, got {text!r}")
    return {name: value for _, name, value in split}


def check_gate_out(to: Path, *, inputs: Iterable[Path], force: bool) -> None:
    """Refuse to write a gate where it cannot be, or over another one without ``--force``."""
    from imagegate.pipeline.destination import check_gate_file

    check_gate_file(to, inputs=inputs)
    if to.exists() and not force:
        raise SettingsError(f"{to} exists: choose another name, or replace it with --force")
