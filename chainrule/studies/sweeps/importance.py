"""How much each parameter matters: the share of the scores' variance that goes with it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.studies.sweeps.results import Outcome, Results
from chainrule.studies.sweeps.space import Choices, Range

BINS = 4  # of a range, with as many points in each


@dataclass(frozen=True)
class Importance:
    """Shares in [0, 1] by parameter, the largest first; ``pairs`` is what two do together beyond each alone."""

    method: str
    shares: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]


def importance(results: Results) -> Importance | None:
    """None where there is nothing to compare: fewer than three points, or all scores the same.

    A point that diverged counts as bad as the worst that didn't: left out, the setting that made it diverge would
    look harmless. Pruned and failed points are left out.
    """
    known = [o for o in results.outcomes if o.state in ("done", "diverged")]
    finite = [o.mean for o in known if o.mean is not None]
    if len(known) < 3 or len(set(finite)) < 2:
        return None
    worst = max(finite) if results.plan.lower_is_better else min(finite)
    score = np.array([worst if o.mean is None else o.mean for o in known])
    names = list(results.plan.space.varied)
    columns = {name: _levels(results, name, known) for name in names}
    points = results.plan.points() if results.plan.search.name == "grid" else None
    if points is not None and len(known) == len(points):
        shares, pairs = _exact(score, columns)
        method = "functional ANOVA, exact on a full grid"
    elif results.plan.search.learns:
        return Importance("PED-ANOVA (Watanabe et al. 2023), Optuna's", _ranked(_ped(results, known, score)), {})
    else:
        shares = {name: _corrected(score, levels) for name, levels in columns.items()}
        pairs, method = {}, "epsilon squared (Kelley 1935): variance between values, corrected for chance"
    return Importance(method, _ranked(shares), _ranked(pairs))


def _ranked(shares: Mapping[Any, float]) -> dict[Any, float]:
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _levels(results: Results, name: str, known: Sequence[Outcome]) -> Array:
    """Which value each point has, as numbers from 0; of a range which of its bins."""
    values = [o.values[name] for o in known]
    if isinstance(results.plan.space.parameters[name], Range):
        order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        return (order * min(BINS, len(values)) // len(values)).astype(np.intp)
    different = list(dict.fromkeys(map(str, values)))
    return np.array([different.index(str(value)) for value in values])


def _exact(score: Array, columns: Mapping[str, Array]) -> tuple[dict[str, float], dict[Any, float]]:
    """V_i = Var_a E[s | i = a], V_ij = Var_ab E[s | i = a, j = b] - V_i - V_j, over V = Var s.

    On a full grid this is the decomposition of Sobol' 1993 and of Hutter, Hoos & Leyton-Brown 2014 (who need a
    forest where there is no grid), with nothing estimated.
    """
    total = score.var()
    alone = {name: _between(score, levels) / total for name, levels in columns.items()}
    pairs = {}
    for (a, left), (b, right) in itertools.combinations(columns.items(), 2):
        joint = _between(score, left * (right.max() + 1) + right) / total
        pairs[a, b] = max(0.0, joint - alone[a] - alone[b])
    return alone, pairs


def _between(score: Array, levels: Array) -> float:
    """The variance of the means of the levels, each weighed by its points."""
    means = np.bincount(levels, score) / np.maximum(np.bincount(levels), 1)
    return float(np.mean((means[levels] - score.mean()) ** 2))


def _corrected(score: Array, levels: Array) -> float:
    """1 - (1 - V_i / V) (n - 1) / (n - k), at least 0: k levels of n random scores have 0 on average."""
    n, k = len(score), len(np.unique(levels))
    return max(0.0, 1 - (1 - _between(score, levels) / float(score.var())) * (n - 1) / (n - k)) if n > k else 0.0


def _ped(results: Results, known: Sequence[Outcome], score: Array) -> dict[str, float]:
    from optuna import create_study, importance
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.trial import create_trial

    space: dict[str, Any] = {}
    for name, parameter in results.plan.space.varied.items():
        if isinstance(parameter, Choices):
            space[name] = CategoricalDistribution([str(value) for value in parameter.plain()])
        else:
            kind = IntDistribution if parameter.whole else FloatDistribution
            space[name] = kind(parameter.low, parameter.high, log=parameter.log)
    study = create_study(direction="minimize" if results.plan.lower_is_better else "maximize")
    for outcome, value in zip(known, score, strict=True):
        params = {
            n: str(outcome.values[n]) if isinstance(d, CategoricalDistribution) else outcome.values[n]
            for n, d in space.items()
        }
        study.add_trial(create_trial(params=params, distributions=space, value=float(value)))
    found = importance.get_param_importances(study, evaluator=importance.PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in found.items()}
