"""Rung 7: an optimizer does the update. ``torch`` is PyTorch or chainrule.autograd."""

from __future__ import annotations

from typing import Any


def train(torch: Any, model: Any, x: Any, y: Any, learning_rate: float, steps: int) -> list[float]:
    """The loss before each step; the model's parameters change in place."""
    loss_function = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses
