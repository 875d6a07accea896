"""Faults injected at rising strengths, and the strength at which the doctor's rules begin to speak.

    python benchmarks/diagnosis/strengths.py [--seeds 2] [--fault rate]

Each cell is the share of runs (two networks, each seed) in which a rule named is the first cause. The first column
is the program without the fault: there every rule is silent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule.autograd as torch
from chainrule.autograd import nn, optim
from chainrule.diagnosis import diagnose

NETWORKS = {"6-32-32-2": (32, 32), "6-64-2": (64,)}
Program = dict[str, Any]


def program(hidden: tuple[int, ...], seed: int) -> Program:
    """A healthy one: two classes apart by a curve, Adam."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 6)).astype("f4")
    y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(np.int64)
    parts: list[Any] = []
    for d_in, d_out in zip((6, *hidden), hidden, strict=False):
        parts += [nn.Linear(d_in, d_out), nn.ReLU()]
    network = nn.Sequential(*parts, nn.Linear(hidden[-1], 2))
    return {"subject": network, "X": X, "y": y, "loss": nn.CrossEntropyLoss(), "epochs": 40,
            "optimizer": optim.Adam(network.parameters(), lr=0.01), "seed": seed}  # fmt: skip


def rate(given: Program, times: float) -> None:
    given["optimizer"].param_groups[0]["lr"] *= times


def dead(given: Program, share: float) -> None:
    """So many units of each hidden layer are given a bias that keeps them off."""
    with torch.no_grad():
        for part in list(given["subject"])[:-1:2]:
            part.bias[: round(share * len(part.bias))] = -100.0


def weights(given: Program, times: float) -> None:
    with torch.no_grad():
        for part in list(given["subject"])[::2]:
            part.weight.mul_(times)


def features(given: Program, times: float) -> None:
    given["X"] = (given["X"] * times).astype("f4")


def features_of_sgd(given: Program, times: float) -> None:
    features(given, times)
    given["optimizer"] = optim.SGD(given["subject"].parameters(), lr=0.1, momentum=0.9)


def broadcast(given: Program, on: float) -> None:
    """A squared error of one output, (n, 1), and targets that have lost their column: (n,)."""
    *hidden, last = given["subject"]
    network = nn.Sequential(*hidden, nn.Linear(last.in_features, 1))
    y = given["y"].astype("f4")
    given |= {
        "subject": network,
        "y": y if on else y[:, None],
        "loss": nn.MSELoss(),
        "optimizer": optim.Adam(network.parameters(), lr=0.01),
    }


def labels(given: Program, share: float) -> None:
    """So many labels are drawn anew."""
    rng = np.random.default_rng(0)
    drawn = rng.random(len(given["y"])) < share
    given["y"] = np.where(drawn, rng.integers(0, 2, len(given["y"])), given["y"])


def decay(given: Program, strength: float) -> None:
    given["optimizer"].param_groups[0]["weight_decay"] = strength


def pairs(given: Program, share: float) -> None:
    """So many rows lose their labels to another row, anew in each epoch."""

    def part(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.flatnonzero(rng.random(len(y)) < share)
        y = y.copy()
        y[chosen] = y[rng.permutation(chosen)]
        return X, y

    given["before_epoch"] = part


Inject = Callable[[Program, float], None]
FAULTS: dict[str, tuple[Inject, tuple[float, ...], tuple[str, ...]]] = {
    "rate times": (rate, (1, 10, 30, 100, 1000), ("rate-too-high", "dead-units")),
    "rate over": (
        lambda given, by: rate(given, 1 / by),
        (1, 10, 100, 1000, 10000),
        ("rate-too-low", "undertrained"),
    ),
    "dead share": (dead, (0, 0.5, 0.9, 0.97, 1), ("dead-units",)),
    "weights times": (weights, (1, 3, 10, 30, 100), ("initial-scale",)),
    "features times": (features, (1, 10, 100, 1000, 10000), ("input-scale",)),
    "features times, under SGD": (features_of_sgd, (1, 10, 100, 1000, 10000), ("input-scale",)),
    "broadcasting": (broadcast, (0, 1), ("broadcast",)),
    "random labels": (labels, (0, 0.25, 0.5, 0.75, 1), ("label-noise", "overfitting")),
    "weight decay": (decay, (0, 0.01, 0.1, 0.3, 1), ("strong-regularization",)),
    "labels of others": (pairs, (0, 0.05, 0.2, 0.5, 1), ("parted-pairs",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--fault", choices=list(FAULTS), action="append")
    options = parser.parse_args()
    print("| fault | rules | strength: share of runs in which one of them is the first cause |\n|---|---|---|")
    for name in options.fault or FAULTS:
        inject, strengths, rules = FAULTS[name]
        cells = []
        for strength in strengths:
            named = []
            for hidden in NETWORKS.values():
                for seed in range(options.seeds):
                    given = program(hidden, seed)
                    inject(given, strength)
                    found = [f for f in diagnose(**given, prove=False).findings if f.severity != "INFO"]
                    named.append(bool(found) and found[0].rule in rules)
            cells.append(f"{strength:g}: {np.mean(named):.0%}")
        print(f"| {name} | {', '.join(rules)} | {' · '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
