"""Writes docs/toolkit.md from the shelves: python docs/toolkit.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.activations import ACTIVATIONS
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.optimizers import OPTIMIZERS
from chainrule.regularizers import REGULARIZERS
from chainrule.schedules import SCHEDULES
from chainrule.training import CALLBACKS

PAGE = Path(__file__).with_name("toolkit.md")

OPENING = """# The toolkit

Every shelf with the names on it, what each is, and an example of each that runs: from the library, and from the
command line. The page is written from the shelves by `python docs/toolkit.py`, and a test holds it to them.
Formulas, settings and sources stand in `help(cr.optimizers.Adam)`; `chainrule verify` checks all of it.

"""
START = """```python
import chainrule as cr

moons, values = cr.datasets.load("moons:n=60,noise=0.2"), cr.datasets.load("random:n=40")

def learn(activation="tanh", data=moons, outputs=2, loss="cross_entropy", **settings):
    network = cr.MLP([data.X.shape[1], 8, outputs], activation, seed=0)
    return cr.fit(network, data.X, data.y, loss=loss, epochs=2, **settings)
```
"""


@dataclass(frozen=True)
class Shelf:
    """``python`` has {names} in it, ``command`` the name of one thing; ``page`` has the examples otherwise."""

    registry: Any
    python: str = ""
    command: Callable[[str], str] | None = None
    page: str = ""

    @property
    def title(self) -> str:
        kind = str(self.registry.kind)
        return f"{kind}s" if not kind.endswith("s") else f"{kind}es"


def _metric(name: str) -> str:
    cls = METRICS[name]
    if not cls.scalar:
        return "chainrule train moons:n=60 --epochs 2 --run-dir matrix && chainrule plot confusion matrix"
    return f"chainrule train {'moons:n=60' if cls.task == 'classes' else 'random:n=40'} --epochs 2 --metric {name}"


def _callback(name: str) -> str:
    return {
        "early_stopping": "chainrule train moons:n=60 --epochs 2 --early-stopping loss:patience=1",
        "time_limit": "chainrule train moons:n=60 --epochs 2 --time-limit 10",
        "progress": "chainrule train moons:n=60 --epochs 2",
    }.get(name, "")


SHELVES = [
    Shelf(
        ACTIVATIONS,
        "for name in {names}:\n    learn(name)",
        lambda name: f"chainrule train moons:n=60 --epochs 2 --activation {name}",
    ),
    Shelf(LAYERS, page="layers.md"),
    Shelf(LOSSES, page="losses.md"),
    Shelf(
        OPTIMIZERS,
        "for name in {names}:\n    learn(optimizer=name)",
        lambda name: f"chainrule train moons:n=60 --epochs 2 --optimizer {name}",
    ),
    Shelf(
        SCHEDULES,
        "for name in {names}:\n    learn(schedule=name)",
        lambda name: f"chainrule train moons:n=60 --epochs 2 --schedule {name}",
    ),
    Shelf(
        REGULARIZERS,
        "for name in {names}:\n    learn(regularization=[name])",
        lambda name: f"chainrule train moons:n=60 --epochs 2 --regularize {name}",
    ),
    Shelf(
        METRICS,
        "for name, metric in cr.metrics.METRICS.classes().items():\n"
        "    if not metric.scalar:\n"
        "        print(cr.metrics.METRICS.make(name)(moons.y, moons.y))\n"
        '    elif metric.task == "classes":\n'
        "        learn(metrics=[name])\n"
        "    else:\n"
        '        learn(data=values, outputs=values.y.shape[1], loss="mean_squared_error", metrics=[name])',
        _metric,
    ),
    Shelf(CALLBACKS, "for name in {names}:\n    learn(callbacks=[name])", _callback),
]


def page() -> str:
    """The whole of toolkit.md."""
    table = ["| shelf | names |", "|---|---|"]
    table += [f"| [{s.title}](#{s.title}) | {', '.join(f'`{name}`' for name in s.registry)} |" for s in SHELVES]
    return OPENING + "\n".join(table) + "\n\n" + START + "".join(_section(shelf) for shelf in SHELVES)


def _section(shelf: Shelf) -> str:
    lines = ["", f"## {shelf.title.capitalize()}", ""]
    if shelf.page:
        lines += [f"Each has its examples in [{shelf.page}]({shelf.page}).", ""]
    lines += ["| name | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {_first_line(shelf.registry[name])} |" for name in shelf.registry]
    if shelf.python:
        lines += ["", "```python", shelf.python.format(names=_wrapped(list(shelf.registry))), "```"]
    if shelf.command is not None:
        commands = [command for name in shelf.registry if (command := shelf.command(name))]
        lines += ["```console", *(f"$ {command}" for command in commands), "```"]
    return "\n".join(lines) + "\n"


def _first_line(cls: type[Any]) -> str:
    return str(cls.__doc__).splitlines()[0].replace("|", "\\|").replace("*", "\\*")


def _wrapped(names: list[str], most: int = 8) -> str:
    rows = [", ".join(f'"{name}"' for name in names[i : i + most]) for i in range(0, len(names), most)]
    return "[" + ",\n             ".join(rows) + "]"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
