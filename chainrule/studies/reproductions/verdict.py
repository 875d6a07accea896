"""Whether our seeds agree with a published figure, by a rule that was fixed before they were run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.studies.reproductions.recipe import Figure, Recipe
from chainrule.studies.reproductions.running import Outcome


@dataclass(frozen=True)
class Verdict:
    """``word`` is agrees, better, worse, not reproducible, undecided or not run; ``why`` is a sentence.

    Figures are in percent, of the source's own measure: ``ours`` is what is compared with the published one,
    ``mean``, ``spread`` (standard deviation, n - 1) and ``error`` (standard error) are those of the seeds' last
    epochs. ``difference`` is above 0 where we are better; ``tolerance`` is what it may be.
    """

    word: str
    why: str
    ours: float = math.nan
    mean: float = math.nan
    spread: float = math.nan
    error: float = math.nan
    difference: float = math.nan
    tolerance: float = math.nan


def judge(recipe: Recipe, outcomes: Sequence[Outcome]) -> Verdict:
    """Compare like with like, and allow two standard errors of the difference.

    1. Of each seed we take the epoch that the source took: the last, or the best on the images it judged.
    2. Of m seeds we compare what the source printed of its r runs: with a mean or a single run our mean, with the
       best of r the mean of the best over all subsets of r of our seeds (which needs m >= r).
    3. tolerance = 2 sqrt(ours^2 + theirs^2 + step^2 / 12), the standard errors of ours, of theirs, and of rounding
       to the last printed digit. With s our standard deviation over seeds and t the source's, or s where it gives
       none: ours is s / sqrt(m), for a best of r at most s sqrt(r / m) (Hoeffding 1948); theirs is t / sqrt(r) for
       a mean, t for a single run and, which is generous, for a best of r.
    4. The source's own t is the tolerance where it gives one that is larger.
    5. |difference| <= tolerance agrees; beyond it ours is better, or worse. Both were judged on the same images,
       so that the error of drawing 10,000 images is common to both and is not counted. As s is itself estimated,
       of five single runs that do agree one in nine is called otherwise (Student's t), of two one in three.
    6. Without runs the verdict is "not run"; one seed, or fewer than r, leave it undecided; a seed that diverged
       makes it "not reproducible".
    """
    figure, failed = recipe.figure, [outcome for outcome in outcomes if outcome.failure]
    if not outcomes:
        return Verdict("not run", "takes hours" if recipe.hours else "no seed was run")
    if failed:
        return Verdict("not reproducible", f"{len(failed)} of {len(outcomes)} seeds diverged: {failed[0].failure}")
    last = [percent(figure, outcome.last, outcome.rows) for outcome in outcomes]
    m, mean = len(last), sum(last) / len(last)
    least = figure.runs if figure.pick == "best" else 2
    if m < max(2, least):
        return Verdict("undecided", f"{m} of the {max(2, least)} seeds that a comparison needs", mean=mean)
    spread = deviation(last)
    taken = [getattr(outcome, figure.epoch) / outcome.rows * 100 for outcome in outcomes]
    ours = best_of(taken, figure.runs) if figure.pick == "best" else sum(taken) / m
    tolerance = allowed(figure, deviation(taken), m)
    difference = ours - figure.accuracy
    word = "agrees" if abs(difference) <= tolerance else "better" if difference > 0 else "worse"
    printed = ours if figure.measure == "accuracy" else 100 - ours
    why = (
        f"{_taken(figure, m)} {printed:.2f} against {figure.value:g}: {abs(difference):.2f} "
        f"{'better' if difference > 0 else 'worse'}, allowed are {tolerance:.2f}"
    )
    return Verdict(word, why, printed, mean, spread, spread / math.sqrt(m), difference, tolerance)


def allowed(figure: Figure, s: float, m: int) -> float:
    """The tolerance of rules 3 and 4, s being our standard deviation over m seeds."""
    t = s if figure.spread is None else figure.spread
    ours = s * math.sqrt((figure.runs if figure.pick == "best" else 1) / m)
    theirs = t / math.sqrt(figure.runs) if figure.pick == "mean" else t
    return max(2 * math.sqrt(ours**2 + theirs**2 + figure.step**2 / 12), figure.spread or 0.0)


def best_of(values: Sequence[float], r: int) -> float:
    """The mean of the largest, over all subsets of r of the m values: sum of v_(i) C(i - 1, r - 1) / C(m, r)."""
    assert 1 <= r <= len(values)
    weighted = (v * math.comb(i, r - 1) for i, v in enumerate(sorted(values)))
    return sum(weighted) / math.comb(len(values), r)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation, with n - 1."""
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def percent(figure: Figure, correct: int, rows: int) -> float:
    """Of the figure's measure."""
    share = 100 * correct / rows
    return share if figure.measure == "accuracy" else 100 - share


def _taken(figure: Figure, m: int) -> str:
    """What of ours is compared."""
    epoch = "" if figure.epoch == "last" else " of each seed's best epoch"
    if figure.pick == "best":
        return f"the expected best of {figure.runs} of {m} seeds{epoch},"
    return f"the mean of {m} seeds{epoch},"
