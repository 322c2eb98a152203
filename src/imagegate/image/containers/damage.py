"""What all walks say about files that are cut short, damaged or endless."""

from __future__ import annotations

from imagegate.errors import BrokenImageError, TruncatedImageError

# No encoder writes so many chunks, blocks or boxes within the byte limit; a walk over an
# endless row of empty ones would take minutes.
MOST_PARTS = 4_000_000


def truncated(source: str, name: str) -> TruncatedImageError:
    """Return the error for a file that ends too early."""
    return TruncatedImageError(
        source, f"the {name} ends before its picture does; copy or download it again"
    )


def damaged(source: str, name: str, what: str) -> BrokenImageError:
    """Return the error for a file whose structure makes no sense; ``what`` says where."""
    return BrokenImageError(source, f"the {name} is damaged: {what}; get it again from its origin")


def endless(source: str, name: str) -> BrokenImageError:
    """Return the error for a file of implausibly many parts."""
    return damaged(source, name, f"more than {MOST_PARTS:,} parts")
