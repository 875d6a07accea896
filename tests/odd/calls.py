"""Public function -> how to call it. A name of the public face that is missing here fails a test."""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

import chainrule as cr

from . import odd

ROWS = 8
ANY = st.integers(0, 5)  # rows


def as_it_is(returned, arguments):
    return returned


@dataclass(frozen=True)
class Entry:
    """``function(**arguments(n))`` is an ordinary call with n rows.

    ``arrays`` are the parameters that take numbers, and the odd ones to try; every other parameter is a setting.
    ``answer(returned, arguments)`` is what an odd and an ordinary call must have in common, to the share ``close``.
    ``misfits`` are those that this function takes after all; ``foreign`` the errors of others that are its
    documented ones; ``apart`` the parameters that are tried nowhere, ``extra`` those behind ``**settings``.
    """

    function: Callable[..., Any]
    arguments: Callable[[int], dict[str, Any]] = lambda n: {}
    arrays: Mapping[str, st.SearchStrategy[odd.Odd]] = field(default_factory=dict)
    answer: Callable[[Any, dict[str, Any]], Any] = as_it_is
    close: float = 0.0
    misfits: frozenset[str] = frozenset()
    foreign: tuple[type[Exception], ...] = ()
    expected_warnings: tuple[type[Warning], ...] = ()
    apart: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def settings(self) -> list[str]:
        kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        named = [p.name for p in inspect.signature(self.function).parameters.values() if p.kind not in kinds]
        return [name for name in (*named, *self.extra) if name not in self.apart]


# -- networks and rows ----------------------------------------------------------------------------------


def rows(n, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def ids(n, k=2):
    return np.arange(n) % k


@cache
def trained(kind, dtype="float32"):
    settings = {"dtype": dtype, "seed": 0}
    if kind == "classes":
        net, y, loss = cr.MLP([3, 4, 2], "tanh", **settings), (rows(40)[:, 0] > 0.3).astype(int), "cross_entropy"
    else:
        target = cr.targets.Values(("y",), (1.0,), (2.0,))
        scaling = cr.preprocessing.Standardize(3, (0.5, 0.0, 0.0), (2.0, 1.0, 1.0))
        net = cr.MLP([3, 4, 1], "tanh", target=target, preprocessing=scaling, **settings)
        y, loss = rows(40)[:, :1] + 1, "mean_squared_error"
    cr.fit(net, rows(40), y, loss=loss, epochs=3)
    return net


def fresh(kind, dtype="float32"):
    return copy.deepcopy(trained(kind, dtype))


def weights(returned, arguments):
    return arguments["network"].params.theta


def weights_and_losses(returned, arguments):
    return (arguments["network"].params.theta, np.array(returned["loss"]))


def of_fit(kind, **settings):
    def arguments(n):
        y = ids(n) if kind == "classes" else rows(n)[:, 0]
        return {
            "network": fresh(kind),
            "X": rows(n),
            "y": y,
            "sample_weight": np.ones(n),
            "epochs": 2,
            **settings,
        }

    return arguments


def without(name, kind="classes"):
    return lambda n: {key: value for key, value in of_fit(kind)(n).items() if key != name}


FEATURES, IDS, NUMBERS = odd.features(3), odd.labels(2), odd.values()
WEIGHTS = odd.values(numbers=("shares", "constant", "zeros", "normal", "1e308", "denormal", "one NaN"))
ANSWERS = {"classes": IDS, "values": NUMBERS}
NO_WEIGHT = frozenset({"nothing"})  # sample_weight=None
OF_FIT = {"X": FEATURES, "sample_weight": WEIGHTS}


def of_method(kind, method, **settings):
    """A network's method of one matrix."""
    return [
        Entry(getattr(trained(kind, dtype), method), lambda n: {"X": rows(n)}, {"X": FEATURES}, **settings)
        for dtype in ("float32", "float64")
    ]


def predicted(X: Any) -> Any:
    return trained("classes").predictor(rows=ROWS)(X)


def standardized(X: Any) -> Any:
    return trained("values").predictor(rows=ROWS)(X)


def fitted_in_chunks(X: Any, y: Any) -> Any:
    net = fresh("classes")
    cr.fit(net, cr.Stream(lambda: [(X, y)]), batch_size=4, epochs=1)
    return net.params.theta


def mlp(**settings: Any) -> Any:
    return cr.MLP(**settings)


def gradients(f: Any, theta: Any, seed: Any = 0) -> Any:
    return cr.check_gradients(f, theta, seed=seed).ok


def gradients_of_a_network(subject: Any, X: Any, y: Any, loss: Any, seed: Any, training: Any) -> Any:
    return cr.check_gradients(subject, X, y, loss=loss, seed=seed, training=training).ok


def squares(t):
    parts = list(t.values()) if isinstance(t, dict) else t if isinstance(t, list) else [t]
    with np.errstate(all="ignore"):
        value, slopes = float(sum((part**2).sum() for part in parts)), [2 * part for part in parts]
    return value, dict(zip(t, slopes, strict=True)) if isinstance(t, dict) else slopes


def loaded_weights(network: Any, weight: Any) -> Any:
    cr.load_weights(network, {**network.state_dict(), "0.weight": weight})


def read(path: Any) -> Any:
    return cr.load(path)


@dataclass(frozen=True)
class Cubed(cr.TensorActivation):
    """An activation of somebody's own."""

    name = "cubed"

    def function(self, z):
        return z * z * z


@dataclass(frozen=True)
class Fourth(cr.TensorLoss, cr.losses.MeanSquaredError):
    """A loss of somebody's own."""

    name = "fourth"

    def function(self, logits, target):
        return (logits - target) ** 4


def cubed(z: Any) -> Any:
    with np.errstate(all="ignore"):  # as where the engine calls it
        a = Cubed().forward(z)
        return [a, Cubed().backward(np.ones_like(z), z, a)]


def fourth(logits: Any) -> Any:
    with np.errstate(all="ignore"):
        return list(Fourth().value_and_gradient(logits, np.zeros_like(logits)))


def fourth_of(target: Any) -> Any:
    return Fourth().prepare(target, ROWS, 3, np.dtype("float32"))


CALLS: dict[str, list[Entry] | str] = {
    "Network": [
        Entry(
            cr.Network,
            lambda n: {"modules": ["dense:d_in=3,d_out=2"], "weights": None},
            answer=lambda net, given: net.params.theta,
        )
    ],
    "MLP": [
        Entry(
            cr.MLP,
            lambda n: {"sizes": [3, 4, 4, 2]},
            extra=("seed", "dtype", "initializer", "loss", "preprocessing", "target", "weights"),
        )
    ],
    "Network.logits": [*of_method("classes", "logits"), *of_method("values", "logits", close=1e-5)],
    "Network.features": [*of_method("classes", "features"), *of_method("values", "features", close=1e-5)],
    "Network.predict": [*of_method("classes", "predict"), *of_method("values", "predict", close=1e-5)],
    "Network.predict_proba": of_method("classes", "predict_proba"),
    "Network.predictor": [
        Entry(trained("classes").predictor, lambda n: {"rows": n}),
        Entry(predicted, lambda n: {"X": rows(n)}, {"X": FEATURES}, close=1e-6),
        Entry(standardized, lambda n: {"X": rows(n)}, {"X": FEATURES}, close=1e-5),
    ],
    "Network.initialize": [Entry(fresh("classes").initialize, lambda n: {})],
    "Network.check_batch_size": [Entry(trained("classes").check_batch_size, lambda n: {"rows": n})],
    "Network.state_dict": [Entry(trained("classes").state_dict)],
    "Network.summary": [Entry(trained("classes").summary, answer=lambda found, given: str(found))],
    "Network.save": [Entry(trained("classes").save, lambda n: {"path": "/dev/null/x"})],
    "Network.load": "is load",
    "Network.core_logits": "the engine's, of features that logits has checked",
    "Network.core_modules": "the engine's, of a loss that fit has made",
    "Network.probabilities": "the engine's, of logits that predict_proba has checked",
    "load": [Entry(read, lambda n: {"path": "nowhere.safetensors"})],
    "fit": [
        Entry(cr.fit, of_fit(kind, **more), {**OF_FIT, "y": ANSWERS[kind]}, weights_and_losses, close, NO_WEIGHT)
        for kind, close, more in (
            ("classes", 0.0, {}),
            ("values", 1e-4, {}),
            ("classes", 1e-5, {"engine": "fused"}),
            ("values", 1e-3, {"engine": "fused"}),
        )
    ],
    "partial_fit": [Entry(cr.partial_fit, without("epochs"), {**OF_FIT, "y": IDS}, weights, 0.0, NO_WEIGHT)],
    "diagnose": "makes a finding of what the others refuse; tests/diagnosis",
    "evaluate": [
        Entry(
            cr.evaluate,
            without("epochs", kind),
            {**OF_FIT, "y": ANSWERS[kind]},
            close=close,
            misfits=NO_WEIGHT,
        )
        for kind, close in (("classes", 0.0), ("values", 1e-4))
    ],
    "calibrate": [
        Entry(
            cr.calibrate,
            lambda n: {"network": fresh("classes"), "X": rows(n), "y": ids(n)},
            {"X": FEATURES, "y": IDS},
            lambda found, given: (found.temperature, found.before, found.after),
        )
    ],
    "find_learning_rate": [
        Entry(
            cr.find_learning_rate,
            lambda n: {"network": fresh("classes"), "X": rows(n), "y": ids(n), "steps": 12},
            {"X": FEATURES, "y": IDS},
            lambda found, given: (found.suggestion, list(found.losses)),
        )
    ],
    "load_weights": [
        Entry(
            loaded_weights,
            lambda n: {"network": fresh("classes"), "weight": rows(4)},
            {"weight": odd.features(3, rows=(4, 4, 4, 0, 3))},
            weights,
            apart=("network",),
        ),
        Entry(cr.load_weights, lambda n: {"network": fresh("classes"), "state": fresh("classes").state_dict()}),
    ],
    "input_gradients": [
        Entry(
            cr.input_gradients,
            lambda n: {"network": fresh("classes"), "X": rows(n), "y": ids(n)},
            {"X": FEATURES, "y": IDS},
        )
    ],
    "check_gradients": [
        Entry(
            gradients,
            lambda n: {"f": squares, "theta": rows(n)},
            {"theta": FEATURES},
            apart=("f",),
            misfits=frozenset({"ragged", "number", "dictionary", "too deep"}),
        ),
        Entry(
            gradients_of_a_network,
            lambda n: {
                "subject": fresh("classes"),
                "X": rows(n),
                "y": ids(n),
                "loss": None,
                "seed": 0,
                "training": None,
            },
            {"X": FEATURES, "y": IDS},
        ),
    ],
    "TensorActivation": [Entry(cubed, lambda n: {"z": rows(n)}, {"z": odd.floats(ANY, st.just(3))})],
    "TensorLoss": [
        Entry(
            fourth,
            lambda n: {"logits": rows(n)},
            {"logits": odd.floats(st.integers(1, 5), st.just(3))},
            close=1e-6,
        ),
        Entry(fourth_of, lambda n: {"target": rows(n)}, {"target": odd.values(3)}),
    ],
    "History": [Entry(cr.History, answer=lambda found, given: len(found))],
    "Callback": "a base class, all of whose methods are empty",
    "ChainruleError": "a base class of errors",
    "EarlyStopping": "is on the shelf of callbacks",
    "Stream": [
        Entry(cr.Stream, lambda n: {"chunks": list, "sizes": [1, 2]}, answer=lambda found, given: found.sizes),
        Entry(fitted_in_chunks, lambda n: {"X": rows(n), "y": ids(n)}, {"X": FEATURES, "y": IDS}),
    ],
}
