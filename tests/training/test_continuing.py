"""Going on with a training, batches in parts, and learning rates of single layers."""

import numpy as np
import pytest

from chainrule import MLP, fit
from chainrule.core.errors import InputError, SettingError
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, stepwise
from chainrule.training import Callback

ROWS = 30


def problem():
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 4)), rng.integers(0, 3, ROWS)


def network(**settings):
    return MLP([4, 6, 5, 3], "tanh", dtype="float64", seed=3, **settings)


def train(net, epochs=4, **settings):
    X, y = settings.pop("data", problem())
    return fit(net, X, y, **{"loss": "cross_entropy", "batch_size": 8, "epochs": epochs, **settings})


# -- state --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", stepwise())
def test_two_trainings_are_one(optimizer):
    whole, parts = network(), network()
    expected = train(whole, 7, optimizer=optimizer)
    first = train(parts, 3, optimizer=optimizer)
    second = train(parts, 4, optimizer=optimizer, state=first.state)
    assert parts.params.theta.tobytes() == whole.params.theta.tobytes()
    assert [*first.steps, *second.steps] == expected.steps
    assert [*first["epoch"], *second["epoch"]] == expected["epoch"]
    assert parts.training == whole.training


@pytest.mark.parametrize(
    "settings",
    [
        {"regularization": ["ema:decay=0.8", "input_noise", "mixup"]},
        {"schedule": "adaptive:tolerance=0.5", "validation": (problem()[0] + 1, problem()[1])},
        {"regularization": ["max_norm:limit=0.5"], "accumulate": 2},
    ],
    ids=str,
)
def test_what_a_training_remembers_goes_on_too(settings):
    whole, parts = network(dropout=0.3), network(dropout=0.3)
    expected = train(whole, 7, **settings)
    first = train(parts, 3, **settings)
    second = train(parts, 4, state=first.state, **settings)
    assert parts.params.theta.tobytes() == whole.params.theta.tobytes()
    assert [*first["learning_rate"], *second["learning_rate"]] == expected["learning_rate"]


def test_chunks_of_rows_are_learned_one_after_the_other():
    X, y = problem()
    by_chunks, whole, state = network(), network(), None
    for start in range(0, ROWS, 10):
        data = X[start : start + 10], y[start : start + 10]
        state = train(by_chunks, 1, data=data, batch_size=5, shuffle=False, state=state).state
    train(whole, 1, batch_size=5, shuffle=False)
    assert by_chunks.params.theta.tobytes() == whole.params.theta.tobytes()


def test_a_state_of_another_training_is_refused():
    net, other = network(), network()
    state = train(net, 1, optimizer="adam").state
    with pytest.raises(InputError, match="another network's"):
        train(other, 1, state=state)
    with pytest.raises(SettingError, match="that of adam; sgd can't"):
        train(net, 1, optimizer="sgd", state=state)
    state = train(net, 1, optimizer="sgd").state
    with pytest.raises(SettingError, match="keeps something else"):
        train(net, 1, optimizer="sgd:momentum=0.9", state=state)
    with pytest.raises(InputError, match="that of a history"):
        train(net, 1, state=train(net, 1))


# -- accumulation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_four_batches_together_are_one_four_times_as_large(loss, reduction, weighted, targets_for):
    rng = np.random.default_rng(0)
    loss = LOSSES.make({"name": loss, "reduction": reduction})
    data = problem()[0], next(iter(targets_for(loss, ROWS, 3, rng).values()))
    weights = {"sample_weight": rng.random(ROWS)} if weighted else {}
    parts, whole = network(), network()
    settings = {"loss": loss, "data": data, "optimizer": "sgd:learning_rate=0.01", **weights}
    history = train(parts, batch_size=3, accumulate=4, **settings)  # 30 rows are two and a half such batches
    expected = train(whole, batch_size=12, **settings)
    assert history.steps == pytest.approx(expected.steps, rel=1e-10)
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-10)
    np.testing.assert_allclose(parts.params.theta, whole.params.theta, rtol=1e-10, atol=1e-13)
    assert parts.training["accumulate"] == 4


# -- learning rates of layers -------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [name for name in stepwise() if name != "lion"])
def test_they_are_those_of_pytorchs_parameter_groups(optimizer, pytorch, wide):
    net, rule = network(), OPTIMIZERS.make(optimizer)
    X, y = problem()
    peer = pytorch.sequential(net)
    slow, rest = [], []
    for name, p in peer.named_parameters():
        (slow if name.startswith("2.") else rest).append(p)
    their = pytorch.optimizer(rule, [{"params": rest}, {"params": slow, "lr": rule.learning_rate * 0.25}])
    for _ in range(20):
        their.zero_grad()
        pytorch.torch.nn.functional.cross_entropy(peer(pytorch.tensor(X)), pytorch.tensor(y)).backward()
        their.step()
    train(net, 20, optimizer=rule, batch_size="full", learning_rates={"2": 0.25})
    for name, p in peer.state_dict().items():
        np.testing.assert_allclose(net.params[name], p.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd:momentum=0.9", "adamw:weight_decay=0.5", "lion:weight_decay=0.5"])
def test_what_is_frozen_keeps_its_bits_whatever_pulls_at_it(optimizer):
    net = network()
    before = {name: array.copy() for name, array in net.params.items()}
    pulls = ["l2:strength=0.1", "weight_decay:strength=0.5", "max_norm:limit=0.1", "clip_norm:limit=0.01", "ema"]
    train(net, optimizer=optimizer, regularization=pulls, learning_rates={"0": 0, "2": 0.5, "2.bias": 0, 4: 1})
    for name, array in net.params.items():
        frozen = name.startswith("0.") or name == "2.bias"
        assert (array.tobytes() == before[name].tobytes()) is frozen, name


def test_the_norm_that_is_clipped_is_that_of_what_moves():
    net, norms = network(), []

    class Norm(Callback):
        def on_fit_start(self, trainer):
            clip = trainer.before_step[-1]

            def after(rate):
                clip(rate)
                moving = [array.reshape(-1) for name, array in trainer.engine.grad.items() if name[0] != "0"]
                norms.append(np.linalg.norm(np.concatenate(moving)))

            trainer.before_step[-1] = after

    train(net, 1, regularization=["clip_norm:limit=1e-6"], learning_rates={"0": 0}, callbacks=[Norm()])
    assert norms == pytest.approx([1e-6] * 4)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"1": 0.5}, "names '1', which has no parameters"),
        ({"4.bais": 0.5}, "Did you mean '4.bias'"),
        ({"0": -1}, "learning_rates: '0' is a finite number at least 0"),
        ({"0": True}, "learning_rates: '0'"),
        ([0.1, 0.2], "learning_rates is a dictionary"),
    ],
)
def test_learning_rates_that_make_no_sense_are_refused(given, says):
    with pytest.raises(SettingError, match=says):
        train(network(), learning_rates=given)
    with pytest.raises(SettingError, match="accumulate"):
        train(network(), accumulate=0)
