"""How rows look on a terminal: one line each in a list, or a single image with its reasons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imagegate.cli.console import out, plain, say
from imagegate.models.verdict import Row, route_of
from imagegate.text import percent

if TYPE_CHECKING:
    from imagegate.pipeline.summary import Summary

WORD = {"use": "pass", "repair": "repair", "review": "review", "reject": "reject"}
STYLE = {
    "pass": "bold green",
    "repair": "bold cyan",
    "review": "bold yellow",
    "reject": "bold red",
}


def show(row: Row, *, alone: bool) -> None:
    """Print one row."""
    if row["error"]:
        out.print(f"[bold red]broken[/]  {plain(row['error'])}", soft_wrap=True)
        return
    out.print(line(row, why=not alone), soft_wrap=True)
    if alone:
        out.print(story(row), soft_wrap=True)


def line(row: Row, *, why: bool) -> str:
    """Return one line: decision, quality, path, and the first reason if ``why``."""
    word, page = WORD[route_of(row)], f" page {row['page']}" if row["pages"] > 1 else ""
    reason = plain(row["reasons"][0]["message"]) if why and row["reasons"] else ""
    if row["repair"] and why:
        reason = f"After repair of {row['repair']}, {chance(row['p_repaired'])} to fail. {reason}"
    start = f"[{STYLE[word]}]{word:<7}[/] quality {row['quality']:>3}"
    return f"{start}  {plain(row['path'])}{page}  [dim]{reason}[/]".rstrip()


def story(row: Row) -> str:
    """Return the six scores as bars and every reason with its detail."""
    lines = [""]
    if row["p_fail"] is not None:
        lines.append(f"chance of failure: {chance(row['p_fail'])}   [dim]({row['gate']})[/]")
    if row["repair"]:
        lines.append(f"after repair of {row['repair']}: {chance(row['p_repaired'])}")
    lines += [f"  {name:<12} {bar(score)}" for name, score in row["scores"].items()]
    lines += [
        f"  [yellow]•[/] {plain(reason['message'])}\n    [dim]{plain(reason['detail'])} "
        f"({reason['code']})[/]"
        for reason in row["reasons"]
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
