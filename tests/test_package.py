"""The promises of the package as a whole: layers, imports, names, sizes."""

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import imagegate

SRC = Path(imagegate.__file__).parent
FILES = sorted(SRC.rglob("*.py"))

# Every folder and file of the package, the ground first: each may import from those before it.
LEVELS = (
    "errors",
    "text",
    "extras",
    "messages",
    "html",
    "stats",
    "parallel",
    "image",
    "tables",
    "features",
    "degrade",
    "synthetic",
    "engines",
    "tasks",
    "models",
    "pipeline",
    "training",
    "edits",
    "monitoring",
    "integrations",
    "cli",
)


def module_of(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(module: str) -> set[str]:
    """Every module of the package that a module imports, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & MODULES.keys() or {node.module}
    return (found & MODULES.keys()) - {module}


IMPORTS = {module: imports_of(module) for module in MODULES}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_imports_point_down_only():
    rooms = {room(module) for module in MODULES} - {"", "__main__"}
    assert rooms == set(LEVELS)
    upward = [
        (module, other)
        for module, others in IMPORTS.items()
        if room(module) in LEVELS
        for other in others
        if room(other) == "" or LEVELS.index(room(other)) > LEVELS.index(room(module))
    ]
    assert not upward


def test_no_circle_of_imports():
    left = {module: set(others) for module, others in IMPORTS.items()}
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    assert not left


def test_files_functions_and_folders_stay_small():
    folders = Counter(path.parent for path in FILES)
    assert max(folders.values()) <= 17, folders.most_common(1)
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                doc = ast.get_docstring(node, clean=False) or ""
                lines = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
                assert lines <= 40, f"{path}: {node.name} has {lines} lines"


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
