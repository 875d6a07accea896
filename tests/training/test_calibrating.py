"""Temperature scaling, against a search over many temperatures and a network made unsure on purpose."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, NotFittedError, SettingError


def problem(k=3, n=400, seed=0):
    """Rows whose class is drawn from probabilities that a linear network knows exactly."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    net = cr.MLP([4, k], dtype="float64", seed=1, loss="cross_entropy" if k > 1 else "binary_cross_entropy")
    net.params["0.weight"][:] *= 3
    p = net.predict_proba(X)
    y = (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1)
    return net, X, np.minimum(y, p.shape[1] - 1)


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("factor", [0.2, 1.0, 7.0])
def test_it_is_the_least_log_loss_of_all_temperatures(k, factor):
    net, X, y = problem(k)
    for array in net.params.values():
        array *= factor
    z = net.logits(X)
    found = cr.calibrate(net, X, y)
    np.testing.assert_allclose(net.logits(X) * found.temperature, z, rtol=1e-12)
    grid = found.temperature * np.exp(np.linspace(-0.5, 0.5, 101))
    loss = cr.losses.CrossEntropy() if k > 1 else cr.losses.BinaryCrossEntropy()
    target = y if k > 1 else y[:, None].astype(float)
    log_losses = [loss.value_and_gradient(z / t, target)[0] for t in grid]
    assert int(np.argmin(log_losses)) == 50
    assert found.after["log_loss"] == pytest.approx(log_losses[50], rel=1e-9)
    assert found.after["log_loss"] <= found.before["log_loss"]
    assert cr.evaluate(net, X, y, ["log_loss"])["log_loss"] == found.after["log_loss"]


def test_a_factor_on_the_logits_is_found_again_and_decisions_stay():
    net, X, y = problem(3)
    first = cr.calibrate(net, X, y).temperature
    decided = net.predict(X)
    assert cr.calibrate(net, X, y).temperature == pytest.approx(1, rel=1e-9)
    for array in net.params.values():
        array *= 5
    found = cr.calibrate(net, X, y)
    assert found.temperature == pytest.approx(5, rel=1e-9)
    assert found.after["calibration_error"] < 0.5 * found.before["calibration_error"]
    assert net.training["temperature"] == pytest.approx(5 * first, rel=1e-9)
    assert np.array_equal(net.predict(X), decided)


def test_the_file_and_the_predictor_have_it(tmp_path):
    net, X, y = problem(3)
    before = net.predict_proba(X)
    cr.calibrate(net, X, y)
    net.save(tmp_path / "model.safetensors")
    again = cr.load(tmp_path / "model.safetensors")
    assert again.predict_proba(X).tobytes() == net.predict_proba(X).tobytes() != before.tobytes()
    assert again.training["temperature"] == net.training["temperature"]


def test_what_cannot_be_calibrated_is_refused_and_left_as_it_was():
    net, X, y = problem(3)
    before = net.params.theta.tobytes()
    with pytest.raises(InputError, match="all rows are right"):
        cr.calibrate(net, X, net.predict(X))
    with pytest.raises(InputError, match="no better than chance"):
        cr.calibrate(net, X, net.logits(X).argmin(axis=1))
    assert net.params.theta.tobytes() == before
    with pytest.raises(NotFittedError, match="fit it first"):
        cr.calibrate(cr.MLP([4, 3]), X, y)
    with pytest.raises(SettingError, match="mean_squared_error learns no probabilities"):
        cr.calibrate(cr.MLP([4, 3], loss="mean_squared_error"), X, y)
    with pytest.raises(SettingError, match="this network ends in relu"):
        cr.calibrate(cr.Network(["dense:d_in=4,d_out=3", "relu"], loss="cross_entropy"), X, y)
