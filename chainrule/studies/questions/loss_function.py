from __future__ import annotations

import numpy as np

from chainrule.losses import LOSSES
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("loss_function")
class LossFunction(Question):
    order = 1
    question = "What does a loss function measure?"
    choices = (
        "the share of the rows that the network gets wrong",
        "how far its outputs are from the right ones, as one number that changes smoothly with them",
        "how much faster the network has become",
    )
    right = 1
    answer = (
        "One number for how far the outputs are from the right ones: 0 (or as near as can be) when they agree, "
        "larger the worse they are. It has to change smoothly, so that it has a slope to follow. The share of "
        "wrong answers does not: it stays where it is until an answer flips, and then it jumps."
    )

    def show(self) -> Shown:
        loss = LOSSES.make("cross_entropy")
        target = np.array([0])
        given = np.array([0.01, 0.3, 0.6, 0.9, 0.99])
        found = [loss.value_and_gradient(np.log([[p, 1 - p]]), target)[0] for p in given]
        wrong = [int(p < 0.5) for p in given]
        lines = ["probability of the right class   cross-entropy   wrong answers"]
        lines += [f"{p:25.2f}   {x:18.3f}   {n:10d}" for p, x, n in zip(given, found, wrong, strict=True)]
        return Shown(
            tuple(lines),
            {
                "the loss falls each time the answer gets better": bool((np.diff(found) < 0).all()),
                "the number of wrong answers changes only once": bool(np.abs(np.diff(wrong)).sum() == 1),
            },
        )
