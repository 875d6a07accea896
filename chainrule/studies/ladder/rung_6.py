"""Rung 6: modules hold the parameters. ``torch`` is PyTorch or chainrule.autograd."""

from __future__ import annotations

from typing import Any


def build(torch: Any, d_in: int, hidden: int, d_out: int) -> Any:
    """The network; its Linear layers draw their own weights."""
    return torch.nn.Sequential(torch.nn.Linear(d_in, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, d_out))


def train(torch: Any, model: Any, x: Any, y: Any, learning_rate: float, steps: int) -> list[float]:
    """The loss before each step; the model's parameters change in place."""
    loss_function = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())

        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
    return losses
