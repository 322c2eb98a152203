"""The review page: as a service, and as people use it in a browser."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from edit_pictures import scene

from imagegate.edits.batch.begin import begin
from imagegate.edits.batch.reviews import labels
from imagegate.edits.batch.sample import sample
from imagegate.edits.batch.store import Store
from imagegate.edits.batch.validate import validate

fastapi = pytest.importorskip("fastapi.testclient")
from imagegate.edits.review.app import review_app  # noqa: E402

BOX = [150, 90, 210, 140]


def verdict(original: Path, edited: Path, mask: Path | None) -> dict:
    region = {"box": BOX, "share": 0.03, "found": True}
    return {"decision": "pass", "region": region, "width": 400, "height": 300, "reasons": []}


@pytest.fixture
def batch(tmp_path: Path) -> Store:
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
    for number in range(6):
        before = scene(number)
        after = before.copy()
        after[90:140, 150:210] = cv2.GaussianBlur(before, (0, 0), 5)[90:140, 150:210]
        for folder, pixels in (("before", before), ("after", after)):
            cv2.imwrite(str(tmp_path / folder / f"mug {number}.png"), pixels[..., ::-1])
    made = {"model": "m", "prompt": "p", "who": "ann"}
    begin(tmp_path / "before", tmp_path / "after", tmp_path / "store", **made)
    store = Store(tmp_path / "store")
    validate(store, who="ann", look=verdict, jobs=1)
    sample(store, who="ann", bound=0.4)
    return store


def test_answers_are_kept_and_can_be_taken_back(batch: Store) -> None:
    client = fastapi.TestClient(review_app(batch), base_url="http://localhost")
    first = client.get("/next", params={"by": "ann"}).json()
    name = first["picture"]["name"]
    given = {"by": "ann", "name": name, "verdict": "bad", "kind": "seam", "seconds": 3.5}
    after = client.post("/answer", json=given).json()
    assert after["picture"]["name"] != name
    assert labels(batch) == {name: "bad"}
    client.post("/answer", json={"by": "bob", "name": name, "verdict": "good"})
    assert client.get("/next", params={"by": "eve"}).json()["disputed"] == [name]
    assert client.post("/undo", json={"by": "bob"}).json()["picture"]["name"] == name
    assert labels(batch) == {name: "bad"}
    assert client.post("/undo", json={"by": "bob"}).status_code == 422


def test_pictures_are_those_of_the_batch_alone(batch: Store) -> None:
    client = fastapi.TestClient(review_app(batch), base_url="http://localhost")
    found = client.get("/picture/edited/mug 1.png")
    assert found.content == batch.read(batch.picture("mug 1.png")["edited"])
    assert found.headers["content-type"] == "image/png"
    assert client.get("/picture/heat/mug 1.png").content[:4] == b"\x89PNG"
    for path in ("/picture/edited/..%2f..%2fbatch.sqlite", "/picture/edited//etc/passwd"):
        assert client.get(path).status_code == 422
    assert client.get("/page/..%2fapp.py").status_code == 404


def test_others_are_refused(batch: Store) -> None:
    client = fastapi.TestClient(review_app(batch), base_url="http://localhost")
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    told = client.post("/undo", json={"by": "ann"}, headers={"Origin": "http://evil.example"})
    assert told.status_code == 403


@pytest.fixture
def address(batch: Store) -> Iterator[str]:
    uvicorn = pytest.importorskip("uvicorn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(review_app(batch), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def test_a_person_reviews_by_keyboard(batch: Store, address: str) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    play = pytest.importorskip("playwright.sync_api")
    if not browser:
        pytest.skip("needs Chromium")
    with play.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1200, "height": 800})
        errors: list[object] = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(f"{address}/?by=ann")
        name = page.locator("#name")
        play.expect(name).to_contain_text("mug")
        first = name.inner_text()
        for key, view in (("2", "slider"), ("3", "blink"), ("4", "heat"), ("1", "side")):
            page.keyboard.press(key)
            play.expect(page.locator("#stage")).to_have_attribute("data-view", view)
        page.keyboard.press("z")
        assert "scale(1)" in page.locator("#edited").get_attribute("style")
        assert page.locator("#original").get_attribute("style") == (
            page.locator("#edited").get_attribute("style")
        )
        page.select_option("#kind", "blur")
        page.locator("#name").click()
        page.keyboard.press("b")
        play.expect(name).not_to_have_text(first)
        page.keyboard.press("u")
        play.expect(name).to_have_text(first)
        while page.locator("#main").is_visible():
            shown = name.inner_text()
            page.keyboard.press("g")
            page.wait_for_function(
                "shown => document.querySelector('#main').hidden"
                " || document.querySelector('#name').innerText !== shown",
                arg=shown,
            )
        play.expect(page.locator("#proof")).to_contain_text("roven")
        opened.close()
    assert not errors
    assert set(labels(batch).values()) == {"good"}
