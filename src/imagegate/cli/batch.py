"""What ``check`` and ``sort`` share: gate, limits and language; the run with its progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from imagegate.cli.console import err, out, print_json, progress
from imagegate.errors import SettingsError
from imagegate.image import Limits
from imagegate.messages import ENGLISH, languages, load_messages
from imagegate.models.gate import Gate
from imagegate.models.zoo import load_gate
from imagegate.pipeline.files import images_under, is_url
from imagegate.pipeline.policy import Policy
from imagegate.pipeline.route import Router

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate
    from imagegate.pipeline.summary import Summary

MOST_NAME = 160  # characters of a batch's name: it is in every line of the log
ALL_USED, NOT_ALL_USED, STOPPED = 0, 1, 130


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
    from imagegate.cli.rows import close

    if as_json:
        print_json(summary.to_dict())
    elif not quiet:
        close(summary)
        out.print(f"written: {to}", soft_wrap=True)
    raise typer.Exit(ALL_USED if summary.routes["use"] == summary.images else NOT_ALL_USED)
