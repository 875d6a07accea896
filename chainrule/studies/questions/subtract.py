from __future__ import annotations

import chainrule as cr
from chainrule.studies.curvature import gradient_at
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

RATE, STEPS = 0.1, 50


@QUESTIONS.register("subtract")
class Subtract(Question):
    order = 4
    question = "Why is the gradient subtracted from the weights?"
    choices = (
        "because it points up, and the loss is to go down",
        "because it is usually negative",
        "it does not matter: the learning rate takes care of the sign",
    )
    right = 0
    answer = (
        "The gradient points where the loss rises fastest; the opposite direction is where it falls fastest. "
        "Adding it would climb."
    )

    def show(self) -> Shown:
        data = cr.datasets.load("moons:n=100")
        X, y = data.X.astype(float), data.y[:, None].astype(float)
        curves = {}
        for sign in (-1, 1):
            net = cr.MLP([2, 8, 1], "tanh", dtype="float64", loss="binary_cross_entropy")
            gradient = gradient_at(net, net.loss or "", X, y)
            curves[sign] = [cr.evaluate(net, X, y)["loss"]]
            for _ in range(STEPS):
                net.params.theta[:] += sign * RATE * gradient(net.params.theta)
                curves[sign].append(cr.evaluate(net, X, y)["loss"])
        lines = [f"{'steps':<18}" + "".join(f"{step:>9}" for step in (0, 1, 10, STEPS))]
        for sign, name in ((-1, "subtracting it"), (1, "adding it")):
            lines.append(f"{name:<18}" + "".join(f"{curves[sign][step]:9.4f}" for step in (0, 1, 10, STEPS)))
        falls = all(b < a for a, b in zip(curves[-1], curves[-1][1:], strict=False))
        rises = all(b > a for a, b in zip(curves[1], curves[1][1:], strict=False))
        return Shown(tuple(lines), {"subtracting, the loss falls at every step": falls, "adding, it rises": rises})
