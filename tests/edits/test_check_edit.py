"""The verdict on one edit: what rejects it, what is for review, and what the command says."""

from __future__ import annotations

import io
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edit_pictures import box_mask, scene
from jsonschema import Draft202012Validator
from PIL import Image, ImageCms
from referencing import Registry, Resource
from typer.testing import CliRunner, Result

from imagegate import EditPolicy, check_edit
from imagegate.cli import app
from imagegate.edits.heat_map import heat_map
from imagegate.edits.numbers import numbers_of
from imagegate.edits.policy import load_edit_policy
from imagegate.edits.reasons import ARTEFACTS, CODES, artefact_reason
from imagegate.errors import ImagegateError, SettingsError, UnknownNameError
from imagegate.features.edits import EDIT_MEASURES, make_pair

FOLDER = resources.files("imagegate") / "schema"
SCHEMA, VERDICT = (
    json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("edit", "verdict")
)
REGISTRY: Any = Registry().with_resource("verdict.schema.json", Resource.from_contents(VERDICT))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BOX = (300, 200, 420, 300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An original with a profile, a good edit, one that was shifted and lost it, and a mask."""
    path = tmp_path_factory.mktemp("edits")
    before = scene(0, 600, 800)
    after = before.copy()
    after[BOX[1] : BOX[3], BOX[0] : BOX[2]] = before[400:500, 100:220]
    Image.fromarray(before).save(path / "before.png", icc_profile=SRGB)
    Image.fromarray(after).save(path / "good.png", icc_profile=SRGB)
    Image.fromarray(np.roll(after, 1, axis=0)).save(path / "shifted.png")
    mask = Image.fromarray(255 * box_mask(before, *BOX).astype(np.uint8))
    mask.save(path / "mask.png")
    mask.resize((80, 200)).save(path / "narrow.png")
    (path / "broken.png").write_bytes(b"no picture")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["edits", "check", *map(str, arguments)])


def test_a_good_edit_passes(folder: Path) -> None:
    verdict = check_edit(folder / "before.png", folder / "good.png", folder / "mask.png")
    assert verdict.outside.changed is False
    assert verdict.changes == ()
    assert verdict.region.box == BOX
    assert not verdict.region.found
    assert not [one.code for one in verdict.reasons if not one.code.startswith("edit.")]


def test_a_shift_by_a_pixel_and_a_lost_profile_are_both_told(folder: Path) -> None:
    verdict = check_edit(folder / "before.png", folder / "shifted.png", folder / "mask.png")
    assert verdict.decision == "reject"
    assert {"container.profile", "outside.shifted"} <= {one.code for one in verdict.reasons}
    assert verdict.outside.amounts["shifted"] == pytest.approx(1, abs=0.5)


def test_a_policy_says_what_may_change(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('allow = ["profile"]')
    pair = folder / "before.png", folder / "shifted.png", folder / "mask.png"
    codes = [one.code for one in check_edit(*pair, policy=file).reasons]
    assert "container.profile" not in codes
    everything = tuple(check_edit(*pair).outside.kinds)
    policy = EditPolicy(allow=("profile",), ignore=everything)
    assert check_edit(*pair, policy=policy).outside.changed is False


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"alow": []}, "alow"),
        ({"allow": ["colour"]}, "colour"),
        ({"ignore": ["shift"]}, "shift"),
        ({"allow": "size"}, "list of names"),
        ({"pass_below": 2}, "0 to 1"),
        ({"reject_from": "high"}, "0 to 1"),
    ],
)
def test_a_wrong_policy_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises((SettingsError, UnknownNameError), match=words):
        load_edit_policy(given)


def test_nothing_edited_is_for_review(folder: Path) -> None:
    verdict = check_edit(folder / "before.png", folder / "before.png")
    assert verdict.decision == "review"
    assert [one.code for one in verdict.reasons] == ["edit.unchanged"]
    assert verdict.region.box is None


@pytest.mark.parametrize("edited", ["good.png", "shifted.png", "before.png"])
@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("numbers", [True, False])
def test_a_verdict_is_what_the_schema_says(
    edited: str, mask: bool, numbers: bool, folder: Path
) -> None:
    given = folder / "mask.png" if mask else None
    verdict = check_edit(folder / "before.png", folder / edited, given, numbers=numbers)
    plain = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
    Draft202012Validator(SCHEMA, registry=REGISTRY).validate(plain)
    german = verdict.translated("de")
    assert [one.code for one in german.reasons] == [one.code for one in verdict.reasons]
    assert str(verdict).lower().startswith(("pass", "someone", "reject"))


def test_files_bytes_and_arrays_give_one_answer(folder: Path) -> None:
    paths = folder / "before.png", folder / "good.png", folder / "mask.png"
    arrays = [np.asarray(Image.open(path)) for path in paths]
    answers = [
        check_edit(*paths),
        check_edit(*(path.read_bytes() for path in paths)),
        check_edit(*arrays),
    ]
    assert len({str(one.measures) for one in answers}) == 1
    assert len({one.decision for one in answers}) == 1


@pytest.mark.parametrize("kind", ARTEFACTS)
def test_every_kind_of_artefact_can_be_told(kind: str) -> None:
    row = ARTEFACTS[kind]
    usual = dict.fromkeys(EDIT_MEASURES, (-1.0, 1.0))
    fitting = dict.fromkeys(EDIT_MEASURES, 0.0)
    name, far = (row.high[0], 5.0) if row.high else (row.low[0], -5.0)
    assert artefact_reason({**fitting, name: far}, usual, BOX).code == row.code
    assert artefact_reason(fitting, usual, BOX).code == "edit.doubtful"


def test_every_code_is_in_the_documents() -> None:
    text = (Path(__file__).parents[2] / "docs" / "edits.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []


def test_numbers_of_equal_pictures_are_those_of_no_difference() -> None:
    same = scene(0, 128, 160)
    for zone, values in numbers_of(make_pair(same, same, box_mask(same, 40, 40, 90, 90))).items():
        assert values == pytest.approx({"ssim": 1, "mdsi": 0, "haarpsi": 1, "de2000": 0}, abs=0.01)
        assert zone in ("inside", "seam", "outside", "all")


def test_numbers_say_where_the_difference_is() -> None:
    before = scene(0, 200, 240)
    mask = box_mask(before, 60, 60, 140, 140)
    after = np.where(mask[..., None], 255 - before, before).astype(np.uint8)
    found = numbers_of(make_pair(before, after, mask))
    assert found["outside"]["de2000"] == 0
    assert found["inside"]["de2000"] > 10
    assert found["inside"]["ssim"] < found["all"]["ssim"] < found["outside"]["ssim"]


def test_the_heat_map_is_dark_where_nothing_differs() -> None:
    before = scene(0, 200, 240)
    mask = box_mask(before, 60, 60, 140, 140)
    after = np.where(mask[..., None], 255 - before, before).astype(np.uint8)
    drawn = heat_map(make_pair(before, after, mask))
    assert drawn.shape == before.shape
    assert drawn[:20].mean() < 5
    assert drawn[80:120, 80:120].mean() > 40


def test_the_command_tells_and_exits_by_the_decision(folder: Path, tmp_path: Path) -> None:
    pair = folder / "before.png", folder / "shifted.png"
    done = run(*pair, "--mask", folder / "mask.png", "--heat-map", tmp_path / "map.png")
    assert done.exit_code == 1
    assert "outside.shifted" in done.output
    with Image.open(tmp_path / "map.png") as drawn:
        assert drawn.size == (800, 600)
    plain = run(*pair, "--json", "--numbers", "--language", "de")
    row = json.loads(plain.output)
    Draft202012Validator(SCHEMA, registry=REGISTRY).validate(row)
    assert row["reasons"][0]["message"].endswith(".")


@pytest.mark.parametrize(
    "wrong",
    [
        ("before.png", "broken.png"),
        ("before.png", "missing.png"),
        ("before.png", "good.png", "--mask", "narrow.png"),
        ("before.png", "good.png", "--mask", "broken.png"),
        ("before.png", "good.png", "--heat-map", "good.png"),
        ("before.png", "good.png", "--heat-map", "map.txt"),
        ("before.png", "good.png", "--gate", "rules:ocr"),
    ],
)
def test_what_cannot_be_checked_is_said(wrong: tuple[str, ...], folder: Path) -> None:
    good = (folder / "good.png").read_bytes()
    words = [str(folder / one) if "." in one and "/" not in one else one for one in wrong]
    done = run(*words)
    assert isinstance(done.exception, ImagegateError)
    assert (folder / "good.png").read_bytes() == good


def test_a_mask_may_be_a_file_in_memory(folder: Path) -> None:
    data = io.BytesIO()
    Image.open(folder / "mask.png").save(data, "PNG")
    verdict = check_edit(folder / "before.png", folder / "good.png", data.getvalue())
    assert verdict.region.box == BOX
