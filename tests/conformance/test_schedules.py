"""The examination that every schedule sits."""

import math

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
    assert mine == pytest.approx(theirs, rel=1e-12)


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


def test_a_warm_up_of_one_step_begins_at_the_peak():
    # PyTorch's form divides 0 by 0 here
    assert SCHEDULES.make("one_cycle:warm_up=0.1").rate(1, 10, 0.5) == 0.5


def test_constant_is_the_peak_at_every_step():
    assert {SCHEDULES.make("constant").rate(t, 50, 0.1) for t in range(1, 51)} == {0.1}


@pytest.mark.parametrize(
    "settings_",
    [
        {"warm_up": -0.1},
        {"warm_up": 1.1},
        {"start": 0.0},
        {"end": 0.0},
        {"end": float("nan")},
        {"start": float("inf")},
        {"warm_up": True},
    ],
)
def test_settings_out_of_range_are_refused(settings_):
    with pytest.raises(SettingError, match=f"one_cycle: {next(iter(settings_))}"):
        SCHEDULES["one_cycle"](**settings_)
