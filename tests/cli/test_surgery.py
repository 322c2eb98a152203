"""``imagegate adjust`` and ``evaluate --against`` on gates and images as users have them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from imagegate.cli import app
from imagegate.errors import CorpusError, SettingsError
from imagegate.models.artifact import ZOO, load_gate, read_gate

CORPORA = Path(__file__).parents[2] / "corpora/ocr-rapidocr"
PAGES, PRINTS = str(CORPORA / "pages"), str(CORPORA / "prints")
IMAGES = 24


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a gate trained on generated pages, and images that the engine failed on, with a CSV."""
    root = tmp_path_factory.mktemp("surgery")
    asked = ("--risk-target", 0.2, "--confidence", 0.8, "--out", root / "pages.gate")
    done = run("train", PAGES, *asked)
    assert done.exit_code == 0, done.output
    lines = ["path,failed,group"]
    for i in range(IMAGES):
        rng = np.random.default_rng(i)
        squares = np.kron(rng.integers(0, 2, (9, 12)), np.ones((20, 20))).astype(np.uint8)
        (root / f"{i}.png").write_bytes(cv2.imencode(".png", 40 + 180 * squares)[1].tobytes())
        lines.append(f"{i}.png,{i % 4 > 0:d},customer {i // 2}")
    (root / "feedback.csv").write_text("\n".join([*lines, "gone.png,1,customer 0"]))
    return root


def test_another_promise_for_a_gate_that_ships(tmp_path: Path) -> None:
    done = run("adjust", "ocr-tesseract", "--risk-target", 0.1, "--out", tmp_path / "lax.gate")
    assert done.exit_code == 0, done.output
    assert "at most 10 % of the images passed fail (confidence 95 %)" in done.output
    assert "not for the best of several tried" in done.output
    assert "Output check: Guarantee: at most 10 %" in done.output
    lax, shipped = read_gate(tmp_path / "lax.gate"), load_gate("ocr-tesseract")
    assert lax.name == "lax"
    assert lax.output.name == "lax+output"
    assert lax.thresholds.passing > shipped.thresholds.passing
    assert lax.output.thresholds.passing > shipped.output.thresholds.passing
    shown = run("show", tmp_path / "lax.gate").output
    before = f"(pass up to {shipped.thresholds.passing:.3f})"
    assert f"before 5 % with confidence 95 % {before}, now 10 %" in shown


def test_outcomes_join_the_calibration_and_count_once(place: Path) -> None:
    done = run(
        *("adjust", place / "pages.gate", "--outcomes", place / "feedback.csv"),
        *("--out", place / "fed.gate"),
    )
    assert done.exit_code == 0, done.output
    assert f"Merged {IMAGES} outcomes of {IMAGES // 2} groups from feedback.csv" in done.output
    assert "gone.png" in done.output
    before, after = (read_gate(place / name) for name in ("pages.gate", "fed.gate"))
    assert len(after.history.raw) == len(before.history.raw) + IMAGES
    assert after.card.promise == before.card.promise
    again = run(
        *("adjust", place / "fed.gate", "--outcomes", place / "feedback.csv"),
        *("--out", place / "twice.gate"),
    )
    assert isinstance(again.exception, CorpusError)
    assert "24 were merged before, by this name or another" in str(again.exception)
    assert not (place / "twice.gate").exists()


def test_the_same_images_by_other_paths_count_once(place: Path) -> None:
    """Other paths, another column, another folder, a copy: what counts is what is in the files."""
    (place / "april").mkdir()
    names = [f"{i}.png" for i in range(IMAGES)]
    lines = {
        "plain.csv": names,
        "full.csv": [str(place / name) for name in names],
        "april/feedback.csv": names,
    }
    for i, name in enumerate(names):
        (place / "april" / name).write_bytes((place / names[i - 1]).read_bytes())  # a day later
    for file, paths in lines.items():
        (place / file).write_text("\n".join(["path,failed", *(f"{path},1" for path in paths)]))
    once = place / "once.gate"
    asked = ("adjust", place / "pages.gate", "--outcomes", place / "plain.csv", "--out", once)
    assert "No group was named" in run(*asked).output
    for file in ("full.csv", "april/feedback.csv", "feedback.csv"):
        again = run("adjust", once, "--outcomes", place / file, "--out", place / "more.gate")
        assert "24 were merged before" in str(again.exception)
    for i, name in enumerate(names):
        picture = np.full((200, 300), 60 + i, np.uint8)
        (place / "april" / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    april = ("--outcomes", place / "april/feedback.csv", "--out", place / "more.gate")
    assert run("adjust", once, *april).exit_code == 0, "the same names, other images"
    counts = [read_gate(place / name).card.parts["calibration"]["sources"] for name in
              ("pages.gate", "once.gate", "more.gate")]  # fmt: skip
    assert np.diff(counts).tolist() == [IMAGES, IMAGES]


def test_nothing_from_a_file_reaches_the_terminal_as_it_is(place: Path) -> None:
    """A name may hold an escape or markup: neither is obeyed, and neither is lost."""
    odd = place / "[red]odd\x1b[31m.gate"
    done = run("adjust", place / "pages.gate", "--risk-target", 0.3, "--out", odd)
    assert done.exit_code == 0, done.output
    shown = run("evaluate", odd, PRINTS, "--against", "rules:ocr", "--bootstrap", 40).output
    for output in (done.output, shown):
        assert "\x1b" not in output
        assert "[red]odd\\x1b[31m" in output.replace("\n", "")


@pytest.mark.parametrize("draws", [-3, 0, 1, 39])
def test_an_interval_takes_some_draws(draws: int) -> None:
    done = run(
        *("evaluate", "rules:ocr", PRINTS, "--against", "rules:general"), f"--bootstrap={draws}"
    )
    assert isinstance(done.exception, SettingsError)


def test_costs_and_json(place: Path) -> None:
    done = run(
        *("adjust", place / "pages.gate", "--cost-false-pass", 4, "--cost-false-reject", 1),
        *("--out", place / "costs.gate", "--json"),
    )
    card = json.loads(done.stdout)
    assert card["thresholds"]["pass"] == pytest.approx(0.2)
    assert card["adjusted"][0]["after"]["costs"] == [4, 1]
    assert card["name"] == "costs"


def test_nothing_is_replaced_but_a_gate(place: Path) -> None:
    kept = {name: (place / name).read_bytes() for name in ("pages.gate", "0.png", "feedback.csv")}
    shipped = (ZOO / "ocr-rapidocr.gate").read_bytes()
    feedback = ("--outcomes", place / "feedback.csv")
    for out, words in (
        (place / "pages.gate", "would replace"),
        (place / "feedback.csv", "would replace"),
        (place / "0.png", "is no gate"),
        (ZOO / "ocr-rapidocr.gate", "would replace"),
    ):
        done = run("adjust", place / "pages.gate", *feedback, "--risk-target", 0.3, "--out", out)
        assert isinstance(done.exception, SettingsError)
        assert words in str(done.exception)
    assert kept == {name: (place / name).read_bytes() for name in kept}
    assert (ZOO / "ocr-rapidocr.gate").read_bytes() == shipped


@pytest.mark.parametrize(
    ("gate", "asked", "words"),
    [
        ("rules:ocr", ["--risk-target", "0.1"], "rules have no calibration rows"),
        ("ocr-tesseract", [], "nothing to adjust"),
        ("ocr-tesseract", ["--cost-false-pass", "3"], "go together"),
        ("ocr-tesseract", ["--risk-target", "2", "--outcomes", "none.csv"], "between 0 and 1"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, gate: str, asked: list[str], words: str) -> None:
    done = run("adjust", gate, *asked, "--out", tmp_path / "new.gate")
    assert words in str(done.exception)
    assert not (tmp_path / "new.gate").exists()


def test_evaluate_against_leaves_out_what_either_has_learned_from(place: Path) -> None:
    # "prints" were never seen by the gate of pages, nor by rules
    done = run(
        *("evaluate", place / "pages.gate", PAGES, PRINTS, "--against", "rules:ocr"),
        *("--bootstrap", 100),
    )
    assert done.exit_code == 0, done.output
    assert "(pages " in done.output
    assert "coverage at 20 % risk" in done.output
    found = run(
        *("evaluate", "rules:ocr", PAGES, PRINTS, "--against", "rules:general"),
        *("--bootstrap", 50, "--json"),
    )
    plain = json.loads(found.stdout)
    assert (plain["gate"], plain["against"][0]["name"]) == ("rules:ocr", "rules:general")
    assert plain["left_out"] == 0


def test_two_thresholds_of_one_gate_rank_alike(place: Path) -> None:
    lax = place / "lax.gate"
    assert run("adjust", place / "pages.gate", "--risk-target", 0.4, "--out", lax).exit_code == 0
    done = run(
        *("evaluate", lax, PRINTS, "--against", place / "pages.gate"),
        *("--bootstrap", 50, "--json"),
    )
    results = {result["key"]: result for result in json.loads(done.stdout)["results"]}
    lead = results["against_1"]["lead"]
    assert lead["auroc"] == lead["brier"] == {"value": 0, "low": 0, "high": 0}
    assert lead["coverage"]["value"] > 0
