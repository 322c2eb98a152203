"""Sources are loaded, and any of their variants is made again."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from imagegate.degrade import chain_to_json
from imagegate.synthetic.capture import SCALES
from imagegate.training.corpus import Corpus
from imagegate.training.data.clean import load, variant_bytes
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling.recipes import draw, row_seed


def test_a_capture_is_its_page_taken_by_a_camera() -> None:
    sources = [
        source for name in ("pages", "captures") for source in find_sources([f"{name}:6-6"])[0]
    ]
    page, capture = (load(source, text=True) for source in sources)
    again = load(sources[1], text=True)
    assert capture.text == page.text == again.text
    assert capture.pixels.tobytes() == again.pixels.tobytes() != page.pixels.tobytes()
    low, high = SCALES
    assert low <= capture.reference_px / page.reference_px * 1.005 <= high * 1.01


@pytest.mark.parametrize(
    ("kind", "variant"),
    [*product(("pages", "captures", "prints"), (0, 3)), ("photos", 3)],  # which take seconds
)
def test_a_generated_row_is_made_again(kind: str, variant: int) -> None:
    (source,) = find_sources([f"{kind}:9-9"])[0]
    clean = load(source, text=True)
    seed = row_seed(0, source.source_id, variant)
    chain = draw("singles", 0, source.source_id, variant)
    data = variant_bytes(clean, chain, seed=seed, variant=variant)
    row = {
        "row_id": f"{source.source_id}#{variant:03d}",
        "source_id": source.source_id,
        "group": source.group,
        "set": source.set,
        "path": source.shown,
        "chain": chain_to_json(chain),
        "seed": seed,
        "reference_px": np.float64(clean.reference_px),
    }
    rows = {name: np.array([value]) for name, value in row.items()}
    corpus = Corpus({}, rows, np.zeros((1, 0), np.float32), ())
    assert remake(corpus, 0) == data
