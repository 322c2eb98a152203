"""What ``check``, ``sort`` and ``demo`` share: the gate, the run, and how rows look."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from imagegate.cli.console import err, out, plain, print_json, progress, say
from imagegate.errors import SettingsError
from imagegate.image import Limits
from imagegate.messages import ENGLISH, languages, load_messages
from imagegate.models.artifact import load_gate
from imagegate.models.gate import Gate
from imagegate.models.verdict import Row, route_of
from imagegate.pipeline.files import images_under, is_url
from imagegate.pipeline.route import Policy, Router
from imagegate.text import percent, place

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate
    from imagegate.pipeline.summary import Summary

MOST_NAME = 160  # characters of a batch's name: it is in every line of the log
ALL_USED, NOT_ALL_USED, STOPPED = 0, 1, 130
WORD = {"use": "pass", "repair": "repair", "review": "review", "reject": "reject"}
STYLE = {
    "pass": "bold green",
    "repair": "bold cyan",
    "review": "bold yellow",
    "reject": "bold red",
}


def router_of(
    gate: Gate | RulesGate,
    policy: Policy | Path | None,
    *,
    megapixels: float | None,
    language: str,
) -> Router:
    """Return a router with the limits and the language that the options ask for."""
    limits = Limits() if megapixels is None else Limits(pixels=round(megapixels * 1e6))
    return Router(gate, policy, limits=limits, language=language)


def gate_of(name: str, thresholds: Path | None) -> Gate | RulesGate:
    """Return a gate by name, with the user's own thresholds if it is one of rules."""
    gate = load_gate(name)
    if thresholds is None:
        return gate
    from imagegate.models.rules import RulesGate, load_thresholds

    if not isinstance(gate, RulesGate):
        raise SettingsError(f"--thresholds goes with a rules gate, not with {gate.name}")
    return RulesGate(gate.task, load_thresholds(thresholds, task=gate.task))


def language_of(language: str) -> str:
    """Return the language, or raise if there is none such; files by their whole path."""
    load_messages(language)
    return language if language in languages() else str(Path(language).absolute())


def run_with_progress(
    router: Router,
    roots: list[str],
    to: str,
    *,
    log: str | None,
    without: str | None = None,
    **given: Any,
) -> Summary:
    """Run to the end, or say how to resume."""
    from imagegate.pipeline.log import DecisionLog
    from imagegate.pipeline.output import writer
    from imagegate.pipeline.run import run

    if log and log == to:
        raise SettingsError(f"{log}: the log and the verdicts cannot be one file")
    writer(to)  # refuses a name of no known format before anything is written
    written = DecisionLog(log, router.gate, batch=batch_name(roots)) if log else None
    paths = images_under(roots, without=without)
    settings: dict[str, Any] = {"sources": roots, "log": log, **given.pop("settings", {})}
    if router.language != ENGLISH:
        settings["language"] = router.language
    if not all(is_url(root) or Path(root).is_absolute() for root in roots):
        settings["folder"] = str(Path.cwd())
    try:
        with progress("checking") as tell:
            given |= {"log": written, "progress": tell, "settings": settings}
            return run(router, paths, to, **given)
    except KeyboardInterrupt:
        err.print("\nstopped; the same command resumes from here")
        raise typer.Exit(STOPPED) from None


def batch_name(roots: list[str]) -> str:
    """Return what a run is called in the log."""
    more = f" and {len(roots) - 1:,} more" if len(roots) > 1 else ""
    return roots[0][-MOST_NAME:] + more


def finish(summary: Summary, to: str, *, as_json: bool, quiet: bool = False) -> NoReturn:
    """Print the summary; exit code 1 if not everything can be used."""
    if as_json:
        print_json(summary.to_dict())
    elif not quiet:
        close(summary)
        out.print(f"written: {to}", soft_wrap=True)
    raise typer.Exit(ALL_USED if summary.tally.passed == summary.tally.images else NOT_ALL_USED)


def show(row: Row, *, alone: bool, language: str = ENGLISH) -> None:
    """Print one row; its reasons are told in this language already, but where they are is not."""
    if row["error"]:
        out.print(f"[bold red]broken[/]  {plain(row['error'])}", soft_wrap=True)
        return
    told = [sentence(row, reason, language) for reason in row["reasons"]]
    out.print(line(row, None if alone else " ".join(told[:1])), soft_wrap=True)
    if alone:
        out.print(story(row, told), soft_wrap=True)


def sentence(row: Row, reason: dict[str, Any], language: str) -> str:
    """Return what people are told of a reason, with the part of the picture that it is about."""
    box, width, height = reason["where"], row["width"], row["height"]
    part = place(tuple(box), width, height) if box and width and height else ""
    return (
        f"{reason['message']} {load_messages(language)[f'where.{part}'] if part else ''}".rstrip()
    )


def line(row: Row, why: str | None) -> str:
    """Return one line: decision, quality, path and, unless it is None, why."""
    word, page = WORD[route_of(row)], f" page {row['page']}" if row["pages"] > 1 else ""
    reason = plain(why or "")
    if row["repair"] and why is not None:
        reason = f"After repair of {row['repair']}, {chance(row['p_repaired'])} to fail. {reason}"
    start = f"[{STYLE[word]}]{word:<7}[/] quality {row['quality']:>3}"
    return f"{start}  {plain(row['path'])}{page}  [dim]{reason}[/]".rstrip()


def story(row: Row, told: list[str]) -> str:
    """Return the six scores as bars and every reason with its detail."""
    lines = [""]
    if row["p_fail"] is not None:
        lines.append(f"chance of failure: {chance(row['p_fail'])}   [dim]({row['gate']})[/]")
    if row["repair"]:
        lines.append(f"after repair of {row['repair']}: {chance(row['p_repaired'])}")
    lines += [f"  {name:<12} {bar(score)}" for name, score in row["scores"].items()]
    lines += [
        f"  [yellow]•[/] {plain(words)}\n    [dim]{plain(reason['detail'])} ({reason['code']})[/]"
        for words, reason in zip(told, row["reasons"], strict=True)
    ]
    return "\n".join(lines)


def chance(probability: float | None) -> str:
    """Return a probability that a row holds, ``n/a`` for None."""
    return percent(math.nan if probability is None else probability)


def bar(score: float | None) -> str:
    """Return a 0–100 score as twenty blocks and the number."""
    if score is None:
        return "[dim]n/a[/]"
    colour = "green" if score >= 70 else "yellow" if score >= 40 else "red"
    full = round(score / 5)
    return f"[{colour}]{'█' * full}[/][dim]{'░' * (20 - full)}[/] {score:3.0f}"


def close(summary: Summary) -> None:
    """Print the summary that ends a list."""
    out.print()
    say(*summary.lines())
