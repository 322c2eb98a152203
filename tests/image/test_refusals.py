from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from samples import HEIGHT, SAMPLES, WIDTH, encode, exif, has_decoder, picture

from imagegate import errors
from imagegate.image import Limits, read


@pytest.fixture(params=SAMPLES)
def sample(request):
    if not has_decoder(SAMPLES[request.param][0]):
        pytest.skip("no decoder installed")
    return SAMPLES[request.param]


def chunk(kind, body):
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(width, height, data):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture
def no_decoder(monkeypatch):
    def explode(*_):
        raise AssertionError("decoded in spite of the limits")

    monkeypatch.setattr("cv2.imdecode", explode)
    monkeypatch.setattr("imagegate.image.decode._into_array", explode)
    monkeypatch.setattr("imagegate.image.decode._simplejpeg", explode)
    monkeypatch.setattr("imagegate.image.decode.to_pixels", explode)


@pytest.mark.parametrize("tenth", range(10))
def test_a_file_cut_anywhere_is_refused(sample, tenth, capfd):
    data = sample[1]()
    with pytest.raises(errors.ImageError) as caught:
        read(data[: len(data) * tenth // 10])
    assert tenth < 2 or isinstance(caught.value, errors.BrokenImageError)


def test_a_file_that_lacks_its_last_bytes_is_refused(sample):
    data = sample[1]()
    with pytest.raises(errors.TruncatedImageError, match="truncated"):
        read(data[:-40])


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "png", "gif", "webp", "bmp", "tiff"])
def test_bytes_behind_the_end_do_no_harm(name):
    data = SAMPLES[name][1]()
    whole = read(data)
    np.testing.assert_array_equal(read(data + bytes(64) + data[:200]).rgb, whole.rgb)


def test_a_thumbnails_end_is_not_the_pictures():
    thumbnail = encode(picture(16, 16), "JPEG")
    block = exif(1) + thumbnail
    data = encode(picture(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    with_thumbnail = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(read(with_thumbnail).rgb, read(data).rgb)
    for length in (len(with_thumbnail) - 9, 2 + len(segment) + 40, 2 + len(segment)):
        with pytest.raises(errors.TruncatedImageError):
            read(with_thumbnail[:length])


def test_a_preallocated_but_unfinished_jpeg_is_refused():
    data = SAMPLES["jpeg"][1]()
    with pytest.raises(errors.TruncatedImageError):
        read(data[: len(data) // 2] + bytes(len(data)))


@pytest.mark.parametrize("name", ["png", "png-rgba", "png-16-rgb", "png-palette", "png-animated"])
def test_a_png_with_a_wrong_checksum_is_refused(name):
    data = bytearray(SAMPLES[name][1]())
    data[data.index(b"IDAT") + 40] ^= 1
    with pytest.raises(errors.BrokenImageError, match="checksum of IDAT"):
        read(data)


def test_a_png_with_too_few_rows_is_refused(capfd):
    rows = (b"\0" + bytes(30)) * 5
    assert read(png(10, 5, zlib.compress(rows))).gray.shape == (5, 10)
    for data in (zlib.compress(rows[:60]), zlib.compress(rows)[:-6]):
        with pytest.raises(errors.BrokenImageError, match="cannot be decoded"):
            read(png(10, 5, data))


def test_a_png_bomb_is_refused_before_decoding(no_decoder, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(20_000, 20_000, zlib.compress(bytes(1000))))
    message = r"bomb\.png: found 20000 × 20000 = 400\.0 megapixels, the limit is 160\.0 megapixels"
    with pytest.raises(errors.ImageTooLargeError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(pixels=HEIGHT * WIDTH - 1),
            r"megapixels, the limit is .*Limits\(pixels=2240\)",
        ),
        (Limits(side=WIDTH - 1), r"56 × 40 pixels, the limit is a side of 55"),
        (Limits(bytes=100), r"MB, the limit is 0\.0 MB.*Limits\(bytes="),
    ],
    ids=["pixels", "side", "bytes"],
)
def test_limits_are_checked_before_decoding(sample, limits, message, no_decoder):
    data = sample[1]()
    # A turned sample has its sides swapped.
    message = message.replace("56 × 40", r"(56 × 40|40 × 56)")
    for source in (data, io.BytesIO(data)):
        with pytest.raises(errors.ImageTooLargeError, match=message):
            read(source, limits=limits)


@pytest.mark.parametrize("name", ["tiff-pages", "webp-animated", "gif-animated", "png-animated"])
def test_the_frame_limit(name, no_decoder):
    with pytest.raises(errors.ImageTooLargeError, match="found more than 2 frames"):
        read(SAMPLES[name][1](), limits=Limits(frames=2))


def test_limits_hold_for_arrays_and_pil_images_too():
    for source in (picture(), Pillow.fromarray(picture())):
        with pytest.raises(errors.ImageTooLargeError):
            read(source, limits=Limits(pixels=100))


def test_the_limits_allow_a_100_megapixel_photograph_but_must_be_positive():
    assert Limits().pixels > 11_648 * 8_736
    with pytest.raises(errors.SettingsError, match="pixels: expected a whole number above 0"):
        Limits(pixels=0)


def test_pillows_own_bomb_warning_does_not_leak(sample, monkeypatch):
    data = sample[1]()
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH * 2 // 3)
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        read(data)
    assert not leaked


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("empty.jpg", b"", errors.EmptyImageError, "found 0 bytes"),
        ("zeros.jpg", bytes(999), errors.UnsupportedImageError, "nothing but zero bytes"),
        (
            "a.png",
            b"just some text\nand more",
            errors.UnsupportedImageError,
            "text that begins",
        ),
        ("a.pdf", b"%PDF-1.7\n", errors.BrokenImageError, "the PDF cannot be opened"),
        ("a.svg", b"<?xml version='1.0'?>\n<svg/>", errors.UnsupportedImageError, "an SVG drawing"),
        ("a.jpg", b"<!DOCTYPE HTML><html>", errors.UnsupportedImageError, "a web page"),
        ("a.zip", b"PK\3\4aaaa", errors.UnsupportedImageError, "an archive"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n", errors.UnsupportedImageError, "a JPEG 2000 file"),
        ("a.psd", b"8BPS\0\1", errors.UnsupportedImageError, "a Photoshop file"),
        ("a.mp4", b"\0\0\0\x18ftypisom\0\0", errors.UnsupportedImageError, "a video"),
        ("a.bin", b"\x93\xfa\x07\x01", errors.UnsupportedImageError, "begin with 93 fa 07 01"),
    ],
)
def test_what_is_no_image_is_named(name, content, error, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=message) as caught:
        read(path)
    assert caught.value.source == str(path)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.png",
        Path("http://example.org/a.png"),
        "s3://b/a.png",
        "data:image/png;base64,AA",
    ],
)
def test_a_url_is_refused_and_nothing_connects(url, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(errors.UnsupportedImageError, match="Nothing here connects to a network"):
        read(url)


def test_paths_that_lead_to_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path: "found a directory",
        tmp_path / "pipe": "found a pipe or device",
        tmp_path / "missing.png": r"missing\.png: no such file",
        "x" * 5000: "no such file",
        "a\0b.png": "not a path",
    }
    for path, message in cases.items():
        with pytest.raises(errors.ImageNotFoundError, match=message):
            read(path)
        with pytest.raises(FileNotFoundError):
            read(path)


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(SAMPLES["png"][1]())

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(errors.UnreadableImageError, match=r"secret\.png: .*Permission denied"):
        read(path)


def test_file_objects_that_do_not_give_bytes():
    with pytest.raises(errors.UnsupportedImageError, match="gives str"):
        read(io.StringIO("hello"))
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(errors.UnsupportedImageError, match="closed file'; open it"):
        read(closed)
    for thing in (None, 3, [1, 2]):
        with pytest.raises(errors.UnsupportedImageError, match="expected a path, bytes"):
            read(thing)


def test_float_and_signed_tiffs_are_refused():
    for mode in ("F", "I"):
        with pytest.raises(errors.UnsupportedImageError, match="found a TIFF of 32-bit samples"):
            read(encode(Pillow.new(mode, (9, 9)), "TIFF"))


def test_heic_without_its_extra_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    with pytest.raises(errors.MissingExtraError, match=r"pip install 'imagegate\[heic\]'"):
        read(data)


def test_no_damage_escapes_as_another_error(sample, capfd):
    rng = np.random.default_rng(0)
    whole = sample[1]()
    for _ in range(25):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 300), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        data = data[: len(data) - int(rng.integers(0, 40)) * int(rng.integers(0, 2))]
        try:
            image = read(data)
        except errors.ImageError:
            continue
        assert image.rgb.shape == (*image.gray.shape, 3)
