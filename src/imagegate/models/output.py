"""What an engine made of an image, as a gate reads it beside the image."""

from __future__ import annotations

from typing import Any

from imagegate.errors import SettingsError
from imagegate.features import measure_output, output_measures
from imagegate.image import Image

SUFFIX = "+output"  # of the name of a gate that judges image and output


def output_readings(task: str, image: Image, output: Any, second: Any) -> dict[str, float]:
    """Return every measure of an output by name, NaN where undefined."""
    values = measure_output(task, image, output, second=second)
    return dict(zip(output_measures(task), map(float, values), strict=True))


def no_output_check(gate: str) -> SettingsError:
    """Return the error for an output given to a gate that judges images alone."""
    return SettingsError(
        f"{gate} judges images alone: it has no check of outputs. Label with this version, so "
        "that outputs are measured, and train again; or call check without output"
    )


def output_wanted(gate: str) -> SettingsError:
    """Return the error for a gate of image and output that was given the image alone."""
    return SettingsError(f"{gate} judges image and output together: check(image, output=…)")
