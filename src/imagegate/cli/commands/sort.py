"""``imagegate sort``: every image of a folder into the folder where it belongs."""

from __future__ import annotations

from typing import Annotated

import typer

from imagegate.cli.batch import (
    GateName,
    Jobs,
    Language,
    LogFile,
    Megapixels,
    PolicyFile,
    Thresholds,
    asked_gate,
    asked_language,
    asked_limits,
    finish,
    run_with_progress,
)
from imagegate.errors import SettingsError
from imagegate.pipeline.files import is_url, local, storage
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import SUFFIX
from imagegate.pipeline.sort import HOW, LOG, TABLE, Sorter, check_places


def command(
    source: Annotated[str, typer.Argument(help="The folder or URL with the images.")],
    target: Annotated[
        str,
        typer.Argument(help="A new folder or URL: gets use/, repaired/, review/ and rejected/."),
    ],
    gate: GateName = "ocr",
    thresholds: Thresholds = None,
    policy: PolicyFile = None,
    how: Annotated[
        str, typer.Option("--how", help="copy, link (symbolic) or list: nothing but the table.")
    ] = "copy",
    log: LogFile = None,
    megapixels: Megapixels = None,
    language: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="The summary as one object.")] = False,
    jobs: Jobs = 0,
) -> None:
    """Put every image where it belongs; nothing is moved, overwritten or deleted.

    The target also gets a table of all verdicts, and the log of all decisions unless it is a URL
    (then give --log). A killed run goes on with the same command. A mended image stands beside its
    original, as NAME.repaired.png.

    Exit code 0: all can be used. 1: something was repaired, rejected, is for review or is broken.
    2: could not run.
    """
    if how not in HOW:
        raise SettingsError(f"--how: expected one of {', '.join(HOW)}, got {how!r}")
    if not source or not target:
        raise SettingsError("expected a folder with images and a new folder, got an empty name")
    source, target = local(source), local(target)
    table = f"{target.rstrip('/')}/{TABLE}"
    fs, place = storage(table)
    check_places(source, target, begun=fs.exists(place + SUFFIX))
    limits, told = asked_limits(megapixels), asked_language(language)
    router = Router(asked_gate(gate, thresholds), policy, limits=limits, language=told)
    sorter = Sorter(router, source, target, how)
    summary = run_with_progress(
        router,
        [source],
        table,
        log=log or (None if is_url(target) else f"{target}/{LOG}"),
        without=target,
        work=sorter,
        jobs=jobs or None,
        settings={"how": how},
    )
    finish(summary, table, as_json=as_json)
