"""Which packages the notebook's code reaches: read from the sources that are shipped, late imports too."""

from prompt_recovery.submit.wheels.imports import imported_packages

SOURCES = {
    "own": "",
    "own.door": "import json\nfrom own.rooms import one\n\ndef late():\n    import sklearn.cluster",
    "own.rooms": "import numpy as np",
    "own.rooms.one": "from own import door\nfrom own.rooms.two import x",
    "own.rooms.two": "import own.door\nimport py_no_such_thing.part",
    "own.elsewhere": "import kaggle",
}


def test_what_is_reached_is_named_as_it_is_installed_with_who_imports_it():
    assert imported_packages("import os\nfrom own import door\nimport torch", SOURCES) == {
        "torch": "the notebook",
        "scikit-learn": "own.door",
        "numpy": "own.rooms",
        "py-no-such-thing": "own.rooms.two",
    }


def test_what_the_notebook_does_not_reach_is_not_asked_for():
    assert imported_packages("import own.rooms.two", SOURCES | {"own.door": ""}).keys() == {"numpy", "py-no-such-thing"}
