"""Refresh the inventory of Kaggle's image from the `pip freeze` of a notebook there, printing what has changed."""

import argparse
from datetime import date
from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.submit.wheels import image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeze", type=Path, required=True, help="what `!pip freeze` printed on Kaggle")
    parser.add_argument("--python", type=image.pythons_of, required=True, help="what `!python -V` said there: 3.12.1")
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="when; else today")
    parser.add_argument("--inventory", type=Path, default=image.INVENTORY, help="the file to write anew")
    asked = parser.parse_args()
    old, packages = image.read_image(asked.inventory), image.read_freeze(asked.freeze)
    new = image.Image(asked.date, "pip freeze in a notebook on Kaggle", asked.python, packages)
    image.write_image(new, asked.inventory)
    print(*image.differences(old.packages, packages), sep="\n")
    print(f"{asked.inventory}: {len(packages)} packages, Python {' and then '.join(asked.python)}")


if __name__ == "__main__":
    with readable_exit():
        main()
