"""The examination that every schedule sits."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.errors import SettingError
from chainrule.schedules import SCHEDULES

SPECS = [
    *SCHEDULES,
    "one_cycle:warm_up=0.5",
    "one_cycle:warm_up=0.1,start=10.0,end=100.0",
    "one_cycle:warm_up=0.0",
    "one_cycle:warm_up=1.0",
    *(f"{name}:warm_up={share}" for name in SCHEDULES for share in (0.2, 0.5, 1.0)),
    "step:every=0.07,factor=0.8",
    "step:every=1.0",
    "multi_step:at=[0.2,0.2,0.9,0.6],factor=0.5",
    "multi_step:at=[]",
    "multi_step:at=[0.0,1.0]",
    "exponential:last=0.3",
    "inverse_scaling:power=0.25",
    "inverse_scaling:power=0.0",
    "cosine:floor=0.1",
    "cosine:restarts=2",
    "cosine:restarts=3,stretch=2,floor=0.25",
    "cosine:restarts=1,stretch=10,warm_up=0.1",
]
every = pytest.mark.parametrize("spec", SPECS)


@every
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 11, 64, 469 * 5])
def test_rates_are_those_of_pytorch(spec, steps, pytorch):
    schedule = SCHEDULES.make(spec)
    peak = 0.02
    optimizer = pytorch.torch.optim.SGD([pytorch.tensor([0.0], requires_grad=True)], lr=peak)
    if getattr(schedule, "warm_up", 0) * steps == 1:
        steps += 1  # a warm-up of one step: PyTorch divides 0 by 0 there
    peer = pytorch.schedule(schedule, optimizer, steps)
    theirs = []
    for t in range(1, steps + 1):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if t < steps:
            peer.step()
    mine = [schedule.rate(t, steps, peak) for t in range(1, steps + 1)]
    # PyTorch makes some rates from the one before, which gathers rounding of 1e-16 a step
    assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-15 * peak * steps)


@every
@settings(deadline=None, max_examples=100)
@given(steps=st.integers(1, 10_000), share=st.floats(0, 1), peak=st.floats(0, 1e3))
def test_every_rate_is_finite_and_not_negative_and_never_above_the_peak(spec, steps, share, peak):
    schedule = SCHEDULES.make(spec)
    for t in (1, 2, max(1, round(share * steps)), steps - 1, steps):
        if 1 <= t <= steps:
            rate = schedule.rate(t, steps, peak)
            assert math.isfinite(rate)
            assert 0 <= rate <= peak * (1 + 1e-15)


@settings(deadline=None, max_examples=100)
@given(steps=st.integers(1, 200), warm_up=st.floats(0, 1), start=st.floats(1e-3, 1e3), end=st.floats(1e-3, 1e6))
def test_one_cycle_is_finite_whatever_its_settings(steps, warm_up, start, end):
    schedule = SCHEDULES["one_cycle"](warm_up, start, end)
    rates = [schedule.rate(t, steps, 0.1) for t in range(1, steps + 1)]
    assert all(math.isfinite(rate) and rate >= 0 for rate in rates)


def test_one_cycle_climbs_to_the_peak_and_falls_to_nearly_nothing():
    rates = [SCHEDULES.make("one_cycle").rate(t, 100, 0.5) for t in range(1, 101)]
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates[29] == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(0.5 / 25 / 1e4)
    assert rates[:30] == sorted(rates[:30])
    assert rates[29:] == sorted(rates[29:], reverse=True)


@every
@settings(deadline=None, max_examples=50)
@given(losses=st.lists(st.floats(0, 1e6), max_size=60))
def test_the_share_that_a_schedule_observes_never_rises_and_its_memory_is_plain_numbers(spec, losses):
    schedule = SCHEDULES.make(spec)
    state, last = schedule.memory(), 1.0
    for loss in losses:
        share = schedule.observe(state, {"loss": loss})
        assert 0 <= share <= last
        last = share
    assert all(isinstance(value, int | float) for value in state.values())


@pytest.mark.parametrize("given_", [{}, {"patience": 2, "factor": 0.5}, {"patience": 0, "cooldown": 3, "floor": 0.05},
                                    {"patience": 1, "mode": "max", "threshold": 0.05}])  # fmt: skip
def test_reduce_on_plateau_is_that_of_pytorch(given_, pytorch, rng):
    schedule, peak = SCHEDULES["reduce_on_plateau"](**given_), 0.02
    state = schedule.memory()
    optimizer = pytorch.torch.optim.SGD([pytorch.tensor([0.0], requires_grad=True)], lr=peak)
    peer = pytorch.torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, schedule.mode, schedule.factor, schedule.patience, threshold=schedule.threshold,
        cooldown=schedule.cooldown, min_lr=schedule.floor * peak, eps=0,
    )  # fmt: skip
    values = 2 + np.cumsum(rng.normal(size=200)) * 0.02
    for value in values:
        peer.step(value)
        share = schedule.observe(state, {"loss": 9.0, "validation_loss": value})
        assert peak * share == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
    assert share < 0.6


def test_adaptive_falls_when_scikit_learns_mlp_does(rng):
    peer = pytest.importorskip("sklearn.neural_network")
    X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    model = peer.MLPClassifier(
        (4,), solver="sgd", learning_rate="adaptive", learning_rate_init=2.0, batch_size=8, max_iter=60,
        n_iter_no_change=2, tol=1e-3, random_state=0,
    )  # fmt: skip
    schedule = SCHEDULES.make("adaptive:epochs=3,tolerance=0.001")  # it waits for n_iter_no_change + 1
    state, rates, theirs = schedule.memory(), [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(33):  # it stops falling at 1e-6
            model.partial_fit(X, y, classes=[0, 1])
            theirs.append(model._optimizer.learning_rate)
            rates.append(2.0 * schedule.observe(state, {"loss": model.loss_}))
    assert rates == pytest.approx(theirs, rel=1e-12)
    assert len(set(rates)) > 3


def test_a_warm_up_of_one_step_begins_at_the_peak():
    # PyTorch's form divides 0 by 0 here
    assert SCHEDULES.make("one_cycle:warm_up=0.1").rate(1, 10, 0.5) == 0.5


def test_constant_is_the_peak_at_every_step():
    assert {SCHEDULES.make("constant").rate(t, 50, 0.1) for t in range(1, 51)} == {0.1}


def rates(spec, steps, peak=1.0):
    return [SCHEDULES.make(spec).rate(t, steps, peak) for t in range(1, steps + 1)]


@pytest.mark.parametrize("name", SCHEDULES)
def test_unless_told_to_warm_up_it_begins_at_the_peak_also_when_there_is_one_step(name):
    if name != "one_cycle":
        assert rates(name, 1, 0.3) == [0.3]
        assert rates(name, 50, 0.3)[0] == 0.3


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_climbs_evenly_and_the_schedule_proper_follows_from_its_beginning(name):
    if name != "one_cycle":
        warmed = rates(f"{name}:warm_up=0.25", 100)
        assert warmed[:25] == pytest.approx([t / 26 for t in range(1, 26)], rel=1e-15)
        assert warmed[25:] == rates(name, 75)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("step", [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001]),
        ("step:every=0.5,factor=0.5", [1] * 5 + [0.5] * 5),
        ("step:every=0.01,factor=0.5", [0.5**t for t in range(10)]),  # a fall after each step, at most
        ("multi_step", [1] * 5 + [0.1] * 3 + [0.01] * 2),
        ("multi_step:at=[0.9,0.2],factor=0.5", [1, 1] + [0.5] * 7 + [0.25]),
        ("exponential:last=0.001953125", [0.5**t for t in range(10)]),
        ("inverse_scaling:power=1.0", [1 / t for t in range(1, 11)]),
        ("inverse_scaling", [t**-0.5 for t in range(1, 11)]),
        ("cosine", [math.cos(math.pi * i / 20) ** 2 for i in range(10)]),
        ("cosine:restarts=4", [1, 0.5] * 5),
        ("cosine:restarts=1,stretch=4", [1, 0.5, *(math.cos(math.pi * i / 16) ** 2 for i in range(8))]),
        ("cosine:restarts=4,floor=0.5", [1, 0.75] * 5),
    ],
)
def test_ten_rates_are_those_of_the_formula(spec, expected):
    assert rates(spec, 10) == pytest.approx(expected, rel=1e-14)


def test_the_cycles_of_cosine_fill_the_training():
    for steps in (1, 5, 12, 13, 100):
        for restarts in (0, 1, 2, 7):
            found = rates(f"cosine:restarts={restarts}", steps)
            assert found.count(1.0) <= restarts + 1
            if steps > (restarts + 1) ** 2:
                assert found.count(1.0) == restarts + 1


@pytest.mark.parametrize(
    ("name", "settings_"),
    [
        *[(name, {"warm_up": bad}) for name in SCHEDULES for bad in (-0.1, 1.1, True)],
        ("one_cycle", {"start": 0.0}),
        ("one_cycle", {"end": 0.0}),
        ("one_cycle", {"end": float("nan")}),
        ("one_cycle", {"start": float("inf")}),
        ("step", {"every": 0.0}),
        ("step", {"every": 1.5}),
        ("step", {"factor": 0.0}),
        ("step", {"factor": 1.5}),
        ("multi_step", {"at": (0.5, 1.5)}),
        ("multi_step", {"at": (-0.5,)}),
        ("multi_step", {"at": 0.5}),
        ("multi_step", {"factor": 0.0}),
        ("multi_step", {"factor": 2.0}),
        ("exponential", {"last": 0.0}),
        ("exponential", {"last": 1.5}),
        ("inverse_scaling", {"power": -0.5}),
        ("adaptive", {"divisor": 1.0}),
        ("adaptive", {"epochs": 0}),
        ("adaptive", {"tolerance": -1.0}),
        ("reduce_on_plateau", {"factor": 1.0}),
        ("reduce_on_plateau", {"patience": -1}),
        ("reduce_on_plateau", {"threshold": 1.0}),
        ("reduce_on_plateau", {"cooldown": 0.5}),
        ("reduce_on_plateau", {"floor": 1.5}),
        ("reduce_on_plateau", {"mode": "least"}),
        ("cosine", {"floor": -0.1}),
        ("cosine", {"floor": 1.1}),
        ("cosine", {"restarts": -1}),
        ("cosine", {"restarts": 0.5}),
        ("cosine", {"stretch": 0}),
        ("cosine", {"stretch": 1.5}),
    ],
)
def test_settings_out_of_range_are_refused(name, settings_):
    with pytest.raises(SettingError, match=f"{name}: {next(iter(settings_))}"):
        SCHEDULES[name](**settings_)
