"""Whichever decoder is at hand, the pixels are the same, and so is what is said of damage."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from samples import HEIGHT, SAMPLES, WIDTH, encode, exif, picture
from test_refusals import chunk

from imagegate.errors import BrokenImageError
from imagegate.image import decode, read

ROUTES = ("simplejpeg", "imread of the path", "imread from memory", "imdecode")


def odd(mode="RGB"):
    return Pillow.fromarray(picture(HEIGHT + 1, WIDTH + 1)).convert(mode)


KINDS = {
    **{
        name: SAMPLES[name][1]
        for name in SAMPLES
        if name.startswith("jpeg") and name != "jpeg-cmyk"
    },
    "jpeg-444": lambda: encode(odd(), "JPEG", subsampling=0),
    "jpeg-422": lambda: encode(odd(), "JPEG", subsampling=1),
    "jpeg-420": lambda: encode(odd(), "JPEG", subsampling=2, quality=30),
    "jpeg-odd-gray": lambda: encode(odd("L"), "JPEG"),
    "jpeg-rgb": lambda: encode(odd(), "JPEG", keep_rgb=True),
    "jpeg-one-pixel-high": lambda: encode(picture(1, 99), "JPEG"),
    **{name: SAMPLES[name][1] for name in ("png", "png-gray", "png-1-bit", "png-palette")},
    "png-turned": lambda: encode(picture(), "PNG", exif=exif(8)),
}


@pytest.fixture
def by(monkeypatch):
    """Return a function that lets only one route decode."""

    def choose(route):
        monkeypatch.setattr(decode, "LEAST_BYTES", 16)
        if route != "simplejpeg":
            monkeypatch.setattr(decode, "simplejpeg", lambda: None)
        if route != "imdecode":
            monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded by imdecode"))
        if not route.startswith("imread"):
            monkeypatch.setattr(decode, "TAKES_ARRAY", False)

    return choose


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_gives_the_same_pixels(route, kind, by, tmp_path):
    data = KINDS[kind]()
    if route == "simplejpeg" and (decode.simplejpeg() is None or not kind.startswith("jpeg")):
        pytest.skip("no JPEG, or simplejpeg is not installed")
    if route.startswith("imread") and not decode.TAKES_ARRAY:
        pytest.skip("this OpenCV decodes into no array")
    if route == "imread from memory" and not hasattr(os, "memfd_create"):
        pytest.skip("no files in memory")
    flags = cv2.IMREAD_IGNORE_ORIENTATION
    colour = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_COLOR)[..., ::-1]
    gray = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    if kind.startswith("jpeg"):
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    turns = {"jpeg-turned": 3, "png-turned": 1}.get(kind, 0)
    path = tmp_path / "picture"
    path.write_bytes(data)
    by(route)
    image = read(path if route == "imread of the path" else data)
    np.testing.assert_array_equal(image.gray, np.rot90(gray, turns))
    np.testing.assert_array_equal(image.rgb, np.rot90(colour, turns))


def test_what_simplejpeg_refuses_or_misreads_is_left_to_opencv(monkeypatch, capfd):
    data = KINDS["jpeg-444"]()
    damaged = bytearray(data)
    damaged[-200:-150] = bytes(50)
    expected = [cv2.imdecode(np.frombuffer(each, np.uint8), 0) for each in (data, damaged)]

    def refuse(*_, **__):
        raise RuntimeError("could not create JPEG decoder")

    for decoder in (refuse, lambda *_, **__: np.zeros((3, 3, 1), np.uint8), decode.simplejpeg()):
        monkeypatch.setattr(decode, "simplejpeg", lambda decoder=decoder: decoder)
        for each, gray in zip((data, damaged), expected, strict=True):
            np.testing.assert_array_equal(read(each).gray, gray)


def test_simplejpeg_is_looked_for_once(monkeypatch):
    decode.simplejpeg.cache_clear()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "simplejpeg", None)
        assert decode.simplejpeg() is None
    assert decode.simplejpeg() is None
    decode.simplejpeg.cache_clear()


def test_a_broken_picture_is_told_in_the_same_words(monkeypatch, tmp_path, capfd):
    path = tmp_path / "a.png"
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", 99, 99, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + ihdr + chunk(b"IDAT", b"x") + chunk(b"IEND", b""))
    for least in (16, 1 << 20):
        monkeypatch.setattr(decode, "LEAST_BYTES", least)
        with pytest.raises(
            BrokenImageError, match="the PNG cannot be decoded; download or export it again"
        ):
            read(path)


def test_a_file_that_vanished_is_decoded_from_what_was_read(monkeypatch, tmp_path, capfd):
    @contextmanager
    def missing(*_):
        yield str(tmp_path / "missing")

    monkeypatch.setattr(decode, "LEAST_BYTES", 16)
    monkeypatch.setattr(decode, "_named", missing)
    np.testing.assert_array_equal(read(SAMPLES["png"][1]()).rgb, picture())


@pytest.mark.parametrize("name", [b"caf\xc3\xa9.png", b"caf\xe9.png"], ids=["UTF-8", "Latin-1"])
def test_names_beyond_ascii_are_read(name, monkeypatch, tmp_path):
    path = tmp_path / os.fsdecode(name)
    try:
        path.write_bytes(SAMPLES["png"][1]())
    except (OSError, UnicodeError):
        pytest.skip("the file system knows no such names")
    monkeypatch.setattr(decode, "LEAST_BYTES", 16)
    np.testing.assert_array_equal(read(path).rgb, picture())


@pytest.mark.parametrize("name", ["jpeg", "png"])
def test_the_colour_is_of_the_file_that_was_read(name, monkeypatch, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(SAMPLES[name][1]())
    expected = read(path).rgb
    monkeypatch.setattr(decode, "LEAST_BYTES", 16)
    image = read(path)
    path.write_bytes(encode(picture()[:, ::-1], name.upper()))
    np.testing.assert_array_equal(image.rgb, expected)


@pytest.mark.parametrize("name", ["png", "png-palette", "png-gray"])
def test_a_large_png_goes_straight_to_gray_whatever_it_says_of_gamma(name, monkeypatch, tmp_path):
    data = SAMPLES[name][1]()
    exact = read(data)
    gamma = chunk(b"gAMA", struct.pack(">I", 45_455)) + chunk(b"sRGB", b"\0")
    stated = data[:33] + gamma + data[33:]
    path = tmp_path / "large.png"
    path.write_bytes(stated)
    np.testing.assert_array_equal(read(path).gray, exact.gray)
    monkeypatch.setattr(decode, "LARGEST_COLOUR", HEIGHT * WIDTH - 1)
    large = read(data)
    short = exact.gray.astype(int) - large.gray
    assert 0 <= short.min() <= short.max() <= (name != "png-gray")
    np.testing.assert_array_equal(large.rgb, exact.rgb)
    for least in (16, 1 << 20):
        monkeypatch.setattr(decode, "LEAST_BYTES", least)
        for source in (path, stated):
            np.testing.assert_array_equal(read(source).gray, large.gray)


def test_threads_decode_at_the_same_time(monkeypatch):
    monkeypatch.setattr(decode, "LEAST_BYTES", 16)
    files = [SAMPLES["jpeg"][1](), SAMPLES["png"][1](), KINDS["jpeg-420"]()] * 20
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, files))
    for image, data in zip(together, files, strict=True):
        np.testing.assert_array_equal(image.rgb, read(data).rgb)


GROWTH = """
import re, sys
from pathlib import Path
from imagegate.image import decode, read

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

if sys.argv[3] == "without":
    decode.simplejpeg = lambda: None
read(sys.argv[1])
before = peak()
image = read(sys.argv[2])
print((peak() - before) / image.gray.size)
"""


@pytest.mark.skipif(not decode.TAKES_ARRAY, reason="this OpenCV decodes into no array")
@pytest.mark.parametrize(
    ("extension", "simplejpeg"), [(".jpg", "with"), (".jpg", "without"), (".png", "without")]
)
def test_one_gray_plane_is_all_that_a_large_file_takes(extension, simplejpeg, tmp_path):
    status = Path("/proc/self/status")
    if not (status.exists() and "VmHWM" in status.read_text()):
        pytest.skip("the system does not tell the peak of the memory")
    if simplejpeg == "with" and decode.simplejpeg() is None:
        pytest.skip("simplejpeg is not installed")
    small, large = tmp_path / f"small{extension}", tmp_path / f"large{extension}"
    small.write_bytes(cv2.imencode(extension, picture())[1].tobytes())
    large.write_bytes(cv2.imencode(extension, np.full((4800, 4000, 3), 99, np.uint8))[1].tobytes())
    command = [sys.executable, "-c", GROWTH, str(small), str(large), simplejpeg]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert 0.9 < float(result.stdout) < 1.4
