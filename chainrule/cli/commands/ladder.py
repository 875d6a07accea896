from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from chainrule.cli.output import print_json, whole_number
from chainrule.core.settings import choice, whole
from chainrule.plots import Line, curves, ready, save
from chainrule.studies.ladder import (
    AGREEMENT,
    COMPARED,
    LONG_RATE,
    LONG_STEPS,
    TITLES,
    Answers,
    Group,
    climb,
    libraries,
    quadrants,
)

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

    Rungs 1, 4 and 5 compute the same thing, as do 2 and 8; rungs 4 to 7 are
    written once and run on PyTorch, where it is installed, and on
    chainrule.autograd. Each group starts from one point. The code of each rung
    is a short file in chainrule/studies/ladder. Exit code 1 if the curves of a
    group part within 100 steps.
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
    if answers is not None:
        groups.append(Group("quadrants", (answers.curve,)))
    if json:
        print_json(_document(groups, answers))
    else:
        _print_rest(groups, answers)
    if plot is not None:
        _draw(groups, plot)
    return 1 if any(group.parted for group in groups) else 0


def _print_group(group: Group, first: bool) -> None:
    if first:
        heads = "".join(f"{f'loss at {at}' if at == 0 else at:>9}" for at in SHOWN)
        print(f"  {'library':<9}{heads}{'last':>9}{'µs/step':>8}{'lines':>6}\n")
    rung = None
    for curve in group.curves:
        if curve.rung != rung:
            rung = curve.rung
            print(f"{rung} {TITLES[rung]}")
        losses = [curve.losses[at] if at < len(curve.losses) else None for at in SHOWN]
        cells = "".join(f"{'-' if x is None else f'{x:.3g}':>9}" for x in [*losses, curve.losses[-1]])
        print(f"  {curve.library:<9}{cells}{curve.seconds * 1e6:>8,.0f}{curve.lines:>6}")
    difference = group.difference(COMPARED)
    if difference is not None:
        steps = len(group.curves[0].losses)
        later = f", {group.difference(steps):.1e} over {steps}" if steps > COMPARED else ""
        print(f"  largest relative difference {difference:.1e} over {min(COMPARED, steps)} steps{later}")
        if group.parted:
            print(f"  these curves should be one: at most {AGREEMENT:.0e}")
    print()


def _print_rest(groups: list[Group], answers: Answers | None) -> None:
    """What follows the other rungs: the third, and why PyTorch is not in the table where it is not."""
    if answers is not None:
        _print_group(groups[-1], len(groups) == 1)
        _print_answers(answers)
    written_once = any(curve.rung in (4, 5, 6, 7) for group in groups for curve in group.curves)
    if written_once and "PyTorch" not in libraries():
        print("PyTorch is not installed: rungs 4 to 7 ran on chainrule.autograd alone.")


def _print_answers(a: Answers) -> None:
    print("  Which quadrant does a point lie in? 12 points to learn from. The weights after\n"
          f"  {len(a.curve.losses):,} steps:\n")  # fmt: skip
    for name, value in a.weights.items():
        _print_matrix(name, value)
    print("\n  The two layers are one matrix, w1 w2, with the bias b1 w2 + b2 as last row:\n")
    _print_matrix("W", a.one_matrix)
    print(f"\n  The largest difference between its scores and the network's is {a.collapse:.1e}.\n"
          f"  Four points, asked of it (its loss on the 12 is {a.loss:.4g}), and of a network that\n"
          f"  started alike but has a ReLU ({a.relu_loss:.4g}):\n")  # fmt: skip
    _print_scores("linear", a, a.scores)
    _print_scores("with a ReLU", a, a.relu_scores)
    print(f"""\
  Right would be 1 at the quadrant and 0 elsewhere. Without an activation a
  score is a plane, and no plane is 1 in one quadrant and 0 in the others. The
  best there are, by least squares, are 1/4 + (±x ± y) / 34: largest at the
  right quadrant, but hardly at (1, 9), and far above 1 at (111, -111). Their
  loss on the 12 points is {a.least:.4f}; no number of steps and no further linear
  layer gets below it. A ReLU lets the scores bend. After {LONG_STEPS:,} steps at a
  rate of {LONG_RATE:.0e} from the same start the linear network has a loss of
  {a.long_loss:.4f}, the one with a ReLU {a.long_relu_loss:.4f}. Their answers then:

""")
    _print_scores("linear", a, a.long_scores)
    _print_scores("with a ReLU", a, a.long_relu_scores)
    print("""\
  Far from the 12 points, as at (111, -111), bending does not help: along any
  ray a ReLU network is linear in the end, and nothing has taught it what to
  say out there.
""")


def _print_matrix(name: str, value: Any) -> None:
    text = np.array2string(value, precision=3, suppress_small=True, max_line_width=75)
    for i, line in enumerate(text.split("\n")):
        print(f"  {name if i == 0 else '':<2} {line}")


def _print_scores(title: str, a: Answers, scores: Any) -> None:
    print(f"  {title:<14} {'I':>9}{'II':>9}{'III':>9}{'IV':>9}   largest   right")
    for point, row, right in zip(a.asked, scores, a.right, strict=True):
        where = f"({point[0]:.0f}, {point[1]:.0f})"
        print(
            f"  {where:<14} " + "".join(f"{x:9.3f}" for x in row) + f"   {NAMES[row.argmax()]:<7}   {NAMES[right]}"
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
        "quadrants": None if answers is None else _lists(asdict(answers)),
    }


def _lists(value: Any) -> Any:
    """Arrays as lists, which JSON has."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _draw(groups: list[Group], path: Path) -> None:
    panels = {
        f"{group.name}: {_rungs(group)}": [
            Line(f"{c.rung} {TITLES[c.rung]}: {c.library}", c.losses) for c in group.curves
        ]
        for group in groups
    }
    save(curves(panels, "The ladder: one network, eight ways"), path)


def _rungs(group: Group) -> str:
    numbers = sorted({str(curve.rung) for curve in group.curves})
    return f"rung{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
