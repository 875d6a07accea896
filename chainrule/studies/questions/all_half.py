from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("all_half")
class AllHalf(Question):
    order = 17
    question = "All weights start at 0.5. Why do the units of a layer never part?"
    choices = (
        "0.5 is too large",
        "equal units compute the same, get the same gradient, and take the same step, every time",
        "they do part, after enough steps",
    )
    right = 1
    answer = (
        "Units with equal weights in and out give equal outputs, so the loss depends on them equally: their "
        "gradients are equal, and so they stay. Eight such units are one. Random weights break the symmetry."
    )

    def show(self) -> Shown:
        data = cr.datasets.load("moons:n=400,noise=0.1")
        assert data.test is not None
        lines, parts, scores = [], {}, {}
        for name, start in (("all 0.5", "constant:value=0.5"), ("random", "xavier")):
            net = cr.MLP([2, 8, 2], "tanh", initializer=start)
            if name == "all 0.5":  # two equal outputs would never part either: give them their own weights
                net.params["2.weight"][0] = -0.5
            cr.fit(net, data.X, data.y, loss="cross_entropy", optimizer="adam:learning_rate=0.02", epochs=60)
            W = net.params["0.weight"]
            parts[name] = len(np.unique(W, axis=0))
            scores[name] = cr.evaluate(net, *data.test)["accuracy"]
            told = f"{parts[name]} different units of {len(W)} after training"
            lines.append(f"{name:<8} {told}, {100 * scores[name]:.1f} % right")
        return Shown(
            tuple(lines),
            {
                "from 0.5 all units are still one, to the last bit": parts["all 0.5"] == 1,
                "from random weights each is its own": parts["random"] == 8,
                "and they learn more": scores["random"] > scores["all 0.5"] + 0.05,
            },
        )
