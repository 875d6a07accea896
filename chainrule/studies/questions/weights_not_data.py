from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import autograd
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

torch: Any = autograd
STEPS, RATE = 300, 0.5


@QUESTIONS.register("weights_not_data")
class WeightsNotData(Question):
    order = 5
    question = "Why is the loss differentiated with respect to the weights, and not the data?"
    choices = (
        "the data have no derivative",
        "the data are given; the weights are what we may change, and what stays for the next data",
        "it would take too long",
    )
    right = 1
    answer = (
        "The data are what they are; the weights are ours. A derivative with respect to the data exists, and "
        "descending along it lowers the loss too, but on data that nobody has measured: the network has learned "
        "nothing. (It has its uses: it shows which pixels an answer hangs on, and how to fool a network.)"
    )

    def show(self) -> Shown:
        data = cr.datasets.load("moons:n=200,noise=0.1")
        assert data.test is not None
        X, y = data.X.astype(float), data.y[:, None].astype(float)
        fresh, answers = data.test[0].astype(float), data.test[1][:, None].astype(float)
        before, trained_on, on_fresh = {}, {}, {}
        for what in ("weights", "data"):
            torch.manual_seed(0)
            net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)).double()
            x, loss = torch.tensor(X), torch.nn.BCEWithLogitsLoss()
            targets = torch.tensor(y)
            moving = list(net.parameters()) if what == "weights" else [x.requires_grad_()]
            rate = RATE if what == "weights" else RATE * len(X)  # each row has but its share of a mean's gradient
            optimizer = torch.optim.SGD(moving, lr=rate)
            before[what] = loss(net(torch.tensor(fresh)), torch.tensor(answers)).item()
            for _ in range(STEPS):
                optimizer.zero_grad()
                value = loss(net(x), targets)
                value.backward()
                optimizer.step()
            trained_on[what] = loss(net(x), targets).item()
            on_fresh[what] = loss(net(torch.tensor(fresh)), torch.tensor(answers)).item()
        lines = [f"{'what moves':<12}{'loss on its own rows':>22}{'on fresh rows before':>22}{'after':>10}"]
        lines += [f"{w:<12}{trained_on[w]:22.4f}{before[w]:22.4f}{on_fresh[w]:10.4f}" for w in before]
        return Shown(
            tuple(lines),
            {
                "moving the data lowers the loss on those moved data": trained_on["data"] < 0.5 * before["data"],
                "and leaves it as it was on fresh ones": bool(
                    np.isclose(on_fresh["data"], before["data"], rtol=1e-12)
                ),
                "moving the weights lowers it on fresh ones": on_fresh["weights"] < 0.5 * before["weights"],
            },
        )
