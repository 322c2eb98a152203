"""Degrade images in controlled steps, one file a cause."""

from imagegate.degrade.chain import (
    DEGRADATIONS,
    Chain,
    Step,
    amount_at,
    apply_chain,
    at_strength,
    chain_from_json,
    chain_to_json,
    draw_chain,
    draw_mixture,
    draw_page_step,
    save,
    single_chain,
)

__all__ = [
    "DEGRADATIONS",
    "Chain",
    "Step",
    "amount_at",
    "apply_chain",
    "at_strength",
    "chain_from_json",
    "chain_to_json",
    "draw_chain",
    "draw_mixture",
    "draw_page_step",
    "save",
    "single_chain",
]
