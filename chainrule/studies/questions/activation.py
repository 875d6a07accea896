from __future__ import annotations

import chainrule as cr
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("activation")
class WhyActivation(Question):
    order = 11
    question = "Why is there an activation between the layers?"
    choices = (
        "to keep the numbers small",
        "without one, layers of any number are one layer: a plane, which cannot bend round the data",
        "to make training faster",
    )
    right = 1
    answer = (
        "A linear map of a linear map is a linear map. Without an activation in between, more layers add "
        "parameters and nothing else: the network can only split space along a plane."
    )

    def show(self) -> Shown:
        data = cr.datasets.load("circles:n=400,noise=0.05")
        assert data.test is not None
        found, lines = {}, ["one circle inside another; test accuracy after 100 epochs:"]
        for name, activation in (("no activation", "identity"), ("ReLU", "relu"), ("tanh", "tanh")):
            net = cr.MLP([2, 16, 16, 2], activation)
            cr.fit(net, data.X, data.y, loss="cross_entropy", optimizer="adam:learning_rate=0.01", epochs=100)
            found[activation] = cr.evaluate(net, *data.test)["accuracy"]
            lines.append(f"2-16-16-2, {name:<14} {100 * found[activation]:6.1f} %")
        return Shown(
            tuple(lines),
            {
                "without an activation it is little better than guessing": found["identity"] < 0.7,
                "with one it learns the circles": min(found["relu"], found["tanh"]) > 0.95,
            },
        )
