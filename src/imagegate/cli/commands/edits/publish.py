"""``imagegate edits publish``, ``report-flag`` and ``rollback``."""

from __future__ import annotations

from typing import Annotated

import typer

from imagegate.cli.console import complain, print_json, say
from imagegate.cli.edit_options import By, Destination, StoreFolder, opened, share_of, who
from imagegate.cli.options import AsJson
from imagegate.edits.batch import publish as steps
from imagegate.edits.batch.xmp import marked
from imagegate.errors import SettingsError

EXAMPLES = (
    "imagegate edits publish --store batch/ --to shop/ --stage 10%",
    "imagegate edits report-flag mug.jpg --store batch/ --note 'a ghost'",
    "imagegate edits rollback --store batch/ --to shop/ --picture mug.jpg",
)
FlagLimit = Annotated[str, typer.Option(help="The share of flagged pictures that halts it.")]
Override = Annotated[
    str | None, typer.Option(help="Publish though it is refused; the reason is logged.")
]


def command(
    store: StoreFolder,
    to: Destination,
    stage: Annotated[str, typer.Option(help="The share of every stratum to publish.")] = "100%",
    override: Override = None,
    flag_limit: FlagLimit = "1%",
    xmp: Annotated[
        bool,
        typer.Option("--xmp", help="Write into each file what made it (XMP), no pixel changed."),
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Publish a stage; pictures found bad, disputed, skipped or rejected are held back.

    Exit code 0: the stage is out. 1: refused, or another's file was left alone. 2: could not run.
    """
    try:
        moved = steps.publish(
            opened(store),
            to,
            who=who(by),
            stage=share_of(stage, "--stage"),
            override=override,
            flag_limit=share_of(flag_limit, "--flag-limit"),
            write=marked if xmp else None,
        )
    except steps.RefusedError as error:
        complain(str(error))
        raise typer.Exit(1) from None
    show(moved, as_json=as_json)


def report_flag(
    name: Annotated[str, typer.Argument(help="The picture, as the edited file is named.")],
    store: StoreFolder,
    note: Annotated[str | None, typer.Option(help="What the customer said.")] = None,
    flag_limit: FlagLimit = "1%",
    by: By = None,
) -> None:
    """Record that a customer flagged a picture.

    Exit code 0: the rollout may go on. 1: it is halted. 2: could not run.
    """
    batch = opened(store)
    flags = steps.report_flag(batch, name, who=who(by), note=note)
    refused = steps.refusal(batch, share_of(flag_limit, "--flag-limit"))
    say(f"{flags:,} flagged", *([f"publishing is refused: {refused}"] if refused else []))
    raise typer.Exit(int(refused is not None))


def rollback(
    store: StoreFolder,
    to: Destination,
    picture: Annotated[list[str] | None, typer.Option(help="Only this; repeatable.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only what came with this stage.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Put the originals back byte for byte, and read each again to see that it is whole."""
    if picture and stage:
        raise SettingsError("--picture and --stage do not go together")
    share = share_of(stage, "--stage") if stage else None
    moved = steps.rollback(opened(store), to, who=who(by), names=picture or None, stage=share)
    show(moved, as_json=as_json)


def show(moved: steps.Moved, *, as_json: bool) -> None:
    """Print what was done; exit code 1 if another's file was in the way."""
    if as_json:
        print_json(moved.to_dict())
    else:
        say(
            f"{moved.written:,} written, {moved.published:,} edited pictures are out, "
            f"{len(moved.held):,} held back",
            *(f"left alone, somebody else's file: {name}" for name in moved.foreign),
        )
    raise typer.Exit(int(bool(moved.foreign)))
