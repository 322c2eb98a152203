"""``imagegate edits check``: the verdict on one edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.checking import chance, language_of, sentence
from imagegate.cli.console import out, plain, print_json
from imagegate.cli.options import AsJson, Language
from imagegate.edits.check import check_edit, gate_of_edits, mask_of, picture_of
from imagegate.edits.container import ALLOWED
from imagegate.edits.heat_map import write_heat_map
from imagegate.edits.verdict import EditVerdict
from imagegate.features.edits import make_pair
from imagegate.text import number

EXAMPLES = (
    "imagegate edits check before.jpg after.jpg",
    "imagegate edits check before.jpg after.webp --mask mask.png --heat-map differences.png",
    "imagegate edits check before.jpg after.jpg --allow size,format --json",
)
STYLE = {"pass": "green", "review": "yellow", "reject": "bold red"}
UNSEEN = ",".join(ALLOWED)
EXIT = {"pass": 0, "review": 1, "reject": 1}

Original = Annotated[Path, typer.Argument(help="The picture before the edit.")]
Edited = Annotated[Path, typer.Argument(help="The picture after it.")]
Mask = Annotated[
    Path | None,
    typer.Option(help="Where the edit is, either side light; found by comparing if not given."),
]
GateFile = Annotated[
    str | None, typer.Option("--gate", "-g", help="A gate of edits; the one that ships if any.")
]
Allow = Annotated[
    str,
    typer.Option(help="What may change of the file: size, format, mode, depth, alpha, profile …"),
]
HeatMap = Annotated[
    Path | None, typer.Option(help="Draw where people see a difference (FLIP; extra edits).")
]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Also SSIM, MDSI, HaarPSI and CIEDE2000 (extra edits).")
]


def command(
    original: Original,
    edited: Edited,
    mask: Mask = None,
    gate: GateFile = None,
    allow: Allow = UNSEEN,
    heat_map: HeatMap = None,
    numbers: Numbers = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Check an edited picture against its original before it is published.

    What happened to the file, whether anything changed where nothing should, and whether the edit
    is likely to show.

    Exit code 0: pass. 1: reject or review. 2: could not run.
    """
    allowed = tuple(name.strip() for name in allow.split(",") if name.strip())
    found = check_edit(
        original, edited, mask, gate=gate_of_edits(gate), allowed=allowed, numbers=numbers
    ).translated(language_of(language))
    if heat_map:
        before, after = picture_of(original).image, picture_of(edited).image
        write_heat_map(make_pair(before, after, mask_of(mask)), heat_map)
    if as_json:
        print_json(found.to_dict())
    else:
        show(found, edited, language)
    raise typer.Exit(EXIT[found.decision])


def show(found: EditVerdict, edited: Path, language: str) -> None:
    """Print a verdict for people."""
    start = f"[{STYLE[found.decision]}]{found.decision:<7}[/] {plain(str(edited))}"
    out.print(start, soft_wrap=True)
    lines = [_region(found)]
    if found.p_artifact is not None:
        lines.append(f"chance that it shows: {chance(found.p_artifact)}   [dim]({found.gate})[/]")
    for change in found.changes:
        told = f"{change.name}: {change.before} → {change.after}"
        lines.append(f"  [dim]{plain(told)}{' (allowed)' if change.allowed else ''}[/]")
    for reason in found.reasons:
        words = sentence(_as_row(found), reason.to_dict(), language)
        lines.append(f"  [yellow]•[/] {plain(words)}")
        lines.append(f"    [dim]{plain(reason.detail)} ({reason.code})[/]")
    for zone, values in (found.numbers or {}).items():
        told = ", ".join(f"{name} {number(value)}" for name, value in values.items())
        lines.append(f"  [dim]{zone:<8} {told}[/]")
    out.print("\n".join(lines), soft_wrap=True)


def _region(found: EditVerdict) -> str:
    where = found.region
    if where.box is None:
        return "nothing was edited"
    left, top, right, bottom = where.box
    how = "found by comparing" if where.found else "as the mask says"
    share = f"{100 * where.share:.3g} %"
    return f"edited: {share} of the picture, {left},{top} to {right},{bottom} [dim]({how})[/]"


def _as_row(found: EditVerdict) -> dict[str, Any]:
    return {"width": found.width, "height": found.height}
