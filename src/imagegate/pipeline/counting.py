"""Say how many there are: in the singular where it is one."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """Return a number with its noun; of several words the last takes the plural.

    >>> counted(1, "labelled image"), counted(1_200, "batch"), counted(0, "day")
    ('1 labelled image', '1,200 batches', '0 days')
    """
    plural = f"{what}{'es' if what.endswith('ch') else 's'}"
    return f"{count:,} {what if count == 1 else plural}"


def either(count: int, one: str, several: str) -> str:
    """Return the verb, or whatever else has to agree with a number."""
    return one if count == 1 else several
