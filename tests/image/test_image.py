from __future__ import annotations

import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms
from samples import HEIGHT, LOSSLESS, SAMPLES, WIDTH, encode, exif, has_decoder, picture

from imagegate.errors import EmptyImageError, SettingsError, UnsupportedImageError
from imagegate.image import Image, decode, read

INVERSE = {
    1: None,
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}


def bt601(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


@pytest.fixture(params=SAMPLES)
def sample(request):
    if not has_decoder(SAMPLES[request.param][0]):
        pytest.skip("no decoder installed")
    return request.param


def test_every_sample_gives_upright_read_only_planes(sample):
    container, make = SAMPLES[sample]
    image = read(make())
    assert image.header.format == container
    assert image.gray.shape == (image.header.height, image.header.width)
    assert image.rgb.shape == (*image.gray.shape, 3)
    for plane in (image.gray, image.rgb, image.working, *image.tiles):
        assert plane.dtype == np.uint8
        assert not plane.flags.writeable
        assert plane.flags.c_contiguous or plane.base is not None
    if container != "JPEG" or image.header.mode != "rgb":
        np.testing.assert_array_equal(image.gray, bt601(image.rgb))


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_file_reads_the_same_from_every_source(name, tmp_path):
    data = SAMPLES[name][1]()
    path = tmp_path / "picture"
    path.write_bytes(data)
    with path.open("rb") as file, Pillow.open(path) as opened:
        sources = [str(path), path, data, bytearray(data), memoryview(data), io.BytesIO(data)]
        for source in (*sources, file, opened, picture()):
            image = read(source)
            np.testing.assert_array_equal(image.rgb, picture())
            np.testing.assert_array_equal(image.gray, bt601(picture()))


@pytest.mark.parametrize("orientation", INVERSE)
@pytest.mark.parametrize(
    "name", ["PNG", "PNG-alpha", "WEBP", "TIFF", "TIFF-16", "JPEG", "JPEG-cmyk", "AVIF", "PIL"]
)
def test_every_orientation_is_turned_upright_in_both_planes(name, orientation):
    still = Pillow.fromarray(picture())
    turn = INVERSE[orientation]
    stored = still if turn is None else still.transpose(turn)
    tolerance = 8 if name in ("JPEG", "JPEG-cmyk", "AVIF", "PIL") else int(name == "TIFF-16")
    if name == "TIFF-16":
        wide = np.asarray(stored).astype(np.uint16)[..., ::-1] * 257
        source = cv2.imencode(".tiff", wide)[1].tobytes()
        source = with_tiff_orientation(source, orientation)
    elif name == "PNG-alpha":
        stored.putalpha(255)
        source = encode(stored, "PNG", exif=exif(orientation))
    elif name == "JPEG-cmyk":
        source = encode(stored.convert("CMYK"), "JPEG", quality=98, exif=exif(orientation))
    elif name == "PIL":
        data = encode(stored, "JPEG", quality=98, subsampling=0, exif=exif(orientation))
        source = Pillow.open(io.BytesIO(data))
    else:
        options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}
        if name == "TIFF":
            options["TIFF"] = {"tiffinfo": {274: orientation}}
        else:
            options.setdefault(name, {})["exif"] = exif(orientation)
        source = encode(stored, name, **options[name])
    image = read(source)
    assert (image.header.width, image.header.height) == (WIDTH, HEIGHT)
    error = np.abs(image.rgb.astype(int) - picture())
    assert np.percentile(error, 95) <= tolerance
    assert np.percentile(np.abs(image.gray.astype(int) - bt601(picture())), 95) <= tolerance
    assert any("upright" in note for note in image.notes) == (orientation != 1)


def with_tiff_orientation(data, orientation):
    """Rewrite an entry that is not needed as the orientation, keeping the order of the tags."""
    start = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[start : start + 2], "little")
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    kept = [entry for entry in entries if int.from_bytes(entry[:2], "little") not in (274, 296)]
    new = (274).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    kept.append(new + orientation.to_bytes(4, "little"))
    kept.sort(key=lambda entry: int.from_bytes(entry[:2], "little"))
    table = len(kept).to_bytes(2, "little") + b"".join(kept) + bytes(4)
    return data[:4] + len(data).to_bytes(4, "little") + data[8:] + table


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "array", "PIL", "white-is-zero"])
def test_a_16_bit_ramp_is_scaled_to_the_full_8_bit_range(kind):
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.rint(np.arange(65536) / 257).astype(np.uint8).reshape(256, 256)
    still = Pillow.fromarray(ramp)
    if kind == "white-is-zero":
        source, expected = encode(still, "TIFF", tiffinfo={262: 0}), 255 - expected
    else:
        source = {"array": ramp, "PIL": still}.get(kind)
        source = encode(still, kind) if source is None else source
    image = read(source)
    np.testing.assert_array_equal(image.gray, expected)
    assert "16-bit samples scaled to 8 bits" in image.notes


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_16_bit_colour_is_scaled_and_not_cut(extension):
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    image = read(cv2.imencode(extension, samples)[1].tobytes())
    np.testing.assert_array_equal(image.rgb, np.rint(samples[..., ::-1] / 257).astype(np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "array", "PIL"])
def test_transparency_is_composited_over_white(kind):
    rgba = np.zeros((2, 256, 4), np.uint8)
    rgba[..., 3] = np.arange(256)
    still = Pillow.fromarray(rgba)
    source = {"array": rgba, "PIL": still}.get(kind)
    if source is None:
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        source = encode(still, kind, **options)
    image = read(source)
    np.testing.assert_array_equal(image.gray[0], 255 - np.arange(256))
    assert image.notes == ("transparency composited over white",)
    rgba[..., 3] = 255
    assert read(rgba).notes == ()


@pytest.mark.parametrize(
    "name", ["png-la", "png-palette-transparent", "png-gray-transparent", "gif-transparent"]
)
def test_other_transparency_agrees_with_pillow(name):
    data = SAMPLES[name][1]()
    with Pillow.open(io.BytesIO(data)) as opened:
        rgba = opened.convert("RGBA")
    white = Pillow.new("RGBA", rgba.size, "white")
    expected = np.asarray(Pillow.alpha_composite(white, rgba).convert("RGB")).astype(int)
    assert np.abs(read(data).rgb - expected).max() <= 1


@pytest.mark.parametrize("name", ["jpeg-cmyk", "tiff-cmyk"])
def test_cmyk_is_read_the_right_way_round(name):
    image = read(SAMPLES[name][1]())
    assert np.abs(image.rgb.astype(int) - picture()).max() < 12
    assert image.notes == ("CMYK converted without its ICC profile",)


@pytest.mark.parametrize("name", ["tiff-pages", "webp-animated", "gif-animated", "png-animated"])
def test_the_first_of_several_frames_is_read_and_noted(name):
    data = SAMPLES[name][1]()
    image = read(data)
    assert image.header.frames == 3
    assert image.notes[0] == "frame 1 of 3 was read, the others were not"
    second = read(data, frame=1)
    assert np.median(np.abs(second.rgb.astype(int) - np.roll(picture(), 9, 1))) < 20
    assert not np.array_equal(second.gray, image.gray)
    with pytest.raises(UnsupportedImageError, match=r"frame 3 was asked for, the \w+ has 3"):
        read(data, frame=3)


def test_a_frame_of_an_array_is_refused():
    with pytest.raises(SettingsError, match="one frame"):
        read(picture(), frame=1)


@pytest.mark.parametrize(
    ("suffix", "noted"), [(".png", True), (".JPG", False), ("", False), (".bak", False)]
)
def test_a_name_that_says_another_format_is_noted(suffix, noted, tmp_path):
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(SAMPLES["jpeg"][1]())
    assert read(path).notes == ((f"named {suffix}, but the content is JPEG",) if noted else ())


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("space", ["sRGB", "LAB"])
def test_a_profile_is_noted_unless_it_is_srgb(container, space):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()
    image = read(encode(picture(), container, icc_profile=profile))
    assert image.header.profile == (space == "LAB")
    assert image.notes == (("ICC profile other than sRGB ignored",) if space == "LAB" else ())


def test_the_luma_table_is_pillows():
    data = encode(picture(), "JPEG", quality=60)
    with Pillow.open(io.BytesIO(data)) as opened:
        assert list(read(data).header.luma_table) == opened.quantization[0]
    assert read(SAMPLES["png"][1]()).header.luma_table is None


def test_colour_of_a_jpeg_is_decoded_only_when_asked_for_and_once(monkeypatch):
    flags = []
    jpeg = decode._jpeg

    def spy(file, header, flag):
        flags.append(flag)
        return jpeg(file, header, flag)

    monkeypatch.setattr(decode, "_jpeg", spy)
    image = read(SAMPLES["jpeg"][1]())
    assert len(flags) == 1
    assert image.rgb is image.rgb
    assert len(flags) == 2


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 4, 3)), r"got float64 of shape \(4, 4, 3\); if it runs from 0 to 1"),
        (np.zeros((4, 4), bool), r"got bool .* mask\.astype\(np\.uint8\) \* 255"),
        (np.zeros((4, 4), np.int32), "scale it to 0..255"),
        (np.zeros((4, 4, 2), np.uint8), r"got uint8 of shape \(4, 4, 2\)"),
        (np.zeros((3, 4, 5), np.uint8), "move the channels last"),
        (np.zeros(4, np.uint8), r"got uint8 of shape \(4,\)"),
    ],
)
def test_arrays_of_another_kind_are_refused(pixels, message):
    for take in (read, Image.from_array):
        with pytest.raises(UnsupportedImageError, match=message):
            take(pixels)


def test_an_array_without_pixels_is_refused():
    with pytest.raises(EmptyImageError, match="no pixels"):
        read(np.zeros((0, 5, 3), np.uint8))


def test_the_callers_array_is_neither_written_nor_locked():
    pixels = picture()
    image = read(pixels)
    assert pixels.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        image.rgb[0, 0] = 0
    for odd in (pixels[::-1, ::-1], np.asfortranarray(pixels), pixels.astype(">u2")):
        assert read(odd).gray.shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(read(pixels[::-1]).rgb, pixels[::-1])
    np.testing.assert_array_equal(read(pixels[..., :1]).gray, pixels[..., 0])


@pytest.mark.parametrize("mode", ["F", "I", "LAB"])
def test_pil_modes_without_a_fixed_range_are_refused(mode):
    with pytest.raises(UnsupportedImageError, match=f"found '{mode}' samples"):
        read(Pillow.new(mode, (8, 8)))


def test_threads_share_one_result():
    image = read(SAMPLES["jpeg"][1]())
    with ThreadPoolExecutor(8) as pool:
        planes = list(pool.map(lambda _: image.rgb, range(64)))
    assert all(plane is planes[0] for plane in planes)


def test_an_image_survives_pickling_and_reading():
    image = read(SAMPLES["jpeg"][1]())
    copy = pickle.loads(pickle.dumps(image))  # noqa: S301 - made one line above
    np.testing.assert_array_equal(copy.rgb, image.rgb)
    assert read(image) is image


def test_pillow_is_not_loaded_for_jpeg_and_png(tmp_path):
    for name in ("jpeg", "png"):
        Path(tmp_path / name).write_bytes(SAMPLES[name][1]())
    code = (
        "import sys\nfrom imagegate.image import read\n"
        "for path in sys.argv[1:]: read(path).rgb\n"
        "assert 'PIL' not in sys.modules"
    )
    names = [str(tmp_path / "jpeg"), str(tmp_path / "png")]
    subprocess.run([sys.executable, "-c", code, *names], check=True)
