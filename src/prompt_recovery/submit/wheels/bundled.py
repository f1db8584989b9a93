"""A run's config and the project in, the wheels of its bundle out: a set that is closed on Kaggle's image."""

from pathlib import Path

from prompt_recovery import config
from prompt_recovery.submit.wheels.closure import require_closed
from prompt_recovery.submit.wheels.contents import Wheel
from prompt_recovery.submit.wheels.image import read_image
from prompt_recovery.submit.wheels.imports import imported_packages
from prompt_recovery.submit.wheels.wheel import build_wheel
from prompt_recovery.submit.wheels.wheelhouse import fetch_wheels, needed_packages, pinned_wheels


def bundled_wheels(run: config.RunConfig, project: Path, scratch: Path) -> list[Path]:
    """Build the project's wheel in `scratch` and fetch what else the run needs into submissions/wheelhouse/.

    Raises InputError unless the image and they have all that they, and the notebook's code, ask for.
    """
    image, pinned = read_image(), pinned_wheels()
    own, wanted = build_wheel(project, scratch), {}
    needed = needed_packages(run)
    for name, why in needed.items():
        if image.packages.get(name) != pinned[name].version:
            wanted[name] = pinned[name]
            print(f"wheel of {name} {pinned[name].version}: {why}")
    wheels = [own, *fetch_wheels(wanted, project / "submissions" / "wheelhouse", image.pythons)]
    notebook = (project / "submissions" / "notebook.py").read_text(encoding="utf-8")
    imported = imported_packages(notebook, Wheel(own).sources())
    # what is imported only where a run's config asks for it
    require_closed(wheels, image, {name: by for name, by in imported.items() if name in needed or name not in pinned})
    return wheels
