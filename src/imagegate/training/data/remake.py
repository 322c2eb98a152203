"""Make the image of a labelled row again, byte for byte."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

from imagegate import image
from imagegate.degrade import chain_from_json
from imagegate.degrade.compression import encode
from imagegate.errors import CorpusError
from imagegate.training.corpus import Corpus
from imagegate.training.data.clean import Clean, Source, load, recorded, variant_bytes
from imagegate.training.data.outcomes import file_and_page


def remake(corpus: Corpus, index: int, *, roots: dict[str, str] | None = None) -> bytes:
    """Make the image of a row again, byte for byte; of a later page of a document its picture.

    ``roots`` says where the sets are now, by name, if they have moved since.
    """
    row = {name: values[index] for name, values in corpus.rows.items()}
    made = recorded(str(row["path"]))
    if made:
        kind, seed = made
        source = Source(row["source_id"], row["group"], row["set"], seed=seed, kind=kind.name)
    else:
        name = str(row["set"])
        root = (roots or {}).get(name) or corpus.meta["sets"][name]["root"]
        if not root:
            raise CorpusError(f"say where the images of {name} are: --root {name}=FOLDER")
        file, page = file_and_page(str(row["path"]))
        path = os.path.join(root, file)  # noqa: PTH118 an absolute path stays as it is
        if page > 1:
            return encode(image.read(path, frame=page - 1).rgb, "png")
        source = Source(row["source_id"], row["group"], row["set"], path=path)
    # The recorded size, not a new reading: an image outlives a change of the measures.
    found = drawn(source, int(corpus.meta.get("shrink", 1)))
    clean = replace(found, reference_px=float(row["reference_px"]))
    variant = int(str(row["row_id"]).rpartition("#")[2])
    chain = chain_from_json(row["chain"])
    return variant_bytes(clean, chain, seed=int(row["seed"]), variant=variant)


@lru_cache(maxsize=2)  # rows of a source follow each other
def drawn(source: Source, shrink: int) -> Clean:
    """Return the clean image of a source."""
    return load(source, text=False, shrink=shrink)
