"""How rows look on a terminal: a line in a list, or the whole story of a single image."""

from __future__ import annotations

from imagegate.cli.console import DECISION_STYLE, out, percent, plain
from imagegate.models.verdict import Row, route_of
from imagegate.pipeline.summary import Summary

WORD = {"use": "pass", "repair": "repair", "review": "review", "reject": "reject"}
STYLE = {**DECISION_STYLE, "repair": "bold cyan"}


def show(row: Row, *, alone: bool) -> None:
    """Print one row."""
    if row["error"]:
        out.print(f"[bold red]broken[/]  {plain(row['error'])}", soft_wrap=True)
        return
    out.print(line(row, why=not alone), soft_wrap=True)
    if alone:
        out.print(story(row), soft_wrap=True)


def line(row: Row, *, why: bool) -> str:
    """Return one line: decision, quality, path, and the weightiest reason if wanted."""
    word, page = WORD[route_of(row)], f" page {row['page']}" if row["pages"] > 1 else ""
    reason = plain(row["reasons"][0]["message"]) if why and row["reasons"] else ""
    if row["repair"] and why:
        chance = percent(row["p_repaired"], 1)
        reason = f"With {row['repair']} mended it fails with {chance} chance. {reason}"
    start = f"[{STYLE[word]}]{word:<7}[/] quality {row['quality']:>3}"
    return f"{start}  {plain(row['path'])}{page}  [dim]{reason}[/]".rstrip()


def story(row: Row) -> str:
    """Return the six scores as bars and every reason with what to do about it."""
    lines = [""]
    if row["p_fail"] is not None:
        chance = percent(row["p_fail"], 1)
        lines.append(f"chance that the task fails: {chance}   [dim]({row['gate']})[/]")
    if row["repair"]:
        mended = percent(row["p_repaired"], 1)
        lines.append(f"chance once {row['repair']} is mended: {mended}")
    lines += [f"  {name:<12} {bar(score)}" for name, score in row["scores"].items()]
    lines += [
        f"  [yellow]•[/] {plain(reason['message'])}\n    [dim]{plain(reason['detail'])} "
        f"({reason['code']})[/]"
        for reason in row["reasons"]
    ]
    return "\n".join(lines)


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
    for sentence in summary.lines():
        out.print(plain(sentence), soft_wrap=True)
