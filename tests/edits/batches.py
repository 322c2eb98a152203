"""Small batches of edits for tests: pictures are a few bytes, verdicts are made up."""

from pathlib import Path

from imagegate.edits.batch.begin import begin
from imagegate.edits.batch.store import Store
from imagegate.edits.batch.validate import Look, validate


def folders(root: Path, number: int = 8) -> tuple[Path, Path]:
    for folder in ("originals", "edited"):
        (root / folder).mkdir(parents=True)
        for index in range(number):
            (root / folder / f"{index:03}.png").write_bytes(f"{folder} {index}".encode() * 40)
    return root / "originals", root / "edited"


def verdict(original: Path, edited: Path, mask: Path | None) -> dict:
    """Pass all; the risk grows with the number of the picture."""
    number = int(edited.read_bytes().split(b"edited")[1])
    return {"decision": "pass", "p_artifact": number / 1000}


def batch_of(root: Path, number: int = 8, look: Look = verdict) -> Store:
    begin(*folders(root, number), root / "store", model="m", prompt="clean", who="ann")
    batch = Store(root / "store")
    validate(batch, who="ann", look=look, jobs=1)
    return batch
