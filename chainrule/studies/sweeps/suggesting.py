"""A space as Optuna sees it, and its TPE."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from chainrule.studies.sweeps.space import Choices, Parameter, Point

if TYPE_CHECKING:
    from chainrule.studies.sweeps.plan import Plan


def sampler(plan: Plan) -> Any:
    """TPE whose randomness is that of the trial's number: no two workers draw the same."""
    from optuna.samplers import BaseSampler, TPESampler

    class Numbered(BaseSampler):  # type: ignore[misc]
        def _of(self, trial: Any) -> Any:
            return TPESampler(seed=zlib.crc32(f"{plan.config.seed}:{trial.number}".encode()))

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return self._of(trial).infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
            return self._of(trial).sample_relative(study, trial, search_space)

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            seed = zlib.crc32(f"{plan.config.seed}:{trial.number}:{name}".encode())
            return TPESampler(seed=seed).sample_independent(study, trial, name, distribution)

    return Numbered()


def suggested(trial: Any, name: str, parameter: Parameter) -> Any:
    if isinstance(parameter, Choices):
        encoded = [_code(value) for value in parameter.values]
        return parameter.values[encoded.index(trial.suggest_categorical(name, encoded))]
    suggest = trial.suggest_int if parameter.whole else trial.suggest_float
    return suggest(name, parameter.low, parameter.high, log=parameter.log)


def encoded(point: Point) -> dict[str, Any]:
    return {name: _code(value) for name, value in point.items()}


def _code(value: Any) -> Any:
    """A value as Optuna stores it: lists as their text."""
    return json.dumps(value) if isinstance(value, tuple) else value
