"""Notice images that were decided more than once, in a memory with an end."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from imagegate.models.verdict import Row
from imagegate.text import agree, count

MOST = 1_000_000  # images that are remembered, by 8 bytes each: some 100 MB in all


class Repeats:
    """Counts rows of the same content and page as an earlier one of their day or batch.

    Parameters
    ----------
    most : int
        How many images are remembered; of those that come later no repeat is noticed.

    Attributes
    ----------
    count : int
        Rows that repeat one.
    """

    def __init__(self, most: int = MOST) -> None:
        self.count = 0
        self._most = most
        self._seen: set[bytes] = set()

    def add(self, row: Row, *, period: str) -> None:
        """Note a row; one without a sha256 is none of which anything is known."""
        if not row["sha256"]:
            return
        text = f"{row['sha256']} {row['page']} {period}"
        key = blake2b(text.encode("utf-8"), digest_size=8).digest()
        if key in self._seen:
            self.count += 1
        elif len(self._seen) < self._most:
            self._seen.add(key)

    def sentences(self, by: str) -> Iterator[str]:
        """Say how many there are, if any."""
        if self.count:
            least = "At least " if len(self._seen) >= self._most else ""
            yield (
                f"{least}{count(self.count, 'decision')} {agree(self.count, 'is', 'are')} about "
                f"the same content as an earlier one of the same {by}, and "
                f"{agree(self.count, 'counts', 'count')} again, with the failures to expect."
            )
