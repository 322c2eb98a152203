"""A PDF is read page by page."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from imagegate import image
from imagegate.errors import UnsupportedImageError


@pytest.fixture
def document(tmp_path):
    pages = [PillowImage.new("RGB", (400, 300), colour) for colour in ("white", "black")]
    path = tmp_path / "two.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=200)
    return path


def test_pages_are_frames_at_200_dpi(document):
    first, second = (image.read(document, frame=page) for page in (0, 1))
    assert first.rgb.shape == (300, 400, 3)
    assert (first.header.frames, first.header.format) == (2, "PDF")
    assert (np.median(first.gray), np.median(second.gray)) == (255, 0)
    assert "rendered at 200 dpi" in first.notes


def test_a_page_that_is_not_there_is_refused(document):
    with pytest.raises(UnsupportedImageError, match="page 3 was asked for, the PDF has 2"):
        image.read(document, frame=2)
