"""The local service behind the review page: what to look at next, pictures, answers."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image as Pillow

from imagegate.edits.batch.proof import next_pictures, proof
from imagegate.edits.batch.reviews import (
    DISPUTED,
    labels,
    record_review,
    undo_review,
)
from imagegate.edits.batch.sample import planned
from imagegate.edits.batch.store import Store
from imagegate.edits.check import pair_of
from imagegate.edits.heat_map import heat_map
from imagegate.edits.reasons import ARTEFACTS
from imagegate.errors import ImagegateError, MissingExtraError, SettingsError
from imagegate.extras import require
from imagegate.image import open_file

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WebP": "image/webp", "GIF": "image/gif"}
SIDES = ("original", "edited", "heat")
KINDS = (*ARTEFACTS, "structure", "collateral")
LOCAL = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def review_app(batch: Store, *, hosts: tuple[str, ...] = LOCAL) -> Any:
    """Return the ASGI application of the review page.

    Requests are answered one after the other, those to ``hosts`` alone; changes are taken from a
    page of its own alone. Pictures are asked for by their name in the batch; no path of a request
    is opened.

    Raises
    ------
    MissingExtraError
        Without FastAPI (extra ``review``).
    SettingsError
        If no sample was drawn yet.
    """
    planned(batch)
    fastapi = require("fastapi", "review")
    app = fastapi.FastAPI(title="imagegate review", docs_url=None, redoc_url=None, openapi_url=None)
    _guard(app, fastapi, hosts)
    _serve_page(app, fastapi)
    _serve_pictures(app, fastapi, batch)
    _take_answers(app, fastapi, batch)
    return app


def _guard(app: Any, fastapi: Any, hosts: tuple[str, ...]) -> None:
    """Refuse other hosts and pages of others, and say errors as JSON."""

    async def guard(request: Any, go_on: Callable[[Any], Awaitable[Any]]) -> Any:
        origin = request.headers.get("origin")
        own = request.headers.get("host", "")
        if urlsplit(f"//{own}").hostname not in hosts or (
            origin and urlsplit(origin).netloc != own
        ):
            return fastapi.responses.JSONResponse({"error": "not from here"}, 403)
        answer = await go_on(request)
        answer.headers.update(HEADERS)
        return answer

    async def told(request: Any, error: ImagegateError) -> Any:
        return fastapi.responses.JSONResponse({"error": str(error)}, 422)

    app.middleware("http")(guard)
    app.add_exception_handler(ImagegateError, told)


def _serve_page(app: Any, fastapi: Any) -> None:
    files = {path.name: path for path in PAGE.iterdir() if path.suffix in TYPES}

    async def index() -> Any:
        return await page("index.html")

    async def page(name: str) -> Any:
        if name not in files:
            raise fastapi.HTTPException(404)
        kind = TYPES[files[name].suffix]
        return fastapi.Response(files[name].read_bytes(), media_type=f"{kind}; charset=utf-8")

    app.add_api_route("/", index)
    app.add_api_route("/page/{name}", page)


def _serve_pictures(app: Any, fastapi: Any, batch: Store) -> None:
    async def picture(side: str, name: str) -> Any:
        if side not in SIDES:
            raise fastapi.HTTPException(404)
        row = batch.picture(name)
        if side == "heat":
            return fastapi.Response(_heat(batch, row), media_type="image/png")
        content = batch.read(row[side])
        media = MEDIA.get(open_file(content).header.format)
        if media is None:  # what browsers do not show
            content, media = _as_png(content), "image/png"
        return fastapi.Response(content, media_type=media)

    app.add_api_route("/picture/{side}/{name:path}", picture)


def _take_answers(app: Any, fastapi: Any, batch: Store) -> None:
    async def next_one(by: str) -> dict[str, Any]:
        return facts(batch, by)

    async def look(name: str, by: str) -> dict[str, Any]:
        return facts(batch, by, batch.picture(name)["name"])

    async def answer(given: dict[str, Any]) -> dict[str, Any]:
        by, name = (_text(given, key) for key in ("by", "name"))
        seconds = given.get("seconds")
        record_review(
            batch,
            batch.picture(name)["name"],
            by,
            _text(given, "verdict"),
            kind=str(given["kind"]) if given.get("kind") in KINDS else None,
            note=str(given["note"])[:500] if given.get("note") else None,
            seconds=float(seconds) if isinstance(seconds, int | float) else None,
        )
        return facts(batch, by)

    async def undo(given: dict[str, Any]) -> dict[str, Any]:
        by = _text(given, "by")
        name = undo_review(batch, by)
        if name is None:
            raise SettingsError(f"{by} has no answer to take back")
        return facts(batch, by, name)

    app.add_api_route("/next", next_one)
    app.add_api_route("/look/{name:path}", look)
    app.add_api_route("/answer", answer, methods=["POST"])
    app.add_api_route("/undo", undo, methods=["POST"])


def facts(batch: Store, by: str, name: str | None = None) -> dict[str, Any]:
    """Return what the page shows: a picture (the next one by default), and what is proven."""
    said, shown = labels(batch), proof(batch)
    waiting = next_pictures(batch, by)
    name = name or next(iter(waiting), None)
    found: dict[str, Any] = {
        "kinds": KINDS,
        "sentence": shown.sentence(),
        "proven": shown.proven,
        "to_go": shown.to_go,
        "looks": shown.looks,
        "waiting": len(waiting),
        "disputed": [one for one, word in said.items() if word == DISPUTED],
        "picture": None,
    }
    if name:
        row = batch.picture(name)
        verdict = json.loads(row["verdict"] or "{}")
        found["picture"] = {
            "name": name,
            "stratum": row["stratum"],
            "decision": row["decision"],
            "p_artifact": row["p_artifact"],
            "region": verdict.get("region"),
            "width": verdict.get("width"),
            "height": verdict.get("height"),
            "reasons": [one["message"] for one in verdict.get("reasons", ())],
            "label": said.get(name),
        }
    return found


def _heat(batch: Store, row: dict[str, Any]) -> bytes:
    original, edited = (batch.read(row[side]) for side in ("original", "edited"))
    mask = batch.read(row["mask"]) if row["mask"] else None
    stored = io.BytesIO()
    try:
        drawn = heat_map(pair_of(original, edited, mask))
    except MissingExtraError as error:
        raise SettingsError(str(error)) from None
    Pillow.fromarray(drawn).save(stored, "PNG")
    return stored.getvalue()


def _as_png(content: bytes) -> bytes:
    stored = io.BytesIO()
    Pillow.fromarray(open_file(content).page(1).rgb).save(stored, "PNG")
    return stored.getvalue()


def _text(given: dict[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{key}: expected a text, got {value!r:.40}")
    return value.strip()
