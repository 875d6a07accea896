"""Two neurons in a row, in numbers: the smallest network with a chain to multiply."""

from __future__ import annotations

from typing import Any

from chainrule import autograd

torch: Any = autograd
X, Y, W1, W2 = 1.5, 2.0, 0.8, -0.6


def forward() -> dict[str, float]:
    """z1 = w1 x, a1 = relu(z1), z2 = w2 a1, L = (z2 - y)^2, and the derivatives that the chain is made of."""
    z1 = W1 * X
    a1 = max(0.0, z1)
    z2 = W2 * a1
    return {
        "dL/dz2": 2 * (z2 - Y), "dz2/dw2": a1, "dz2/da1": W2, "da1/dz1": float(z1 > 0), "dz1/dw1": X,
        "L": (z2 - Y) ** 2,
    }  # fmt: skip


def loss(w1: Any, w2: Any) -> Any:
    """L as a function of the weights: numbers, or tensors."""
    a1 = w1 * X
    a1 = max(0.0, a1) if isinstance(a1, float) else a1.clamp(min=0)
    return (w2 * a1 - Y) ** 2


def by_autograd() -> tuple[float, float]:
    """dL/dw1 and dL/dw2."""
    w1, w2 = (torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in (W1, W2))
    loss(w1, w2).backward()
    return w1.grad.item(), w2.grad.item()


def by_differences(h: float = 1e-6) -> tuple[float, float]:
    """The same from the loss at two points near the weights."""
    return (loss(W1 + h, W2) - loss(W1 - h, W2)) / (2 * h), (loss(W1, W2 + h) - loss(W1, W2 - h)) / (2 * h)
