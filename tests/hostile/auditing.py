"""What Python does while the files of a corpus are loaded, as its audit events tell (PEP 578).

PYTHONPATH=tests:. python -m hostile.auditing FORMAT,FORMAT...   events and files opened, as JSON
PYTHONPATH=tests:. python -m hostile.auditing FORMAT --cold           without importing the shelves first
PYTHONPATH=tests:. python -m hostile.auditing pickle                  the same of a pickle that runs a command
"""

import json
import os
import pickle
import sys
import tempfile
from pathlib import Path

from chainrule.activations import ACTIVATIONS
from chainrule.core.settings import _hints
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.preprocessing import PREPROCESSING
from chainrule.targets import TARGETS

from .formats import FORMATS, Format
from .worker import outcome, warmed

armed = False
seen: dict[str, set[str]] = {}


def hook(event, arguments):
    if armed:
        seen.setdefault(event, set()).add(str(arguments[0]) if arguments else "")


class Bomb:
    def __reduce__(self):
        return eval, ("__import__('os').system('true')",)


def main(name: str, folder: Path, cold: bool) -> None:
    global armed
    if not cold:
        for shelf in (ACTIVATIONS, INITIALIZERS, LAYERS, LOSSES, PREPROCESSING, TARGETS):
            for cls in shelf.classes().values():
                _hints(cls)  # Python evaluates the annotations of our own classes, once
    if name == "pickle":
        form, path = Format("pickle", lambda path: pickle.loads(path.read_bytes()), None), folder / "file.pickle"  # noqa: S301
        files = {"bomb": pickle.dumps(Bomb())}
    else:
        form = FORMATS[name]
        path = warmed(form, folder)
        names = [*form.good, *form.bad]
        files = {case: data for case in names if len(data := form.data(case)) < 1_000_000}
    seen.clear()
    for data in files.values():
        path.write_bytes(data)
        armed = True
        outcome(form, path)
        armed = False
    print(
        json.dumps(
            {
                "format": name,
                "files": len(files),
                "path": str(path),
                "seen": {k: sorted(v) for k, v in seen.items()},
            }
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("CHAINRULE_ENGINE", "numpy")
    with tempfile.TemporaryDirectory() as place:
        sys.addaudithook(hook)  # for good; it notes what happens while it is armed
        for asked in sys.argv[1].split(","):
            main(asked, Path(place), "--cold" in sys.argv)
