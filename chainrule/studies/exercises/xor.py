from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import numpy as np

import chainrule as cr
from chainrule.activations import Activation
from chainrule.core.errors import DivergenceError, InputError
from chainrule.core.types import Array
from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study, setting
from chainrule.studies.proportion import wilson
from chainrule.studies.stuck import FLAT, Stuck, look
from chainrule.studies.text import count, listed, paragraph, table

HIDDEN = (2, 4)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu")
LOSSES = ("binary_cross_entropy", "mean_squared_error")
LOOK = 50  # steps between looks at whether the network has learned enough to stop
SURE = 0.1  # it has when each answer is this near to 0 or 1
CURVED = 1e-4  # of an eigenvalue of the Hessian: nearer to 0 it is called flat

HINGES = ("relu", "leaky_relu")  # their units are on or off by the sign of z; others by the middle of their range

# What a unit tells apart, by the rows (0,0), (0,1), (1,0), (1,1) in which it is on, or off
FUNCTIONS = {
    "0000": "no bend", "0001": "AND", "0010": "x1 not x2", "0100": "x2 not x1", "0011": "x1", "0101": "x2",
    "0110": "XOR", "0111": "OR",
}  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """One training. ``units`` are what the hidden units tell apart, in alphabetical order; ``stuck`` why not."""

    seed: int
    steps: int
    learned: bool
    answers: Array  # (4,), right ones are 0, 1, 1, 0
    units: tuple[str, ...]
    stuck: Stuck | None


@dataclass(frozen=True)
class Kind:
    """The trainings of one kind of network: the ``share`` that learned, and Wilson's interval of it."""

    hidden: int
    activation: str
    loss: str
    trained: tuple[Trained, ...]
    share: float
    low: float
    high: float

    @property
    def learned(self) -> int:
        """How many are right about all four rows."""
        return sum(t.learned for t in self.trained)

    @property
    def reasons(self) -> Counter[str]:
        """How often each reason was why a network got stuck."""
        return Counter(t.stuck.reason for t in self.trained if t.stuck is not None)


@dataclass(frozen=True)
class Xors(Finding):
    kinds: tuple[Kind, ...]
    steps: int
    example: Array  # (4, hidden) what the units of one 2-2-1 network that learned answer
    points: Array
    surface: Array  # (rows, columns) what that network answers over the square [-0.5, 1.5]^2

    def text(self) -> str:
        return "\n\n".join([_shares(self.kinds), self._compared(), _reasons(self.kinds), _units(self.kinds)])

    def _compared(self) -> str:
        small, large = (sum(k.learned for k in self.kinds if k.hidden == h) for h in HIDDEN)
        total = sum(len(k.trained) for k in self.kinds) // 2
        more = "More units are more chances to start near a solution. " if large > small else ""
        best = max((k for k in self.kinds if k.hidden == HIDDEN[0]), key=lambda k: k.share)
        return paragraph(
            f"Two hidden units are enough in principle, but {small:,} of {total:,} networks with two got all four "
            f"rows right within {self.steps:,} steps, and {large:,} of {total:,} with four. {more}The best of the "
            f"small ones is {best.activation} with {best.loss}, {best.learned} of {len(best.trained)}. The "
            "interval beside a share covers the true one with a probability of 95 % (Wilson 1927)."
        )

    def drawing(self) -> dict[str, Any]:
        return {
            "shares": {
                f"2-{k.hidden}-1, {k.loss.replace('_', ' ')}": [
                    (x.activation, x.share, x.low, x.high)
                    for x in self.kinds
                    if (x.hidden, x.loss) == (k.hidden, k.loss)
                ]
                for k in self.kinds
            },
            "surface": self.surface,
            "points": self.points,
        }

    def document(self) -> dict[str, Any]:
        found = super().document()
        for given, kind in zip(found["kinds"], self.kinds, strict=True):
            given.update(learned=kind.learned, reasons=dict(kind.reasons))
        return found


@STUDIES.register("xor")
@dataclass(frozen=True)
class XorStudy(Study):
    """How many networks of one hidden layer learn XOR, and why the others get stuck.

    Networks 2-2-1 and 2-4-1 with each of four activations and two losses, from many seeds, all four rows in each
    step. A network counts as learned when it is right about all four rows at the end; it ends when each answer is
    within 0.1 of the right one, or after all steps. All of it takes a few minutes.
    """

    seeds: int = setting(100, "Networks of each kind.")
    steps: int = setting(2000, "Steps of each training, at most.")
    optimizer: str = setting("adam:learning_rate=0.05", "With its settings.")

    def run(self, say: Say = lambda text: None) -> Xors:
        kinds = []
        for hidden, loss, activation in product(HIDDEN, LOSSES, ACTIVATIONS):
            say(f"2-{hidden}-1, {activation}, {loss}")
            trained = tuple(self.train(hidden, activation, loss, self.seed + i)[0] for i in range(self.seeds))
            learned = sum(t.learned for t in trained)
            kinds.append(
                Kind(hidden, activation, loss, trained, learned / len(trained), *wilson(learned, len(trained)))
            )
        shown = max((k for k in kinds if k.hidden == HIDDEN[0]), key=lambda k: k.share)
        seed = next((t.seed for t in shown.trained if t.learned), self.seed)
        _, net = self.train(shown.hidden, shown.activation, shown.loss, seed)
        x = cr.datasets.load("xor").X
        side = np.linspace(-0.5, 1.5, 101)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        return Xors(tuple(kinds), self.steps, _hidden(net, x)[1], x, answers(net, grid).reshape(101, 101))

    def train(self, hidden: int, activation: str, loss: str, seed: int) -> tuple[Trained, cr.Network]:
        """One network from one seed, trained, and looked at if it did not learn."""
        data = cr.datasets.load("xor")
        x, y = data.X.astype(float), data.y.astype(float)[:, None]
        net = cr.MLP([2, hidden, 1], activation, seed=seed, dtype="float64")
        watch = _StopWhenSure(x, y)
        failed = False
        try:  # an epoch of LOOK copies of the rows in batches of four: every step sees all rows
            cr.fit(
                net, np.tile(x, (LOOK, 1)), np.tile(y, (LOOK, 1)), loss=loss, optimizer=self.optimizer,
                batch_size=len(x), epochs=max(1, self.steps // LOOK), shuffle=False, callbacks=[watch],
            )  # fmt: skip
        except (DivergenceError, InputError):
            failed = True
        found = answers(net, x)
        learned = not failed and bool(((found > 0.5) == (y[:, 0] == 1)).all())
        stuck = None if learned else look(net, loss, x, y, _hidden(net, x), failed)
        steps = net.training["steps"]
        return Trained(seed, steps, learned, found, _told_apart(_hidden(net, x), activation in HINGES), stuck), net


class _StopWhenSure(cr.Callback):
    def __init__(self, x: Array, y: Array) -> None:
        self.x, self.y = x, y

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        if np.abs(answers(trainer.network, self.x) - self.y[:, 0]).max() < SURE:
            trainer.stop("sure of all four rows")


def answers(net: cr.Network, x: Array) -> Array:
    """Near 1 for yes, near 0 for no: the probability, or the value where the loss is squared error."""
    assert net.loss is not None
    logits = net.logits(x)[:, 0]
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-logits)) if net.loss.link == "sigmoid" else logits


def _hidden(net: cr.Network, x: Array) -> tuple[Array, Array]:
    """z and a of the hidden layer, (4, hidden) each."""
    z = x @ net.params["0.weight"].T + net.params["0.bias"]
    return z, cast(Activation, net.modules[1]).forward(z)


def _told_apart(hidden: tuple[Array, Array], hinge: bool) -> tuple[str, ...]:
    """What each unit tells apart: the rows in which it is on, or the others."""
    z, a = hidden
    middle = (a.max(axis=0) + a.min(axis=0)) / 2
    on = z > 0 if hinge else (a > middle) & (np.ptp(a, axis=0) > SURE)
    patterns = np.where(on[0], ~on, on).T  # so that (0, 0) is always off
    return tuple(sorted(FUNCTIONS["".join("01"[int(bit)] for bit in row)] for row in patterns))


def _shares(kinds: tuple[Kind, ...]) -> str:
    rows = []
    for k in kinds:
        steps = [t.steps for t in k.trained if t.learned]
        middle = f"{np.median(steps):,.0f}" if steps else "-"
        interval = f"{100 * k.low:.0f} to {100 * k.high:.0f} %"
        network = f"2-{k.hidden}-1"
        rows.append(
            [network, k.activation, k.loss.replace("_", " "), f"{k.learned} of {len(k.trained)}", interval, middle]
        )
    return table(["network", "activation", "loss", "all right", "95 %", "steps"], rows, left=3)


def _reasons(kinds: tuple[Kind, ...]) -> str:
    columns = sorted({reason for k in kinds for reason in k.reasons})
    if not columns:
        return "None got stuck."
    rows = []
    for hidden, activation in product(HIDDEN, ACTIVATIONS):
        chosen = [k for k in kinds if (k.hidden, k.activation) == (hidden, activation)]
        counts = sum((k.reasons for k in chosen), Counter())
        rows.append([f"2-{hidden}-1", activation, str(counts.total()), *(str(counts[c] or "-") for c in columns)])
    heads = ["network", "activation", "stuck", *columns]
    return "Why the others got stuck:\n\n" + table(heads, rows, left=2) + "\n\n" + _standing(kinds)


def _standing(kinds: tuple[Kind, ...]) -> str:
    every = [t.stuck for k in kinds for t in k.trained if t.stuck is not None]
    standing = [s for s in every if s.gradient < FLAT]
    minima = sum(s.least_curvature > -CURVED for s in standing)
    merged = Counter(s.merged for s in every if s.merged)
    told = [f"{number} to {rows} rows" for rows, number in sorted(merged.items())]
    return paragraph(
        f"Of {count(len(every), 'network')} that got stuck, {len(standing)} stand still (a gradient below "
        f"{FLAT:g}), {minima} of them where no direction bends down by more than {CURVED:g}: a local minimum or a "
        f"flat valley, where descent stays. One answer for rows of both kinds: {listed(told)}. A unit "
        "that is dead, saturated or a copy of another tells fewer rows apart, and what the hidden layer does not "
        "tell apart the output cannot."
    )


def _units(kinds: tuple[Kind, ...]) -> str:
    parts = ["What the two units of the small networks that learned tell apart, how often:"]
    for activation in ACTIVATIONS:
        pairs = Counter(
            t.units for k in kinds if (k.hidden, k.activation) == (2, activation) for t in k.trained if t.learned
        )
        told = [f"{' with '.join(units)} {number}" for units, number in pairs.most_common(5)]
        parts.append(paragraph(f"{activation}, {pairs.total()} learned: {', '.join(told) or '-'}"))
    return "\n".join(parts)
