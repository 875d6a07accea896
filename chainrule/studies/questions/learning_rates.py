from __future__ import annotations

import chainrule as cr
from chainrule.studies.descent import Problem, descend
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

STEPS, SHARES = 100, (0.01, 0.5, 1.5, 50.0)


@QUESTIONS.register("learning_rates")
class LearningRates(Question):
    order = 12
    question = "What do a learning rate that is too small and one that is too large do?"
    choices = (
        "too small: it never gets there in time; too large: it overshoots, oscillates or diverges",
        "too small: it overfits; too large: it underfits",
        "too small: the gradients vanish; too large: the gradients explode",
    )
    right = 0
    answer = (
        "Too small, each step is safe and short, and the steps run out. Too large, a step jumps across the "
        "valley and lands higher than it was: the loss swings, or grows until the numbers overflow. On a "
        "quadratic the border is 2 / lambda, lambda its largest curvature; `chainrule study learning-rate` "
        "measures it."
    )

    def show(self) -> Shown:
        data = cr.datasets.load("random:n=64,features=100,targets=5")
        problem = Problem("random", (100, 30, 5), "he", "mean_squared_error", data.X, data.y, "full", STEPS,
                          (data.X, data.y), 0)  # fmt: skip
        limit = 2 / problem.curvature(problem.network())
        found = {share: descend(problem, share * limit, 1) for share in SHARES}
        lines = [f"100-30-5 on random data, {STEPS} steps; 2 / lambda at the start is {limit:.3g}:"]
        for share, d in found.items():
            end = f"diverges at step {d.diverged}" if d.diverged else f"loss {d.first:.3f} -> {d.last:.2g}"
            lines.append(f"{share:6g} times that, {d.rate:.3g}: {end}")
        tiny, good, above, huge = (found[share] for share in SHARES)
        return Shown(
            tuple(lines),
            {
                "the smallest ends at more than ten times the loss of a good one": tiny.last > 10 * good.last,
                "the largest diverges": huge.diverged is not None,
                "in between it learns, also somewhat above 2 / lambda": above.last < above.first / 2,
            },
        )
