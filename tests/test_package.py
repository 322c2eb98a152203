"""The promises of the package as a whole: layers, imports, names, sizes."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import imagegate

SRC = Path(imagegate.__file__).parent
FILES = sorted(SRC.rglob("*.py"))

# A room may import from its own level and from those below it.
LEVELS = {
    "errors": 0,
    "image": 1,
    "messages": 1,
    "tables": 2,
    "features": 3,
    "degrade": 3,
    "tasks": 3,
    "models": 4,
    "training": 5,
    "pipeline": 5,
    "edits": 5,
    "cli": 6,
    "web": 6,
}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imported_rooms(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "imagegate":
            modules |= {f"imagegate.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return {room(m) for m in modules if m.startswith("imagegate.")} & LEVELS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_point_down_only(path):
    own = path.relative_to(SRC).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in LEVELS, f"{own} has no place in the layers"
    above = {name for name in imported_rooms(path) if LEVELS[name] > LEVELS[own]}
    assert not above


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_files_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
            assert lines <= 40, f"{path.name}: {node.name} has {lines} lines"


def test_public_names_are_sorted_and_exist():
    assert list(imagegate.__all__) == sorted(imagegate.__all__)
    assert all(hasattr(imagegate, name) for name in imagegate.__all__)


def test_import_is_light_and_silent():
    heavy = ["sklearn", "scipy", "pandas", "pyarrow", "albumentations", "matplotlib", "PIL", "rich"]
    code = (
        "import socket, sys, json\n"
        "def refuse(*a, **k): raise AssertionError('network at import')\n"
        "socket.socket.connect = refuse\n"
        "import imagegate\n"
        f"print(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
