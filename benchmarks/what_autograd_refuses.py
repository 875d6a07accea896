"""What the two mistakes cost that chainrule.autograd refuses: a softmax before cross_entropy, a broadcast loss.

    python benchmarks/what_autograd_refuses.py

Decision 5 in docs/decisions quotes the figures; it takes about 15 seconds.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import chainrule as cr
import chainrule.autograd as torch
from chainrule.autograd import nn
from chainrule.engine import blas_threads


def softmax_twice(epochs: int = 3, batch: int = 128) -> None:
    """784-128-64-10 on MNIST from logits, and with an additional softmax, from one starting point."""
    data = cr.datasets.load("mnist")
    assert data.test is not None
    X, X_test = (torch.tensor(np.asarray(x, np.float32).reshape(len(x), -1) / 255) for x in (data.X, data.test[0]))
    y, y_test = (torch.tensor(np.asarray(labels, np.int64)) for labels in (data.y, data.test[1]))
    for extra in ([], [nn.Softmax(1)]):
        torch.manual_seed(0)
        hidden = [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU()]
        model = nn.Sequential(*hidden, nn.Linear(64, 10), *extra)
        optimizer, rng = torch.optim.Adam(model.parameters(), lr=1e-3), np.random.default_rng(0)
        for _ in range(epochs):
            order, total = rng.permutation(len(X)), 0.0
            for start in range(0, len(order), batch):
                rows = order[start : start + batch].tolist()
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(X[rows]), y[rows])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
        with torch.no_grad():
            right = (model(X_test).argmax(1) == y_test).float().mean().item()
        name = "with a softmax" if extra else "from logits"
        print(f"{name:<15} training loss {total / len(X):.3f}, {100 * right:.2f} % of the test images")


def broadcast_loss(steps: int = 400) -> None:
    """A linear function fitted with predictions of shape (n, 1), and targets of shape (n, 1) or (n,)."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.standard_normal((500, 3)).astype(np.float32))
    y: Any = x @ torch.tensor([1.0, 2.0, -1.0])
    for target in (y.unsqueeze(1), y):
        torch.manual_seed(0)
        model = nn.Linear(3, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), target).backward()
            optimizer.step()
        left = ((model(x).squeeze(1) - y) ** 2).mean() / y.var(correction=0)
        print(f"target {tuple(target.shape)!s:<9} R2 {1 - left.item():.3f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with torch.strict(False), blas_threads(1):
        softmax_twice()
        broadcast_loss()
