"""``imagegate check``: verdicts for images and folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from imagegate import image
from imagegate.cli.console import DECISION_STYLE, complain, out, percent, print_json
from imagegate.cli.outputs import check_outputs
from imagegate.errors import SettingsError
from imagegate.models.gate import Checked, Gate, RulesGate, load_gate
from imagegate.models.thresholds import load_thresholds
from imagegate.models.verdict import Verdict

ALL_PASS, NOT_ALL_PASS, COULD_NOT_RUN = 0, 1, 2


def command(
    paths: Annotated[
        list[str], typer.Argument(help="Images, or folders that are searched through.")
    ],
    gate: Annotated[
        str, typer.Option("--gate", "-g", help="A bundled gate, 'rules:TASK', or a .gate file.")
    ] = "ocr",
    thresholds: Annotated[
        Path | None,
        typer.Option("--thresholds", help="Your own cuts for a rules gate, as TOML or JSON."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="What the engine made of the image (mask, .txt), or a folder with one of the "
            "same stem for each: judge image and output together.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes; 0 is one a core.")] = 0,
) -> None:
    """Say for every image whether the task will work on it, and why not.

    Exit code 0: all passed. 1: something was rejected, is for review or is broken.
    2: could not run (no such gate, path or image).
    """
    answerer = load_gate(gate)
    if thresholds:
        answerer = with_thresholds(answerer, thresholds)
    missing = [path for path in paths if not Path(path).exists()]
    files = list(find_images(paths))
    if not files and not missing:
        raise SettingsError(f"no images under {', '.join(paths)}")
    tally: Counter[str] = Counter()
    for answer, beside in answers(answerer, files, output, jobs=jobs or None):
        tally[answer.verdict.decision if answer.verdict else "broken"] += 1
        show(answer, as_json=as_json, gate=gate, alone=len(files) == 1, beside=beside)
    for path in missing:
        report_missing(path, as_json=as_json, gate=gate)
    if len(files) > 1 and not as_json:
        out.print(closing_line(tally))
    raise typer.Exit(exit_code(tally, missing))


def answers(
    answerer: Gate | RulesGate, files: list[str], output: Path | None, *, jobs: int | None
) -> Iterator[tuple[Checked, dict[str, str | None]]]:
    """Yield every answer, with the path of the output that was judged, if any was to be."""
    if output is None:
        yield from ((answer, {}) for answer in answerer.check_many(files, jobs=jobs))
    else:
        found = check_outputs(answerer, files, output, jobs=jobs)
        yield from ((answer, {"output": path}) for answer, path in found)


def with_thresholds(answerer: Gate | RulesGate, path: Path) -> RulesGate:
    """Return a rules gate with the user's own cuts."""
    if not isinstance(answerer, RulesGate):
        raise SettingsError(f"--thresholds goes with a rules gate, not with {answerer.name}")
    return RulesGate(answerer.task, load_thresholds(path, task=answerer.task))


def find_images(paths: Iterable[str]) -> Iterator[str]:
    """Yield the files named, and the image files under the folders named, in a stable order."""
    for path in map(Path, paths):
        if path.is_dir():
            found = (p for p in path.rglob("*") if p.suffix.lower() in image.SUFFIXES)
            yield from (str(p) for p in sorted(found) if p.is_file())
        elif path.exists():
            yield str(path)


def exit_code(tally: Counter[str], missing: list[str]) -> int:
    """Return the exit code for what was found."""
    if missing:
        return COULD_NOT_RUN
    return ALL_PASS if tally["pass"] == tally.total() else NOT_ALL_PASS


def report_missing(path: str, *, as_json: bool, gate: str) -> None:
    """Say that a path does not exist, in the form asked for."""
    if as_json:
        print_json(row(path, None, gate=gate, error="no such file or folder"))
    else:
        complain(f"{path}: no such file or folder")


def show(
    answer: Checked,
    *,
    as_json: bool,
    gate: str,
    alone: bool,
    beside: dict[str, str | None] | None = None,
) -> None:
    """Print one answer: a JSON line, a line in a list, or the whole story of a single image."""
    if as_json:
        print_json(
            row(answer.source, answer.verdict, gate=gate, error=answer.error) | (beside or {})
        )
    elif answer.verdict is None:
        out.print(f"[bold red]broken[/]  {escape(answer.error)}", soft_wrap=True)
    else:
        out.print(line(answer.source, answer.verdict, why=not alone), soft_wrap=True)
        if alone:
            out.print(story(answer.verdict), soft_wrap=True)


def row(path: str, verdict: Verdict | None, *, gate: str, error: str) -> dict[str, Any]:
    """Return the machine's form of one answer; the keys are there whatever happened."""
    empty: dict[str, Any] = {
        "decision": None,
        "ok": False,
        "p_fail": None,
        "quality": None,
        "reasons": [],
        "scores": {},
        "measures": {},
        "gate": gate,
    }
    return {"path": path, **(verdict.to_dict() if verdict else empty), "error": error or None}


def line(path: str, verdict: Verdict, *, why: bool) -> str:
    """Return one line: decision, quality, path, and the weightiest reason if wanted."""
    style = DECISION_STYLE[verdict.decision]
    reason = escape(verdict.reasons[0].sentence) if why and verdict.reasons else ""
    start = f"[{style}]{verdict.decision:<7}[/] {verdict.quality:>3}"
    return f"{start}  {escape(path)}  [dim]{reason}[/]".rstrip()


def story(verdict: Verdict) -> str:
    """Return the six scores as bars and every reason with what to do about it."""
    lines = [""]
    if verdict.p_fail is not None:
        lines.append(
            f"chance that the task fails: {percent(verdict.p_fail, 1)}   [dim]({verdict.gate})[/]"
        )
    lines += [f"  {name:<12} {bar(score)}" for name, score in verdict.scores.items()]
    lines += [
        f"  [yellow]•[/] {escape(reason.sentence)} {escape(reason.advice)}"
        for reason in verdict.reasons
    ]
    return "\n".join(lines)


def bar(score: float | None) -> str:
    """Return a 0–100 score as twenty blocks and the number."""
    if score is None or score != score:
        return "[dim]n/a[/]"
    colour = "green" if score >= 70 else "yellow" if score >= 40 else "red"
    full = round(score / 5)
    return f"[{colour}]{'█' * full}[/][dim]{'░' * (20 - full)}[/] {score:3.0f}"


def closing_line(tally: Counter[str]) -> str:
    """Return the summary that ends a list."""
    words = {"pass": "pass", "review": "for review", "reject": "rejected", "broken": "broken"}
    counts = ", ".join(f"{tally[key]:,} {word}" for key, word in words.items() if tally[key])
    return f"\n{tally.total():,} images: {counts}"
