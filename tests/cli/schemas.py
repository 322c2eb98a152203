"""The published schemas, ready to validate with."""

import json
from importlib import resources

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


def row_schema() -> Draft202012Validator:
    """Return what validates a row, the schema of its verdict at hand."""
    folder = resources.files("imagegate") / "schema"
    row, verdict = (
        json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("row", "verdict")
    )
    registry = Registry().with_resource("verdict.schema.json", Resource.from_contents(verdict))
    return Draft202012Validator(row, registry=registry)
