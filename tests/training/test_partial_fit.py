"""One pass at a time, and early stopping over many of them."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import MLP, EarlyStopping, evaluate, fit, partial_fit
from chainrule.core.errors import InputError


def problem(seed=0, rows=40):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 4)), rng.integers(0, 3, rows)


def network():
    return MLP([4, 16, 3], "tanh", dtype="float64", seed=3)


RULE = {"loss": "cross_entropy", "optimizer": "adam:learning_rate=0.05", "batch_size": 8}


def test_calls_one_after_the_other_are_one_fit():
    whole, parts, state = network(), network(), None
    fit(whole, *problem(), epochs=5, **RULE)
    for _ in range(5):
        state = partial_fit(parts, *problem(), state=state, **RULE)
    assert parts.params.theta.tobytes() == whole.params.theta.tobytes()
    assert (state.epoch, state.t) == (5, 25)


def test_with_a_state_optimizer_and_loss_need_no_repeating():
    named, short, states = network(), network(), [None, None]
    for i in range(3):
        data = problem(i, 20 + i)
        states[0] = partial_fit(named, *data, state=states[0], **RULE)
        states[1] = partial_fit(short, *data, state=states[1], **(RULE if i == 0 else {"batch_size": 8}))
    assert short.params.theta.tobytes() == named.params.theta.tobytes()


def test_what_is_no_state_is_refused():
    with pytest.raises(InputError, match="what an earlier partial_fit returned; not a str"):
        partial_fit(network(), *problem(), state="state", **RULE)


@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_across_calls_is_that_of_one_fit(restore):
    held = problem(7)
    settings = {**RULE, "validation": held}
    whole, parts, state = network(), network(), None
    single = EarlyStopping(patience=3, restore=restore)
    history = fit(whole, *problem(), epochs=100, callbacks=[single], **settings)
    stopper, calls = EarlyStopping(patience=3, restore=restore, across=True), 0
    while not stopper.stopped:
        state = partial_fit(parts, *problem(), state=state, callbacks=[stopper], **settings)
        calls += 1
    assert calls == len(history) < 100
    assert (stopper.best, stopper.best_epoch) == (single.best, single.best_epoch)
    assert parts.params.theta.tobytes() == whole.params.theta.tobytes()
    if restore:
        assert evaluate(parts, *held)["loss"] == pytest.approx(stopper.best)
    # once stopped it stays so, for this training
    before = parts.params.theta.copy()
    partial_fit(parts, *problem(), state=state, callbacks=[stopper], **settings)
    assert parts.params.theta.tobytes() == before.tobytes()


def test_another_training_begins_the_count_anew():
    stopper = EarlyStopping(patience=1, across=True)
    settings = {**RULE, "validation": problem(7), "callbacks": [stopper]}
    first = fit(network(), *problem(), epochs=100, **settings)
    assert stopper.stopped
    second = fit(network(), *problem(), epochs=100, **settings)
    assert second["loss"] == first["loss"]


def test_a_stream_is_one_pass_too():
    whole, streamed = network(), network()
    partial_fit(whole, *problem(), **RULE)
    partial_fit(streamed, cr.Stream(lambda: [problem()]), **RULE)
    assert streamed.params.theta.tobytes() == whole.params.theta.tobytes()


@pytest.mark.parametrize(("across", "other"), [(False, False), (True, True), (True, False)])
def test_the_count_goes_on_only_across_and_only_in_its_own_training(across, other):
    stopper, nets = EarlyStopping(across=across), (network(), network())
    states = [partial_fit(net, *problem(), callbacks=[stopper][:i], **RULE) for i, net in enumerate(nets)]
    stopper.best = -1.0  # which no loss can be
    i = 0 if other else 1
    partial_fit(nets[i], *problem(), state=states[i], callbacks=[stopper], **RULE)
    assert (stopper.best == -1.0) is (across and not other)
