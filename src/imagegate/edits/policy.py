"""Policy of edits: what an edit may change, and what its probability of an artefact leads to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from imagegate.edits.container import PARTS
from imagegate.edits.outside import KINDS
from imagegate.errors import ImagegateError, SettingsError, UnknownNameError
from imagegate.tables import Table

TABLES: Mapping[str, Table[Any]] = {"allow": PARTS, "ignore": KINDS}


@dataclass(frozen=True)
class EditPolicy:
    """What is no reason against an edit, and which probabilities pass.

    Parameters
    ----------
    allow : tuple of str
        What may change of the container: ``"size"``, ``"format"``, ``"mode"``, ``"depth"``,
        ``"alpha"``, ``"profile"``, ``"exif"``, ``"orientation"``. By default what most pipelines
        change on purpose, and nobody sees: ``("format", "exif", "orientation")``.
    ignore : tuple of str
        What may change outside of the edit, rows of ``edits.outside.KINDS``: ``("sharpened",)``
        for pictures that are sharpened last.
    pass_below : float, optional
        The highest ``p_artifact`` that passes; by default the gate's own threshold, the only one
        that its guarantee holds for, or 0.5 for a gate without a guarantee.
    reject_from : float, optional
        The lowest ``p_artifact`` that is rejected. By default none is: people decide.

    Examples
    --------
    >>> EditPolicy(allow=("format",), reject_from=0.95).reject_from
    0.95
    """

    allow: tuple[str, ...] = ("format", "exif", "orientation")
    ignore: tuple[str, ...] = ()
    pass_below: float | None = None
    reject_from: float | None = None

    def __post_init__(self) -> None:
        """Refuse names that do not exist, and what is no probability."""
        for setting, table in TABLES.items():
            names = getattr(self, setting)
            if not isinstance(names, list | tuple):
                raise SettingsError(f"policy: {setting}: expected a list of names, got {names!r}")
            for name in names:
                if name not in table:
                    raise UnknownNameError(table.kind, str(name), table)
            object.__setattr__(self, setting, tuple(names))
        for setting in ("pass_below", "reject_from"):
            value = getattr(self, setting)
            if value is not None and not (
                isinstance(value, float | int) and not isinstance(value, bool) and 0 <= value <= 1
            ):
                raise SettingsError(f"policy: {setting}: expected 0 to 1, got {value!r}")


def load_edit_policy(policy: EditPolicy | Mapping[str, Any] | str | Path | None) -> EditPolicy:
    """Return a policy from a mapping or a TOML file; what it leaves out is the default.

    Raises
    ------
    SettingsError
        If a value is out of range, or anything is wrong with a file, which it names.
    UnknownNameError
        If a key or name of a mapping does not exist.
    """
    if policy is None or isinstance(policy, EditPolicy):
        return policy or EditPolicy()
    if isinstance(policy, Mapping):
        keys = [field.name for field in fields(EditPolicy)]
        for key in policy:
            if key not in keys:
                raise UnknownNameError("policy setting", str(key), keys)
        return EditPolicy(**policy)
    try:
        return load_edit_policy(tomllib.loads(Path(policy).read_text(encoding="utf-8")))
    except ImagegateError as error:
        raise SettingsError(f"{policy}: {error}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{policy}: cannot read a policy from it: {error}") from error
