"""Provenance in files: readable by others, no pixel touched, one packet however often."""

import io
from pathlib import Path

import numpy as np
import pytest
from edit_pictures import scene
from PIL import Image

from imagegate.edits.batch.begin import begin
from imagegate.edits.batch.publish import publish, rollback
from imagegate.edits.batch.sample import sample
from imagegate.edits.batch.store import Store
from imagegate.edits.batch.validate import validate
from imagegate.edits.batch.xmp import marked, packet, with_xmp
from imagegate.errors import SettingsError

FACTS = {"Model": 'a "model" & more', "Prompt": "nimm <das> weg", "OriginalSHA256": "ab"}
KINDS = [
    ("JPEG", {"quality": 90}, "RGB"),
    ("PNG", {}, "RGBA"),
    ("WEBP", {"quality": 80}, "RGB"),
    ("WEBP", {"lossless": True}, "RGBA"),
    ("WEBP", {"quality": 80}, "RGBA"),
]


def stored(kind: str, mode: str, **options: object) -> bytes:
    data = io.BytesIO()
    picture = Image.fromarray(scene(1, 81, 60)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((60, 81)))
    picture.save(data, kind, **options)
    return data.getvalue()


@pytest.mark.parametrize(("kind", "options", "mode"), KINDS)
def test_a_file_tells_what_made_it_and_keeps_its_pixels(kind, options, mode) -> None:
    before = stored(kind, mode, **options)
    after = with_xmp(with_xmp(before, packet({"Model": "other"})), packet(FACTS))
    one, two = (Image.open(io.BytesIO(data)) for data in (before, after))
    assert (np.asarray(one) == np.asarray(two)).all()
    assert one.mode == two.mode
    found = two.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert {name: found[name] for name in FACTS} == FACTS
    assert found["DigitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert after.count(b"x:xmpmeta xmlns") == 1


def test_other_formats_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"mug\.gif"):
        with_xmp(b"GIF89a", packet(FACTS), "mug.gif")


def test_exif_stays_in_front() -> None:
    data, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "maker"
    Image.fromarray(scene(1, 40, 40)).save(data, "JPEG", exif=exif)
    assert Image.open(io.BytesIO(with_xmp(data.getvalue(), packet(FACTS)))).getexif()[0x010F]


def test_a_published_file_says_what_made_it(tmp_path: Path) -> None:
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mug.jpg").write_bytes(stored("JPEG", "RGB"))
    made = {"model": "sdxl", "prompt": "no text", "who": "ann"}
    begin(tmp_path / "before", tmp_path / "after", tmp_path / "store", **made)
    batch = Store(tmp_path / "store")
    validate(batch, who="ann", look=lambda *_: {"decision": "pass"}, jobs=1)
    sample(batch, who="ann")
    publish(batch, str(tmp_path / "out"), who="ann", override="a trial", write=marked)
    with Image.open(tmp_path / "out" / "mug.jpg") as picture:
        found = picture.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert (found["Model"], found["Prompt"]) == ("sdxl", "no text")
    assert found["OriginalSHA256"] == batch.picture("mug.jpg")["original"]
    rollback(batch, str(tmp_path / "out"), who="ann")
    assert (tmp_path / "out" / "mug.jpg").read_bytes() == stored("JPEG", "RGB")
