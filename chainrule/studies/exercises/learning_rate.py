from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.studies.descent import Descent, Problem, descend, divergence_point
from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study, numbers, setting
from chainrule.studies.text import listed, paragraph, reflowed, table

TEMPLATE = Path(__file__).parents[1] / "architecture_notes.md.jinja"
CITED = (
    "Lewkowycz et al. 2020",
    4,
    12,
)  # descent in a wide network fails from 4 to 12 / lambda, by its activation
TRIED = 40  # steps of each try when the rate is looked for at which descent fails


@dataclass(frozen=True)
class Measured:
    """What became of one problem.

    ``curvature`` is the largest eigenvalue of the Hessian at the start, ``limit`` = 2 / curvature, ``fails`` the
    measured rate from which full-batch descent fails.
    """

    key: str
    title: str
    network: str
    rows: int
    probe_rows: int
    batch: str
    steps: int
    parameters: int
    loss: str
    constant: float
    curvature: float
    limit: float
    fails: float
    descents: tuple[Descent, ...]

    @property
    def ratio(self) -> float:
        """How many times the limit the failing rate is."""
        return self.fails / self.limit

    def where(self, outcome: str) -> list[Descent]:
        """The descents that ended so."""
        return [d for d in self.descents if d.outcome == outcome]


@dataclass(frozen=True)
class LearningRates(Finding):
    problems: tuple[Measured, ...]
    settings: dict[str, Any]

    def text(self) -> str:
        parts = []
        for p in self.problems:
            parts += [
                paragraph(f"{p.title}: {p.network}, {p.batch}, {p.steps:,} steps"),
                descents_table(p),
                _meaning(p),
            ]
        parts.append("Where descent on all probe rows at once fails, against 2 / curvature:")
        return "\n\n".join([*parts, limits_table(self.problems)])

    def drawing(self) -> dict[str, Any]:
        return {"problems": [_drawn(p) for p in self.problems]}

    def figures(self) -> dict[str, dict[str, Any]]:
        """The pictures of the notes, by the name of the file: one a problem."""
        return {f"learning_rate_{p.key}": {"problems": [_drawn(p)]} for p in self.problems}

    def page(self, figures: Mapping[str, str], command: str) -> str:
        """The notes, from the template; ``figures`` are the pictures' paths by their names."""
        import jinja2

        environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
            autoescape=False,
        )  # fmt: skip
        environment.filters.update(
            number=_number, percent=_percent, listed=listed, rates=_rates, rate="{:g}".format
        )
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        return reflowed(template.render(
            problems=self.problems, settings=self.settings, figures=figures, command=command, cited=CITED
        ))  # fmt: skip


@STUDIES.register("learning_rate")
@dataclass(frozen=True)
class LearningRateStudy(Study):
    """What learning rates from 0.01 to 10 do, and the curvature that explains where they fail.

    Three problems: MNIST, 784-128-64-10 in mini-batches; 1000-100-10 on random data with the squared error
    averaged, all rows in each step, from He's initialization; and the same from standard normal weights. At each
    rate the loss curve, dead units, and the largest eigenvalue lambda of the loss's Hessian on the way are
    measured. On a quadratic, descent diverges at rates above 2 / lambda: LeCun, Bottou, Orr & Müller 1998.
    """

    rates: str = setting("0.01,0.03,0.1,0.3,1,3,10", "Learning rates, with commas between them.")
    rows: int = setting(60_000, "MNIST images to train on, once each.")
    steps: int = setting(300, "Steps on the random data.")
    looks: int = setting(6, "Measurements of the curvature in each training.")
    probe: int = setting(500, "MNIST images to measure the curvature on.")

    page_help = "Write the notes on this into a Markdown file, their pictures into the folder figures beside it."

    def run(self, say: Say = lambda text: None) -> LearningRates:
        rates = numbers(self.rates, "--rates")
        found = []
        for key, problem, dtype in (
            ("mnist", self._mnist(), "float32"),
            ("random", self._random("Random data, He's weights", "he"), "float64"),
            ("random_normal", self._random("Random data, standard normal weights", "normal"), "float64"),
        ):
            descents = []
            for rate in rates:
                say(f"{problem.title}: rate {rate:g}")
                descents.append(descend(problem, rate, self.looks, dtype))
            say(f"{problem.title}: where it fails")
            curvature = descents[0].curvatures[0]
            number("the curvature at the start", curvature, above=0)
            fails = divergence_point(problem, 2 / curvature, TRIED)
            found.append(_measured(key, problem, curvature, fails, tuple(descents)))
        settings = {"rates": [f"{rate:g}" for rate in rates], "seed": self.seed}
        return LearningRates(tuple(found), settings)

    def _mnist(self) -> Problem:
        data = cr.datasets.load("mnist")
        assert data.test is not None
        images = data.X[: self.rows]
        mean, scale = images.mean(), images.std()

        def scaled(X: Array) -> Array:
            return np.asarray((X - mean) / scale, np.float32)

        X, y = scaled(images), data.y[: self.rows]
        return Problem(
            "MNIST", (784, 128, 64, 10), None, "cross_entropy", X, y, 64, 1, (X[: self.probe], y[: self.probe]),
            self.seed, (scaled(data.test[0]), data.test[1]),
        )  # fmt: skip

    def _random(self, title: str, initializer: str) -> Problem:
        data = cr.datasets.load(f"random:seed={self.seed}")
        return Problem(
            title, (1000, 100, 10), initializer, "mean_squared_error", data.X, data.y, "full", self.steps,
            (data.X, data.y), self.seed,
        )  # fmt: skip


def _measured(
    key: str, problem: Problem, curvature: float, fails: float, descents: tuple[Descent, ...]
) -> Measured:
    full = problem.batch_size == "full"
    size = len(problem.X) if full else int(problem.batch_size)
    return Measured(
        key=key,
        title=problem.title,
        network="-".join(map(str, problem.sizes)),
        rows=len(problem.X),
        probe_rows=len(problem.probe[0]),
        batch=f"all {len(problem.X)} rows a step" if full else f"batches of {size}",
        steps=problem.epochs * -(-len(problem.X) // size),
        parameters=problem.network().params.theta.size,
        loss=problem.loss.replace("_", " "),
        constant=problem.constant_loss,
        curvature=curvature,
        limit=2 / curvature,
        fails=fails,
        descents=descents,
    )


def descents_table(p: Measured) -> str:
    """A row for each rate."""
    rows = []
    for d in p.descents:
        outcome = d.outcome if d.diverged is None else f"step {d.diverged}"
        last = "-" if d.diverged is not None else _number(d.last)
        accuracy = "-" if d.accuracy is None else _percent(d.accuracy)
        end = f"{d.curvatures[-1]:.3g}" if d.diverged is None else "-"
        rows.append([
            f"{d.rate:g}", outcome, _number(d.highest), last, accuracy, _percent(d.dead), end, f"{2 / d.rate:.3g}",
        ])  # fmt: skip
    heads = ["rate", "outcome", "highest", "last loss", "test", "dead", "curvature", "2 / rate"]
    return table(heads, rows, left=2)


def limits_table(problems: tuple[Measured, ...]) -> str:
    """A row for each problem."""
    rows = [
        [p.title, f"{p.curvature:.4g}", f"{p.limit:.4g}", f"{p.fails:.4g}", f"{p.ratio:.2f}"] for p in problems
    ]
    return table(["problem", "curvature", "2 / that", "fails from", "times"], rows)


def _meaning(p: Measured) -> str:
    learns, nothing, diverged = (p.where(outcome) for outcome in ("learns", "nothing", "diverged"))
    sentences = [f"It learns at {_rates(learns)}."]
    if nothing:
        sentences.append(f"It ends no better than a constant answer ({_number(p.constant)}) at {_rates(nothing)}.")
    if diverged:
        sentences.append(f"It diverges at {_rates(diverged)}.")
    sentences.append(
        f"The curvature at the start is {p.curvature:.4g}, so that a quadratic would diverge from {p.limit:.3g}."
    )
    above = [d for d in learns if d.rate > p.limit]
    calmed = [d for d in above if d.curvatures[-1] < 2 / d.rate]
    if calmed:
        sentences.append(
            f"At {_rates(calmed)} it learned above that: the large steps have moved the weights to a flatter "
            "place, with a curvature below 2 / rate."
        )
    if len(above) > len(calmed):
        edge = [d for d in above if d not in calmed]
        sentences.append(
            f"At {_rates(edge)} it learned with a curvature above 2 / rate to the end, by short swings."
        )
    return paragraph(*sentences)


def _drawn(p: Measured) -> dict[str, Any]:
    lines = [
        {
            "rate": d.rate, "at": d.at, "losses": d.losses, "diverged": d.diverged, "curvature_at": d.curvature_at,
            "curvatures": d.curvatures,
        }
        for d in p.descents
    ]  # fmt: skip
    return {"title": p.title, "constant": p.constant, "limit": p.limit, "lines": lines}


def _number(value: float) -> str:
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _rates(descents: list[Descent]) -> str:
    return listed([f"{d.rate:g}" for d in descents]) if descents else "no rate"
