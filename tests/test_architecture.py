"""Who may import whom, read from the sources."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import PROJECT

PACKAGE = PROJECT / "src" / "prompt_recovery"
STAGES = {"data", "train", "recover", "score", "submit"}
HEAVY = {"torch", "transformers", "peft", "bitsandbytes", "sentence_transformers", "kaggle", "kagglesdk"}
GROUND_MAY_NOT = HEAVY | {"sklearn", "matplotlib", "papermill"}
MODULES = {
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in PACKAGE.rglob("*.py")
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name in MODULES} | {node.module}
    return found


def room(module: str) -> str:
    """Return the room of a module of ours: a stage, `engines`, or `ground`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in STAGES | {"engines"} else "ground"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_what_its_room_may(module):
    own = room(module)
    rooms = {room(name) for name in imports(MODULES[module]) if name.startswith("prompt_recovery")}
    allowed = {"ground": {"ground"}, "engines": {"ground", "engines"}}.get(own, {"ground", "engines", own})
    assert rooms <= allowed


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) == "ground"))
def test_the_ground_floor_imports_nothing_heavy(module):
    assert not {name.split(".")[0] for name in imports(MODULES[module])} & GROUND_MAY_NOT


def test_only_engines_and_training_import_torch():
    rooms = {room(name) for name, file in MODULES.items() if {n.split(".")[0] for n in imports(file)} & HEAVY}
    assert rooms <= {"engines", "train"}


def test_there_are_no_import_cycles():
    graph = {name: {other for other in imports(file) if other in MODULES} for name, file in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) >= set(MODULES)


SCRIPTS = sorted((PROJECT / "scripts").glob("*.py"))


def test_a_script_imports_the_heavy_code_late():
    program = f"""
import runpy, sys
for script in {list(map(str, SCRIPTS))!r}:
    runpy.run_path(script)
    assert not {HEAVY!r} & sys.modules.keys(), script
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.slow
def test_every_script_says_what_it_does():
    for script in SCRIPTS:
        finished = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
        first_line = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).split(":")[0]
        assert " ".join(first_line.split()) in " ".join(finished.stdout.split())


@pytest.mark.parametrize("file", sorted(MODULES.values()), ids=lambda file: file.stem)
def test_a_file_is_at_most_250_lines_long_and_a_function_50(file):
    text = file.read_text(encoding="utf-8")
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    assert len(text.splitlines()) <= 250
    assert max((n.end_lineno - n.lineno + 1 for n in functions), default=0) <= 50
