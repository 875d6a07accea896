"""What the peers on PyTorch share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.bench.peers.base import Answered, Peer, Trained
from chainrule.bench.tasks import Data, Inference, Task, Training, flat


class OnTorch(Peer):
    """Tensors in memory; a model that ``prepared`` may compile."""

    library = "torch"
    threads: int
    fused: bool

    def prepared(self, torch: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        """What is called in place of a function of tensors."""
        return function

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        import torch

        torch.set_num_threads(self.threads)
        X, y, order = map(torch.from_numpy, (data.X, data.y, data.order))
        batches = order.split(task.batch)
        model, start_weights = _model(torch, task, data), _weights(torch, data)
        loss_of = self.prepared(torch, _loss(torch, task, model))
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[task.optimizer]

        def run() -> Trained:
            torch.set_num_threads(self.threads)
            model.load_state_dict(start_weights)
            optimizer = kind(model.parameters(), lr=task.learning_rate, fused=self.fused)
            losses = []
            start = time.perf_counter()
            for rows in batches:
                loss = loss_of(X.index_select(0, rows), y.index_select(0, rows))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            seconds = time.perf_counter() - start
            values = [p.detach().numpy() for p in model.parameters()]
            layers = list(zip(values[::2], values[1::2], strict=True))
            return Trained(seconds, 0.0, torch.stack(losses).numpy().copy(), flat(layers))

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        import torch

        torch.set_num_threads(self.threads)
        model = _model(torch, task, data)
        classify = self.prepared(torch, lambda x: model(x).argmax(dim=1))
        questions = task.questions(torch.from_numpy(data.X))

        def run() -> Answered:
            torch.set_num_threads(self.threads)
            with torch.inference_mode():
                start = time.perf_counter()
                answers = [classify(x) for x in questions]
                return Answered(time.perf_counter() - start, np.concatenate([a.numpy() for a in answers]))

        return run


def _model(torch: Any, task: Task, data: Data) -> Any:
    modules: list[Any] = []
    for W, _ in data.layers:
        modules += [torch.nn.Linear(W.shape[1], W.shape[0]), torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])
    model.load_state_dict(_weights(torch, data))
    return model


def _weights(torch: Any, data: Data) -> dict[str, Any]:
    return {
        f"{2 * i}.{name}": torch.tensor(value)
        for i, layer in enumerate(data.layers)
        for name, value in zip(("weight", "bias"), layer, strict=True)
    }


def _loss(torch: Any, task: Task, model: Any) -> Callable[[Any, Any], Any]:
    functional = torch.nn.functional
    if task.loss == "cross_entropy":
        return lambda x, y: functional.cross_entropy(model(x), y)
    return lambda x, y: functional.mse_loss(model(x), y, reduction="sum")
