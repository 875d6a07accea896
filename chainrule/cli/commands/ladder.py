from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from chainrule.cli.output import print_json, whole_number
from chainrule.core.settings import choice, whole
from chainrule.plots import Line, curves, ready, save
from chainrule.studies.ladder import COMPARED, TITLES, Answers, Group, climb, quadrants

SHOWN = (0, 1, 10, 50, 100)
NAMES = ("I", "II", "III", "IV")


def ladder(
    *,
    rung: Annotated[int | None, Parameter(help="Only this one, 1 to 8.", converter=whole_number)] = None,
    steps: Annotated[int, Parameter(help="Steps of each rung, 500 unless told.", converter=whole_number)] = 500,
    seed: Annotated[int, Parameter(help="Of the data and the starting weights.", converter=whole_number)] = 0,
    plot: Annotated[Path | None, Parameter(help="Draw the loss curves into this .png, .svg or .pdf.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Fit one two-layer network eight times, from NumPy by hand to an optimizer, and compare the curves.

    $ chainrule ladder
    $ chainrule ladder --rung 3
    $ chainrule ladder --plot ladder.png

    Rungs 1, 4 and 5 compute the same thing, as do 2 and 8; rungs 4 to 7 are written once and run on PyTorch, where
    it is installed, and on chainrule.autograd. Each group starts from one point. The code of each rung is a short
    file in chainrule/studies/ladder. Exit code 1 if the curves of a group part within 100 steps.
    """
    whole("--steps", steps, most=1_000_000)
    whole("--seed", seed, least=0)
    if rung is not None:
        choice("--rung", str(rung), map(str, TITLES))
    if plot is not None:
        ready(plot)
    rungs = set(TITLES) if rung is None else {rung}
    groups: list[Group] = []
    for group in climb(rungs, steps, seed):
        groups.append(group)
        if not json:
            _print_group(group, len(groups) == 1)
    answers = quadrants(steps, seed) if 3 in rungs else None
    if json:
        print_json(_document(groups, answers))
    elif answers is not None:
        _print_answers(answers)
    if plot is not None:
        _draw(groups, answers, plot)
    return 1 if any((group.difference(COMPARED) or 0) > 1e-10 for group in groups) else 0


def _print_group(group: Group, first: bool) -> None:
    if first:
        heads = "".join(f"{f'loss at {at}' if at == 0 else at:>10}" for at in SHOWN)
        print(f"{'rung':<31} {'library':<9}{heads}{'last':>10}{'µs/step':>9}{'lines':>6}")
    for curve in group.curves:
        losses = [curve.losses[at] if at < len(curve.losses) else None for at in SHOWN]
        cells = "".join(f"{'-' if x is None else f'{x:.3g}':>10}" for x in [*losses, curve.losses[-1]])
        what = f"{curve.rung}  {TITLES[curve.rung]}"
        time = curve.seconds * 1e6
        print(f"{what:<31} {curve.library:<9}{cells}{time:>9,.0f}{curve.lines:>6}")
    early, all_steps = group.difference(COMPARED), group.difference(10**9)
    if early is not None:
        steps = len(group.curves[0].losses)
        print(f"   largest relative difference {early:.1e} over {min(COMPARED, steps)} steps, "
              f"{all_steps:.1e} over {steps}")  # fmt: skip
    print()


def _print_answers(a: Answers) -> None:
    print(f"3  {TITLES[3]}: which quadrant does a point lie in?")
    print(f"   12 points to learn from; loss {a.losses[0]:.4g} at the start, {a.loss:.4g} after {len(a.losses)} "
          f"steps; {a.lines} lines\n")  # fmt: skip
    for name, value in a.weights.items():
        _print_matrix(name, value)
    print("   The two layers are one matrix, w1 w2, with the bias b1 w2 + b2 in the last row:")
    _print_matrix("W", a.one_matrix)
    print(f"   The largest difference between its scores and the network's is {a.collapse:.1e}.\n")
    _print_scores("linear", a, a.scores)
    _print_scores("with a ReLU", a, a.relu_scores)
    print(f"""\
   Right would be 1 at the quadrant and 0 elsewhere. A linear score is a plane, and no plane is 1 in one
   quadrant and 0 in the others. The best planes there are, by least squares, leave a loss of {a.least:.4f}
   on the 12 points. After 20,000 steps at a rate of 1e-4 from the same start the linear network has
   {a.long_loss:.4f}, the one with a ReLU {a.long_relu_loss:.4f}: it can bend. Their answers then:
""")
    _print_scores("linear", a, a.long_scores)
    _print_scores("with a ReLU", a, a.long_relu_scores)
    print(
        "   Far from the 12 points, as at (111, -111), both keep growing: a ReLU network is linear out there too."
    )


def _print_matrix(name: str, value: Any) -> None:
    text = np.array2string(value, precision=3, suppress_small=True, max_line_width=100)
    for i, line in enumerate(text.split("\n")):
        print(f"   {name if i == 0 else '':<3} {line}")


def _print_scores(title: str, a: Answers, scores: Any) -> None:
    print(f"   {title:<14} {'I':>9}{'II':>9}{'III':>9}{'IV':>9}   largest   right")
    for point, row, right in zip(a.asked, scores, a.right, strict=True):
        where = f"({point[0]:.0f}, {point[1]:.0f})"
        print(
            f"   {where:<14} "
            + "".join(f"{x:9.3f}" for x in row)
            + f"   {NAMES[row.argmax()]:<7}   {NAMES[right]}"
        )
    print()


def _document(groups: list[Group], answers: Answers | None) -> dict[str, Any]:
    return {
        "groups": [
            {
                "name": group.name,
                "difference": group.difference(COMPARED),
                "compared_steps": COMPARED,
                "curves": [{**asdict(curve), "title": TITLES[curve.rung]} for curve in group.curves],
            }
            for group in groups
        ],
        "quadrants": None if answers is None else asdict(answers),
    }


def _draw(groups: list[Group], answers: Answers | None, path: Path) -> None:
    panels = {
        f"{group.name}: {_rungs(group)}": [
            Line(f"{c.rung} {TITLES[c.rung]}: {c.library}", c.losses) for c in group.curves
        ]
        for group in groups
    }
    if answers is not None:
        panels["quadrants: rung 3"] = [Line("no activation", answers.losses)]
    save(curves(panels, "The ladder: one network, eight ways"), path)


def _rungs(group: Group) -> str:
    numbers = sorted({str(curve.rung) for curve in group.curves})
    return f"rung{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
