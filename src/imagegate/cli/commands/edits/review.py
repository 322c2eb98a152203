"""``imagegate edits review``: the page on which people review a batch."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from imagegate.cli.console import say
from imagegate.cli.edit_options import By, StoreFolder, opened, who
from imagegate.edits.review.app import LOCAL, review_app
from imagegate.extras import require

EXAMPLES = (
    "imagegate edits review --store batch/",
    "imagegate edits review --store batch/ --by ann",
)


def command(
    store: StoreFolder,
    host: Annotated[str, typer.Option(help="Where to listen; others cannot reach 127.0.0.1.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65535)] = 8001,
    by: By = None,
) -> None:
    """Serve the review page of a batch until it is stopped; answers are kept at once.

    There are no passwords: whoever reaches the port can answer. Several reviewers each open the
    page with their name.
    """
    app = review_app(opened(store), hosts=tuple({*LOCAL, host}))
    uvicorn = require("uvicorn", "review")
    say(f"http://{host}:{port}/?by={quote(who(by))}", "Stop with Ctrl+C.")
    uvicorn.run(app, host=host, port=port, log_level="warning")
