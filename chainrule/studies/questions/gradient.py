from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.core.types import Array
from chainrule.studies.curvature import gradient_at
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

LENGTH, DIRECTIONS = 1e-4, 1000


@QUESTIONS.register("gradient")
class Gradient(Question):
    order = 3
    question = "What does the gradient of the loss at a point tell?"
    choices = (
        "where the lowest point is",
        "how large the loss is there",
        "in which direction the loss rises fastest from there, and how steeply",
    )
    right = 2
    answer = (
        "The direction of the steepest rise from that point, and by its length how steep it is. It is local: it "
        "says nothing of where the lowest point lies, and holds only for steps short enough that the slope "
        "stays."
    )

    def show(self) -> Shown:
        data = cr.datasets.load("moons:n=100")
        net = cr.MLP([2, 8, 1], "tanh", dtype="float64")
        X, y = data.X.astype(float), data.y[:, None].astype(float)
        net.loss = cr.losses.LOSSES.make("binary_cross_entropy")
        theta = net.params.theta.copy()
        g = gradient_at(net, net.loss, X, y)(theta)
        here = cr.evaluate(net, X, y)["loss"]

        def rise(direction: Array) -> float:
            net.params.theta[:] = theta + LENGTH * direction / np.linalg.norm(direction)
            return cr.evaluate(net, X, y)["loss"] - here

        along = rise(g)
        others = [rise(d) for d in np.random.default_rng(0).standard_normal((DIRECTIONS, theta.size))]
        told = LENGTH * float(np.linalg.norm(g))
        lines = (
            f"a step of {LENGTH:g} along the gradient: the loss rises by {along:.4e}",
            f"foretold by the gradient's length:             {told:.4e}",
            f"the best of {DIRECTIONS:,} other directions:           {max(others):.4e}",
        )
        return Shown(
            lines,
            {
                "the rise is what the gradient's length foretells, within 1 %": abs(along / told - 1) < 0.01,
                "no other direction rises as fast": max(others) < along,
            },
        )
