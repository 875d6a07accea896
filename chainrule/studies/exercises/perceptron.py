from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study, setting
from chainrule.studies.text import count, listed, paragraph, table

SHOWN = ("and", "or", "xor")
STARTS = 100  # random starting points of each problem


@dataclass(frozen=True)
class Walk:
    """One training of a perceptron: (w1, w2, b) at the start, after each update, and what came of it.

    ``weights`` is (updates + 1, 3). Where the rows are separated ``cycle`` is None; else it is the pair of
    passes at whose beginnings the weights were the same, to the last bit.
    """

    weights: Array
    passes: int
    learned: bool
    cycle: tuple[int, int] | None

    @property
    def updates(self) -> int:
        """How often the weights changed."""
        return len(self.weights) - 1


@dataclass(frozen=True)
class Problem:
    """What became of one truth table.

    ``nearest`` is the point nearest to the origin in the convex hull of the rows s (x1, x2, 1), s the sign of
    the answer, and ``shares`` how it is mixed from them. Where it is not 0, it is the best line, its length is
    the margin, and Novikoff's bound on the updates is (longest row / margin)^2; where it is 0 no line exists.
    """

    name: str
    answers: Array
    walk: Walk
    shares: Array
    nearest: Array
    margin: float
    bound: float | None
    most_updates: int | None  # from random starting points; None where it never ends


@dataclass(frozen=True)
class Perceptrons(Finding):
    problems: tuple[Problem, ...]
    rows: Array
    learnable: tuple[str, ...]  # of all functions of two bits, by their answers
    not_learnable: tuple[str, ...]

    def text(self) -> str:
        lines = [_summary(self.problems), ""]
        for problem in self.problems:
            lines += [_about(problem), ""]
        cycling = next(p for p in self.problems if p.walk.cycle is not None)
        lines += [_cycle(cycling, self.rows), "", _why(cycling, self.rows), ""]
        lines.append(
            paragraph(
                f"Of the {len(self.learnable) + len(self.not_learnable)} functions of two bits a perceptron "
                f"learns {len(self.learnable)}. The others, by their answers to (0,0), (0,1), (1,0), (1,1), are "
                f"{listed(self.not_learnable)}: different, and alike."
            )
        )
        return "\n".join(lines)

    def drawing(self) -> dict[str, Any]:
        return {
            "points": self.rows,
            "panels": {p.name.upper(): (p.answers, p.walk.weights, p.walk.learned) for p in self.problems},
        }


@STUDIES.register("perceptron")
@dataclass(frozen=True)
class PerceptronStudy(Study):
    """One neuron learns AND and OR, and goes round in circles on XOR.

    The perceptron says yes where w1 x1 + w2 x2 + b > 0. Rosenblatt's rule: take the rows in turn, and where the
    answer is wrong add s (x1, x2, 1) to (w1, w2, b), s = 1 for yes and -1 for no. Started at 0, the weights stay
    whole numbers, so that a state which comes back is seen to be exactly the same.  Rosenblatt 1958; the bound on
    the updates, Novikoff 1962; XOR, Minsky & Papert 1969.
    """

    passes: int = setting(100, "Passes over the four rows, at most.")

    def run(self, say: Say = lambda text: None) -> Perceptrons:
        rows = cr.datasets.load("and").X.astype(float)
        rng = generator(self.seed, "perceptron")
        problems = []
        for name in SHOWN:
            say(name)
            problems.append(self._problem(name, rows, cr.datasets.load(name).y, rng))
        learnable: dict[bool, list[str]] = {True: [], False: []}
        for answers in product((0, 1), repeat=len(rows)):
            walk = train(rows, np.array(answers), np.zeros(3), self.passes)
            learnable[walk.learned].append("".join(map(str, answers)))
        return Perceptrons(tuple(problems), rows, tuple(learnable[True]), tuple(learnable[False]))

    def _problem(self, name: str, rows: Array, answers: Array, rng: np.random.Generator) -> Problem:
        walk = train(rows, answers, np.zeros(3), self.passes)
        signed = signed_rows(rows, answers)
        shares, nearest = nearest_to_origin(signed)
        margin = float(np.linalg.norm(nearest))
        most = None
        if walk.learned:
            starts = (rng.uniform(-1, 1, 3) for _ in range(STARTS))
            most = max(train(rows, answers, start, 10**6).updates for start in starts)
        bound = float((signed**2).sum(axis=1).max()) / margin**2 if margin else None
        return Problem(name, answers, walk, shares, nearest, margin, bound, most)


def signed_rows(rows: Array, answers: Array) -> Array:
    """s (x1, x2, 1): a line (w1, w2, b) is right about a row where its product with this is above 0."""
    ones = np.hstack([rows, np.ones((len(rows), 1))])
    return np.asarray(np.where(answers == 1, 1, -1)[:, None] * ones + 0.0)  # + 0.0 makes -0 to 0


def train(rows: Array, answers: Array, start: Array, passes: int) -> Walk:
    """Rosenblatt's rule, the rows in their order, until a pass without an update or a state seen before."""
    w = start.astype(float)
    ones = np.hstack([rows, np.ones((len(rows), 1))])
    history, begun = [w.copy()], {tuple(w): 0}
    for done in range(1, passes + 1):
        before = len(history)
        for x, answer in zip(ones, answers, strict=True):
            said = int(w @ x > 0)
            if said != answer:
                w += (answer - said) * x
                history.append(w.copy())
        if len(history) == before:
            return Walk(np.array(history), done, True, None)
        if tuple(w) in begun:
            return Walk(np.array(history), done, False, (begun[tuple(w)], done))
        begun[tuple(w)] = done
    return Walk(np.array(history), passes, False, None)


def nearest_to_origin(points: Array) -> tuple[Array, Array]:
    """The shares, each >= 0 and 1 in sum, and the point of a convex hull that is nearest to the origin.

    For a few points: it is nearest on the plane through some of them, with shares above 0, and all are tried.
    Points with no repetition of the smallest distance prefer many shares, so that all rows of a proof are named.
    """
    best, shares = np.inf, np.zeros(len(points))
    for size in range(len(points), 0, -1):
        for chosen in map(list, combinations(range(len(points)), size)):
            part = points[chosen]
            system = np.block([[part @ part.T, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            found = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0][:size]
            length = float(np.linalg.norm(found @ part))
            if (found > -1e-12).all() and length < best - 1e-12:
                best, shares = length, np.zeros(len(points))
                shares[chosen] = found
    nearest = shares @ points
    return shares, np.where(np.abs(nearest) < 1e-12, 0.0, nearest)


def _summary(problems: tuple[Problem, ...]) -> str:
    rows = []
    for p in problems:
        bound = "none" if p.bound is None else f"{p.bound:.0f}"
        most = "-" if p.most_updates is None else str(p.most_updates)
        outcome = "learned" if p.walk.learned else "goes round"
        rows.append([p.name, outcome, str(p.walk.updates), str(p.walk.passes), bound, most])
    heads = ["", "outcome", "updates", "passes", "Novikoff's bound", f"most of {STARTS} random starts"]
    return table(heads, rows, left=2)


def line(weights: Array) -> str:
    """``2 x1 + x2 - 2 = 0``."""
    text = ""
    for value, name in zip(weights, (" x1", " x2", ""), strict=True):
        if value:
            size = name.strip() if abs(value) == 1 and name else f"{abs(value):g}{name}"
            text += f" {'-' if value < 0 else '+'} {size}"
    return f"{text.removeprefix(' + ').replace(' - ', '-', 1) if text.startswith(' -') else text[3:]} = 0"


def _about(p: Problem) -> str:
    if p.walk.learned:
        return paragraph(
            f"{p.name.upper()} is learned with {count(p.walk.updates, 'update')}; the last of "
            f"{count(p.walk.passes, 'pass', 'passes')} changed nothing. The line: {line(p.walk.weights[-1])}. "
            f"The widest margin there is, {p.margin:.4f} with rows (x1, x2, 1), allows at most {p.bound:.0f} "
            "updates."
        )
    return paragraph(
        f"{p.name.upper()} is not learned: pass {p.walk.cycle[1] + 1} would begin with the very weights with "
        f"which pass {p.walk.cycle[0] + 1} began, ({', '.join(f'{x:g}' for x in p.walk.weights[-1])}), so the "
        "same updates would follow for ever."
        if p.walk.cycle
        else f"{p.name.upper()} is not learned in {p.walk.passes} passes."
    )


def _cycle(p: Problem, points: Array) -> str:
    rows = []
    for i, (w1, w2, b) in enumerate(p.walk.weights):
        right = int((((points @ (w1, w2) + b) > 0) == p.answers).sum())
        rows.append([str(i), f"{w1:g}", f"{w2:g}", f"{b:g}", f"{right} of {len(p.answers)}"])
    return f"The weights of {p.name.upper()}, update by update:\n\n" + table(
        ["update", "w1", "w2", "b", "right"], rows, left=0
    )


def _why(p: Problem, rows: Array) -> str:
    signed = signed_rows(rows, p.answers)
    total = signed.sum(axis=0)
    mixed = " + ".join(f"({', '.join(f'{x:g}' for x in row)})" for row in signed)
    return "\n".join([
        paragraph(
            "Why no line exists. Weights that are right have a product above 0 with s (x1, x2, 1) where the "
            "answer is yes, and of at least 0 where it is no. Added up, the four rows are"
        ),
        f"  {mixed} = ({', '.join(f'{x:g}' for x in total)})",
        paragraph(
            "and the product of any weights with that is 0, where right ones would need a sum above 0. So no "
            "weights are right about all four, whatever the rule that looks for them. A hidden layer changes the "
            "rows: see `chainrule study xor`."
        ),
    ])  # fmt: skip
