"""A PDF is drawn page by page, with what its forms hold, and scans at their own pixels."""

import re

import numpy as np
import pdfs
import pytest
from PIL import Image as PillowImage

from imagegate import image
from imagegate.errors import ImageError, ImageTooLargeError, UnsupportedImageError
from imagegate.image import Limits

pytest.importorskip("pypdfium2")

FIELDS = {
    "text": "/FT/Tx/T(a)/V(Morgan Example)/DA(/F1 12 Tf 0 g)/Rect[20 260 200 280]",
    "lines": "/FT/Tx/Ff 4096/T(a)/V(of several lines)/DA(/F1 12 Tf 0 g)/Rect[20 100 90 200]",
    "comb": "/FT/Tx/Ff 16777216/MaxLen 8/T(a)/V(12345678)/DA(/F1 12 Tf 0 g)/Rect[9 60 380 80]",
    "checkbox": "/FT/Btn/T(a)/V/Yes/AS/Yes/DA(/ZaDb 0 Tf 0 g)/MK<</CA(4)>>/Rect[20 220 40 240]",
    "radio": "/FT/Btn/Ff 32768/T(a)/V/Yes/AS/Yes/DA(/ZaDb 0 Tf 0 g)/MK<</CA(l)>>/Rect[9 9 29 29]",
    "choice": "/FT/Ch/Ff 131072/T(a)/V(Two)/Opt[(One)(Two)]/DA(/F1 12 Tf 0 g)/Rect[9 9 99 29]",
    "list": "/FT/Ch/T(a)/V(Two)/I[1]/Opt[(One)(Two)]/DA(/F1 12 Tf 0 g)/Rect[9 9 99 59]",
}


def noise(height=450, width=600):
    return np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)


@pytest.fixture
def document(tmp_path):
    pages = [PillowImage.new("RGB", (400, 300), colour) for colour in ("white", "black")]
    path = tmp_path / "two.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=300)
    return path


def test_pages_are_frames(document):
    first, second = (image.read(document, frame=page) for page in (0, 1))
    assert first.rgb.shape == (300, 400, 3)
    assert (first.header.frames, first.header.format) == (2, "PDF")
    assert (np.median(first.gray), np.median(second.gray)) == (255, 0)
    assert image.read(pdfs.page_of("")).notes == ("rendered at 200 dpi",)


def test_a_page_that_is_not_there_is_refused(document):
    with pytest.raises(UnsupportedImageError, match="page 3 was asked for, the PDF has 2"):
        image.read(document, frame=2)


@pytest.mark.parametrize("field", FIELDS)
def test_the_value_of_a_field_is_drawn_without_an_appearance_of_its_own(field):
    ink = [
        (image.read(pdfs.form([entries])).gray < 128).sum()
        for entries in (FIELDS[field], FIELDS[field].split("/T(a)")[0] + "/T(a)/Rect[9 9 29 29]")
    ]
    assert ink[0] > ink[1] + 100


def test_the_appearance_of_a_field_is_drawn_in_its_place():
    black = pdfs.stream(b"0 0 100 20 re f", "/Type/XObject/Subtype/Form/BBox[0 0 100 20]")
    field = "/FT/Tx/T(a)/V(x)/Rect[100 200 200 220]/AP<</N 6 0 R>>"
    reference = "/Annots[5 0 R]"
    page = pdfs.page_of(
        "",
        [f"<</Type/Annot/Subtype/Widget/F 4{field}>>", black],
        page=reference,
        catalog="/AcroForm<</Fields[5 0 R]>>",
    )
    rows, columns = np.nonzero(image.read(page).gray < 128)
    assert [rows.min(), rows.max(), columns.min(), columns.max()] == pytest.approx(
        [80 / 0.36, 100 / 0.36, 100 / 0.36, 200 / 0.36], abs=1.5
    )


def test_an_xfa_form_is_told_and_its_fields_are_drawn(capfd):
    form = pdfs.form([FIELDS["text"]], acro="/XFA(x)")
    assert (image.read(form).gray < 128).sum() > 500
    assert "of its XFA form only what stands in fields was drawn" in image.read(form).notes
    shown_by_one_program = pdfs.form([], acro="/XFA(x)", catalog="/NeedsRendering true")
    with pytest.raises(UnsupportedImageError, match=r"an XFA form.*print it to a PDF"):
        image.read(shown_by_one_program)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pdfs.locked(b"secret"), r"needs a password; .*save it without"),
        (pdfs.locked(b"", handler="Other"), r"encrypted in a way .*save it without"),
    ],
)
def test_a_locked_file_is_told(data, message, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(data)
    with pytest.raises(UnsupportedImageError, match=r"locked\.pdf: .*" + message):
        image.read(path)


def test_a_password_that_only_limits_rights_is_no_hindrance():
    assert (image.read(pdfs.locked(b"")).gray < 128).mean() == pytest.approx(0.5, abs=0.01)


NOISE = noise()
MASK = np.repeat(np.uint8([255, 0, 255]), 150)[:, None].repeat(600, 1)
STRIPS = [NOISE[:225], NOISE[225:]]
PLACED = {
    "whole page": (pdfs.scan(NOISE), NOISE),
    "another resolution": (pdfs.scan(NOISE, points=(61.3, 45.975)), NOISE),
    "turned by the page": (pdfs.scan(NOISE, page="/Rotate 90"), np.rot90(NOISE, -1)),
    "turned by its matrix": (
        pdfs.scan(NOISE, points=(300, 400), matrix="0 400 -300 0 300 0"),
        np.rot90(NOISE),
    ),
    "mirrored": (pdfs.scan(NOISE, matrix="-400 0 0 300 400 0"), NOISE[:, ::-1]),
    "two matrices": (pdfs.scan(NOISE, matrix="2 0 0 2 0 0 cm 200 0 0 150 0 0"), NOISE),
    "user units": (pdfs.scan(NOISE, page="/UserUnit 3"), NOISE),
    "a page that begins elsewhere": (
        pdfs.scan(NOISE, matrix="400 0 0 300 -50 20", box=(-50, 20, 350, 320)),
        NOISE,
    ),
    "cropped": (pdfs.scan(NOISE, page="/CropBox[50 30 350 280]"), NOISE[30:405, 75:525]),
    "cropped between pixels": (
        pdfs.scan(NOISE, page="/CropBox[50.1 30.1 350.1 280.1]"),
        NOISE[30:405, 75:525],
    ),
    "margins": (
        pdfs.scan(NOISE, matrix="320.1 0 0 240.1 40.3 30.3"),
        np.pad(NOISE, ((55, 57), (76, 74)), constant_values=255),
    ),
    "text of OCR": (pdfs.scan(NOISE, content="BT 3 Tr /F1 9 Tf 9 9 Td (Hello) Tj ET"), NOISE),
    "clipped": (pdfs.scan(NOISE, content="0 0 400 300 re W n"), NOISE),
    "mask": (
        pdfs.page_of(
            "400 0 0 300 0 0 cm /I Do",
            [pdfs.image(NOISE, "/SMask 6 0 R"), pdfs.image(MASK)],
            resources="/XObject<</I 5 0 R>>",
        ),
        np.where(MASK, NOISE, 255),
    ),
    "two strips": (
        pdfs.page_of(
            "q 400 0 0 150 0 150 cm /I Do Q q 400 0 0 150 0 0 cm /J Do Q",
            [pdfs.image(strip) for strip in STRIPS],
            resources="/XObject<</I 5 0 R/J 6 0 R>>",
        ),
        NOISE,
    ),
    "inside a form": (
        pdfs.page_of(
            "/J Do",
            [
                pdfs.image(NOISE),
                pdfs.stream(
                    b"q 200 0 0 150 0 0 cm /I Do Q",
                    "/Type/XObject/Subtype/Form/BBox[0 0 200 150]/Matrix[2 0 0 2 0 0]"
                    "/Resources<</XObject<</I 5 0 R>>>>",
                ),
            ],
            resources="/XObject<</J 6 0 R>>",
        ),
        NOISE,
    ),
}


@pytest.mark.parametrize("name", PLACED)
def test_a_page_that_is_one_picture_is_its_pixels(name):
    data, expected = PLACED[name]
    found = image.read(data)
    np.testing.assert_array_equal(found.gray, expected)
    assert "drawn at its picture's own" in found.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        pdfs.scan(NOISE, content="BT /F1 9 Tf 9 9 Td (Hello) Tj ET"),
        pdfs.scan(NOISE, content="0 0 m 100 100 l S"),
        pdfs.scan(NOISE, matrix="200 0 0 150 100 75"),
        pdfs.scan(NOISE[:1, :1]),
        pdfs.page_of(""),
    ],
    ids=["text", "line", "half the sides", "colour", "empty"],
)
def test_any_other_page_is_drawn_at_200_dpi(data):
    found = image.read(data)
    assert found.gray.shape == (834, 1112)
    assert found.notes == ("rendered at 200 dpi",)


def test_pixels_that_are_not_square_are_drawn_square():
    assert image.read(pdfs.scan(NOISE[::2])).gray.shape == NOISE.shape


def test_limits_hold_for_the_pixels_of_a_picture():
    picture = "/Subtype/Image/Width 40000/Height 30000/BitsPerComponent 8/ColorSpace/DeviceGray"
    huge = pdfs.page_of(
        "400 0 0 300 0 0 cm /I Do", [pdfs.stream(b"x", picture)], resources="/XObject<</I 5 0 R>>"
    )
    with pytest.raises(ImageTooLargeError, match="40000 × 30000"):
        image.read(huge)
    with pytest.raises(ImageTooLargeError):
        image.read(pdfs.page_of(""), limits=Limits(pixels=800_000))


def test_no_damage_escapes_as_another_error():
    whole = [
        pdfs.scan(NOISE[:40, :40]),
        pdfs.form(list(FIELDS.values())),
        pdfs.locked(b""),
        pdfs.locked(b"secret"),
    ]
    rng = np.random.default_rng(1)
    for number in range(200):
        data = bytearray(whole[number % len(whole)])
        for place in rng.integers(8, len(data), rng.integers(1, 40)):
            data[place] = rng.integers(0, 256)
        begin = int(rng.integers(8, len(data)))
        del data[begin : begin + int(rng.integers(0, 3)) * 20]
        try:
            found = image.read(bytes(data))
        except ImageError as error:
            told = str(error)
        else:
            told = "<bytes>: none to download"
            assert found.rgb.shape == (*found.gray.shape, 3)
        assert re.match("<bytes>: .*(download|save|limit)", told)


def test_a_file_cut_anywhere_is_refused():
    data = pdfs.scan(NOISE[:40, :40], page="/Annots[]")
    for length in range(60, len(data) - 20, 40):
        with pytest.raises(ImageError, match="truncated; copy or download it again"):
            image.read(data[:length])
