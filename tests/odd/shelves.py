"""How the things of each shelf are called: a rule a shelf, so that a new thing is tried without being named here."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.table import Table
from chainrule.layers.base import views
from chainrule.training.callbacks import CALLBACKS

from . import odd
from .calls import ANY, Entry, fresh, ids, rows

SHELVES = {
    "activations": cr.activations.ACTIVATIONS,
    "layers": cr.layers.LAYERS,
    "losses": cr.losses.LOSSES,
    "optimizers": cr.optimizers.OPTIMIZERS,
    "schedules": cr.schedules.SCHEDULES,
    "regularizers": cr.regularizers.REGULARIZERS,
    "metrics": cr.metrics.METRICS,
    "initializers": cr.initializers.INITIALIZERS,
    "datasets": cr.datasets.DATASETS,
    "preprocessing": cr.preprocessing.PREPROCESSING,
    "targets": cr.targets.TARGETS,
    "callbacks": CALLBACKS,
}


def of_activation(thing):
    shape = (ANY, odd.st.integers(1, 4))
    yield Entry(lambda z: thing.forward(z), lambda n: {"z": rows(n)}, {"z": odd.floats(*shape)})

    def backward(z: Any) -> Any:
        return thing.backward(np.ones_like(z), z, thing.forward(z))

    yield Entry(backward, lambda n: {"z": rows(n)}, {"z": odd.floats(*shape)})


def of_layer(thing):
    sized = thing.sized(3) if getattr(thing, "d", 3) is None else thing
    net = cr.Network([sized], dtype="float64")

    def both(x: Any) -> Any:
        p, g = views(0, sized, net.params, net.buffers), views(0, sized, net.params.like())
        with np.errstate(all="ignore"):  # as where the engine calls it
            z = sized.forward(x, p)
            return [z, sized.backward(np.ones_like(z), x, p, g), *g.values()]

    if not sized.takes_codes:
        x = odd.floats(ANY, odd.st.just(sized.d_in), dtypes=("f8",))
        # the rows of another layout may be added up in another order
        yield Entry(both, lambda n: {"x": rows(n, sized.d_in)}, {"x": x}, close=1e-12)
    codes = thing.example_input(np.random.default_rng(0), 8)
    yield Entry(net.logits, lambda n: {"X": codes[:n]}, {"X": odd.features(sized.d_in)}, close=1e-12)


def of_loss(thing):
    k = 3
    n, example = 8, thing.example_target(np.random.default_rng(0), 8, k)

    def prepared(target: Any) -> Any:
        return thing.prepare(target, n, k, np.dtype("float32"))

    numbers = (*odd.TAME, *odd.WILD)
    for form in (odd.labels(k, rows=(8, 8, 8, 0, 1)), odd.values(k, rows=(8, 8, 0, 1), numbers=numbers)):
        yield Entry(prepared, lambda n: {"target": example}, {"target": form})

    def learned(logits: Any) -> Any:
        target = thing.example_target(np.random.default_rng(0), len(logits), k)
        with np.errstate(all="ignore"):
            return [*thing.value_and_gradient(logits, target.astype(logits.dtype) if target.ndim > 1 else target)]

    yield Entry(
        learned,
        lambda n: {"logits": rows(n, k)},
        {"logits": odd.floats(odd.st.integers(1, 5), odd.st.just(k))},
        close=1e-6,
    )
    yield Entry(
        lambda logits: thing.decide(logits),
        lambda n: {"logits": rows(n, k)},
        {"logits": odd.floats(ANY, odd.st.just(k))},
    )


def of_metric(thing):
    truth = ids(8) if thing.task == "classes" else rows(8, 2)
    predicted = {
        ("classes", "decisions"): ids(8)[::-1].copy(),
        ("classes", "probabilities"): np.array([[0.25, 0.75], [0.5, 0.5]] * 4),
        ("values", "decisions"): rows(8, 2, 1),
    }[thing.task, thing.reads]
    numbers = (*odd.TAME, *odd.WILD)
    as_truth = odd.labels(2) if thing.task == "classes" else odd.values(2, numbers=numbers)
    shares = odd.values(numbers=("shares", "shares", "constant", "one NaN", "1e308"))
    if thing.name == "log_loss":  # no probability counts as less than its type tells from 0
        shares = shares.map(odd.in_its_precision)
    as_predicted = {"probabilities": shares}.get(thing.reads, as_truth)

    def metric(truth: Any, predicted: Any) -> Any:
        return thing(truth, predicted)

    def arguments(n):
        return {"truth": truth[:n], "predicted": predicted[:n]}

    yield Entry(metric, arguments, {"truth": as_truth, "predicted": as_predicted}, close=1e-3)


def of_schedule(thing):
    def rates(epochs: Any = 1) -> Any:
        return [thing.rate(t, epochs, peak) for peak in (0.0, 1e-300, 1.0, 1e30) for t in range(1, epochs + 1)]

    for epochs in (1, 2, 7):
        yield Entry(rates, lambda n, epochs=epochs: {"epochs": epochs}, apart=("epochs",))


def trained_with(**settings: Any) -> Any:
    net = fresh("classes")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.fit(net, rows(8), ids(8), loss="cross_entropy", epochs=2, **settings)
    return net.params.theta


def of_dataset(thing):
    if thing.name != "mnist":  # which needs files
        yield Entry(thing.load, lambda n: {"data_dir": None}, answer=lambda found, given: (found.X, found.y))


def table(n):
    cells = np.array([["1.5", "a"], ["2.5", "b"]] * n, object)[:n].reshape(n, 2)
    return Table(("x", "c"), (cells[:, 0], cells[:, 1]), np.arange(n) + 2, "a table")


def of_preprocessing(thing):
    if thing.name == "standardize":
        kind = type(thing)
        yield Entry(
            lambda raw: thing.transform(raw),
            lambda n: {"raw": rows(n)},
            {"raw": odd.features(3)},
            lambda found, given: odd.as_type("f4")(found),  # 1e308 overflows there, and the test alone casts
            close=1e-5,
        )
        yield Entry(
            lambda X, shared=False: kind.fit(X, shared), lambda n: {"X": rows(n)}, {"X": odd.features(3)},
            lambda found, given: (found.d, found.mean, found.scale), close=1e-3,
        )  # fmt: skip
    else:
        yield Entry(thing.transform, lambda n: {"raw": table(n)})
        yield Entry(type(thing).fit, lambda n: {"table": table(n)}, answer=lambda found, given: found)


GAPS = {"pandas with gaps", "polars with gaps"}  # their libraries make them NaN, which is passed on as in an array


def of_target(thing):
    if thing.task == "classes":
        # texts of no rows are no misfits: they are no answers, as numbers of no rows are, and the loss refuses both
        yield Entry(
            lambda answers: thing.encode(answers),
            lambda n: {"answers": ids(n)},
            {"answers": odd.labels(2).filter(lambda given: given.n or given.plain is not None)},
            lambda found, given: found.astype(float),
            misfits=frozenset({"empty list", "list of empty lists", "number", "too deep", *GAPS}),
        )  # which the loss refuses
    else:
        yield Entry(
            lambda y: thing.encode(y),
            lambda n: {"y": rows(n, 1)},
            {"y": odd.values(1)},
            close=1e-5,
            misfits=frozenset({"empty list", *GAPS}),
        )  # which the loss refuses
        kind = type(thing)
        yield Entry(
            lambda y, names=("a",), scaled=True: kind.fit(y, names, scaled), lambda n: {"y": rows(n, 1)},
            {"y": odd.values(1)}, lambda found, given: (found.mean, found.scale), close=1e-3,
        )  # fmt: skip


CALLED: dict[str, Callable[[Any], Any]] = {
    "activations": of_activation,
    "layers": of_layer,
    "losses": of_loss,
    "metrics": of_metric,
    "schedules": of_schedule,
    "datasets": of_dataset,
    "preprocessing": of_preprocessing,
    "targets": of_target,
}
EXAMPLES = {
    "columns": {"names": ["x", "c"], "mean": [0.5, 0.0], "scale": [2.0, 1.0], "categories": [[], ["a", "b"]]},
    "standardize": {"d": 3, "mean": [0.5], "scale": [2.0]},
    "classes": {"names": ["no", "yes"]},
    "values": {"names": ["y"], "mean": [1.0], "scale": [2.0]},
}


def things(shelf):
    """Of each name on the shelf, examples in several settings."""
    for name, cls in SHELVES[shelf].classes().items():
        for given in (EXAMPLES[name],) if name in EXAMPLES else getattr(cls, "examples", ({},)):
            yield SHELVES[shelf].make({"name": name, **given})


def used(shelf: str, thing: Any) -> Any:
    """A small use of a thing of that shelf, whatever its settings."""
    if shelf == "layers":
        sized = thing.sized(3) if getattr(thing, "d", 3) is None else thing
        return cr.Network([sized]).logits(np.zeros((2, sized.d_in)))
    if shelf == "activations":
        return thing.forward(rows(3))
    if shelf == "losses":
        k = 1 if thing.for_task("values") is not None else 2
        y = rows(8)[:, :1] ** 2 + 0.1 if thing.task == "values" else ids(8)
        return cr.fit(cr.MLP([3, k]), rows(8), y, loss=thing, epochs=1).rows
    if shelf == "optimizers":
        return trained_with(optimizer=thing)
    if shelf == "schedules":
        return trained_with(schedule=thing)
    if shelf == "regularizers":
        return trained_with(regularization=[thing])
    if shelf == "callbacks":
        return trained_with(callbacks=[thing])
    if shelf == "initializers":
        return cr.MLP([3, 4, 2], initializer=thing).params.theta
    return [entry.function(**entry.arguments(4)) for entry in CALLED[shelf](thing)]
