"""A loss and metrics of a network on given rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import NotFittedError, SettingError
from chainrule.core.settings import plain, several, write
from chainrule.core.types import Array
from chainrule.losses import Loss
from chainrule.metrics import METRICS, Metric
from chainrule.network import Network, check_network
from chainrule.training.weighing import sample_weights

MAIN_METRIC = {"classes": "accuracy", "values": "r2"}
NONE: Mapping[str, Metric] = MappingProxyType({})


class Rows(NamedTuple):
    """Features, target and weights (or None) in the forms that a network and its loss compute with."""

    x: Any  # an array; of a training's own rows also Features, of which a sample is taken
    target: Array
    weight: Array | None = None


def prepare(network: Network, loss: Loss, X: Any, y: Any, what: str) -> tuple[Array, Array]:
    """Features and target of a network, checked and in the forms that it and its loss compute with."""
    x = network.features(X)
    return x, prepare_target(network, loss, x, y, what)


def prepare_target(network: Network, loss: Loss, x: Array, y: Any, what: str) -> Array:
    """The target of the rows x, checked and in the form that the loss computes with."""
    if y is None:
        raise NotFittedError(f"{what} needs targets")
    checks.unmasked("the target", y)
    y = checks.rectangular("the target", y) if network.target is None else network.target.encode(y)
    if y.ndim == 0:
        y = y[None]
    checks.same_length(what, x, y)
    return loss.prepare(y, len(x), network.d_out, network.dtype)


def score(network: Network, loss: Loss, rows: Rows, metrics: Mapping[str, Metric] = NONE) -> dict[str, float]:
    """The loss, the task's main metric and ``metrics`` on prepared rows; NaN where outputs are not finite.

    Weights weigh the loss; in a metric each row counts once.
    """
    logits = network.core_logits(loss, rows.x)
    with np.errstate(all="ignore"):
        value, _ = loss.value_and_gradient(logits, rows.target, rows.weight)
        found = {"loss": value}
        truth, main = loss.labels(rows.target), MAIN_METRIC[loss.task]
        found[main] = METRICS.make(main)(truth, loss.decide(logits))
        wanted = {key: metric for key, metric in metrics.items() if key not in found}
        if wanted and not np.isfinite(logits).all():
            return found | dict.fromkeys(wanted, float("nan"))
        if wanted and network.target is not None:
            truth = network.target.restore(truth)
        read = _Read(network, loss, logits)
        found.update((key, metric(truth, read[metric.reads])) for key, metric in wanted.items())
    return found


class _Read(dict[str, Array]):
    """What metrics read of logits, made when it is asked for."""

    def __init__(self, network: Network, loss: Loss, logits: Array) -> None:
        super().__init__()
        self._network, self._loss, self._logits = network, loss, logits

    def __missing__(self, reads: str) -> Array:
        if reads == "probabilities":
            self[reads] = self._network.probabilities(self._loss, self._logits)
        else:
            decided, target = self._loss.decide(self._logits), self._network.target
            self[reads] = decided if target is None else target.restore(decided)
        return self[reads]


def evaluate(
    network: Network,
    X: Any,
    y: Any,
    metrics: Iterable[str | Mapping[str, Any] | Metric] = (),
    *,
    sample_weight: Any = None,
) -> dict[str, float]:
    """The loss, the main metric (accuracy or R^2) and the ``metrics`` asked for, on raw features and answers.

    ``sample_weight``, (n,), weighs the rows in the loss; in a metric each row counts once.

    A metric is a name, a name with settings (``"top_k:k=3"``) or an instance, and stands in the result as it was
    asked for. Metrics of values are in the target's own unit. Raises UnknownNameError for a metric that isn't on
    the shelf, and SettingError for one of another task.
    """
    check_network("evaluate", network)
    if network.loss is None:
        raise NotFittedError("this network has no loss yet; fit it first, or pass loss= when building it")
    asked = asked_metrics(network.loss, metrics)
    x, target = prepare(network, network.loss, X, y, "evaluate")
    weight = None if sample_weight is None else sample_weights(sample_weight, len(x), network.dtype)
    found = score(network, network.loss, Rows(x, target, weight))
    wanted = {key: metric for key, metric in asked.items() if key not in found}
    if not wanted:
        return found
    read = {"decisions": network.predict(X)}
    if any(metric.reads == "probabilities" for metric in wanted.values()):
        read["probabilities"] = network.predict_proba(X)
    truth = network.loss.labels(target)
    if network.loss.task == "values":  # as given: scaled to the network's dtype and back it would be rounded
        truth = np.asarray(y, float).reshape(truth.shape)
    with np.errstate(all="ignore"):
        found.update((key, metric(truth, read[metric.reads])) for key, metric in wanted.items())
    return found


def asked_metrics(loss: Loss, metrics: Iterable[str | Mapping[str, Any] | Metric]) -> dict[str, Metric]:
    """The metrics by the names they were asked for, or one error if one doesn't suit the loss."""
    asked = {}
    for spec in several("metrics", metrics, '["accuracy", "log_loss"]'):
        metric = METRICS.make(spec)
        if metric.task != loss.task or not metric.scalar:
            why = (
                f"is for {metric.task}, and {loss.name} for {loss.task}"
                if metric.scalar
                else "is no single number"
            )
            suited = [name for name, cls in METRICS.classes().items() if cls.task == loss.task and cls.scalar]
            raise SettingError(f"the metric {metric.name} {why}. What suits: {', '.join(suited)}")
        if metric.reads == "probabilities" and not loss.gives_probabilities:
            raise SettingError(f"the metric {metric.name} reads probabilities, and {loss.name} learns none")
        asked[spec if isinstance(spec, str) else _written(metric)] = metric
    return asked


def _written(metric: Metric) -> str:
    """Its name, and the settings that are not the usual ones."""
    usual = {field.name: field.default for field in fields(metric)}  # type: ignore[arg-type]
    return write(metric.name, {key: value for key, value in plain(metric).items() if usual[key] != value})
