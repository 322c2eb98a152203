"""``imagegate edits check``: the verdict on one edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.checking import STYLE, language_of
from imagegate.cli.console import out, plain, print_json, print_table, say, say_written
from imagegate.cli.options import AsJson, Language
from imagegate.edits.check import check_edit, pair_of
from imagegate.edits.heat_map import check_name, write_heat_map
from imagegate.edits.verdict import EditVerdict
from imagegate.errors import SettingsError
from imagegate.text import number, percent

EXAMPLES = (
    "imagegate edits check shoe.jpg shoe-edited.jpg",
    "imagegate edits check shoe.jpg shoe-edited.jpg --mask shoe-mask.png --json",
    "imagegate edits check shoe.jpg shoe-edited.jpg --heat-map shoe-map.png",
)
PASSED, NOT_PASSED = 0, 1

Before = Annotated[Path, typer.Argument(help="The picture before the edit.", metavar="ORIGINAL")]
After = Annotated[Path, typer.Argument(help="The picture after the edit.", metavar="EDITED")]
MaskFile = Annotated[
    Path | None,
    typer.Option(help="Where the edit is, light on dark or dark on light; found by default."),
]
EditGate = Annotated[
    str | None,
    typer.Option("--gate", "-g", help="A .gate file of edits; by default the one that ships."),
]
EditPolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", "-p", help="TOML: allow, ignore, pass_below, reject_from."),
]
HeatMap = Annotated[
    Path | None, typer.Option(help="Write where people see a difference (FLIP) to this picture.")
]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Also SSIM, MDSI, HaarPSI and CIEDE2000 by zone.")
]


def command(
    original: Before,
    edited: After,
    mask: MaskFile = None,
    gate: EditGate = None,
    policy: EditPolicyFile = None,
    heat_map: HeatMap = None,
    numbers: Numbers = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Check an edited picture against its original: the container, the rest, the edit itself.

    Exit code 0: passed. 1: rejected, or for review. 2: could not run.
    """
    language = language_of(language)
    if heat_map:
        check_name(heat_map)
        if any(path and path.resolve() == heat_map.resolve() for path in (original, edited, mask)):
            raise SettingsError(f"{heat_map}: --heat-map would replace a picture that is checked")
    verdict = check_edit(original, edited, mask, gate=gate, policy=policy, numbers=numbers)
    verdict = verdict.translated(language)
    if heat_map:
        write_heat_map(pair_of(original, edited, mask), heat_map)
    if as_json:
        print_json(verdict.to_dict())
    else:
        show(verdict)
        if heat_map:
            say_written(heat_map)
    raise typer.Exit(PASSED if verdict.ok else NOT_PASSED)


def show(verdict: EditVerdict) -> None:
    """Print a verdict for people."""
    word, region = verdict.decision, verdict.region
    risk = "" if verdict.p_artifact is None else f"  artefact {percent(verdict.p_artifact)}"
    out.print(f"[{STYLE[word]}]{word}[/]{risk}")
    for reason in verdict.reasons:
        say(f"  {reason.message}")
        out.print(f"    [dim]{plain(reason.code)}: {plain(reason.detail)}[/]", soft_wrap=True)
    for change in verdict.changes:
        if change.allowed:
            say(f"  allowed: {change.name} was {change.before}, is {change.after}")
    if region.box:
        how = "found" if region.found else "as the mask says"
        left, top, right, bottom = region.box
        size = f"{right - left} × {bottom - top} px at {left}, {top}"
        say(f"  edit: {size}, {percent(region.share)} of the picture, {how}")
    if verdict.numbers:
        names = list(next(iter(verdict.numbers.values())))
        rows = [(zone, *map(number, row.values())) for zone, row in verdict.numbers.items()]
        print_table(["", *names], *rows, right=names)
