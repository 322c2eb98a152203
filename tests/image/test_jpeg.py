"""A JPEG without its end marker is read if all its rows are there, and refused if one is not."""

import struct

import cv2
import numpy as np
import pdfs
import pytest
from PIL import Image as Pillow
from samples import encode, picture

from imagegate.errors import BrokenImageError, TruncatedImageError
from imagegate.image import decode, read

NOTE = "the end marker is missing, every row is there"


def blank():
    page = np.full((96, 96, 3), 255, np.uint8)
    page[10:20, 10:80] = 0
    return page


def restarts(interval, **options):
    return encode(picture(70, 90), "JPEG", restart_marker_blocks=interval, **options)


KINDS = {
    "4:2:0": lambda: encode(picture(70, 90), "JPEG", quality=60),
    "4:4:4": lambda: encode(picture(70, 90), "JPEG", subsampling=0),
    "gray": lambda: encode(Pillow.fromarray(picture(70, 90)).convert("L"), "JPEG"),
    "cmyk": lambda: encode(Pillow.fromarray(picture(70, 90)).convert("CMYK"), "JPEG"),
    "blank": lambda: encode(blank(), "JPEG"),
    "blank, optimised": lambda: encode(blank(), "JPEG", optimize=True),
    "gray all over": lambda: encode(np.full((72, 72, 3), 128, np.uint8), "JPEG"),
    "progressive": lambda: encode(picture(70, 90), "JPEG", progressive=True),
    "progressive 4:4:4": lambda: encode(picture(), "JPEG", progressive=True, subsampling=0),
    "progressive gray": lambda: encode(
        Pillow.fromarray(picture()).convert("L"), "JPEG", progressive=True
    ),
    "progressive blank": lambda: encode(blank(), "JPEG", progressive=True),
    "restarts": lambda: restarts(3),
    "restarts that divide the blocks": lambda: restarts(5),
    "restarts 4:4:4": lambda: restarts(1, subsampling=0),
    "restarts, progressive": lambda: restarts(4, progressive=True),
    "restarts, blank": lambda: encode(blank(), "JPEG", restart_marker_rows=1),
}


@pytest.fixture(params=["simplejpeg", "OpenCV"])
def decoder(request, monkeypatch):
    if request.param == "OpenCV":
        monkeypatch.setattr(decode, "simplejpeg", lambda: None)
    elif decode.simplejpeg() is None:
        pytest.skip("simplejpeg is not installed")


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_end_marker_it_is_the_same_picture(kind, decoder, capfd):
    data = KINDS[kind]()
    whole = read(data)
    for cut in (1, 2):
        image = read(data[:-cut])
        np.testing.assert_array_equal(image.gray, whole.gray)
        np.testing.assert_array_equal(image.rgb, whole.rgb)
        assert NOTE in image.notes
    assert NOTE not in whole.notes
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", KINDS)
def test_cut_at_any_earlier_byte_it_is_refused(kind):
    data = KINDS[kind]()
    scan = data.index(b"\xff\xda")
    places = range(scan, len(data) - 2)
    step = max(1, len(places) // 60)
    for place in (*places[::step], *places[-20:]):
        with pytest.raises(TruncatedImageError, match="JPEG is truncated"):
            read(data[:place])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padding", [b"\0", b"\xaa", b"\x5a\x17\xe3"], ids=["0", "aa", "medley"])
def test_cut_short_and_padded_it_is_refused(kind, padding):
    data = KINDS[kind]()
    scan = data.index(b"\xff\xda")
    for tenth in range(1, 10):
        place = scan + (len(data) - scan) * tenth // 10
        with pytest.raises(BrokenImageError):
            read(data[:place] + padding * 20_000)


def test_the_rest_of_a_marker_segment_is_no_picture():
    data = KINDS["4:2:0"]()
    with pytest.raises(TruncatedImageError):
        read(data[:-2] + b"\xff\xfe\0\x04ab")


def test_a_progressive_file_that_lacks_whole_scans_is_refused():
    data = KINDS["progressive"]()
    ends = [place for place in range(len(data) - 1) if data[place : place + 2] == b"\xff\xc4"]
    assert len(ends) > 5
    for place in ends[1:]:
        with pytest.raises(TruncatedImageError):
            read(data[:place])


def test_the_decoders_agree_on_it(monkeypatch):
    data = cv2.imencode(".jpg", picture(600, 900))[1].tobytes()[:-2]
    expected = read(data).rgb
    monkeypatch.setattr(decode, "simplejpeg", lambda: None)
    np.testing.assert_array_equal(read(data).rgb, expected)


def in_pdf(data):
    picture = pdfs.stream(
        data,
        "/Type/XObject/Subtype/Image/Width 90/Height 70/BitsPerComponent 8/ColorSpace/DeviceRGB"
        "/Filter/DCTDecode",
    )
    return pdfs.page_of(
        "90 0 0 70 0 0 cm /I Do", [picture], box=(0, 0, 90, 70), resources="/XObject<</I 5 0 R>>"
    )


def in_tiff(data):
    whole = bytearray(encode(picture(70, 90), "TIFF", compression="jpeg"))
    (length,) = struct.unpack_from("<I", whole, whole.index(STRIP_BYTES) + 8)
    shorter = struct.pack("<I", length - len(KINDS["4:2:0"]()) + len(data))
    place = whole.index(STRIP_BYTES) + 8
    whole[place : place + 4] = shorter
    return bytes(whole)


STRIP_BYTES = struct.pack("<HHI", 279, 4, 1)


@pytest.mark.parametrize("container", [in_pdf, in_tiff], ids=["PDF", "TIFF"])
def test_a_jpeg_inside_another_file_is_not_cut_short_either(container):
    if container is in_pdf:
        pytest.importorskip("pypdfium2")
    data = KINDS["4:2:0"]()
    assert read(container(data)).gray.shape == (70, 90)
    assert read(container(data[:-2])).gray.shape == (70, 90)
    for cut in (20, 150, 400):
        with pytest.raises(TruncatedImageError, match=r"JPEG in the (PDF|TIFF) is truncated"):
            read(container(data[:-cut]))
