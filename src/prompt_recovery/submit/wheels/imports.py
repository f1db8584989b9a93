"""The notebook's source and the project's wheel in, the packages that its code imports out, late imports too."""

import ast
import sys
from collections.abc import Mapping
from importlib.metadata import packages_distributions

from packaging.utils import canonicalize_name


def imported_packages(notebook: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Return each package that is reached from `notebook` over the modules of `sources` -> a module that imports it.

    A package is named as it is installed (`scikit-learn`), where it is installed here, else as it is imported.
    """
    installed, found = packages_distributions(), {}
    waiting, seen = [("the notebook", notebook)], set()
    while waiting:
        importer, text = waiting.pop()
        for name in _imports(text):
            top = name.split(".")[0]
            own = [module for module in _prefixes(name) if module in sources and module not in seen]
            seen.update(own)
            waiting += [(module, sources[module]) for module in own]
            if top not in sys.stdlib_module_names and not any(module.split(".")[0] == top for module in sources):
                (package, *_) = installed.get(top, [top])
                found.setdefault(canonicalize_name(package), importer)
    return found


def _imports(text: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _prefixes(name: str) -> list[str]:
    """a.b.c -> a, a.b, a.b.c: the packages that an import runs first."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
