"""L-BFGS: the minimum that others find, an epoch an iteration, and what has no meaning for it."""

import sys
from dataclasses import dataclass

import numpy as np
import pytest

from chainrule import MLP, Network, evaluate, fit
from chainrule.core.errors import DivergenceError, MissingExtraError, SettingError
from chainrule.optimizers import LBFGS, FullBatch
from chainrule.training import Callback

pytest.importorskip("scipy")

ROWS = 60
SHARP = LBFGS(gradient=1e-9, decrease=0.0)


def problem(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, 4))
    return X, (X @ rng.normal(size=(4, 3)) + rng.normal(size=(ROWS, 3))).argmax(axis=1)


def logistic(**settings):
    return Network(["dense:d_in=4,d_out=3"], seed=3, **{"dtype": "float64", **settings})


def hidden(**settings):
    return MLP([4, 8, 3], "tanh", **{"seed": 3, "dtype": "float64", **settings})


def train(net, epochs=100, **settings):
    X, y = settings.pop("data", problem())
    return fit(net, X, y, **{"loss": "cross_entropy", "optimizer": SHARP, "epochs": epochs, **settings})


def test_the_minimum_is_that_of_scikit_learns_logistic_regression():
    linear_model = pytest.importorskip("sklearn.linear_model")
    (X, y), net, C = problem(), logistic(), 2.0
    weight = np.linspace(0.5, 2, ROWS)
    history = train(net, regularization=[f"l2:strength={1 / (C * weight.sum())}"], sample_weight=weight)
    theirs = linear_model.LogisticRegression(C=C, tol=1e-10, max_iter=1000).fit(X, y, weight)
    # the penalty is on W alone, of which the minimum has one; b is determined up to a constant
    np.testing.assert_allclose(net.params["0.weight"], theirs.coef_, rtol=0, atol=1e-6)
    b = net.params["0.bias"]
    np.testing.assert_allclose(b - b.mean(), theirs.intercept_ - theirs.intercept_.mean(), rtol=0, atol=1e-6)
    assert history.stopped.startswith("lbfgs: converged")


def test_an_epoch_is_an_iteration_and_no_epoch_raises_the_loss():
    net = hidden()
    history = train(net, 30)
    assert history["epoch"] == list(range(1, 31))
    assert len(history.steps) == history.state.t == net.training["steps"] == 30
    assert np.all(np.diff(history["loss"]) <= 0)
    assert history["loss"] == history.steps
    assert history["loss"][-1] == pytest.approx(net_loss(net))


def net_loss(net):
    return evaluate(net, *problem())["loss"]


@pytest.mark.parametrize("penalty", ["l1:strength=0.01", "l2:strength=0.1", "elastic:strength=0.1"])
def test_penalties_are_a_column_of_their_own(penalty):
    net = hidden()
    history = train(net, 20, regularization=[penalty])
    assert history["loss"][-1] == pytest.approx(net_loss(net))
    together = np.add(history["loss"], history["penalty"])
    assert np.all(np.diff(together) <= 0)


def test_early_stopping_and_the_time_limit_end_it_and_put_the_best_weights_back():
    held, net = problem(1), hidden()
    history = train(net, 200, validation=held, callbacks=["early_stopping:patience=3"])
    best = min(history["validation_loss"])
    assert "early_stopping" in history.stopped
    assert history["validation_loss"][-1] > best
    assert evaluate(net, *held)["loss"] == pytest.approx(best)
    history = train(hidden(), callbacks=["time_limit:seconds=1e-9"])
    assert (len(history), history.stopped) == (1, "time_limit: 1e-09 s")


def test_callbacks_hear_of_each_iteration():
    heard = []

    class Heard(Callback):
        def on_step_end(self, trainer):
            heard.append((trainer.state.t, trainer.loss))

    history = train(hidden(), 5, callbacks=[Heard(), "gradient_norm"])
    assert heard == list(enumerate(history.steps, 1))
    assert history["gradient_norm"][-1] < history["gradient_norm"][0]


def test_at_the_minimum_there_is_one_epoch_that_changes_nothing():
    net = logistic()
    penalty = {"regularization": ["l2:strength=0.1"], "optimizer": "lbfgs:gradient=1e-4"}
    train(net, **penalty)
    before = net.params.theta.copy()
    history = train(net, **penalty)
    assert len(history) == len(history.steps) == 1
    assert net.params.theta.tobytes() == before.tobytes()


def test_float32_ends_where_rounding_ends_it():
    net, sharp = hidden(dtype="float32"), hidden()
    history = train(net, 2000, regularization=["l2:strength=0.05"])
    expected = train(sharp, 2000, regularization=["l2:strength=0.05"])
    assert net.params.theta.dtype == np.float32
    assert history.stopped.startswith("lbfgs: ")
    assert history["loss"][-1] == pytest.approx(expected["loss"][-1], rel=1e-4)


def test_points_tried_in_vain_leave_nothing_behind():
    @dataclass(frozen=True)
    class Vain(FullBatch):
        name = "vain"

        def minimize(self, f, theta, iterations, watch):
            watch(theta + 0.5, f(theta + 0.5)[0])
            f(theta + 7)
            return "in vain"

    net = hidden()
    there = net.params.theta + 0.5
    history = train(net, optimizer=Vain())
    assert net.params.theta.tolist() == there.tolist()
    assert (len(history), history.stopped) == (1, "vain: in vain")


def test_what_is_frozen_keeps_its_bits():
    net = hidden()
    before = {name: array.copy() for name, array in net.params.items()}
    train(net, 10, learning_rates={"0": 0})
    for name, array in net.params.items():
        assert (array.tobytes() == before[name].tobytes()) is name.startswith("0.")


def test_with_a_state_counts_go_on():
    net = hidden()
    first = train(net, 3)
    second = train(net, 2, state=first.state)
    assert second["epoch"] == [4, 5]
    assert second["loss"][0] < first["loss"][-1]


def test_the_gears_agree():
    pytest.importorskip("numba")
    nets = [hidden(), hidden()]
    for net, engine in zip(nets, ("numpy", "fused"), strict=True):
        train(net, 10, engine=engine)
    np.testing.assert_allclose(nets[1].params.theta, nets[0].params.theta, rtol=1e-6)


def test_where_the_loss_is_not_finite_the_last_weights_are_kept():
    net = MLP([4, 8, 1], "exp", seed=3, dtype="float32")
    X, _ = problem()
    before = net.params.theta.copy()
    with pytest.raises(DivergenceError, match=r"at step \d+ .*not finite") as caught:
        fit(net, X * 1e3, X[:, :1], loss="mean_squared_error", optimizer="lbfgs", epochs=50)
    assert np.isfinite(net.params.theta).all()
    if caught.value.step == 1:
        assert net.params.theta.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"batch_size": 10}, "takes all rows at once; leave out batch_size"),
        ({"schedule": "one_cycle"}, "leave out the schedule one_cycle"),
        ({"schedule": "constant:warm_up=0.1"}, "leave out the schedule constant"),
        ({"accumulate": 2}, "leave out accumulate"),
        ({"learning_rates": {"0": 0.1}}, "no learning rate to multiply"),
        ({"regularization": ["l2", "ema"]}, "ema is neither"),
        ({"optimizer": "lbfgs:learning_rate=0.1"}, "learning_rate stays 1"),
        ({"optimizer": "lbfgs:memory=0"}, "memory"),
        ({"optimizer": "lbfgs:gradient=-1"}, "gradient"),
        ({"optimizer": "lbfgs:decrease=nan"}, "decrease"),
    ],
    ids=str,
)
def test_what_has_no_meaning_for_it_is_refused(settings, says):
    with pytest.raises(SettingError, match=says):
        train(hidden(), **settings)


def test_a_network_that_draws_numbers_is_refused_and_left_as_it_was():
    net = hidden(dropout=0.3, normalization="batch_norm")
    before = {name: array.copy() for name, array in net.state_dict().items()}
    with pytest.raises(SettingError, match="leave out dropout"):
        train(net)
    for name, array in net.state_dict().items():
        assert array.tobytes() == before[name].tobytes()


def test_it_takes_no_step_along_a_gradient_that_it_is_given():
    with pytest.raises(SettingError, match="train it by fit"):
        SHARP.step(np.zeros(2), np.ones(2), {}, 1, 1.0)


def test_without_scipy_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError, match=r"chainrule\[sklearn\]") as caught:
        train(hidden())
    assert "\n" not in str(caught.value)
