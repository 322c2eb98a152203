"""Import what only some users install, and name the extra that brings it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from imagegate.errors import MissingExtraError


def require(module: str, extra: str) -> Any:
    """Import an optional module.

    Parameters
    ----------
    module : str
        Its full name, ``"sklearn.ensemble"``.
    extra : str
        The extra of imagegate that installs it, ``"train"``.

    Returns
    -------
    module
        The module itself.

    Raises
    ------
    MissingExtraError
        If it, or something that it needs, is not installed.

    Examples
    --------
    >>> require("math", "train").sqrt(4.0)
    2.0
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(error.name or module, extra) from error
