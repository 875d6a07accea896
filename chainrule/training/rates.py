"""Learning rates of single layers and parameters, as multiples of the optimizer's; 0 keeps them as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.settings import nearest, number, show
from chainrule.core.types import Array
from chainrule.network import Network


def multiples(network: Network, given: Mapping[str, float]) -> dict[str, float]:
    """The multiple of each parameter that has one: ``{"0": 0.1, "4.bias": 0}`` by module or by parameter.

    The longest name counts. A step is then theta <- theta + multiple (step of the optimizer), which is the
    optimizer's own step at that multiple of the rate: all of the shelf are proportional to their rate.
    """
    if not isinstance(given, Mapping):
        raise SettingError(f'learning_rates is a dictionary, as in {{"0": 0.1, "4.bias": 0}}; not {show(given)}')
    found: dict[str, tuple[int, float]] = {}
    for key, multiple in given.items():
        number(f"learning_rates: {show(key)}", multiple, least=0)
        names = [name for name in network.params if name == str(key) or name.startswith(f"{key}.")]
        if not names:
            raise SettingError(
                f"learning_rates names {show(key)}, which has no parameters.{nearest(str(key), network.params)}"
            )
        for name in names:
            if len(str(key)) > found.get(name, (0, 0.0))[0]:
                found[name] = (len(str(key)), float(multiple))
    return {name: multiple for name, (_, multiple) in found.items() if multiple != 1}


def bound(
    network: Network, multiple: Mapping[str, float], grad: Mapping[str, Array]
) -> tuple[list[Callable[[float], None]], list[Callable[[], None]]]:
    """Calls before the gradient is read, and after the optimizer's step."""
    before: list[Callable[[float], None]] = []
    after: list[Callable[[], None]] = []
    for name, factor in multiple.items():
        kept = np.empty_like(network.params[name])
        before.append(partial(_keep, network.params[name], kept, grad[name], factor))
        after.append(partial(_shorten, network.params[name], kept, factor))
    return before, after


def _keep(theta: Array, kept: Array, grad: Array, factor: float, rate: float) -> None:
    kept[...] = theta
    if not factor:
        grad[...] = 0  # of no weight in a clipped norm


def _shorten(theta: Array, kept: Array, factor: float) -> None:
    """theta <- kept + factor (theta - kept), and exactly kept where the factor is 0."""
    if factor:
        theta -= kept
        theta *= theta.dtype.type(factor)
        theta += kept
    else:
        theta[...] = kept
