"""What no engine is asked to do: pictures beyond its own limits never pass."""

from __future__ import annotations

import math
from dataclasses import replace

from imagegate.engines.engine import EngineLimits
from imagegate.features import find, measure
from imagegate.features.letters.glyphs import orientation
from imagegate.image import Image
from imagegate.messages import ENGLISH, load_messages
from imagegate.models.card import Card, limits_of
from imagegate.models.reasons import LIMITS, SPOILS_LETTERS, code_of
from imagegate.models.verdict import Reason, Verdict
from imagegate.text import number

TALL, WIDE, LARGE = LIMITS
ELONGATED = 2.0  # ratio of the sides from which cutting along the longer one is the advice
X_HEIGHT, SKEW = "text.x_height_px", "geometry.skew_degrees"
SKEWED, TURNED, LATIN = "geometry.skewed", "letters.turned", "latin"


def within_limits(verdict: Verdict, image: Image, card: Card) -> Verdict:
    """Return the verdict; beyond the limits of the engine it is to reject, whatever the risk."""
    reason = _beyond(verdict, image, limits_of(card))
    if reason is None:
        return verdict
    lowest = round(min((s for s in verdict.scores.values() if s == s), default=0.0))
    told = (reason, *(other for other in verdict.reasons if other.code != reason.code))
    return replace(verdict, decision="reject", ok=False, p_fail=None, quality=lowest, reasons=told)


def _beyond(verdict: Verdict, image: Image, limits: EngineLimits) -> Reason | None:
    """Return why an engine cannot do it, None if it can."""
    turned = None if _spoilt(verdict) else _turned(image, limits)
    if limits.most_skew and (verdict.ok or turned):  # what else does not pass is told why
        degrees = float(measure(image, [SKEW])[0])
        if abs(degrees) > limits.most_skew:  # letters that are tilted pass for turned ones
            return _skewed(degrees, limits.most_skew)
    if turned:
        return turned
    side = max(image.gray.shape)
    if limits.longest_side and side > limits.longest_side:
        detail = f"The longer side is {side} px; the engine takes up to {limits.longest_side} px."
        return _reason(image, detail, "longest_side", side, (0.0, limits.longest_side))
    if not limits.shrinks_to or side <= limits.shrinks_to:
        return None
    scale = limits.shrinks_to / side
    known = verdict.measures.get(X_HEIGHT)
    height = float(measure(image, [X_HEIGHT])[0]) if known is None else known
    if not height * scale < limits.least_x_height:
        return None
    detail = (
        f"The engine shrinks the longer side from {side} to {limits.shrinks_to} px; the "
        f"{find(X_HEIGHT).label} is then {number(height * scale)} px, and under "
        f"{limits.least_x_height:g} px it does not read."
    )
    return _reason(image, detail, X_HEIGHT, height, (limits.least_x_height / scale, math.inf))


def _spoilt(verdict: Verdict) -> bool:
    """Tell whether the image does not pass because its letters are spoilt."""
    return not verdict.ok and any(r.cause in SPOILS_LETTERS for r in verdict.reasons[:1])


def _turned(image: Image, limits: EngineLimits) -> Reason | None:
    """Return the reason against text that lies as the engine does not read it.

    Only Latin letters tell how they lie.
    """
    if not limits.orientations or LATIN not in limits.scripts:
        return None
    lies = orientation(image)
    if lies is None or lies in limits.orientations:
        return None
    detail = (
        f"The text lies {lies.replace('_', ' ')}; the engine reads "
        f"{' and '.join(limits.orientations).replace('_', ' ')} text."
    )
    reading = float(measure(image, [TURNED])[0])
    code = code_of("geometry", image, {}).name
    told = (load_messages(ENGLISH)[code], detail, TURNED, reading, find(TURNED).unit)
    return Reason(code, math.nan, math.nan, *told, (-math.inf, 0.0))


def _skewed(degrees: float, most: float) -> Reason:
    """Return the reason against lines that are tilted by so many degrees."""
    detail = (
        f"The lines are tilted by {number(abs(degrees))}°; the engine reads them up to {most:g}°."
    )
    told = (load_messages(ENGLISH)[SKEWED], detail, SKEW, degrees, find(SKEW).unit)
    return Reason(SKEWED, math.nan, math.nan, *told, (-most, most))


def _reason(
    image: Image, detail: str, name: str, reading: float, usual: tuple[float, float]
) -> Reason:
    height, width = image.gray.shape
    code = LARGE
    if max(height, width) >= ELONGATED * min(height, width):
        code = TALL if height > width else WIDE
    message = load_messages(ENGLISH)[code]
    return Reason(code, math.nan, math.nan, message, detail, name, reading, "px", usual)
