"""``imagegate edits begin``: make a record of a batch of edits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import print_json, say
from imagegate.cli.edit_options import By, StoreFolder, who
from imagegate.cli.options import AsJson, pairs
from imagegate.edits.batch.begin import Matched, begin
from imagegate.text import count

EXAMPLES = (
    "imagegate edits begin before/ after/ --store batch/ --model NAME --prompt TEXT",
    "imagegate edits begin a/ b/ --masks m/ --store s/ --model NAME --prompt TEXT",
)
MOST = 10  # names that are listed


def command(
    originals: Annotated[Path, typer.Argument(help="The folder of pictures before the edit.")],
    edited: Annotated[Path, typer.Argument(help="The folder of pictures after the edit.")],
    store: StoreFolder,
    model: Annotated[str, typer.Option(help="The model or tool that made the edits.")],
    prompt: Annotated[str, typer.Option(help="What it was asked for.")],
    masks: Annotated[Path | None, typer.Option(help="The folder of masks.")] = None,
    model_version: Annotated[str | None, typer.Option(help="The version of the model.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="'NAME=VALUE'; repeatable.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Keep originals, edited pictures and masks in a store, with how the edits were made.

    Exit code 0: every picture has its partner. 1: some have none. 2: could not run.
    """
    found = begin(
        originals,
        edited,
        store,
        model=model,
        prompt=prompt,
        who=who(by),
        masks=masks,
        version=model_version,
        parameters=pairs(param, "--param NAME=VALUE"),
    )
    if as_json:
        print_json(found.to_dict())
    else:
        say(*lines(found))
    raise typer.Exit(int(bool(found.missing or found.extra)))


def lines(found: Matched) -> list[str]:
    """Return what was matched, in sentences."""
    told = [f"{count(len(found.pairs), 'picture')} in the batch"]
    for words, names in (("no edited picture", found.missing), ("no original", found.extra)):
        shown = [
            f"{one} (misnamed {found.misnamed[one]}?)" if one in found.misnamed else one
            for one in names[:MOST]
        ]
        more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
        told += [f"{words}: {', '.join(shown)}{more}"] if names else []
    return told
