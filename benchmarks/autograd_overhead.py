"""What an operation costs beside its arithmetic: chainrule.autograd and PyTorch's eager mode, interleaved.

    python benchmarks/autograd_overhead.py [--repeats 9] [--json]

Each work is done on small tensors (4 x 4, float32), where nearly all the time is bookkeeping, in chains of 100, in
one process with one thread; medians of the time an operation, forward, and forward and backward. The last row is a
whole training step of a small network.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import chainrule.autograd as ours

CHAIN = 100


def chains(library: Any) -> dict[str, tuple[Callable[[], Any], int]]:
    """Work by name: a function that computes a tensor to go back from, and how many operations that takes."""
    x = library.ones(4, 4, requires_grad=True)
    other = library.full((4, 4), 1.001)
    F = library.nn.functional
    steps = {
        "x * y": lambda t: t * other,
        "x + 1.5": lambda t: t + 1.5,
        "x @ y": lambda t: t @ other,
        "tanh(x)": lambda t: t.tanh(),
        "relu(x)": lambda t: t.relu(),
        "softmax(x, 1)": lambda t: F.softmax(t, 1),
        "x.sum(0, keepdim)": lambda t: t.sum(0, keepdim=True),
        "x.reshape(4, 4)": lambda t: t.reshape(4, 4),
        "x[1:], x[:1] joined": lambda t: library.cat([t[1:], t[:1]]),
    }

    def chain(step: Callable[[Any], Any]) -> Callable[[], Any]:
        def run() -> Any:
            t = x
            for _ in range(CHAIN):
                t = step(t)
            return t.sum()

        return run

    return {name: (chain(step), CHAIN) for name, step in steps.items()}


def training(library: Any) -> Callable[[], Any]:
    """A step of 20-64-64-2, batch 200, Adam."""
    model = library.nn.Sequential(
        library.nn.Linear(20, 64), library.nn.ReLU(), library.nn.Linear(64, 64), library.nn.ReLU(),
        library.nn.Linear(64, 2),
    )  # fmt: skip
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3)
    x, y = library.randn(200, 20), library.randint(0, 2, (200,))

    def run() -> None:
        for _ in range(10):
            optimizer.zero_grad()
            library.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    return run


def works(library: Any) -> dict[str, tuple[Callable[[], Any], int]]:
    """Every work, as something to time and the number to divide by."""
    found: dict[str, tuple[Callable[[], Any], int]] = {}
    for name, (run, count) in chains(library).items():
        found[f"{name}, forward"] = (run, count)
        found[f"{name}, forward and backward"] = (lambda run=run: run().backward(), count)
    found["training step, 20-64-64-2, batch 200, Adam"] = (training(library), 10)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        import torch
    except ImportError:
        raise SystemExit("PyTorch is not installed: there is nothing to compare with") from None
    torch.set_num_threads(1)
    sides = {"chainrule": works(ours), "PyTorch": works(torch)}
    times: dict[str, dict[str, list[float]]] = {name: {side: [] for side in sides} for name in sides["PyTorch"]}
    for repeat in range(given.repeats + 1):
        for name in times:
            for side, work in sides.items():
                run, count = work[name]
                start = time.perf_counter()
                run()
                if repeat:  # the first is a warm-up
                    times[name][side].append((time.perf_counter() - start) / count * 1e6)
    rows = [
        {"work": name, **{side: statistics.median(t) for side, t in both.items()}} for name, both in times.items()
    ]
    if given.json:
        print(json.dumps({"unit": "microseconds", "torch": torch.__version__, "rows": rows}, indent=2))
        return
    print(f"{'microseconds an operation':45} {'chainrule':>10} {'PyTorch':>10} {'ratio':>7}")
    for row in rows:
        mine, other = row["chainrule"], row["PyTorch"]
        print(f"{row['work']:45} {mine:10.2f} {other:10.2f} {mine / other:7.2f}")


if __name__ == "__main__":
    main()
