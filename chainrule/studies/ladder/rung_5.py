"""Rung 5: autograd finds the derivatives. ``torch`` is PyTorch or chainrule.autograd."""

from __future__ import annotations

from typing import Any


def train(torch: Any, x: Any, y: Any, w1: Any, w2: Any, learning_rate: float, steps: int) -> list[float]:
    """The loss before each step; the weights change in place."""
    w1.requires_grad_()
    w2.requires_grad_()
    losses = []
    for _ in range(steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        losses.append(loss.item())

        loss.backward()
        with torch.no_grad():  # the update is no part of the function to differentiate
            w1 -= learning_rate * w1.grad
            w2 -= learning_rate * w2.grad
            w1.grad.zero_()  # backward() adds to what is there
            w2.grad.zero_()
    return losses
