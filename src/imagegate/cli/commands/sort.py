"""``imagegate sort``: every image of a folder into the folder where it belongs."""

from __future__ import annotations

from typing import Annotated

import typer

from imagegate.cli.checking import finish, gate_of, language_of, router_of, run_with_progress
from imagegate.cli.options import (
    AsJson,
    GateName,
    Jobs,
    Language,
    LogFile,
    Megapixels,
    PolicyFile,
    Thresholds,
)
from imagegate.errors import SettingsError
from imagegate.pipeline.files import is_url, local, storage
from imagegate.pipeline.run import SUFFIX
from imagegate.pipeline.sort import HOW, LOG, TABLE, Sorter, check_folders

EXAMPLES = (
    "imagegate sort inbox/ sorted/ --gate ocr",
    "imagegate sort inbox/ sorted/ --gate my.gate --policy policy.toml --how link",
)


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
        str, typer.Option(help="copy, link (symbolic) or list: nothing but the table.")
    ] = "copy",
    log: LogFile = None,
    megapixels: Megapixels = None,
    language: Language = "en",
    as_json: AsJson = False,
    jobs: Jobs = 0,
) -> None:
    """Copy each image into the folder of its decision; nothing is moved, overwritten or deleted.

    The target also gets a table of all verdicts, and a log of all decisions (if not a URL).

    A killed run resumes with the same command. A repaired image lies beside its original.

    Exit code 0: all can be used. 1: something was repaired, held back or broken. 2: could not run.
    """
    if how not in HOW:
        raise SettingsError(f"--how: expected one of {', '.join(HOW)}, got {how!r}")
    if not source or not target:
        raise SettingsError("expected a folder with images and a new folder, got an empty name")
    source, target = local(source), local(target)
    table = f"{target.rstrip('/')}/{TABLE}"
    fs, place = storage(table)
    check_folders(source, target, begun=fs.exists(place + SUFFIX))
    judge, told = gate_of(gate, thresholds), language_of(language)
    router = router_of(judge, policy, megapixels=megapixels, language=told)
    summary = run_with_progress(
        router,
        [source],
        table,
        log=log or (None if is_url(target) else f"{target}/{LOG}"),
        without=target,
        work=Sorter(router, source, target, how),
        jobs=jobs or None,
        settings={"how": how},
    )
    finish(summary, table, as_json=as_json)
