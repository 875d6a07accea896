from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from chainrule.cli.output import model_path, print_json, printable
from chainrule.losses import LOSSES
from chainrule.network import Network
from chainrule.preprocessing import PREPROCESSING
from chainrule.runs.summarizing import without_summary
from chainrule.targets import TARGETS

MOST_SHOWN = 20


def inspect(
    model: Annotated[Path, Parameter(help="A model file, or a run directory.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Show what a model file holds: layers, target, preprocessing, how it was trained.

    $ chainrule inspect runs/2026-01-31-mnist-1
    $ chainrule inspect model.safetensors --json
    """
    network = Network.load(model_path(model))
    summary = network.summary()
    if json:
        print_json(
            {
                "modules": [row.__dict__ for row in summary.rows],
                "parameters": summary.parameters,
                "operations": summary.operations,
                "bytes": summary.bytes,
                "dtype": network.dtype.name,
                "loss": network.loss and LOSSES.describe(network.loss),
                "preprocessing": network.preprocessing and PREPROCESSING.describe(network.preprocessing),
                "target": network.target and TARGETS.describe(network.target),
                "training": without_summary(network.training),
            }
        )
        return 0
    print(summary)
    print()
    for what, lines in _facts(network):
        print(f"{printable(what):<14} {printable(lines, 300)}")
    return 0


def _facts(network: Network) -> list[tuple[str, str]]:
    found = [("loss", str(network.loss) if network.loss else "none: the outputs have no meaning yet")]
    if network.target is not None:
        found.append(("target", _target(network)))
    found.append(("preprocessing", "none: it takes numbers as they are"))
    if network.preprocessing is not None:
        found[-1] = ("preprocessing", _preprocessing(network))
    found += [(name, _short(value)) for name, value in sorted(without_summary(network.training).items())]
    return found


def _target(network: Network) -> str:
    spec = TARGETS.describe(network.target) if network.target is not None else {}
    names = spec.pop("names")
    return f"{spec.pop('name')}: {_list(names)}"


def _preprocessing(network: Network) -> str:
    assert network.preprocessing is not None
    spec = PREPROCESSING.describe(network.preprocessing)
    name = spec.pop("name")
    if "names" in spec:
        return f"{name}: {_list(spec['names'])}"
    whose = "shared by all" if len(spec["mean"]) == 1 else "of the first"
    mean, scale = spec["mean"][0], spec["scale"][0]
    return f"{name}: {spec['d']} features, mean {mean:.4g}, scale {scale:.4g} ({whose})"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more


def _short(value: object) -> str:
    if isinstance(value, dict):
        name, rest = value.get("name"), {k: v for k, v in value.items() if k != "name"}
        return f"{name}" + (f" ({', '.join(f'{k} {v}' for k, v in rest.items())})" if rest else "")
    return str(value)
