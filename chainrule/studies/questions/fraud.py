from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.core.types import Array
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

ROWS, SHARE, SEEDS = 2000, 0.03, 6


@QUESTIONS.register("fraud")
class Fraud(Question):
    order = 13
    question = "Why must a fraud detector not end in a ReLU?"
    choices = (
        "its outputs are no probabilities, and where it says 0 the gradient is 0: it never learns those frauds",
        "a ReLU is too slow for one output",
        "it may: a ReLU keeps the output positive, as a probability is",
    )
    right = 0
    answer = (
        "A ReLU's outputs go from 0 to any size, so they are no probabilities, and a binary cross-entropy of "
        "them is not even defined above 1. Worse, frauds are rare: the network first learns to say 0. There a "
        "ReLU's slope is exactly 0, so a fraud answered with 0 sends back no gradient at all. A sigmoid always "
        "sends some."
    )

    def show(self) -> Shown:
        X, y = _payments()
        frauds = y[:, 0] == 1
        silent, above, missed, missed_by_sigmoid, weakest = 0, 0.0, [], [], 1.0
        for seed in range(SEEDS):
            scores = _trained(X, y, "relu", seed).logits(X)[:, 0]
            silent += bool((scores[frauds] == 0).all())
            above = max(above, float(scores.max()))
            missed.append((scores[frauds] <= 0.5).mean())
            p = _trained(X, y, None, seed).predict_proba(X)[frauds, 1]
            missed_by_sigmoid.append((p <= 0.5).mean())
            weakest = min(weakest, float(1 - p[p <= 0.5].max(initial=0)))
        lines = (
            f"{ROWS:,} payments, {100 * SHARE:.0f} % of them frauds, {SEEDS} networks of each kind:",
            f"ends in a ReLU     {100 * np.mean(missed):5.1f} % of the frauds missed",
            f"                   {silent} of {SEEDS} say 0 to all of them, with no gradient",
            f'                   the highest "probability" is {above:.2f}',
            f"ends in a sigmoid  {100 * np.mean(missed_by_sigmoid):5.1f} % of the frauds missed",
            f"                   each of those still has a gradient of at least {weakest:.2f}",
        )
        return Shown(
            lines,
            {
                "with a ReLU at the end there are probabilities above 1": above > 1,
                "and networks that say 0 to every fraud, with gradient 0": silent > 0,
                "with a sigmoid fewer frauds are missed, and none is without a gradient": bool(
                    np.mean(missed_by_sigmoid) < np.mean(missed) and weakest >= 0.5
                ),
            },
        )


def _trained(X: Array, y: Array, output: str | None, seed: int) -> cr.Network:
    net = cr.MLP([4, 8, 1], "relu", output=output, seed=seed)
    loss = "mean_squared_error" if output else "binary_cross_entropy"
    cr.fit(net, X, y, loss=loss, optimizer="adam:learning_rate=0.01", epochs=15, seed=seed)
    return net


def _payments() -> tuple[Array, Array]:
    """Frauds lie further out, in two of four features."""
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < SHARE).astype(np.float32)
    X = rng.standard_normal((ROWS, 4)).astype(np.float32)
    X[:, :2] += 4 * y[:, None]
    return X, y[:, None]
